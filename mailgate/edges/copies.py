"""The folder of copies: what a copy consists of, whole files or none, one backup at a time.

    registry-20261123T020000Z.db    the registry, one file           archive/   raw mails and attachments by their
    token-….key  config-….toml      what belongs to it               SHA-256, shared by all copies, never removed
    manifest-….json                 written last: makes it a copy    last-backup.json   the last copy, for monitors

All is for mailgate's user alone (0600, 0700): a copy holds what the registry and the archive hold.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailgate.edges.durable import fsync_folder
from mailgate.edges.points import point
from mailgate.errors import MailgateError

_NAMED = "%Y%m%dT%H%M%SZ"
_PIECE = 1 << 20
_LARGEST_DOCUMENT = 1 << 20
_LAST = "last-backup.json"


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of the registry with what belongs to it, named by when it was made (UTC, to the second)."""

    folder: Path
    made_at: datetime

    @property
    def registry(self) -> Path:
        return self._named("registry", "db")

    @property
    def key(self) -> Path:
        return self._named("token", "key")

    @property
    def config(self) -> Path:
        return self._named("config", "toml")

    @property
    def manifest(self) -> Path:
        return self._named("manifest", "json")

    @property
    def draft(self) -> Path:
        """Where the registry is written before it is checked."""
        return self.registry.with_name(f".{self.registry.name}.new")

    def finish(self) -> str:
        """Give the draft its name, durably but for the folder; returns its SHA-256. Raises MailgateError."""
        with explained(f"cannot write {self.registry}"):
            with self.draft.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            self.draft.replace(self.registry)
        point("copy.registry_named")
        return sha256

    def remove(self) -> None:
        """The manifest first: without it what is left is no copy."""
        for path in (self.manifest, self.registry, self.key, self.config):
            path.unlink(missing_ok=True)

    def _named(self, what: str, ending: str) -> Path:
        return self.folder / f"{what}-{self.made_at.astimezone(UTC):{_NAMED}}.{ending}"


def copies(folder: Path) -> list[Copy]:
    """Every copy in a folder, the newest first. Raises MailgateError."""
    with explained(f"cannot read {folder}"):
        names = [path.name for path in folder.iterdir()]
    found = [_made_at(name, "manifest-", ".json") for name in names]
    return [Copy(folder, at) for at in sorted((at for at in found if at), reverse=True)]


def copy_of(registry: Path) -> Copy | None:
    """The copy that a file named registry-….db belongs to."""
    at = _made_at(registry.name, "registry-", ".db")
    return Copy(registry.parent, at) if at else None


def _made_at(name: str, before: str, after: str) -> datetime | None:
    text = name.removeprefix(before).removesuffix(after)
    if f"{before}{text}{after}" != name:
        return None
    try:
        return datetime.strptime(text, _NAMED).replace(tzinfo=UTC)
    except ValueError:
        return None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder, and keep every other backup out; what one that was cut off left half written is swept."""
    with explained(f"cannot use the folder {folder}"):
        folder.mkdir(mode=0o700, exist_ok=True)  # not its parents: a disk that is not mounted must be noticed
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(lock, folder)
        for leftover in folder.glob(".*.new*"):
            leftover.unlink(missing_ok=True)
        yield
    finally:
        os.close(lock)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise MailgateError(f"another backup is writing to {folder}", "Wait until it is done") from None


def pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes, 1 MiB at a time. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def put(target: Path, content: Iterable[bytes], sha256: str = "", *, new: bool = False) -> str:
    """Write a file whole or not at all. Returns what is wrong with bytes that are not ``sha256``'s; else "".

    ``new``: never in the place of another file. The caller fsyncs the folder. Raises MailgateError if it cannot be
    written; what ``content`` raises comes through.
    """
    draft = target.with_name(f".{target.name}.new")
    digest = hashlib.sha256()
    try:
        with explained(f"cannot write {draft}"):
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            for piece in content:
                digest.update(piece)
                _write(descriptor, piece, draft)
            with explained(f"cannot write {draft}"):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if sha256 and digest.hexdigest() != sha256:
            return "its bytes have been changed"
        point("copy.written")
        with explained(f"cannot write {target}"):
            os.link(draft, target) if new else draft.replace(target)
        point("copy.named")
    finally:
        draft.unlink(missing_ok=True)
    return ""


def _write(descriptor: int, piece: bytes, path: Path) -> None:
    view = memoryview(piece)
    with explained(f"cannot write {path}"):
        while view:
            view = view[os.write(descriptor, view) :]


def make(folder: Path) -> None:
    """Make a folder, and those above it, for us alone."""
    if not folder.parent.exists():
        make(folder.parent)
    with explained(f"cannot make {folder}"):
        folder.mkdir(mode=0o700, exist_ok=True)


def settle(folder: Path) -> None:
    """Make what was put into a folder durable."""
    with explained(f"cannot write to {folder}"):
        fsync_folder(folder)


def write_document(path: Path, document: dict[str, Any]) -> None:
    put(path, [json.dumps(document, ensure_ascii=False, indent=2).encode()])
    settle(path.parent)


def read_document(path: Path) -> dict[str, Any]:
    """Raises MailgateError if it is not there or not one of ours."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST_DOCUMENT))
    except OSError as e:
        raise MailgateError(f"cannot read {path}: {e.strerror}") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MailgateError(f"{path} is damaged", "Name another copy")
    return found


def note_last(folder: Path, document: dict[str, Any]) -> None:
    write_document(folder / _LAST, document)


def last_made(folder: Path) -> datetime | None:
    """When the last copy in a folder was made and checked; None if there is none. Never raises."""
    try:
        at = datetime.fromisoformat(str(read_document(folder / _LAST)["made_at"]))
    except (MailgateError, KeyError, ValueError):
        return None
    return at if at.tzinfo else None


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what a disk refuses into a sentence with a remedy."""
    try:
        yield
    except FileExistsError as e:
        raise MailgateError(f"{what}: it is there already", "Nothing is replaced; move it away") from e
    except OSError as e:
        full = e.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space there" if full else "Check that it exists, its owner, and that its disk is mounted"
        raise MailgateError(f"{what}: {e.strerror}", hint) from e
