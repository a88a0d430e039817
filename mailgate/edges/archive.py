"""The archive: every mail's raw bytes, byte for byte, under their SHA-256 (Act B.E. 2565 s.15: evidence).

A file is written to ``incoming/``, fsynced, renamed to ``a/abcd….eml`` and its folder fsynced, before any row speaks
of it (law 1). What a crash leaves in ``incoming/`` belongs to nobody and is swept at the next start.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailgate.edges.durable import explained, fsync_folder
from mailgate.edges.points import point
from mailgate.errors import ArchiveError

_CHUNK = 1 << 20
_ROOM = 8 << 20  # bytes that must stay free besides the letter itself, for the registry's own write-ahead log


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that is safely in the archive."""

    sha256: str
    path: Path
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """A piece of the raw bytes, so that a large mail need not be in memory."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """The raw bytes from ``start`` on, in pieces of 1 MiB."""
        with self.path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(_CHUNK):
                yield chunk


class Incoming:
    """A mail being written: ``write`` pieces in order, then ``Archive.keep`` it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = open(path, "xb", buffering=0, opener=_private)  # noqa: SIM115 - closed by close() or abandon()

    def write(self, piece: bytes | bytearray) -> None:
        view = memoryview(piece)
        with explained(f"cannot write {self.path}"):
            while view:
                view = view[self._file.write(view) or 0 :]
        self._hash.update(piece)
        self.size += len(piece)

    def close(self) -> str:
        """Make the bytes durable; returns their SHA-256 in hex."""
        point("archive.written")
        os.fsync(self._file.fileno())
        self._file.close()
        point("archive.fsynced")
        return self._hash.hexdigest()

    def abandon(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        """What was kept has moved away; what was not is given up."""
        self.abandon()


class Archive:
    """A folder of raw mails. Raises ArchiveError where the disk is full, read-only or broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"
        self._numbers = itertools.count(1)
        self._made: set[Path] = set()
        with explained(f"cannot use the archive {folder}"):
            if not self._incoming.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._incoming.mkdir(mode=0o700, exist_ok=True)
                fsync_folder(folder.parent)

    def begin(self) -> Incoming:
        """Start writing a mail."""
        with explained(f"cannot write to the archive {self.folder}"):
            return Incoming(self._incoming / f"{os.getpid()}-{next(self._numbers)}")

    def keep(self, incoming: Incoming) -> Kept:
        """Make one written mail durable; see ``keep_all``."""
        return self.keep_all([incoming])[0]

    def keep_all(self, mails: Sequence[Incoming]) -> list[Kept]:
        """Make written mails durable under their hashes. Keeping the same bytes again is harmless.

        Each file is fsynced before it is renamed; each folder is fsynced once after its renames.
        """
        try:
            with explained(f"cannot write to the archive {self.folder}"):
                return self._keep_all(mails)
        except BaseException:
            for mail in mails:  # a full disk is not filled further by what could not be kept
                mail.abandon()
            raise

    def _keep_all(self, mails: Sequence[Incoming]) -> list[Kept]:
        kept = [Kept(sha256, self.path(sha256), m.size) for m, sha256 in [(m, m.close()) for m in mails]]
        for mail, incoming in zip(kept, mails, strict=True):
            self._make(mail.path.parent)
            os.replace(incoming.path, mail.path)
            point("archive.renamed")
        for folder in sorted({mail.path.parent for mail in kept}):
            fsync_folder(folder)
        point("archive.kept")
        return kept

    def _make(self, folder: Path) -> None:
        """Make one of the sixteen folders durably, once."""
        if folder not in self._made:
            folder.mkdir(mode=0o700, exist_ok=True)
            fsync_folder(self.folder)
            self._made.add(folder)

    def path(self, sha256: str) -> Path:
        """Where the mail with this hash is kept."""
        return self.folder / sha256[:1] / f"{sha256}.eml"

    def kept(self, sha256: str) -> Kept:
        """A mail kept before. Raises ArchiveError if it is not there."""
        path = self.path(sha256)
        with explained(f"cannot read {path}"):
            return Kept(sha256, path, path.stat().st_size)

    def read(self, sha256: str) -> bytes:
        """A whole kept mail. Raises ArchiveError if it is not there, or not as it was kept."""
        with explained(f"cannot read {self.path(sha256)}"):
            return unchanged(self.path(sha256).read_bytes(), sha256, self.path(sha256))

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder for what is taken out of one mail; what is left in it is removed."""
        folder = self._incoming / f"{os.getpid()}-{next(self._numbers)}.d"
        with explained(f"cannot write to the archive {self.folder}"):
            folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self, hashes: Sequence[str]) -> None:
        """Take mails away for good, durably; one that is not there is no matter."""
        with explained(f"cannot remove from the archive {self.folder}"):
            for sha256 in hashes:
                self.path(sha256).unlink(missing_ok=True)
                point("archive.removed")
            for folder in sorted({self.path(sha256).parent for sha256 in hashes}):
                fsync_folder(folder)

    def check(self, sha256: str) -> str:
        """Re-read a kept mail: "" if its bytes fit its name, else what is wrong."""
        digest = hashlib.sha256()
        try:
            with self.path(sha256).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError as e:
            return f"cannot be read: {e.strerror}"
        return "" if digest.hexdigest() == sha256 else "its bytes have been changed"

    def room_for(self, size: int) -> None:
        """Raise ArchiveError unless the disk can take a mail of this size and the registry's write."""
        with explained(f"cannot look at the disk of {self.folder}"):
            free = self.free()
        if free < size + _ROOM:
            have, need = free // 1024, (size + _ROOM) // 1024
            raise ArchiveError(
                f"the disk of {self.folder} is nearly full: {have} KiB free, {need} KiB needed",
                "Free some space; the mail stays on the server until then",
            )

    def free(self) -> int:
        """Bytes free for us on the archive's disk."""
        stat = os.statvfs(self.folder)
        return stat.f_bavail * stat.f_frsize

    def sweep(self) -> int:
        """Remove what a crash left half written; only while no other daemon works here. Returns how many."""
        leftovers = list(self._incoming.iterdir())
        for path in leftovers:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(leftovers)


def unchanged(content: bytes, sha256: str, path: Path) -> bytes:
    """The bytes, if they fit their hash. Raises ArchiveError."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArchiveError(f"the bytes of {path} have been changed", "Run mailgate verify; restore the file")
    return content


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
