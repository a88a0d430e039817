"""register export: the registers in the official form."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast

import click

from mailgate.cli.context import Settings, as_json
from mailgate.core.calendar_dates import year_of
from mailgate.core.registers import Entry, Extract, Register, day_of_register
from mailgate.edges import drafts
from mailgate.edges.terminal import emit
from mailgate.errors import UsageError
from mailgate.jobs import register_files, registers
from mailgate.jobs.register_files import BINARY, FORMS, Wanted
from mailgate.jobs.registers import Chosen
from mailgate.office import Office

_STDOUT = Path("-")
_MANY = 2000  # lines from which on it is told how far it is


@click.group()
def register() -> None:
    """The registers in the official form (แบบที่ 13 and แบบที่ 14)."""


@register.command("export")
@click.argument("which", metavar="receive|dispatch", type=click.Choice(["receive", "dispatch"]))
@click.option("--year", metavar="YEAR", help="Buddhist year, such as 2569; this year if left out.")
@click.option("--from", "first", metavar="DATE", help="Registered on this day or later: 1/11/2569, 2569-11-01.")
@click.option("--to", "last", metavar="DATE", help="Registered on this day or earlier.")
@click.option("--format", "form", type=click.Choice(list(FORMS)), help="As the file's name ends if left out; else pdf.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help='The file; "-" is standard output.')
@click.option("--bom/--no-bom", default=False, help="CSV: begin with a byte order mark, which Excel wants.")
@as_json
@click.pass_obj
def export(
    settings: Settings,
    which: str,
    year: str | None,
    first: str | None,
    last: str | None,
    form: str | None,
    out: Path | None,
    bom: bool,
    as_json: bool,
) -> None:
    """Write the receive or the dispatch register of a YEAR, or of days of it, to a file: receive-2569.pdf.

    Confidential lines have their number and date only; void ones are struck out, with their reason. In CSV a cell
    that a spreadsheet would take for a formula begins with an apostrophe. A PDF takes about 25 ms a line.
    """
    chosen_form = _form(form, out, as_json)
    days = (year_of(year) if year else None, _day(first), _day(last))
    with settings.office() as office:
        extract = registers.period(cast(Register, which), *days, office.clock.now().date())
        path = out or Path(f"{which}-{extract.year}.{chosen_form}")
        document = _export(office, extract, chosen_form, path, bom)
    if as_json:
        emit(document)
    elif path != _STDOUT:
        click.echo(f"wrote {path} ({document['entries']} entries)", err=True)


def _export(office: Office, extract: Extract, form: str, path: Path, bom: bool) -> dict[str, Any]:
    chosen = registers.choose(office, extract)
    with _target(path, extract, form) as draft:
        with _progress(office, chosen) as entries:
            register_files.write(office, form, Wanted(draft, chosen, bom), entries)
        sha256 = drafts.sha256(draft)
    return {
        "register": extract.register,
        "year": extract.year,
        "from": extract.first.isoformat(),
        "to": extract.last.isoformat(),
        "entries": chosen.count,
        "file": str(path),
        "sha256": sha256,
    }


def _target(path: Path, extract: Extract, form: str) -> AbstractContextManager[Path]:
    if path != _STDOUT:
        return drafts.draft(path)
    return drafts.passing(sys.stdout.buffer, f"{extract.register}-{extract.year}.{form}")


@contextmanager
def _progress(office: Office, chosen: Chosen) -> Iterator[Iterator[Entry]]:
    """The lines; of many, a bar on standard error says how far it is."""
    lines = registers.entries(office, chosen)
    if chosen.count < _MANY or not sys.stderr.isatty():
        yield lines
        return
    with click.progressbar(lines, length=chosen.count, file=sys.stderr, update_min_steps=100) as bar:
        yield iter(bar)


def _form(form: str | None, out: Path | None, as_json: bool) -> str:
    """The format asked for, or as the file is called. Raises UsageError."""
    ending = out.suffix.lower().removeprefix(".") if out else "pdf"
    chosen = form or ending
    if chosen not in FORMS:
        raise UsageError(f"the format of {out} is not known", f"Name it: --format {'|'.join(FORMS)}")
    if out == _STDOUT and as_json:
        raise UsageError("--json and --out - exclude each other: both go to standard output")
    if out == _STDOUT and chosen in BINARY and sys.stdout.isatty():
        raise UsageError(f"a terminal cannot show {chosen}", f"Write it to a file: --out register.{chosen}")
    return chosen


def _day(text: str | None) -> date | None:
    return day_of_register(text) if text else None
