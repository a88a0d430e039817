"""A register as a file: the form as PDF, page or spreadsheet; its lines as CSV or JSON for programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mailgate.core import registers
from mailgate.core.registers import Entry
from mailgate.edges.xlsx import MOST_ROWS, Sheet
from mailgate.errors import MailgateError
from mailgate.jobs import register_pages
from mailgate.jobs.registers import Chosen
from mailgate.office import Office

_WIDTHS = (9, 14, 14, 28, 24, 40, 26, 26)
# What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"), full-width forms and all.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Wanted(NamedTuple):
    """A file to write: where, of what. ``bom``: let a CSV begin with the mark that Excel knows UTF-8 by."""

    path: Path
    chosen: Chosen
    bom: bool = False


def write(office: Office, form: str, wanted: Wanted, entries: Iterable[Entry]) -> None:
    """Write these lines in a form of ``FORMS``. Raises MailgateError; then the file is not to be used."""
    try:
        FORMS[form](office, wanted, entries)
    except OSError as e:
        raise MailgateError(
            f"cannot write {wanted.path}: {e.strerror}", "Check the folder, its owner and the disk"
        ) from e


def _pdf(office: Office, wanted: Wanted, entries: Iterable[Entry]) -> None:
    register_pages.write_pdf(office, wanted.chosen, wanted.path, entries)


def _html(office: Office, wanted: Wanted, entries: Iterable[Entry]) -> None:
    register_pages.write_html(office, wanted.chosen, wanted.path, entries)


def _xlsx(office: Office, wanted: Wanted, entries: Iterable[Entry]) -> None:
    chosen, digits = wanted.chosen, office.config.office.thai_digits
    if chosen.count > MOST_ROWS - 1000:  # a line for each day and the head are left room
        raise MailgateError("a spreadsheet has no room for so many lines", "Take a part of the year: --from and --to")
    title = registers.title(chosen.extract, thai_digits=digits)
    titles, names = (title, office.config.office.name), registers.headings(chosen.extract.register)
    with Sheet(wanted.path, titles, names, _WIDTHS, thai_digits=digits) as sheet:
        for day, of_day in registers.by_day(entries):
            sheet.day(day)
            for e in of_day:
                cells = (e.number, e.book_no, e.dated, e.sender, e.addressee, e.subject, e.action, e.remarks)
                sheet.line(cells, struck=len(cells) - 1 if e.void else 0)


def _csv(office: Office, wanted: Wanted, entries: Iterable[Entry]) -> None:
    """RFC 4180: the eight columns of the form, then the moment of registering and the state."""
    names = registers.headings(wanted.chosen.extract.register)
    with wanted.path.open("w", encoding="utf-8-sig" if wanted.bom else "utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow((*names, "registered_at", "state"))
        for e in entries:
            words = map(harmless, (e.sender, e.addressee, e.subject, e.action, e.remarks))
            at = e.registered_at.isoformat(timespec="seconds")
            out.writerow((e.number, harmless(e.book_no), e.dated or "", *words, at, e.state))


def _json(office: Office, wanted: Wanted, entries: Iterable[Entry]) -> None:
    """One array, line after line, so that memory does not grow with it."""
    register, between = wanted.chosen.extract.register, "["
    with wanted.path.open("w", encoding="utf-8") as file:
        for e in entries:
            file.write(f"{between}\n{json.dumps(registers.document(e, register), ensure_ascii=False)}")
            between = ","
        file.write("[]\n" if between == "[" else "\n]\n")


def harmless(text: str) -> str:
    """A cell of a CSV that no spreadsheet computes: an apostrophe before what would begin a formula."""
    return f"'{text}" if text.startswith(_ACTIVE) else text


FORMS: Mapping[str, Callable[[Office, Wanted, Iterable[Entry]], None]] = {
    "pdf": _pdf,
    "xlsx": _xlsx,
    "csv": _csv,
    "json": _json,
    "html": _html,
}
BINARY = ("pdf", "xlsx")
