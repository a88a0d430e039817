"""calendar show, confirm, add, remove, import: the office's working days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from mailgate.cli.calendar_shown import print_change, print_year
from mailgate.cli.context import Settings, account, as_json
from mailgate.config import Config
from mailgate.core.calendar_dates import LARGEST, day_of, hours_of, year_of
from mailgate.core.special_days import LONGEST_NAME, Special
from mailgate.core.thai import tidy
from mailgate.edges.terminal import emit
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import calendars

_PAST = click.option("--past", is_flag=True, help="Change days that have passed, too; checks on record stay.")


@click.group()
def calendar() -> None:
    """The office's working days: holidays, extra working days, half days.

    Days are written 2569-12-31 or 31/12/2569, years 2569. A year begins with the government's holidays as this
    version knows them; what the cabinet decides later is for the office to add.
    """


@calendar.command("show")
@click.argument("year", required=False)
@as_json
@click.pass_obj
def show(settings: Settings, year: str | None, as_json: bool) -> None:
    """Show what is particular about a YEAR: this one if none is named."""
    wanted = year_of(year) if year else None
    with settings.office() as office:
        document = calendars.show(office, wanted or office.clock.now().year)
    emit(document) if as_json else print_year(document, settings.config.office.thai_digits)


@calendar.command("confirm")
@click.argument("year")
@click.option("--by", default="", metavar="NAME", help="Who compared it; your account's name if left out.")
@click.option("--undo", is_flag=True, help="Take the confirmation back.")
@as_json
@click.pass_obj
def confirm(settings: Settings, year: str, by: str, undo: bool, as_json: bool) -> None:
    """Say that the calendar of YEAR agrees with what the cabinet has decided."""
    if by and undo:
        raise UsageError("--by and --undo exclude each other")
    wanted, who = year_of(year), "" if undo else tidy(by, 100) or account()
    with settings.office() as office:
        calendars.confirm(office, wanted, who)
        document = calendars.show(office, wanted)
    click.echo(f"{year}: " + (f"confirmed by {who}" if who else "not confirmed any more"), err=True)
    if as_json:
        emit(document)


@calendar.command("add")
@click.argument("day", metavar="DATE")
@click.option("--name", required=True, help="What the day is called, in Thai.")
@click.option("--working", is_flag=True, help="The office works, also on a Saturday or a holiday.")
@click.option("--hours", metavar="HH:MM-HH:MM", help="The office works, from and until then.")
@click.option("--half-day", is_flag=True, help="The office works until [calendar] half_day_ends.")
@_PAST
@as_json
@click.pass_obj
def add(
    settings: Settings,
    day: str,
    name: str,
    working: bool,
    hours: str | None,
    half_day: bool,
    past: bool,
    as_json: bool,
) -> None:
    """Make DATE a holiday; or, with an option, an unusual working day. What stood there before is replaced."""
    if working + (hours is not None) + half_day > 1:
        raise UsageError("--working, --hours and --half-day exclude each other")
    called = tidy(name, LONGEST_NAME)
    if not called:
        raise UsageError("the day has no name", "Name it with --name")
    span = _half_day(settings.config) if half_day else hours
    _change(settings, "add", {day_of(day): _special(called, working, span)}, past=past, as_json=as_json)


@calendar.command("remove")
@click.argument("day", metavar="DATE")
@_PAST
@as_json
@click.pass_obj
def remove(settings: Settings, day: str, past: bool, as_json: bool) -> None:
    """Let DATE go by its weekday again, also where it was a holiday from the beginning."""
    _change(settings, "remove", {day_of(day): None}, past=past, as_json=as_json)


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@_PAST
@as_json
@click.pass_obj
def import_(settings: Settings, file: Path, dry_run: bool, past: bool, as_json: bool) -> None:
    """Take over the days of FILE, all or none; days it does not name stay as they are.

    CSV: date,name[,kind[,opens,closes]], kind being holiday, working or hours. ICS: whole-day events, as holidays.
    Government offices work on Labour Day: take it out of a file that was made for everybody.
    """
    from mailgate.core import calendar_files  # its library is not for a daemon to load

    days = calendar_files.parse(_content(file))
    _change(settings, "import", days, past=past, dry=dry_run, as_json=as_json)


def _change(settings: Settings, act: str, days: Mapping[date, Special | None], *, as_json: bool, **how: bool) -> None:
    with settings.office() as office:
        made = calendars.change(office, act, days, **how)
    dry = how.get("dry", False)
    print_change(made, dry)
    if as_json:
        document: dict[str, Any] = {"act": act, "dry_run": dry} | made.document()
        emit(document)


def _special(name: str, working: bool, span: str | None) -> Special:
    if span is None:
        return Special("working" if working else "holiday", name)
    opens, _, closes = span.partition("-")
    first, last = hours_of(opens, closes)
    return Special("hours", name, opens=first, closes=last)


def _half_day(config: Config) -> str:
    return f"{config.office.opening[0]:%H:%M}-{config.calendar.half_day_ends:%H:%M}"


def _content(file: Path) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as e:
        raise MailgateError(f"{file} cannot be read: {e.strerror}", "Check the path and its owner") from e
