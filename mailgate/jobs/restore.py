"""``mailgate restore``: puts a copy where the config says that the registry is, if no registry is there.

Nothing is removed or replaced. The registry itself comes last, so that a restore that was cut off can be made again.
Whether the copy is the newest that ever was, the anchor in the mailbox tells at the next check (law 10).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mailgate.config import Config
from mailgate.edges import copies
from mailgate.edges.copies import Copy
from mailgate.edges.store import Lock
from mailgate.edges.store.snapshot import Facts, Snapshot
from mailgate.errors import MailgateError, RegistryError
from mailgate.jobs.archive_copy import Copied, Progress, copy_archive
from mailgate.jobs.backup import ARCHIVE, checked

_BESIDE = ("", "-wal", "-shm", "-journal")
_NEXT = (
    "Compare the copied config with yours",
    "mailgate verify",
    "mailgate poll, which compares the register with the anchor in the mailbox and gives no number if it is behind",
)


@dataclass(frozen=True)
class Report:
    """What was put where. ``passed_over``: newer copies that are damaged, one sentence each."""

    copy: Copy
    config: Config
    facts: Facts
    archive: Copied
    passed_over: list[str]

    @property
    def problems(self) -> list[str]:
        return self.passed_over + self.archive.problems

    def document(self) -> dict[str, Any]:
        return {
            "registry": str(self.config.registry.path),
            "copy": str(self.copy.registry),
            "made_at": self.copy.made_at.astimezone(self.config.zone).isoformat(),
            "last": self.facts.last,
            "chain": {"seq": self.facts.seq, "head": self.facts.head},
            "archive": {"copied": self.archive.copied, "there": self.archive.there},
            "config": str(self.copy.config) if self.copy.config.exists() else "",
            "problems": self.problems,
            "next": list(_NEXT),
        }


def restore(config: Config, source: Path, progress: Progress) -> Report:
    """Restore the newest good copy of a folder, or the one whose registry-….db is named.

    Raises MailgateError, and nothing is at the registry's place then.
    """
    with Lock(config.registry.path):
        _refuse_to_replace(config)
        copy, facts, passed_over = _newest_good(source.resolve(), progress)
        documented = _files(copy)
        _refuse_another_key(config, copy)
        progress("copying the archive …")
        with Snapshot(copy.registry, apart=True) as snapshot:
            archived = copy.folder / ARCHIVE
            archive = copy_archive(snapshot, archived, config.registry.archive, progress, thorough=True)
        if copy.key.name in documented and not config.registry.key_file.exists():
            _put(copy.key, config.registry.key_file, documented)
        _put(copy.registry, config.registry.path, documented)
    return Report(copy, config, facts, archive, passed_over)


def _refuse_to_replace(config: Config) -> None:
    path = config.registry.path
    there = [found for found in (path.with_name(path.name + end) for end in _BESIDE) if found.exists()]
    if there:
        raise RegistryError(
            f"{there[0]} is there already",
            f"Nothing is replaced: move away what is at {path.name}, {path.name}-wal and {path.name}-shm",
        )


def _newest_good(source: Path, progress: Progress) -> tuple[Copy, Facts, list[str]]:
    """The copy to restore, what it says, and what is wrong with newer ones."""
    found = _named(source)
    passed_over: list[str] = []
    for copy in found:
        try:
            return copy, _examined(copy, progress), passed_over
        except MailgateError as e:
            if len(found) == 1:
                raise
            passed_over.append(f"the copy {copy.registry.name} cannot be used: {e}")
            progress(passed_over[-1])
    raise MailgateError(f"no copy in {source} can be used", "Name another folder; each was looked at, newest first")


def _named(source: Path) -> list[Copy]:
    if source.is_dir():
        found = copies.copies(source)
        if not found:
            raise MailgateError(f"there is no copy in {source}", "Name a folder that mailgate backup wrote to")
        return found
    copy = copies.copy_of(source)
    if copy is None or not source.exists():
        raise MailgateError(f"{source} is not a copy", "Name a folder of copies, or a registry-….db in it")
    return [copy]


def _examined(copy: Copy, progress: Progress) -> Facts:
    """What a copy says of itself, if it is what its manifest says."""
    progress(f"looking at {copy.registry.name} …")
    said = copies.read_document(copy.manifest)
    if _sha256(copy.registry) != _files(copy).get(copy.registry.name):
        raise RegistryError(f"{copy.registry} is not what its manifest says", "Its bytes have been changed")
    with Snapshot(copy.registry, apart=True) as snapshot:
        facts = checked(snapshot, progress)
    if facts.document() != {field.name: said.get(field.name) for field in fields(Facts)}:
        raise RegistryError(f"{copy.manifest} does not describe its registry", "It has been changed")
    return facts


def _files(copy: Copy) -> dict[str, str]:
    """SHA-256 by name of the files of a copy."""
    files = copies.read_document(copy.manifest).get("files")
    return files if isinstance(files, dict) else {}


def _sha256(path: Path) -> str:
    with copies.explained(f"cannot read {path}"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_another_key(config: Config, copy: Copy) -> None:
    """With another key the anchor in the mailbox could not be read, and an old copy would go unnoticed."""
    ours, wanted = config.registry.key_file, _files(copy).get(copy.key.name)
    if wanted and ours.exists() and _sha256(ours) != wanted:
        raise MailgateError(
            f"{ours} is another key than that of the copy", "Move it away; the copy's is put there then"
        )


def _put(source: Path, target: Path, documented: dict[str, str]) -> None:
    copies.make(target.parent)
    with copies.explained(f"cannot read {source}"):
        wrong = copies.put(target, copies.pieces(source), documented[source.name], new=True)
    if wrong:
        raise MailgateError(f"{source}: {wrong}", "Name another copy")
    copies.settle(target.parent)
