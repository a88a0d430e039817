"""What becomes of a letter after it is registered: routed, assigned, passed on to another agency, voided."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.contacts import Contacts
from mailgate.edges.store.database import Connection, Row, stamp
from mailgate.edges.store.outbox import Outbox
from mailgate.model import Draft, State


@dataclass(frozen=True, slots=True)
class Route:
    """Who handles a letter, under which service, by when."""

    service: str | None
    officer: str
    due_on: date | None
    confidential: bool


class Cases:
    """Changes of a letter that are not final, each with its event and the mail that goes with it in one transaction."""

    def __init__(self, db: Connection, chain: Chain, outbox: Outbox, contacts: Contacts) -> None:
        self._db = db
        self._chain = chain
        self._outbox = outbox
        self._contacts = contacts

    def send(
        self,
        kind: str,
        letter_id: int | None,
        compose: Callable[[int], Draft],
        now: datetime,
        state: State = State.QUEUED,
        note: str = "",
    ) -> int:
        """Compose a mail under its item and queue it, inside a transaction. Returns the item."""
        item = self._outbox.next_id()
        self._outbox.add(item, kind, letter_id, compose(item), now, state, note)
        self._chain.append(now, "queued", {"item": item, "kind": kind}, letter_id)
        return item

    def acknowledge(
        self, letter_id: int, recipient: str, compose: Callable[[int], Draft], now: datetime, state: State, note: str
    ) -> int:
        """Queue the acknowledgement that a letter was registered without; an event fixes its bytes. Returns the item.

        Inside a transaction.
        """
        item = self.send("acknowledgement", letter_id, compose, now, state, note)
        raw = self._db.value("SELECT raw FROM outbox WHERE id = ?", (item,))
        payload = {"item": item, "acknowledgement": hashlib.sha256(raw).hexdigest()}
        self._chain.append(now, "acknowledged by hand", payload, letter_id)
        self._contacts.note("answer", recipient, now)
        return item

    def route(self, letter_id: int, route: Route, why: str, now: datetime) -> None:
        """Hand a letter to a service and its officers, inside a transaction; secrecy is only ever added."""
        self._db.sql.execute(
            "UPDATE letter SET service = ?, officer = ?, due_on = ?, confidential = max(confidential, ?) WHERE id = ?",
            (route.service, route.officer, route.due_on.isoformat() if route.due_on else None,
             int(route.confidential), letter_id),
        )  # fmt: skip
        payload = {"service": route.service, "officer": route.officer, "why": why}
        self._chain.append(now, "routed", payload, letter_id)

    def describe(self, letter_id: int, summary: str, remark: str) -> None:
        """What the reading adds to the register: a summary where the subject is empty, a remark. In a transaction."""
        self._db.sql.execute(
            "UPDATE letter SET summary = ?, remarks = CASE WHEN ? = '' THEN remarks WHEN remarks = '' THEN ? "
            "ELSE remarks || '; ' || ? END WHERE id = ?",
            (summary, remark, remark, remark, letter_id),
        )

    def close(self, row: Row, state: str, action: str, now: datetime) -> None:
        """Close or void a letter with what was done (การปฏิบัติ); its number stays. Inside a transaction."""
        self._db.sql.execute("UPDATE letter SET state = ?, action = ? WHERE id = ?", (state, action, row["id"]))
        self._chain.append(now, state, {"action": action}, row["id"])

    def clock(self, letter_id: int) -> list[Row]:
        """When the clock of a letter was stopped and started, oldest first."""
        return self._db.all("SELECT * FROM clock WHERE letter_id = ? ORDER BY id", (letter_id,))

    def turn(
        self, letter: Row, what: str, due_on: date | None, why: str, now: datetime, at: datetime | None = None
    ) -> None:
        """Stop or start the clock of a letter, by default now. Inside a transaction."""
        due = due_on.isoformat() if due_on else None
        self._db.sql.execute(
            "INSERT INTO clock (letter_id, at, what, due_before, due_after, why) VALUES (?, ?, ?, ?, ?, ?)",
            (letter["id"], stamp(at or now), what, letter["due_on"], due, why),
        )
        self._db.sql.execute("UPDATE letter SET due_on = ? WHERE id = ?", (due, letter["id"]))
        payload = {"what": what, "before": letter["due_on"], "after": due, "why": why}
        self._chain.append(now, "clock", payload, letter["id"])

    def wish(self, letter_id: int, paper: str, postal_address: str, now: datetime) -> None:
        """Note how the citizen wants the answer. Inside a transaction."""
        self._db.sql.execute(
            "UPDATE letter SET paper = ?, postal_address = CASE ? WHEN '' THEN postal_address ELSE ? END WHERE id = ?",
            (paper, postal_address, postal_address, letter_id),
        )
        self._chain.append(now, "paper", {"paper": paper}, letter_id)

    def restrict(self, letter_id: int, now: datetime) -> None:
        """A person says that a letter is confidential. Inside a transaction; nothing makes it open again."""
        self._db.sql.execute("UPDATE letter SET confidential = 1 WHERE id = ?", (letter_id,))
        self._chain.append(now, "restricted", {"why": "by hand"}, letter_id)

    def told_to(self, letter_id: int) -> str:
        """The address that the letter's number was told to or is to be, or that its form gave; "" if none."""
        return str(
            self._db.value(
                "SELECT recipient FROM outbox WHERE letter_id = ? AND kind = 'acknowledgement' "
                "UNION ALL SELECT recipient FROM deferred WHERE letter_id = ? "
                "UNION ALL SELECT reply_to FROM letter WHERE id = ? AND reply_to <> ''",
                (letter_id, letter_id, letter_id),
            )
            or ""
        )

    def tell_deferred(self, letters: list[int], item: int, recipient: str, now: datetime) -> None:
        """The numbers of these letters are told by this item. Inside a transaction."""
        self._db.sql.executemany(
            "UPDATE deferred SET item_id = ? WHERE letter_id = ? AND item_id IS NULL", [(item, n) for n in letters]
        )
        self._contacts.note("answer", recipient, now)

    def note(self, key: str, value: str, event: str, now: datetime) -> None:
        """Remember a decision about the whole office, inside a transaction."""
        self._db.sql.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
        )
        self._chain.append(now, event, {key: value})

    def noted(self, key: str) -> str:
        """A remembered decision, "" if there is none."""
        return str(self._db.value("SELECT value FROM meta WHERE key = ?", (key,)) or "")
