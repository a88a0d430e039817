"""Copies the raw mails and attachments that a registry names from one archive folder to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mailgate.edges import copies
from mailgate.edges.archive import Archive
from mailgate.edges.attachments import Attachments
from mailgate.edges.store.snapshot import Snapshot

Progress = Callable[[str], None]

_TOLD_EVERY = 5000


class Kept(Protocol):
    """A folder of files named by their SHA-256."""

    def path(self, sha256: str) -> Path: ...

    def check(self, sha256: str) -> str: ...


@dataclass
class Copied:
    """How many files were copied, how many were there, and a sentence for each that is neither."""

    copied: int = 0
    there: int = 0
    problems: list[str] = field(default_factory=list)


def copy_archive(snapshot: Snapshot, source: Path, target: Path, progress: Progress, *, thorough: bool) -> Copied:
    """Copy every file the registry names; one that is bad or missing is told, and keeps no other from being copied.

    What is there with the same size is not copied again; ``thorough`` re-reads it. Raises MailgateError if the target
    cannot be written.
    """
    done = Copied()
    raw = _Copying(Archive(source), Archive(target), thorough, done, progress)
    raw.all("mail", snapshot.mails())
    attached = Attachments(source / "attachments"), Attachments(target / "attachments")
    _Copying(*attached, thorough, done, progress).all("attachment", snapshot.attachments())
    return done


class _Copying:
    def __init__(self, source: Kept, target: Kept, thorough: bool, done: Copied, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._thorough = thorough
        self._done = done
        self._progress = progress
        self._folders: set[Path] = set()

    def all(self, what: str, hashes: Iterable[str]) -> None:
        for count, sha256 in enumerate(hashes, 1):
            problem = self._one(sha256)
            if problem:
                self._done.problems.append(f"{what} {sha256[:16]}… {problem}")
            if count % _TOLD_EVERY == 0:
                self._progress(f"{what}s: {count}")
        for folder in sorted(self._folders):
            copies.settle(folder)

    def _one(self, sha256: str) -> str:
        """Copy one file if it must be; what is wrong with it, or ""."""
        if self._is_there(sha256):
            self._done.there += 1
            return ""
        try:
            problem = copies.put(self._place(sha256), copies.pieces(self._source.path(sha256)), sha256)
        except OSError as e:  # of the source; the target's are no OSError any more
            problem = f"cannot be read: {e.strerror}"
        self._done.copied += not problem
        return problem

    def _is_there(self, sha256: str) -> bool:
        """A file that the source has lost is there if its bytes are right."""
        ours, theirs = _size(self._target.path(sha256)), _size(self._source.path(sha256))
        if ours is None or theirs not in (ours, None):
            return False
        return not self._target.check(sha256) if self._thorough or theirs is None else True

    def _place(self, sha256: str) -> Path:
        path = self._target.path(sha256)
        if path.parent not in self._folders:
            copies.make(path.parent)
            self._folders |= {path.parent, path.parent.parent}
        return path


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
