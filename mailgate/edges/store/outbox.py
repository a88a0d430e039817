"""The outbox: outgoing mails, their states and every attempt. The arrows are drawn in ARCHITECTURE.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, moment, stamp
from mailgate.edges.store.outbox_states import BY_HAND, HINTS, MAY_BE_REPORTED, REPORTED
from mailgate.errors import MailgateError
from mailgate.model import Attempt, Carried, Draft, Outcome, Settled, State, Verdict
from mailgate.model_reading import Recipient

PAUSED = "replies paused"
_ANSWERS = "('acknowledgement', 'summary', 'delay')"
# What a program decided to send; a decision or a transfer is a person's act, and waits for a person when unsure.
_ROUTINE = "('acknowledgement', 'summary', 'referral', 'notice', 'reminder', 'delay', 'digest', 'requests')"
# Left to itself, SQLite takes the index of states, and sorts all that is queued for each claim.
_DUE = "outbox INDEXED BY outbox_due"


class Outbox:
    """Claims items for one attempt each and records what came of it."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def next_id(self) -> int:
        """The number the next item will have; inside a transaction."""
        return 1 + int(self._db.value("SELECT max(id) FROM outbox") or 0)

    def add(
        self,
        item: int,
        kind: str,
        letter_id: int | None,
        draft: Draft,
        now: datetime,
        state: State = State.QUEUED,
        note: str = "",
        dispatch_id: int | None = None,
    ) -> None:
        """Put a composed mail in, inside the transaction of what it belongs to.

        One without bytes is planned only: held, until ``write`` freezes what it says.
        """
        self._db.sql.execute(
            "INSERT INTO outbox (id, kind, letter_id, dispatch_id, sender, recipient, message_id, envid, raw, state, "
            "created_at, next_at, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (item, kind, letter_id, dispatch_id, draft.sender, draft.recipient, draft.message_id, draft.envid,
             draft.raw, state, stamp(now), stamp(now), note),
        )  # fmt: skip
        self._carry(item, draft.carried)

    def write(self, item: int, draft: Draft, dispatch_id: int, now: datetime) -> None:
        """Freeze what a planned mail says, and let it go; inside the transaction that gives it its number."""
        self._db.sql.execute(
            "UPDATE outbox SET raw = ?, dispatch_id = ? WHERE id = ? AND message_id = ?",
            (draft.raw, dispatch_id, item, draft.message_id),
        )
        self._carry(item, draft.carried)
        self._move(item, State.HELD, State.QUEUED, now)

    def end(self, row: Row, state: State, note: str, now: datetime) -> None:
        """Inside a transaction: a mail that has not gone out is not needed any more."""
        self._move(row["id"], State(row["state"]), state, now, note=note)
        self._chain.append(now, state, {"item": row["id"], "note": note}, row["letter_id"])

    def _carry(self, item: int, carried: Sequence[Carried]) -> None:
        self._db.sql.executemany(
            "INSERT INTO carried VALUES (?, ?, ?, ?, ?, ?)",
            [(item, n, c.shelf, c.sha256, c.encoding, c.behind) for n, c in enumerate(carried)],
        )

    def carried(self, item: int) -> tuple[Carried, ...]:
        """The files that a mail carries, in order."""
        rows = self._db.all("SELECT * FROM carried WHERE item_id = ? ORDER BY position", (item,))
        return tuple(Carried(r["sha256"], r["encoding"], r["behind"], r["shelf"]) for r in rows)

    def claim(self, now: datetime) -> Attempt | None:
        """Take the next due item: the attempt stands on record before the wire is touched (law 4)."""
        if self._next(now) is None:
            return None
        with self._db.immediate("claim"):
            return self._claim(now)

    def settle(self, settled: Sequence[Settled], now: datetime) -> list[Attempt | None]:
        """What came of some attempts, and the next claim of each sender that goes on: one commit for all of them.

        A busy sender waits for nothing but commits, so those that wait at the same time share one.
        """
        with self._db.immediate("record"):
            for done in settled:
                self._record(done.attempt, done.outcome, done.state, done.next_at, now)
            return [self._claim(now) if done.goes_on else None for done in settled]

    def interrupted(self, now: datetime) -> int:
        """After a crash: what was being tried may have been sent or not, so it is ``unsure``. Returns how many."""
        rows = self._db.all("SELECT id, letter_id, attempts FROM outbox WHERE state = 'trying'")
        for row in rows:
            with self._db.immediate("interrupted"):
                self._move(
                    row["id"], State.TRYING, State.UNSURE, now, note="the program was interrupted in the attempt"
                )
                self._close_attempt(row["id"], row["attempts"], Outcome(Verdict.UNSURE, "crash", 0, "interrupted"), now)
                self._chain.append(now, "unsure", {"item": row["id"], "stage": "crash"}, row["letter_id"])
        return len(rows)

    def resend_unsure(self, before: datetime, now: datetime) -> int:
        """Queue each unsure mail of before then once more, the same bytes under the same Message-ID.

        Not what a person decided to send: that waits for a person.
        """
        rows = self._db.all(
            f"SELECT id, letter_id FROM outbox WHERE state = 'unsure' AND kind IN {_ROUTINE} AND resent = 0 "  # noqa: S608
            "AND ended_at <= ?",
            (stamp(before),),
        )
        for row in rows:
            with self._db.immediate("resend"):
                self._move(row["id"], State.UNSURE, State.QUEUED, now)
                self._db.sql.execute("UPDATE outbox SET resent = 1 WHERE id = ?", (row["id"],))
                self._chain.append(now, "resend", {"item": row["id"]}, row["letter_id"])
        return len(rows)

    def by_hand(self, item: int, verb: str, now: datetime, note: str = "") -> Row:
        """What a person asks for an item (see ``BY_HAND``). Raises MailgateError if its state forbids it."""
        row = self.get(item)
        if not row["raw"] and verb != "cancel":
            raise MailgateError(f"item {item} is a decision that is not written yet", "See: mailgate outbox release")
        sources, target = BY_HAND[verb]
        if State(row["state"]) not in sources:
            raise MailgateError(f"item {item} is {row['state']}: it cannot be told to {verb}", HINTS[verb])
        with self._db.immediate(verb):
            self._move(item, State(row["state"]), target, now, note=note)
            if (
                row["state"] == State.UNSURE and target is State.QUEUED
            ):  # this is its second time: never a third by itself
                self._db.sql.execute("UPDATE outbox SET resent = 1 WHERE id = ?", (item,))
            self._chain.append(now, verb, {"item": item, "from": row["state"], "note": note}, row["letter_id"])
        return self.get(item)

    def pause(self, now: datetime) -> int:
        """Hold every queued reply; returns how many. Inside a transaction."""
        return self._shift(State.QUEUED, State.HELD, f"kind IN {_ANSWERS}", PAUSED, now)

    def resume(self, now: datetime) -> int:
        """Let go what ``pause`` held, not what a person held by hand. Inside a transaction."""
        return self._shift(State.HELD, State.QUEUED, f"note = '{PAUSED}'", "", now)

    def _shift(self, old: State, new: State, which: str, note: str, now: datetime) -> int:
        cursor = self._db.sql.execute(
            f"UPDATE outbox SET state = ?, note = ?, next_at = ? WHERE state = ? AND {which}",  # noqa: S608 - our own
            (new, note, stamp(now), old),
        )
        return cursor.rowcount

    def reported(self, item: int, mail_id: int, recipient: Recipient, now: datetime) -> None:
        """What a report says of an accepted item, inside a transaction. A success never undoes a failure."""
        row = self.get(item)
        self._db.sql.execute(
            "INSERT OR IGNORE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?)",
            (item, mail_id, stamp(now), recipient.action, recipient.address, recipient.status, recipient.diagnostic),
        )
        new = REPORTED.get(recipient.action)
        if new is not None and row["state"] in MAY_BE_REPORTED[new]:
            self._move(item, State(row["state"]), new, now, note=row["note"])
        payload = {"item": item, "action": recipient.action, "status": recipient.status}
        self._chain.append(now, "reported", payload, row["letter_id"])

    def get(self, item: int) -> Row:
        row = self._db.one("SELECT * FROM outbox WHERE id = ?", (item,))
        if row is None:
            raise MailgateError(f"there is no outbox item {item}", "See: mailgate outbox list")
        return row

    def next_due(self) -> datetime | None:
        """When the earliest queued item is due."""
        return moment(self._db.value(f"SELECT min(next_at) FROM {_DUE} WHERE state = 'queued'"))  # noqa: S608

    def oldest(self) -> str | None:
        """Since when the oldest item that is not done with waits, as it is stored."""
        found = self._db.value(
            "SELECT min(created_at) FROM outbox WHERE state <> 'accepted' AND state IN ('queued', 'trying', 'unsure')"
        )
        return str(found) if found else None

    def due(self, now: datetime, at_most: int) -> int:
        """How many items are due, counted up to ``at_most``."""
        return int(
            self._db.value(
                f"SELECT count(*) FROM (SELECT 1 FROM {_DUE} WHERE state = 'queued' AND next_at <= ? LIMIT ?)",  # noqa: S608
                (stamp(now), at_most),
            )
        )

    def _next(self, now: datetime) -> Any:
        return self._db.value(
            f"SELECT id FROM {_DUE} WHERE state = 'queued' AND next_at <= ? ORDER BY next_at, id LIMIT 1",  # noqa: S608
            (stamp(now),),
        )

    def _claim(self, now: datetime) -> Attempt | None:
        item = self._next(now)
        if item is None:
            return None
        self._move(item, State.QUEUED, State.TRYING, now)
        row = self.get(item)
        number = row["attempts"]
        self._db.sql.execute(
            "INSERT INTO attempt (item_id, number, started_at) VALUES (?, ?, ?)", (item, number, stamp(now))
        )
        self._chain.append(now, "trying", {"item": item, "attempt": number}, row["letter_id"])
        created = datetime.fromisoformat(row["created_at"])
        carried = self.carried(item)
        address = (row["sender"], row["recipient"], row["envid"])
        return Attempt(item, row["letter_id"], created, number, *address, row["raw"], carried, row["kind"])

    def _record(self, attempt: Attempt, outcome: Outcome, state: State, next_at: datetime, now: datetime) -> None:
        self._move(attempt.item_id, State.TRYING, state, now, next_at=next_at)
        self._close_attempt(attempt.item_id, attempt.number, outcome, now)
        payload = {"item": attempt.item_id, "stage": outcome.stage, "code": outcome.code}
        self._chain.append(
            now, outcome.verdict if state is not State.EXPIRED else "expired", payload, attempt.letter_id
        )

    def _close_attempt(self, item: int, number: int, outcome: Outcome, now: datetime) -> None:
        self._db.sql.execute(
            "UPDATE attempt SET ended_at = ?, verdict = ?, stage = ?, code = ?, text = ? "
            "WHERE (item_id, number) = (?, ?)",
            (stamp(now), outcome.verdict, outcome.stage, outcome.code, outcome.text, item, number),
        )

    def _move(
        self, item: int, old: State, new: State, now: datetime, *, next_at: datetime | None = None, note: str = ""
    ) -> None:
        """Compare-and-set: the arrow is taken only if the item is still where we think it is."""
        ended = None if new in (State.QUEUED, State.TRYING, State.HELD) else stamp(now)
        cursor = self._db.sql.execute(
            "UPDATE outbox SET state = ?, next_at = ?, ended_at = ?, note = ?, attempts = attempts + ? "
            "WHERE id = ? AND state = ?",
            (new, stamp(next_at or now), ended, note, int(new is State.TRYING), item, old),
        )
        if cursor.rowcount != 1:
            raise MailgateError(
                f"item {item} is no longer {old}: somebody else changed it", "See: mailgate outbox list"
            )
