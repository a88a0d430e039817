"""A small page for each letter: received, in hand, answered, with dates and nothing else (laws 8 and 9).

Its name is a token that only the letter's acknowledgement bears. Pages follow the events: those of letters that
something happened to are written again, those of letters answered long ago are removed. What is shown, and when a page
goes, is taken from the registry, never from a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from mailgate.core.public import status_link, status_page
from mailgate.edges.site import Site
from mailgate.edges.store.database import Row
from mailgate.edges.store.public import Snapshot
from mailgate.model import Receipt
from mailgate.office import Office

_NOTE = "status.json"
_EVENTS = 2_000  # looked at in one step


def refresh(office: Office) -> int:
    """One bounded step on the registry's thread: what the next events changed. Costs nothing where nothing has.

    Returns how many events were looked at, 0 when none is left. Does nothing where [publish] names no folder or no
    address. Raises MailgateError where the folder cannot be written.
    """
    directory = office.config.publish.directory
    if directory is None or not office.config.publish.base_url:
        return 0
    noted, (last, head) = Site(directory).noted(_NOTE), office.store.chain.head()
    if (noted.get("seq"), noted.get("head"), noted.get("rules")) == (last, head, _rules(office)):
        return 0
    return step(office, directory)


def step(office: Office, directory: Path) -> int:
    """The same on any thread, into any folder."""
    if not office.config.publish.base_url:
        return 0
    site, rules = Site(directory), _rules(office)
    site.prepare()
    with site.pages_alone(), office.store.public.snapshot() as snapshot:
        if snapshot.as_of() is None:
            return 0
        return _step(_Pages(office, site, snapshot), site.noted(_NOTE), rules)


def _step(pages: _Pages, noted: dict[str, Any], rules: str) -> int:
    snapshot, (last, _) = pages.snapshot, pages.snapshot.chain.head()
    seq, day = int(noted.get("seq", 0)), str(noted.get("gone", ""))
    if noted.get("rules") != rules or snapshot.chain.link_at(seq) != noted.get("head"):
        pages.site.drop_all_pages()  # they are of another registry, key or layout
        seq, day = 0, pages.oldest.isoformat()
    until = min(seq + _EVENTS, last)
    pages.write(snapshot.pages_since(seq, until))
    if until == last:
        pages.remove(date.fromisoformat(day))
        day = pages.oldest.isoformat()
    pages.site.note(_NOTE, seq=until, head=snapshot.chain.link_at(until), rules=rules, gone=day)
    return until - seq


def _rules(office: Office) -> str:
    """What the pages depend on besides the registry: their layout and words, and for how long they stay."""
    sample = office.head.render(status_page.TEMPLATE, status_page.sample(office.config))
    told = f"{sample} {office.config.publish.status_days} {office.config.office.timezone} {office.head.key.hex()}"
    return hashlib.sha256(told.encode()).hexdigest()


class _Pages:
    """Writes and removes pages of one snapshot."""

    def __init__(self, office: Office, site: Site, snapshot: Snapshot) -> None:
        self._office = office
        self._made: dict[tuple[tuple[str, date], ...], bytes] = {}
        self.site = site
        self.snapshot = snapshot

    @property
    def oldest(self) -> date:
        """Letters that ended on this day or before have no page any more; goes by the registry's last event."""
        last = self.snapshot.as_of()
        assert last is not None, "pages are looked at after an event"
        today = last.astimezone(self._office.config.zone).date()
        return today - timedelta(days=self._office.config.publish.status_days)

    def write(self, rows: list[Row]) -> None:
        oldest = self.oldest
        self.site.put_pages({self._name(row): self._page(row) for row in rows if not self._is_over(row, oldest)})
        self._drop(rows, oldest)

    def remove(self, since: date) -> None:
        """Drop the pages that have become old since that day was the oldest."""
        first, last = (datetime.combine(d, time.max, self._office.config.zone) for d in (since, self.oldest))
        if first < last:
            self._drop(self.snapshot.pages_ended(first, last), self.oldest)

    def _drop(self, rows: list[Row], oldest: date) -> None:
        for row in rows:
            if self._is_over(row, oldest):
                self.site.drop_page(self._name(row))

    def _is_over(self, row: Row, oldest: date) -> bool:
        ended = _ended(row, self._office)
        return ended is not None and ended <= oldest

    def _name(self, row: Row) -> str:
        receipt = str(Receipt(row["number"], row["year"], row["register"]))
        return f"{status_link.token(self._office.config, self._office.head.key, receipt)}.html"

    def _page(self, row: Row) -> bytes:
        """Letters of the same days have the same page; a confidential one has what any other has (law 9)."""
        steps = tuple(_steps(row, self._office))
        if steps not in self._made:
            values = status_page.values(self._office.config, steps)
            self._made[steps] = self._office.head.render(status_page.TEMPLATE, values).encode()
        return self._made[steps]


def _ended(row: Row, office: Office) -> date | None:
    """When a letter was answered, passed on to another agency or made void; None where it is in hand."""
    if row["state"] == "closed" and row["decided_on"]:
        return date.fromisoformat(row["decided_on"])
    return _day(row["closed_at"], office) if row["state"] != "open" and row["closed_at"] else None


def _steps(row: Row, office: Office) -> Iterator[tuple[str, date]]:
    ended = _ended(row, office)
    yield "received", _day(row["registered_at"], office)
    if row["state"] != "void":
        yield "in_hand", _day(row["routed_at"] or row["registered_at"], office)
    if ended:
        yield "void" if row["state"] == "void" else "answered", ended


def _day(stored: str, office: Office) -> date:
    return datetime.fromisoformat(stored).astimezone(office.config.zone).date()
