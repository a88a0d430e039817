"""The lines of a register for export: which of them, in whose words, masked where they are confidential (law 9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailgate.core import thai
from mailgate.core.registers import VOID, Entry, Extract, Register
from mailgate.edges.store.database import Row, moment
from mailgate.errors import UsageError
from mailgate.jobs import views_out
from mailgate.jobs.views import MASK
from mailgate.office import Office

# จาก and ที่ of a dispatch are the office and its own number.
_OF_DISPATCH = dict.fromkeys(("addressee", "subject"), MASK)
_OF_LETTER = dict.fromkeys(("book_no", "sender", "addressee", "subject"), MASK)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An extract as the registry stands now: how many lines, the last number of them."""

    extract: Extract
    count: int
    last: int


def period(register: Register, year: int | None, first: date | None, last: date | None, today: date) -> Extract:
    """What is wanted, from a CE year and days of it, each of which may be left out. Raises UsageError.

    A register ends with its year, so the days must lie in one year.
    """
    named = first or last
    of = year or (named.year if named else today.year)
    begin, end = first or date(of, 1, 1), last or date(of, 12, 31)
    if begin.year != of or end.year != of:
        hint = f"Export each year by itself; of {of + thai.BUDDHIST_OFFSET} take days from 1 January to 31 December"
        raise UsageError("a register is that of one year", hint)
    if begin > end:
        raise UsageError(f"the period begins on {begin} and ends on {end}", "Give --from the earlier day")
    return Extract(register, of + thai.BUDDHIST_OFFSET, begin, end)


def choose(office: Office, extract: Extract) -> Chosen:
    """Look how many lines there are; what is registered later is not among them. Raises RegistryError."""
    count, last = office.store.registers.extent(extract.register, extract.year, *_between(office, extract))
    return Chosen(extract, count, last)


def entries(office: Office, chosen: Chosen) -> Iterator[Entry]:
    """These lines in number order, read in pages. Raises RegistryError."""
    extract = chosen.extract
    read, hidden = (_letter, _OF_LETTER) if extract.register == "receive" else (_dispatch, _OF_DISPATCH)
    start, end = _between(office, extract)
    for row in office.store.registers.lines(extract.register, extract.year, start, end, chosen.last):
        yield _masked(_voided(read(office, row)), hidden)


def _between(office: Office, extract: Extract) -> tuple[datetime, datetime]:
    """From midnight to midnight where the office is."""
    zone = office.config.zone
    return (
        datetime.combine(extract.first, time(), zone),
        datetime.combine(extract.last + timedelta(days=1), time(), zone),
    )


def _letter(office: Office, row: Row) -> Entry:
    name, address = row["from_name"], row["from_address"]
    return Entry(
        sender=f"{name} ({address})" if name and address else name or address,
        subject=row["subject"] or row["summary"],
        action=_done(office, row),
        **_common(office, row),
    )


def _dispatch(office: Office, row: Row) -> Entry:
    states = (row["states"] or "").split(",")
    return Entry(
        sender=row["sender"],
        subject=row["subject"],
        action=row["action"] or views_out.ACTIONS.get(views_out.came_to(row, states), ""),
        **_common(office, row),
    )


def _common(office: Office, row: Row) -> dict[str, Any]:
    at = moment(row["registered_at"])
    assert at is not None
    return {
        "number": row["number"],
        "year": row["year"],
        "book_no": row["book_no"],
        "dated": _dated(row["dated"], office.config.zone),
        "addressee": row["addressee"],
        "remarks": row["remarks"],
        "registered_at": at.astimezone(office.config.zone),
        "state": row["state"],
        "confidential": bool(row["confidential"]),
    }


def _dated(text: str | None, zone: ZoneInfo) -> date | None:
    """The day a letter bears: of a mail, where the office is; of a dispatch, as it was entered."""
    if not text:
        return None
    when = datetime.fromisoformat(text)
    try:
        return when.astimezone(zone).date() if when.tzinfo else when.date()
    except OverflowError:  # a mail that claims to be of the year 1
        return when.date()


def _done(office: Office, row: Row) -> str:
    """การปฏิบัติ of a letter: as noted, or whom it went to and what answered it.

    What is noted of a confidential letter is a person's words, so it is never shown.
    """
    if row["action"] and (not row["confidential"] or row["state"] == "void"):
        return str(row["action"])
    answers = row["answers"] or ""
    # Whose letter it is would tell what a confidential one is about.
    said = [f"มอบ {row['officer']}"] if row["officer"] and not row["confidential"] else []
    if answers:
        said.append(f"ตอบตามหนังสือส่งที่ {thai.digits(answers) if office.config.office.thai_digits else answers}")
    return "; ".join(said)


def _voided(entry: Entry) -> Entry:
    """The reason of a void line stands in its remarks."""
    if not entry.void:
        return entry
    reason = entry.action or VOID
    return replace(entry, action="", remarks=f"{reason}; {entry.remarks}" if entry.remarks else reason)


def _masked(entry: Entry, hidden: dict[str, Any]) -> Entry:
    """Nothing that a confidential matter could be told by; the reason of a void one is a person's words, too."""
    if not entry.confidential:
        return entry
    return replace(entry, remarks=f"{VOID}: {MASK}" if entry.void else MASK, **hidden)
