"""Files that a person asked for, however large: there whole or not at all, and for their owner alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mailgate.edges.durable import fsync_folder
from mailgate.errors import MailgateError


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """A path to write to, in a new folder beside ``path`` whose name it takes when all went well.

    Raises MailgateError for what the disk refuses; then nothing has changed. Mode 0600: registers are personal data.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            made = Path(folder) / path.name
            yield made
            _sync(made)
            made.replace(path)
        fsync_folder(path.parent)
    except OSError as e:
        raise MailgateError(f"cannot write {path}: {e.strerror}", "Check the folder, its owner and the disk") from e


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())


@contextmanager
def passing(out: BinaryIO, name: str) -> Iterator[Path]:
    """A path to write to, whose bytes go to a stream when all went well. Raises MailgateError."""
    try:
        with tempfile.TemporaryDirectory(prefix="mailgate-") as folder:
            made = Path(folder) / name
            yield made
            with made.open("rb") as file:
                shutil.copyfileobj(file, out)
    except BrokenPipeError:
        raise  # the reader went away; no fault of the disk
    except OSError as e:
        raise MailgateError(f"cannot write: {e.strerror}", "Check the disk of $TMPDIR") from e


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
