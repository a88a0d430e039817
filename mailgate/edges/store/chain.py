"""The event chain (law 10): every change of the registry, each event bound to all before it.

leaf = SHA-256(salt ‖ payload), link = SHA-256(previous link ‖ seq ‖ at ‖ kind ‖ letter ‖ leaf). A lawful erasure
removes payload and salt; the leaf stays, so the chain stays whole.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mailgate.edges.store.database import Connection, Row, moment, stamp

GENESIS = bytes(32)


def leaf_of(salt: bytes, payload: str) -> bytes:
    return hashlib.sha256(salt + payload.encode()).digest()


def link_of(previous: bytes, seq: int, at: str, kind: str, letter_id: int | None, leaf: bytes) -> bytes:
    head = f"{seq}\0{at}\0{kind}\0{'' if letter_id is None else letter_id}\0".encode()
    return hashlib.sha256(previous + head + leaf).digest()


def canonical(value: Mapping[str, Any] | list[Any]) -> str:
    """JSON that is the same text for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(value: Mapping[str, Any]) -> str:
    """SHA-256 of a row's canonical text, in hex: what an event keeps instead of personal data."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class Chain:
    """Appends and reads events. ``append`` belongs inside the transaction that makes the change."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def append(self, at: datetime, kind: str, payload: Mapping[str, Any], letter_id: int | None = None) -> None:
        seq, previous = self._last()
        when, text, salt = stamp(at), canonical(payload), secrets.token_bytes(16)
        leaf = leaf_of(salt, text)
        link = link_of(previous, seq + 1, when, kind, letter_id, leaf)
        self._db.sql.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (seq + 1, when, kind, letter_id, text, salt, leaf, link),
        )

    def note(self, at: datetime, kind: str, payload: Mapping[str, Any]) -> None:
        """An event of its own, such as a check that failed."""
        with self._db.immediate("note"):
            self.append(at, kind, payload)

    def head(self) -> tuple[int, str]:
        """Number and link (hex) of the last event; (0, zeros) in a new registry."""
        seq, link = self._last()
        return seq, link.hex()

    def begun(self) -> datetime | None:
        """When the first event was; None in a new registry."""
        return moment(self._db.value("SELECT at FROM event ORDER BY seq LIMIT 1"))

    def link_at(self, seq: int) -> str:
        """The link (hex) of an event, or "" if there is none."""
        link = self._db.value("SELECT link FROM event WHERE seq = ?", (seq,))
        return link.hex() if link else ""

    def events(self, after: int = 0) -> Iterator[Row]:
        """Events in order, read in pages so that memory does not grow with the register."""
        while rows := self.page(after, 1000):
            yield from rows
            after = rows[-1]["seq"]

    def page(self, after: int, limit: int) -> list[Row]:
        """The next events after a number, in order."""
        return self._db.all("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))

    def _last(self) -> tuple[int, bytes]:
        row = self._db.one("SELECT seq, link FROM event ORDER BY seq DESC LIMIT 1")
        return (row["seq"], row["link"]) if row else (0, GENESIS)
