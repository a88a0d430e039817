"""Attachments, each kept once under the SHA-256 of its bytes, whatever name it came by and however often.

The same order as for raw mails: bytes fsynced, renamed, and their folder fsynced, before any row speaks of them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path

from mailgate.edges.archive import unchanged
from mailgate.edges.durable import explained, fsync_folder
from mailgate.edges.points import point
from mailgate.model_dispatch import Enclosed
from mailgate.model_reading import Attachment, Reading

_CHUNK = 1 << 20


class Attachments:
    """A folder inside the archive. Raises ArchiveError where the disk is full, read-only or broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: set[Path] = set()

    def keep(self, read_into: Path, reading: Reading) -> Reading:
        """Keep what a reader wrote as "0", "1", … and return the reading with sizes and hashes as found here.

        Keeping the same bytes again is harmless. The files must be on the disk of the archive.
        """
        with explained(f"cannot keep attachments in {self.folder}"):
            found = [self._keep(read_into / str(n), a) for n, a in enumerate(reading.attachments)]
            for folder in sorted({self.path(a.sha256).parent for a in found}):
                fsync_folder(folder)
            if found:
                point("attachment.kept")
        return replace(reading, attachments=tuple(found))

    def path(self, sha256: str) -> Path:
        """Where the attachment with this hash is kept."""
        return self.folder / sha256[:1] / sha256

    def keep_file(self, file: Path, name: str) -> Enclosed:
        """Keep a file that a person gave, under the name it is to have; see ``keep``. The file itself is moved."""
        with explained(f"cannot keep {name} in {self.folder}"):
            kept = self._keep(file, Attachment(name, "", "", 0, ""))
            fsync_folder(self.path(kept.sha256).parent)
            point("attachment.kept")
        return Enclosed(name, kept.sha256, kept.size)

    def read(self, sha256: str) -> bytes:
        """A whole kept file. Raises ArchiveError if it is not there, or not as it was kept."""
        with explained(f"cannot read {self.path(sha256)}"):
            return unchanged(self.path(sha256).read_bytes(), sha256, self.path(sha256))

    def check(self, sha256: str) -> str:
        """Re-read a kept attachment: "" if its bytes fit its name, else what is wrong."""
        try:
            descriptor = _opened(self.path(sha256))
            with os.fdopen(descriptor, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as e:
            return f"cannot be read: {e.strerror}"
        return "" if digest == sha256 else "its bytes have been changed"

    def _keep(self, file: Path, attachment: Attachment) -> Attachment:
        """The reader's own hash is not believed."""
        descriptor = _opened(file)
        try:
            sha256, size = _hashed(descriptor)
            target = self.path(sha256)
            if not target.exists():
                os.fchmod(descriptor, 0o600)
                os.fsync(descriptor)
                point("attachment.fsynced")
                self._make(target.parent)
                os.rename(file, target)
                point("attachment.renamed")
        finally:
            os.close(descriptor)
        return replace(attachment, sha256=sha256, size=size)

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fsync_folder(self.folder)
            fsync_folder(self.folder.parent)
            self._made.add(folder)


def _opened(path: Path) -> int:
    """A regular file only: a link or a pipe laid there by a reader gone wrong must not lead anywhere."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def _hashed(descriptor: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, _CHUNK, size):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
