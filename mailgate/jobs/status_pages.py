"""A small page for each letter: received, in hand, answered, with dates and nothing else (laws 8 and 9).

Its name is a token that only the letter's acknowledgement bears. Pages follow the events: those of letters that
something happened to are written again, those of letters answered long ago are removed. What is shown, and when a page
goes, is taken from the registry, never from a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
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


def refresh(office: Office, directory: Path | None = None) -> int:
    """One bounded step: what the next events changed. Returns how many events were looked at, 0 when none is left.

    Does nothing where [publish] names no folder or no address.
    """
    directory = directory or office.config.publish.directory
    if directory is None or not office.config.publish.base_url:
        return 0
    site, (last, head) = Site(directory), office.store.chain.head()
    noted, rules = site.noted(_NOTE), _rules(office)
    if (noted.get("seq"), noted.get("head"), noted.get("rules")) == (last, head, rules):
        return 0
    site.prepare()
    with office.store.public.snapshot() as snapshot:
        return _step(_Pages(office, site, snapshot), noted, rules)


def _step(pages: _Pages, noted: dict[str, Any], rules: str) -> int:
    snapshot, (last, _) = pages.snapshot, pages.snapshot.chain.head()
    seq, day = _begun(snapshot, noted, rules)
    until = min(seq + _EVENTS, last)
    today = pages.today()
    pages.write(snapshot.pages_since(seq, until), today)
    gone = pages.remove(day, today) if until == last else day
    head = snapshot.chain.link_at(until)
    pages.site.note(_NOTE, seq=until, head=head, rules=rules, gone=gone.isoformat())
    return until - seq


def _begun(snapshot: Snapshot, noted: dict[str, Any], rules: str) -> tuple[int, date]:
    """Up to which event, and day of decision, the pages are right; from the beginning where the registry is another."""
    seq = noted.get("seq", 0)
    if noted.get("rules") != rules or snapshot.chain.link_at(seq) != noted.get("head"):
        return 0, date.min
    return seq, date.fromisoformat(noted["gone"])


def _rules(office: Office) -> str:
    """What the pages depend on besides the registry: their layout and words, and for how long they stay."""
    sample = office.head.render(status_page.TEMPLATE, status_page.sample(office.config))
    told = f"{sample} {office.config.publish.status_days} {office.config.office.timezone} {office.head.key.hex()}"
    return hashlib.sha256(told.encode()).hexdigest()


class _Pages:
    """Writes and removes pages of one snapshot."""

    def __init__(self, office: Office, site: Site, snapshot: Snapshot) -> None:
        self._office = office
        self._made: dict[tuple[str, ...], bytes] = {}
        self.site = site
        self.snapshot = snapshot

    def today(self) -> date:
        """The day of the registry's last event."""
        last = self.snapshot.as_of()
        assert last is not None, "pages are looked at after an event"
        return last.astimezone(self._office.config.zone).date()

    def write(self, rows: list[Row], today: date) -> None:
        oldest = today - timedelta(days=self._office.config.publish.status_days)
        pages = {self._name(row): self._page(row) for row in rows if not _is_over(row, oldest)}
        self.site.put_pages(pages)
        for row in rows:
            if _is_over(row, oldest):
                self.site.drop_page(self._name(row))

    def remove(self, before: date, today: date) -> date:
        """Pages of letters answered so long ago; returns up to which day of decision none is left."""
        oldest = today - timedelta(days=self._office.config.publish.status_days)
        for row in self.snapshot.pages_decided(before, oldest) if before < oldest else []:
            if _is_over(row, oldest):
                self.site.drop_page(self._name(row))
        return max(before, oldest)

    def _name(self, row: Row) -> str:
        receipt = str(Receipt(row["number"], row["year"], row["register"]))
        return f"{status_link.token(self._office.config, self._office.head.key, receipt)}.html"

    def _page(self, row: Row) -> bytes:
        """Letters of the same days have the same page; a confidential one has what any other has (law 9)."""
        steps = tuple(_steps(row, self._office))
        key = tuple(f"{name} {day}" for name, day in steps)
        if key not in self._made:
            values = status_page.values(self._office.config, steps)
            self._made[key] = self._office.head.render(status_page.TEMPLATE, values).encode()
        return self._made[key]


def _is_over(row: Row, oldest: date) -> bool:
    return (
        row["state"] == "closed" and row["decided_on"] is not None and date.fromisoformat(row["decided_on"]) <= oldest
    )


def _steps(row: Row, office: Office) -> Iterator[tuple[str, date]]:
    received = _day(row["registered_at"], office)
    yield "received", received
    if row["state"] == "void":
        yield "void", _day(row["closed_at"], office)
        return
    yield "in_hand", _day(row["routed_at"] or row["registered_at"], office)
    if row["state"] == "closed" and row["decided_on"]:
        yield "answered", date.fromisoformat(row["decided_on"])


def _day(stored: str, office: Office) -> date:
    return datetime.fromisoformat(stored).astimezone(office.config.zone).date()
