"""The registers page by page, for export. Reading only; one query a page, however long the register is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailgate.edges.store.database import Connection, Row, stamp

PAGE = 2000
_OF = "register = ? AND year = ? AND registered_at >= ? AND registered_at < ?"

# Of each letter the dispatches that answered it, in order.
_LETTERS = f"""
SELECT number, year, book_no, dated, from_name, from_address, addressee, subject, summary, officer, action, remarks,
  registered_at, state, confidential,
  (SELECT group_concat(answer.number || '/' || answer.year, ', ') FROM dispatch AS answer
    WHERE answer.letter_id = letter.id AND answer.state = 'open') AS answers
FROM letter WHERE {_OF} AND number > ? AND number <= ? ORDER BY number LIMIT ?
"""  # noqa: S608

# Of each dispatch the states of its mails.
_DISPATCHES = f"""
SELECT number, year, book_no, dated, sender, addressee, subject, action, remarks, registered_at, state, confidential,
  way, posted_on,
  (SELECT group_concat(mail.state) FROM outbox AS mail WHERE mail.dispatch_id = dispatch.id) AS states
FROM dispatch WHERE {_OF} AND number > ? AND number <= ? ORDER BY number LIMIT ?
"""  # noqa: S608
_PAGES = {"receive": ("letter", _LETTERS), "dispatch": ("dispatch", _DISPATCHES)}


class Registers:
    """The lines of a register ("receive" or "dispatch") of a Buddhist year, by when they were registered."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def extent(self, register: str, year: int, start: datetime, end: datetime) -> tuple[int, int]:
        """How many lines were registered from ``start`` on and before ``end``, and the last number of them."""
        table, _ = _PAGES[register]
        row = self._db.one(
            f"SELECT count(*), coalesce(max(number), 0) FROM {table} WHERE {_OF}",  # noqa: S608 - our own names
            (register, year, stamp(start), stamp(end)),
        )
        return (row[0], row[1]) if row else (0, 0)

    def lines(self, register: str, year: int, start: datetime, end: datetime, last: int) -> Iterator[Row]:
        """These lines in number order, up to that number: what is registered meanwhile is left to the next export."""
        _, query = _PAGES[register]
        after, of = 0, (register, year, stamp(start), stamp(end))
        while rows := self._db.all(query, (*of, after, last, PAGE)):
            yield from rows
            after = rows[-1]["number"]
