"""The receive register of the days that a digest tells of, as spreadsheets that go out with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from mailgate.core.periods import Told
from mailgate.core.registers import Extract
from mailgate.core.thai import buddhist_year
from mailgate.jobs import register_files, registers
from mailgate.jobs.register_files import Wanted
from mailgate.model_dispatch import Enclosed
from mailgate.office import Office


def keep(office: Office, told: Told) -> list[Enclosed]:
    """Write them and keep them. Raises MailgateError."""
    with office.archive.workplace() as folder:
        return [office.attachments.keep_file(path, path.name) for path in write(office, told, folder)]


def write(office: Office, told: Told, folder: Path) -> list[Path]:
    """Write them into a folder; two where the year ended meanwhile. Raises MailgateError."""
    written = []
    for first, last in _years(office, told):
        chosen = registers.choose(office, Extract("receive", buddhist_year(last), first, last))
        path = folder / f"receive-{buddhist_year(last)}-{last:%m-%d}.xlsx"
        register_files.write(office, "xlsx", Wanted(path, chosen), registers.entries(office, chosen))
        written.append(path)
    return written


def _years(office: Office, told: Told) -> Iterator[tuple[date, date]]:
    """First and last day of the span, by year: a register ends with its year."""
    first, last = (moment.astimezone(office.config.zone).date() for moment in (told.since, told.until))
    for year in range(first.year, last.year + 1):
        yield max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
