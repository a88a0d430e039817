"""A register laid out as the form: one page for a browser; a PDF in parts, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mailgate.core import registers
from mailgate.core.registers import Entry, Extract
from mailgate.edges import pdf, pdf_files
from mailgate.errors import ConfigError
from mailgate.jobs.registers import Chosen
from mailgate.office import Office

TEMPLATE = "register.html"
# Lines laid out at once: about 25 ms and 0.25 MiB each. A part begins on a page of its own, where a day begins.
PART = 500
_LONGEST = 2 * PART
_BEGIN, _END = "<!-- lines -->", "<!-- end of lines -->"


def page(
    office: Office, extract: Extract, entries: list[Entry], *, first: int = 1, last: bool = True, whole: bool = False
) -> str:
    """The HTML of these lines. ``first``: the number of its first page; ``last``, ``whole``: the end is here, or all.

    Raises ConfigError for a template that cannot be used.
    """
    made = office.clock.now().astimezone(office.config.zone)
    values = registers.values(office.config, extract, entries, made, first)
    return office.head.render(TEMPLATE, values | {"last": last, "whole": whole})


def write_html(office: Office, chosen: Chosen, path: Path, entries: Iterable[Entry]) -> None:
    """One page of them all, its lines laid out part by part. Raises ConfigError for a template that cannot be used."""
    end = ""
    with path.open("w", encoding="utf-8") as file:
        for part in parts(entries) if chosen.count else [[]]:
            head, rows, tail = _cut(page(office, chosen.extract, part, whole=True))
            file.write(rows if end else head + rows)
            end = tail
        file.write(end)


def _cut(html: str) -> tuple[str, str, str]:
    """What stands before the lines, the lines, and what stands behind them."""
    head, begun, rest = html.partition(_BEGIN)
    rows, ended, tail = rest.rpartition(_END)
    if not (begun and ended):
        raise ConfigError(f"template {TEMPLATE} does not say where the lines are: {_BEGIN} … {_END}")
    return head, rows, tail


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
