"""digest: what the clerk and the officers are told of a check, a day, a week, a month."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import click

from mailgate.cli.context import Settings, as_json
from mailgate.config_public import Period
from mailgate.core.calendar_dates import day_of
from mailgate.core.digest import HTML, TEXT
from mailgate.core.periods import Told
from mailgate.edges.durable import replace_file
from mailgate.edges.store import Lock
from mailgate.edges.terminal import emit
from mailgate.errors import ArchiveError, MailgateError, UsageError
from mailgate.jobs import day_register, digesting, poll
from mailgate.jobs.digesting import Written
from mailgate.office import Office


@click.command()
@click.option(
    "--period", type=click.Choice(["slot", "day", "week", "month"]), default="day", show_default=True, help="Of what."
)
@click.option("--date", "on", metavar="DATE", help="The day, or a day of the week or month; by default today.")
@click.option("--officer", metavar="ADDRESS", help="The digest of this officer; by default the clerk's.")
@click.option("--print", "prints", is_flag=True, help="Print it; so it is done where nothing else is asked for.")
@click.option("--send", "sends", is_flag=True, help="Mail it now, whether or not it was mailed before.")
@click.option("--to-dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write it as files there.")
@as_json
@click.pass_obj
def digest(
    settings: Settings,
    period: Period,
    on: str | None,
    officer: str | None,
    prints: bool,
    sends: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Tell what came in, what went out, and what needs a person.

    The daemon mails these by itself ([digests] in config.toml).
    """
    with settings.office() as office:
        told = _told(office, period, day_of(on) if on else None)
        written = _written(office, told, officer, files=sends)
        files = _to_folder(office, told, written[0], folder) if folder else []
        items = _send(office, written) if sends else []
        if as_json:
            emit(_document(told, written[0], files, items))
        elif prints or not (sends or folder):
            click.echo(office.head.render(TEXT, written[0][1]), nl=False)
    for line in (*files, *(f"item {item} of the outbox" for item in items)):
        click.echo(f"wrote {line}", err=True)


def _told(office: Office, period: Period, day: date | None) -> Told:
    told = digesting.latest(office, period, day)
    if told is None:
        raise MailgateError("no mandated check of that day is closed yet", "Choose another --date, or --period day")
    if told.since >= told.until:
        raise UsageError("that time has not begun", "Choose an earlier --date")
    return told


def _written(office: Office, told: Told, officer: str | None, *, files: bool) -> Sequence[Written]:
    if officer is None:
        return list(digesting.to_clerk(office, told, files=files))
    person = next((p for p in office.config.staff if p.email.lower() == officer.lower()), None)
    if person is None:
        known = ", ".join(p.email for p in office.config.staff)
        raise UsageError(f"no officer of config.toml has the address {officer}", f"There are: {known}")
    return [digesting.to_officer(office, told, person)]


def _to_folder(office: Office, told: Told, written: Written, folder: Path) -> list[Path]:
    """Write text, HTML and, of a day, the register; for us alone, as there are names in them. Returns the paths."""
    _, values, _ = written
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise ArchiveError(f"cannot make {folder}: {e.strerror}", "Choose another folder: --to-dir") from None
    with_register = told.period == "day" and not values["personal"] and office.config.digests.attach_register
    for name in (TEXT, HTML):
        replace_file(folder / name, office.head.render(name, values).encode(), mode=0o600)
    return [folder / TEXT, folder / HTML, *(_registers(office, told, folder) if with_register else [])]


def _registers(office: Office, told: Told, folder: Path) -> Iterator[Path]:
    with office.archive.workplace() as apart:
        for path in day_register.write(office, told, apart):
            replace_file(folder / path.name, path.read_bytes(), mode=0o600)
            yield folder / path.name


def _send(office: Office, written: Sequence[Written]) -> list[int]:
    """Queue them; where no daemon is at work with this registry, send them at once."""
    with office.store.db.immediate("digest"):
        items = digesting.send(office, written)
    try:
        with Lock(office.config.registry.path):
            poll.recover(office)
            asyncio.run(poll.send(office))
    except MailgateError as e:
        click.echo(f"mailgate: queued; it goes out with the next mails ({e.what})", err=True)
    return items


def _document(told: Told, written: Written, files: Sequence[Path], items: Sequence[int]) -> dict[str, object]:
    to, values, _ = written
    return {
        "period": told.period,
        "since": told.since.isoformat(timespec="seconds"),
        "until": told.until.isoformat(timespec="seconds"),
        "to": to.email,
        "files": [str(f) for f in files],
        "items": list(items),
        "digest": dict(values),
    }
