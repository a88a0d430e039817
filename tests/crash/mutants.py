"""Ordering bugs, seeded on purpose: the crash tests must catch every one, else they would not catch a real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mailgate.edges.store.database import Connection
from mailgate.edges.store.outbox import Outbox
from mailgate.edges.store.receipts import Receipts
from mailgate.jobs import intake
from mailgate.model import Kind, Receipt, State
from mailgate.model_entry import Judgement


def mark_before_commit() -> None:
    """The mailbox is told before the row is committed: a crash in between loses the letter."""
    original = intake.Check._take

    async def take(self: Any, mailbox: Any, uids: list[int]) -> None:
        stubs = await mailbox.stubs(uids)
        raws = {s.uid: await mailbox.fetch([s.uid]) for s in stubs}
        await mailbox.done([s.uid for s in stubs], "Registered/lost")

        class Moved:
            uidvalidity = mailbox.uidvalidity

            async def stubs(self, uids: list[int]) -> Any:
                return stubs

            async def fetch(self, uids: list[int]) -> Any:
                return {uid: raws[uid][uid] for uid in uids}

            async def fetch_pieces(self, uid: int, write: Callable[[bytes], object]) -> bool:
                write(raws[uid][uid])
                return True

            async def done(self, uids: list[int], folder: str) -> None:
                return None

        await original(self, Moved(), uids)

    intake.Check._take = take  # type: ignore[method-assign]


def counter_in_its_own_transaction() -> None:
    """The number is taken before the letter's transaction: a crash in between leaves a gap."""
    taken: list[Receipt] = []
    next_number, enter = Receipts._next_number, Receipts.enter

    def first_the_number(self: Receipts, entry: Any, *args: Any, **options: Any) -> Any:
        if entry.screening.kind is Kind.LETTER and not self._known(entry):
            with self._db.immediate("counter"):
                taken[:] = [next_number(self, entry)]
        return enter(self, entry, *args, **options)

    Receipts.enter = first_the_number  # type: ignore[method-assign]
    Receipts._next_number = lambda self, entry: taken[0]  # type: ignore[method-assign]


def no_duplicate_check() -> None:
    """Only the UID tells mails apart: after a new UIDVALIDITY a letter gets a second number."""
    intake.judge = lambda twins: Judgement(False, None, "")  # type: ignore[attr-defined]
    original = Connection.__init__

    def without_the_index(self: Connection, *args: Any) -> None:
        original(self, *args)
        self.sql.execute("DROP INDEX IF EXISTS letter_raw")

    Connection.__init__ = without_the_index  # type: ignore[method-assign]


def acknowledgement_after_commit() -> None:
    """The reply is queued in a transaction of its own after the letter's: a crash in between loses it."""
    enter = Receipts.enter

    def two_transactions(self: Receipts, entry: Any, judge: Any, compose: Any, *, hold: str = "") -> Any:
        kept: list[Any] = []
        entered = enter(self, entry, judge, lambda *a: kept.append(a), hold=hold)
        if kept:
            draft = compose(*kept[0])
            with self._db.immediate("late"):
                letter = self._db.value("SELECT max(id) FROM letter")
                self._outbox.add(kept[0][2], "acknowledgement", letter, draft, entry.seen_at)
        return entered

    Receipts.enter = two_transactions  # type: ignore[method-assign]


def attempt_not_written_down() -> None:
    """The claim is not committed before the wire is touched: after a crash the reply goes out again, unremarked."""
    claim, record = Outbox._claim, Outbox._record
    taken: set[int] = set()

    def only_in_memory(self: Outbox, now: datetime) -> Any:
        self._db.sql.execute("SAVEPOINT memory")
        try:
            for item in taken:
                self._db.sql.execute("UPDATE outbox SET state = 'held' WHERE id = ?", (item,))
            attempt = claim(self, now)
        finally:
            self._db.sql.execute("ROLLBACK TO memory")
            self._db.sql.execute("RELEASE memory")
        if attempt is not None:
            taken.add(attempt.item_id)
        return attempt

    def all_at_the_end(
        self: Outbox, attempt: Any, outcome: Any, state: State, next_at: datetime, now: datetime
    ) -> None:
        self._move(attempt.item_id, State.QUEUED, State.TRYING, now)
        self._db.sql.execute(
            "INSERT INTO attempt (item_id, number, started_at) VALUES (?, ?, ?)",
            (attempt.item_id, attempt.number, now.isoformat()),
        )
        record(self, attempt, outcome, state, next_at, now)

    Outbox._claim = only_in_memory  # type: ignore[method-assign]
    Outbox._record = all_at_the_end  # type: ignore[method-assign]


def interrupted_is_tried_again() -> None:
    """After a crash, what was being tried is simply queued again, as if it had surely not been sent."""

    def requeue(self: Outbox, now: datetime) -> int:
        for row in self._db.all("SELECT id FROM outbox WHERE state = 'trying'"):
            with self._db.immediate("requeue"):
                self._move(row["id"], State.TRYING, State.QUEUED, now)
        return 0

    Outbox.interrupted = requeue  # type: ignore[method-assign]


MUTANTS = {
    f.__name__: f
    for f in (
        mark_before_commit,
        counter_in_its_own_transaction,
        no_duplicate_check,
        acknowledgement_after_commit,
        attempt_not_written_down,
        interrupted_is_tried_again,
    )
}


def apply(name: str) -> None:
    """Seed one bug into this process."""
    MUTANTS[name]()
