"""The dispatch register (ทะเบียนหนังสือส่ง): its numbers, what went out under each, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from mailgate.edges.store.chain import Chain, fingerprint
from mailgate.edges.store.database import Connection, Row, moment, stamp
from mailgate.edges.store.outbox import Outbox
from mailgate.model import Draft, Receipt, State
from mailgate.model_dispatch import Enclosed, Numbered, Outbound

# What the ``dispatched`` event fixes: verify recomputes the fingerprint from the row.
FIXED = (
    "register year number result circular book_no dated sender addressee subject text way decided_by postal_address "
    "registered_at confidential"
).split()


class Mailed(NamedTuple):
    """A mail of a dispatch, and the SHA-256 of all its bytes as they go out, in hex."""

    draft: Draft
    sha256: str


Compose = Callable[[str, int, Numbered], Mailed]  # of an address, under an item, with the number
BookNo = Callable[[int, bool], str]


class Dispatches:
    """Enters dispatches and changes what is not final of them, each with its event."""

    def __init__(self, db: Connection, chain: Chain, outbox: Outbox) -> None:
        self._db = db
        self._chain = chain
        self._outbox = outbox

    def enter(
        self,
        out: Outbound,
        sender: str,
        book_no: BookNo,
        compose: Compose,
        now: datetime,
        planned: int | None = None,
    ) -> Receipt:
        """Number a dispatch and queue its mails; inside a transaction. ``planned``: the outbox item that waited for it.

        ``sender``: the office, as it stands in column จาก.
        """
        now = self._not_back_in_time(now)
        numbered = self._next_number(out, book_no, now)
        row = _row(out, sender, numbered, now)
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        cursor = self._db.sql.execute(f"INSERT INTO dispatch ({columns}) VALUES ({marks})", row)  # noqa: S608
        dispatch_id = int(cursor.lastrowid or 0)
        self._db.sql.executemany(
            "INSERT INTO dispatch_file VALUES (?, ?, ?, ?, ?)",
            [(dispatch_id, n, f.name, f.sha256, f.size) for n, f in enumerate(out.files)],
        )
        mails = self._queue(out, dispatch_id, numbered, compose, now, planned)
        fixed = fingerprint({name: row[name] for name in FIXED})
        payload = {"dispatch": str(numbered.receipt), "row": fixed, "files": [f.sha256 for f in out.files]}
        self._chain.append(now, "dispatched", payload | {"mails": mails}, out.letter_id)
        return numbered.receipt

    def _queue(
        self, out: Outbound, dispatch_id: int, numbered: Numbered, compose: Compose, now: datetime, planned: int | None
    ) -> dict[str, str]:
        """The mails, the first in the place of the planned one; the SHA-256 of each by its item."""
        hashes = {}
        state, note = (State.HELD, out.hold) if out.hold else (State.QUEUED, "")
        for address in out.addresses:
            item = planned or self._outbox.next_id()
            draft, hashes[str(item)] = compose(address, item, numbered)
            if planned:
                self._outbox.write(item, draft, dispatch_id, now)
            else:
                self._outbox.add(item, "decision", out.letter_id, draft, now, state, note, dispatch_id)
            planned, state, note = None, State.QUEUED, ""
        return hashes

    def more_mail(self, row: Row, address: str, numbered: Numbered, compose: Compose, now: datetime, hold: str) -> int:
        """Inside a transaction: a dispatch to one more address, under its number, held. Returns the item."""
        item = self._outbox.next_id()
        draft, sha256 = compose(address, item, numbered)
        self._outbox.add(item, "decision", row["letter_id"], draft, now, State.HELD, hold, row["id"])
        payload = {"dispatch": _number(row), "mails": {str(item): sha256}}
        self._chain.append(now, "dispatched again", payload, row["letter_id"])
        return item

    def change(self, row: Row, event: str, now: datetime, **columns: Any) -> None:
        """Inside a transaction: note what was done with a dispatch: its action, remarks, posting or end."""
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        self._db.sql.execute(f"UPDATE dispatch SET {changes} WHERE id = :id", columns | {"id": row["id"]})  # noqa: S608
        self._chain.append(now, event, {"dispatch": _number(row)} | columns, row["letter_id"])

    def get(self, receipt: Receipt) -> Row | None:
        return self._db.one(
            _DISPATCH + "WHERE dispatch.register = 'dispatch' AND dispatch.year = ? AND dispatch.number = ?",
            (receipt.year, receipt.number),
        )

    def by_id(self, dispatch_id: int) -> Row | None:
        return self._db.one(_DISPATCH + "WHERE dispatch.id = ?", (dispatch_id,))

    def of_letter(self, letter_id: int) -> list[Row]:
        """What went out in answer to a letter, in order."""
        return self._db.all(_DISPATCH + "WHERE dispatch.letter_id = ? ORDER BY dispatch.id", (letter_id,))

    def listed(self, year: int | None = None, limit: int = -1) -> list[Row]:
        """The register in number order; with a limit, the last ones."""
        rows = self._db.all(
            _DISPATCH + "WHERE (? IS NULL OR dispatch.year = ?) ORDER BY dispatch.id DESC LIMIT ?", (year, year, limit)
        )
        return rows[::-1]

    def files(self, dispatch_id: int) -> list[Enclosed]:
        rows = self._db.all("SELECT * FROM dispatch_file WHERE dispatch_id = ? ORDER BY position", (dispatch_id,))
        return [Enclosed(row["name"], row["sha256"], row["size"]) for row in rows]

    def mails(self, dispatch_id: int) -> list[Row]:
        """Its outbox items with their bytes, in order."""
        return self._db.all("SELECT * FROM outbox WHERE dispatch_id = ? ORDER BY id", (dispatch_id,))

    def states(self, dispatch_id: int) -> list[str]:
        """The states of its mails, in order."""
        rows = self._db.all("SELECT state FROM outbox WHERE dispatch_id = ? ORDER BY id", (dispatch_id,))
        return [row["state"] for row in rows]

    def reports(self, item: int) -> list[Row]:
        """What delivery reports say of a mail, with the mail each came in."""
        return self._db.all(
            "SELECT delivery.*, mail.sha256 FROM delivery JOIN mail ON mail.id = delivery.mail_id WHERE item_id = ? "
            "ORDER BY at, mail_id",
            (item,),
        )

    def attempts(self, item: int) -> list[Row]:
        return self._db.all("SELECT * FROM attempt WHERE item_id = ? ORDER BY number", (item,))

    def events(self, receipt: Receipt) -> list[Row]:
        """The events that name a dispatch, in order."""
        return self._db.all(
            "SELECT seq, at, kind, payload, hex(link) AS link FROM event WHERE kind IN ('dispatched', "
            "'dispatched again', 'posted', 'dispatch void', 'on paper') AND json_extract(payload, '$.dispatch') = ? "
            "ORDER BY seq",
            (str(receipt),),
        )

    def all_events(self) -> list[Row]:
        """Every event that names a dispatch, in order."""
        return self._db.all(
            "SELECT seq, kind, payload FROM event WHERE kind IN ('dispatched', 'dispatched again', 'posted', "
            "'dispatch void', 'on paper') ORDER BY seq"
        )

    def hashes(self) -> list[str]:
        """SHA-256 of every file that goes out or is proposed."""
        rows = self._db.all(
            "SELECT sha256 FROM dispatch_file UNION SELECT sha256 FROM proposal_file "
            "UNION SELECT sha256 FROM carried WHERE shelf = 'attachments'"
        )
        return [row["sha256"] for row in rows]

    def _next_number(self, out: Outbound, book_no: BookNo, now: datetime) -> Numbered:
        year = now.year + 543  # the Buddhist year of the office's date
        number = self._db.value(
            "INSERT INTO counter VALUES ('dispatch', ?, 1) "
            "ON CONFLICT (register, year) DO UPDATE SET last = last + 1 RETURNING last",
            (year,),
        )
        return Numbered(Receipt(int(number), year, "dispatch"), book_no(int(number), out.circular), now.date())

    def _not_back_in_time(self, now: datetime) -> datetime:
        """As for letters: a clock that was set back neither disorders the register nor reopens last year's."""
        last = moment(self._db.value("SELECT registered_at FROM dispatch ORDER BY id DESC LIMIT 1"))
        return now if last is None or last <= now else last.astimezone(now.tzinfo)


def numbered(row: Row) -> Numbered:
    """The number of a dispatch of the register."""
    receipt = Receipt(row["number"], row["year"], "dispatch")
    return Numbered(receipt, row["book_no"], date.fromisoformat(row["dated"]))


def _number(row: Row) -> str:
    return f"{row['number']}/{row['year']}"


def _row(out: Outbound, sender: str, numbered: Numbered, now: datetime) -> dict[str, Any]:
    return {
        "register": numbered.receipt.register, "year": numbered.receipt.year, "number": numbered.receipt.number,
        "letter_id": out.letter_id, "result": out.result, "circular": int(out.circular),
        "book_no": numbered.book_no, "dated": numbered.dated.isoformat(), "sender": sender,
        "addressee": out.addressee, "subject": out.subject, "text": out.text, "way": out.way,
        "decided_by": out.decided_by, "postal_address": out.postal_address, "registered_at": stamp(now),
        "action": "", "remarks": out.remarks, "state": "open", "confidential": int(out.confidential),
    }  # fmt: skip


_DISPATCH = """
SELECT dispatch.*, letter.number AS letter_number, letter.year AS letter_year, letter.service AS service
FROM dispatch LEFT JOIN letter ON letter.id = dispatch.letter_id
"""
