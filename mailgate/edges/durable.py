"""What all folders of kept files need: renames that survive a power cut, and the disk's refusals as sentences."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailgate.errors import ArchiveError


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a rename is so only when the folder itself is (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the disk refuses into an ArchiveError with a remedy."""
    try:
        yield
    except OSError as e:
        full = e.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space" if full else "Check the path, its owner and the disk"
        raise ArchiveError(f"{what}: {e.strerror}", f"{hint}; the mail stays on the server until then") from e
