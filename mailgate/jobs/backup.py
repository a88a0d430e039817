"""``mailgate backup``: a checked copy of the registry and of all that belongs to it, made while the daemon works.

The registry is copied first, then the archive: as nothing is ever deleted from the archive, its copy then has all that
the copied registry names. Nothing is written to the registry, so that one on a failing disk can still be saved.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mailgate import __version__
from mailgate.config import Config
from mailgate.core.copies import kept
from mailgate.edges import copies
from mailgate.edges.copies import Copy
from mailgate.edges.points import point
from mailgate.edges.store.chain import GENESIS, Chain
from mailgate.edges.store.snapshot import Facts, Snapshot
from mailgate.errors import MailgateError, RegistryError, UsageError
from mailgate.jobs.archive_copy import Copied, Progress, copy_archive
from mailgate.jobs.verify import broken_link

ARCHIVE = "archive"


@dataclass(frozen=True)
class Report:
    """What was copied, and which older copies were removed in turn."""

    copy: Copy
    facts: Facts
    archive: Copied
    removed: list[str]

    def document(self) -> dict[str, Any]:
        facts = self.facts
        return {
            "folder": str(self.copy.folder),
            "registry": self.copy.registry.name,
            "made_at": self.copy.made_at.isoformat(),
            "last": facts.last,
            "chain": {"seq": facts.seq, "head": facts.head},
            "counts": facts.counts,
            "archive": {"copied": self.archive.copied, "there": self.archive.there},
            "removed": self.removed,
            "problems": self.archive.problems,
        }


def backup(config: Config, config_file: Path, folder: Path | None, now: datetime, progress: Progress) -> Report:
    """Make a copy in ``folder``, or in that of ``[backup]``. ``now``: in the office's zone.

    Raises MailgateError with what keeps it from being made; earlier copies are then as they were.
    """
    copy = Copy(_place(config, folder), now.replace(microsecond=0))
    with copies.locked(copy.folder):
        if copy.manifest.exists():
            raise MailgateError(f"{copy.manifest} is there already", "A copy was made this very second; try again")
        try:
            facts = _copy_registry(config, copy, progress)
            with Snapshot(copy.draft, apart=True) as snapshot:
                progress("copying the archive …")
                target = copy.folder / ARCHIVE
                archive = copy_archive(snapshot, config.registry.archive, target, progress, thorough=False)
            _complete(config, config_file, copy, facts)
        finally:
            copy.draft.unlink(missing_ok=True)
        copies.note_last(copy.folder, _last(copy, archive))
        return Report(copy, facts, archive, _remove_old(config, copy))


def checked(snapshot: Snapshot, progress: Progress) -> Facts:
    """Re-derive a copied registry: the file, its references, its event chain. Raises RegistryError."""
    progress("checking the copy …")
    damage = snapshot.damage() or _broken_chain(snapshot)
    if damage:
        raise RegistryError(f"{snapshot.path.name} is damaged: {damage}", "Run mailgate verify, and check the disks")
    return snapshot.facts()


def _place(config: Config, folder: Path | None) -> Path:
    chosen = folder or config.backup.directory
    if chosen is None:
        raise UsageError("there is no folder for copies", "Set [backup] directory, or name one with --to")
    archive = config.registry.archive.resolve()
    if (chosen / ARCHIVE).resolve() == archive or archive in [chosen.resolve(), *chosen.resolve().parents]:
        raise UsageError(f"{chosen} is where the archive itself is kept", "Name another folder, better on another disk")
    return chosen.resolve()


def _copy_registry(config: Config, copy: Copy, progress: Progress) -> Facts:
    """The copy says of itself what the registry says at the instant it was copied."""

    def told(done: int, total: int) -> None:
        progress(f"copying the registry: {done} of {total} pages")

    with copies.explained(f"cannot write {copy.draft}"):
        copy.draft.touch(mode=0o600, exist_ok=False)
    with Snapshot(config.registry.path) as source:
        facts = source.facts()
        source.copy_to(copy.draft, told)
    point("backup.copied")
    with Snapshot(copy.draft, apart=True) as snapshot:
        if checked(snapshot, progress) != facts:
            raise RegistryError(
                f"the copy in {copy.folder} is not what the registry is", "Check the disk of the copies"
            )
    return facts


def _broken_chain(snapshot: Snapshot) -> str:
    previous, expected = GENESIS, 1
    for event in Chain(snapshot).events():
        if problem := broken_link(event, expected, previous):
            return problem
        previous, expected = event["link"], expected + 1
    return ""


def _complete(config: Config, config_file: Path, copy: Copy, facts: Facts) -> None:
    """What belongs to the registry, then its name; the manifest makes it a copy."""
    files = {copy.registry.name: copy.finish()}
    for path, target in ((config.registry.key_file, copy.key), (config_file, copy.config)):
        if path.exists():
            files[target.name] = _copy_small(path, target)
    copies.settle(copy.folder)
    about = {"mailgate": __version__, "made_at": copy.made_at.isoformat(), "files": files}
    copies.write_document(copy.manifest, about | facts.document())


def _copy_small(path: Path, target: Path) -> str:
    with copies.explained(f"cannot read {path}"):
        content = path.read_bytes()
    copies.put(target, [content])
    return hashlib.sha256(content).hexdigest()


def _last(copy: Copy, archive: Copied) -> dict[str, Any]:
    return {
        "made_at": copy.made_at.isoformat(),
        "registry": copy.registry.name,
        "verified": True,
        "problems": len(archive.problems),
    }


def _remove_old(config: Config, newest: Copy) -> list[str]:
    """Remove what is kept no longer, once the new copy is whole. The copies of the archive stay."""
    zone = config.zone
    found = {copy.made_at.astimezone(zone): copy for copy in copies.copies(newest.folder)}
    stays = kept(found, config.backup.keep) | {newest.made_at}
    gone = [copy for at, copy in found.items() if at not in stays]
    with copies.explained(f"cannot remove old copies in {newest.folder}"):
        for copy in gone:
            copy.remove()
    return sorted(copy.registry.name for copy in gone)
