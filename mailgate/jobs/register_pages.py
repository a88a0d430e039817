"""A register laid out as the form: one page for a browser; a PDF in parts, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mailgate.core import registers
from mailgate.core.registers import Entry, Extract
from mailgate.edges import pdf, pdf_files
from mailgate.jobs.registers import Chosen
from mailgate.office import Office

TEMPLATE = "register.html"
# Lines laid out at once: about 25 ms and 0.25 MiB each. A part begins on a page of its own, where a day begins.
PART = 500
_LONGEST = 2 * PART


def page(
    office: Office, extract: Extract, entries: list[Entry], *, first: int = 1, last: bool = True, whole: bool = False
) -> str:
    """The HTML of these lines. ``first``: the number of its first page; ``last``, ``whole``: the end is here, or all.

    Raises ConfigError for a template that cannot be used.
    """
    made = office.clock.now().astimezone(office.config.zone)
    values = registers.values(office.config, extract, entries, made, first)
    return office.head.render(TEMPLATE, values | {"last": last, "whole": whole})


def write_pdf(office: Office, chosen: Chosen, path: Path, entries: Iterable[Entry]) -> None:
    """A PDF of them all; "จาก m" stands beside the page number only where one part is enough. Raises MailgateError."""
    written: list[Path] = []
    first, done, whole = 1, 0, chosen.count <= _LONGEST
    for part in [list(entries)] if whole else parts(entries):
        done += len(part)
        html = page(office, chosen.extract, part, first=first, last=done >= chosen.count, whole=whole)
        content, pages = pdf.counted(html)
        written.append(path.with_name(f"{len(written)}.part"))
        written[-1].write_bytes(content)
        first += pages
    if len(written) == 1:
        written[0].replace(path)
    else:
        pdf_files.join(path, written)


def parts(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Whole days of at least ``PART`` lines together; a day of more than twice as many is cut."""
    part: list[Entry] = []
    for entry in entries:
        new_day = part and entry.registered_at.date() != part[-1].registered_at.date()
        if len(part) >= _LONGEST or (len(part) >= PART and new_day):
            yield part
            part = []
        part.append(entry)
    if part:
        yield part
