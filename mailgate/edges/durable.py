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


def replace_file(path: Path, content: bytes, mode: int = 0o644, *, group: int = -1) -> None:
    """Write a file whole or not at all: a temporary one, synced, then renamed. Raises ArchiveError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    with explained(f"cannot write {path}"):
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)  # whatever the umask
                os.fchown(descriptor, -1, group)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
            fsync_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the disk refuses into an ArchiveError with a remedy."""
    try:
        yield
    except OSError as e:
        full = e.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space" if full else "Check the path, its owner and the disk"
        raise ArchiveError(f"{what}: {e.strerror}", f"{hint}; the mail stays on the server until then") from e
