"""The public database (annex item 6 of the order): an edition is made from the registry, and compared with it.

registry, as it stands ─▶ figures by month (kept) ─▶ protected figures ─▶ files ─▶ one rename

Publishing appends no event and reads no clock for what it shows: the same registry and configuration make the same
bytes. When an edition was made is remembered beside the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from mailgate.edges.site import Edition, Site
from mailgate.edges.store.chain import GENESIS
from mailgate.errors import ConfigError
from mailgate.jobs import status_pages
from mailgate.jobs.public_material import material
from mailgate.jobs.public_months import Progress
from mailgate.jobs.public_plan import plan
from mailgate.office import Office

State = Literal["same", "older", "different"]


@dataclass(frozen=True)
class Comparison:
    """``older``: the edition is a true one of an earlier state of this registry. ``files``: those that differ."""

    state: State
    files: list[str]


def is_due(office: Office) -> bool:
    """Whether the hour of [publish] has passed today and no edition was made since."""
    settings, now = office.config.publish, office.clock.now().astimezone(office.config.zone)
    if settings.directory is None:
        return False
    due = datetime.combine(now.date(), settings.at, office.config.zone)
    made = Site(settings.directory).noted().get("at")
    # One made "later than now" was made by a clock that was wrong.
    return now >= due and not (made and due <= datetime.fromisoformat(made) <= now)


def folder(office: Office, to: Path | None = None) -> Path:
    """Where the pages go. Raises ConfigError where nothing says so."""
    found = to or office.config.publish.directory
    if found is None:
        raise ConfigError("[publish] directory is not set", hint="Set it in config.toml, or name a folder: --to DIR")
    return found


def publish(office: Office, directory: Path, progress: Progress = lambda _: None) -> Edition:
    """Make the edition of the registry as it is now, and the pages of letters. Runs on any thread.

    Raises MailgateError where the folder cannot be written; the former edition is served then.
    """
    site = Site(directory)
    site.prepare()
    with site.alone():
        with office.store.public.snapshot() as snapshot:
            made_of = material(office, snapshot, progress)
            progress("writing the pages")
            edition = site.write(plan(made_of), made_of.facts())
        months = made_of.months
        if months.fresh or not months.by_first_day:
            office.store.public.keep(months.rules, months.seq, months.documents())
        site.note(at=office.clock.now().isoformat())
    while status_pages.step(office, directory):
        progress("writing the pages of letters")
    return edition


def check(office: Office, directory: Path, progress: Progress = lambda _: None) -> Comparison:
    """Compute everything anew, nothing of what is kept, and compare it with the folder. Raises ConfigError."""
    site = Site(directory)
    manifest = site.manifest()
    if not manifest["files"]:
        raise ConfigError(f"{directory} holds no edition of mailgate", hint="Make one: mailgate publish")
    with office.store.public.snapshot() as snapshot:
        _, head = snapshot.chain.head()
        if manifest["chain_head"] != head:
            then = snapshot.chain.link_at(manifest["events"]) or GENESIS.hex()
            return Comparison("older" if then == manifest["chain_head"] else "different", [])
        progress("counting anew")
        found = site.differences(plan(material(office, snapshot, progress, anew=True)))
    return Comparison("different" if found else "same", found)
