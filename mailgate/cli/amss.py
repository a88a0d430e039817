"""amss check, read, export: requests of heads of schools, and AMSS++'s own register."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from pathlib import Path

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.core import amss_book
from mailgate.core.calendar_dates import year_of
from mailgate.edges import amss as tables
from mailgate.edges import drafts
from mailgate.edges.store import Lock
from mailgate.edges.terminal import emit, lines
from mailgate.errors import AmssError, UsageError
from mailgate.jobs import amss as reading
from mailgate.jobs import amss_book as book
from mailgate.jobs import registers
from mailgate.model import CheckReport
from mailgate.office import Office


@click.group()
def amss() -> None:
    """AMSS++: its requests are read at the mandated times, as ``[amss]`` says."""


@amss.command()
@as_json
@click.pass_obj
def check(settings: Settings, as_json: bool) -> int:
    """Is every table and column there? Nothing is registered."""
    opened = tables.opener(settings.config.amss, os.environ)
    if opened is None:
        raise AmssError("AMSS++ is not read", "Set [amss] host or socket")
    with opened() as requests:
        wrong = {source: requests.problems(source) for source in settings.config.amss.tables}
        found = {s: len(requests.fingerprints(s)) for s, problems in wrong.items() if not problems}
    if as_json:
        emit({"requests": found, "problems": [p for problems in wrong.values() for p in problems]})
    for source, count in found.items():
        click.echo(f"{source}: {count} request(s) in {settings.config.amss.tables[source].table}", err=as_json)
    for problem in (p for problems in wrong.values() for p in problems):
        click.echo(problem, err=as_json)
    return 1 if any(wrong.values()) else 0


@amss.command()
@as_json
@click.pass_obj
def read(settings: Settings, as_json: bool) -> int:
    """Read AMSS++ now: register what is new, enter what was decided."""
    with Lock(settings.config.registry.path), settings.office() as office:
        if office.amss is None:
            raise AmssError("AMSS++ is not read", "Set [amss] host or socket")
        report = CheckReport()
        asyncio.run(reading.read(office, report))
    for problem in report.problems:
        click.echo(f"mailgate: {problem}", err=True)
    document = {name: getattr(report, name) for name in ("requests", "outcomes", "receipts", "problems")}
    emit(document) if as_json else lines(document)
    return NEEDS_A_PERSON if report.problems else 0


@amss.command()
@click.option("--year", metavar="YEAR", help="Buddhist year, such as 2569; this year if left out.")
@click.option("--sql", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write statements to this file.")
@click.option("--write", "direct", is_flag=True, help="Enter the lines directly, into the database of [amss].")
@as_json
@click.pass_obj
def export(settings: Settings, year: str | None, file: Path | None, direct: bool, as_json: bool) -> None:
    """Put the receive register of a YEAR into AMSS++'s own (bookregister_receive), beside what stands there.

    Confidential lines have their number and date only. Done again, it enters nothing twice. With --write the account
    needs INSERT and LOCK TABLES on that table.
    """
    if direct == bool(file):
        raise UsageError("say where to: --sql FILE, or --write")
    with settings.office() as office:
        chosen = registers.choose(office, registers.period("receive", _year(year), None, None, _today(office)))
        entries = registers.entries(office, chosen)
        if file is not None:
            with drafts.draft(file) as target:
                target.write_text("".join(amss_book.sql(entries)), "utf-8")
            document = {"file": str(file), "lines": chosen.count}
        else:
            done = book.write(office, entries)
            document = {"written": done.written, "there": done.there}
    emit(document) if as_json else lines(document)


def _year(text: str | None) -> int | None:
    return year_of(text) if text else None


def _today(office: Office) -> date:
    return office.clock.now().date()
