"""Files of the public folder: written whole, readable for everybody whatever the umask, refusals as sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailgate.errors import MailgateError


def link(source: Path, target: Path, top: Path) -> bool:
    """Take a file of the former edition over; False where it is gone."""
    parents(target, top)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return False
    return True


def parents(path: Path, top: Path) -> None:
    """Make the folders between ``top`` and a file."""
    for parent in reversed(path.relative_to(top).parents[:-1]):
        folder(top / parent)


def folder(path: Path) -> None:
    """Make a folder that a web server can read."""
    path.mkdir(exist_ok=True)
    path.chmod(0o755)  # whatever the umask: a web server is to read it


def replaced(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file whole or not at all; durable at once only with ``sync``, and when its folder is synced."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a MailgateError with a remedy."""
    try:
        yield
    except OSError as e:
        hint = "Check the folder, its owner and the disk; the former pages are still served"
        raise MailgateError(f"the public pages cannot be written at {e.filename or path}: {e.strerror}", hint) from e
