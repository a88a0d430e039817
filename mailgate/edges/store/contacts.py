"""What went automatically to whom and came back from whom, for limits and brakes; and answers put off by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, moment, stamp
from mailgate.model_entry import Over

What = Literal["answer", "return", "echo", "warned"]
_REMEMBERED = timedelta(days=90)


class Contacts:
    """What is noted of an address.

    ``answer``: an automatic mail to it was decided; ``return``: a letter came from it soon after one;
    ``echo``: a mail came from it that refers to one of ours; ``warned``: of a mail in its name that did not count.
    """

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def note(self, what: What, address: str, now: datetime) -> None:
        """Inside a transaction."""
        key, domain = key_of(address)
        self._db.sql.execute(
            "INSERT INTO contact (at, what, address, domain) VALUES (?, ?, ?, ?)", (stamp(now), what, key, domain)
        )
        if what == "answer":
            self._db.sql.execute(
                "INSERT INTO busy_hour VALUES (?, 1) ON CONFLICT (hour) DO UPDATE SET answers = answers + 1",
                (stamp(now)[:13],),
            )

    def nth_last(self, what: What, n: int, *, address: str = "", domain: str = "") -> datetime | None:
        """When the n-th last one was, to this address or domain or to all; None if there were fewer."""
        where, value = ("address = ?", address) if address else ("domain = ?", domain) if domain else ("? = ''", "")
        return moment(
            self._db.value(
                f"SELECT at FROM contact WHERE what = ? AND {where} ORDER BY at DESC LIMIT 1 OFFSET ?",  # noqa: S608
                (what, value, n - 1),
            )
        )

    def last_answer(self, address: str, before: datetime) -> datetime | None:
        """When the last automatic mail before then was decided for this address."""
        sql = "SELECT max(at) FROM contact WHERE what = 'answer' AND address = ? AND at < ?"
        return moment(self._db.value(sql, (address, stamp(before))))

    def busiest_hour(self, now: datetime) -> int:
        """Most answers in one hour of the last 90 days, this hour apart; 0 where less than a week is known."""
        known = moment(self._db.value("SELECT min(at) FROM contact WHERE what = 'answer'"))
        if known is None or known > now - timedelta(days=7):
            return 0
        found = self._db.value(
            "SELECT max(answers) FROM busy_hour WHERE hour >= ? AND hour < ?",
            (stamp(now - _REMEMBERED)[:13], stamp(now)[:13]),
        )
        return int(found or 0)

    def brake(self, address: str, until: datetime, now: datetime) -> None:
        """No automatic mail to this address until then."""
        with self._db.immediate("brake"):
            self._db.sql.execute(
                "INSERT INTO brake VALUES (?, ?) ON CONFLICT (address) DO UPDATE SET until = excluded.until",
                (key_of(address)[0], stamp(until)),
            )
            self._chain.append(now, "brake", {"until": stamp(until)})

    def braked(self, address: str, now: datetime) -> bool:
        until = moment(self._db.value("SELECT until FROM brake WHERE address = ?", (key_of(address)[0],)))
        return until is not None and until > now

    def brakes(self, now: datetime) -> list[Row]:
        """Addresses that get no automatic mail at present."""
        return self._db.all("SELECT address, until FROM brake WHERE until > ? ORDER BY until", (stamp(now),))

    def defer(self, letter_id: int, recipient: str, over: Over, now: datetime) -> None:
        """Inside a transaction: this letter's number is told with others, when there is room again."""
        address = key_of(recipient)[0]
        due = self.deferred_until(address) or over.until
        self._db.sql.execute(
            "INSERT INTO deferred (letter_id, recipient, address, due_at, why) VALUES (?, ?, ?, ?, ?)",
            (letter_id, recipient, address, stamp(due), over.why),
        )

    def deferred_until(self, address: str) -> datetime | None:
        """When the answers put off for this address are due, if there are any."""
        sql = "SELECT min(due_at) FROM deferred WHERE address = ? AND item_id IS NULL"
        return moment(self._db.value(sql, (address,)))

    def due_addresses(self, now: datetime) -> list[str]:
        """Addresses whose put-off answers are due, the longest waiting first."""
        rows = self._db.all(
            "SELECT address, min(letter_id) AS first FROM deferred WHERE item_id IS NULL AND due_at <= ? "
            "GROUP BY address ORDER BY first",
            (stamp(now),),
        )
        return [row["address"] for row in rows]

    def waiting(self, address: str) -> list[Row]:
        """The letters whose numbers are to be told to this address, in number order."""
        return self._db.all(
            "SELECT letter.id, letter.number, letter.year, deferred.recipient FROM deferred "
            "JOIN letter ON letter.id = deferred.letter_id WHERE address = ? AND item_id IS NULL ORDER BY letter.id",
            (address,),
        )

    def postpone(self, address: str, until: datetime) -> None:
        with self._db.immediate("postpone"):
            self._db.sql.execute(
                "UPDATE deferred SET due_at = ? WHERE address = ? AND item_id IS NULL", (stamp(until), address)
            )

    def deferred_count(self) -> int:
        return int(self._db.value("SELECT count(*) FROM deferred WHERE item_id IS NULL"))


def key_of(address: str) -> tuple[str, str]:
    """(address in lower case without +tag, its domain): the same person's variants count as one."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}", domain
