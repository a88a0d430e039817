"""The receive register: one transaction gives a mail its fate, its number and its reply (laws 2, 3, 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mailgate.edges.store.chain import Chain, fingerprint
from mailgate.edges.store.database import Connection, Row, moment, stamp
from mailgate.model import Draft, Enclosures, Entered, Entry, Fate, Judgement, Kind, Receipt, Twins

FATES = {
    Kind.LETTER: Fate.REGISTERED,
    Kind.AUTO: Fate.AUTOMATIC,
    Kind.OWN: Fate.AUTOMATIC,
    Kind.BOUNCE: Fate.BOUNCE,
    Kind.LIST: Fate.LIST,
}

# What the ``registered`` event fixes: verify recomputes the fingerprint from the row.
FIXED = (
    "register year number channel dated from_name from_address addressee subject arrived_at legally_received_at "
    "registered_at sha256 content_digest message_id size enclosures"
).split()

Judge = Callable[[Twins], Judgement]
Compose = Callable[[Entry, Receipt, int], Draft | None]


class Receipts:
    """Registers mails. ``judge`` decides whether a mail is a duplicate, ``compose`` makes its acknowledgement."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def enter(self, entry: Entry, judge: Judge, compose: Compose, *, hold: bool = False) -> Entered | None:
        """The named instant: after this commit the letter is received. None if this very mail was entered before.

        ``hold``: the acknowledgement waits for a person.
        """
        with self._db.immediate("register"):
            if self._known(entry):
                return None
            judgement = judge(self._twins(entry))
            if judgement.duplicate:
                return self._journal(entry, Fate.DUPLICATE, judgement.of, judgement.why)
            fate = FATES[entry.screening.kind]
            if fate is not Fate.REGISTERED:
                return self._journal(entry, fate, None, entry.screening.reason)
            return self._register(entry, judgement, compose, hold)

    def set_aside(self, entry: Entry, reason: str) -> None:
        """Journal a mail that could not be taken: no number, a line for the clerk."""
        with self._db.immediate("set_aside"):
            if not self._known(entry):
                self._journal(entry, Fate.SET_ASIDE, None, reason)

    def _known(self, entry: Entry) -> bool:
        key = (entry.mailbox, entry.stub.uidvalidity, entry.stub.uid)
        return self._db.one("SELECT 1 FROM mail WHERE (mailbox, uidvalidity, uid) = (?, ?, ?)", key) is not None

    def _register(self, entry: Entry, judgement: Judgement, compose: Compose, hold: bool) -> Entered:
        entry = self._not_back_in_time(entry)
        receipt = self._next_number(entry)
        follows = self._letter_of_item(entry.answers_item)
        row = _letter_row(entry, receipt, judgement.remarks, follows)
        letter_id = self._insert("letter", row)
        draft = self._acknowledge(entry, receipt, letter_id, compose, hold)
        self._insert("mail", _mail_row(entry, Fate.REGISTERED, letter_id, bool(draft), entry.screening.reason))
        fixed = fingerprint({name: row[name] for name in FIXED})
        payload = {"receipt": str(receipt), "row": fixed, "raw": entry.sha256, "answer": entry.screening.rule}
        payload["acknowledgement"] = hashlib.sha256(draft.raw).hexdigest() if draft else ""
        self._chain.append(entry.seen_at, "registered", payload, letter_id)
        return Entered(Fate.REGISTERED, receipt, bool(draft))

    def _not_back_in_time(self, entry: Entry) -> Entry:
        """A clock that was set back makes no letter older than the one before it, nor reopens last year's register."""
        last = moment(self._db.value("SELECT registered_at FROM letter ORDER BY id DESC LIMIT 1"))
        times = entry.receiving
        if last is None or last <= times.registered:
            return entry
        return replace(entry, receiving=replace(times, registered=last.astimezone(times.registered.tzinfo)))

    def _next_number(self, entry: Entry) -> Receipt:
        year = entry.receiving.registered.year + 543  # the Buddhist year of the office's date
        number = self._db.value(
            "INSERT INTO counter VALUES ('receive', ?, 1) "
            "ON CONFLICT (register, year) DO UPDATE SET last = last + 1 RETURNING last",
            (year,),
        )
        return Receipt(int(number), year)

    def _acknowledge(
        self, entry: Entry, receipt: Receipt, letter_id: int, compose: Compose, hold: bool
    ) -> Draft | None:
        item = 1 + (self._db.value("SELECT max(id) FROM outbox") or 0)
        draft = compose(entry, receipt, item) if entry.screening.answer else None
        if draft is not None:
            now = stamp(entry.seen_at)
            state = "held" if hold else "queued"
            self._db.sql.execute(
                "INSERT INTO outbox (id, kind, letter_id, sender, recipient, message_id, envid, raw, state, "
                "created_at, next_at) VALUES (?, 'acknowledgement', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (item, letter_id, *draft_columns(draft), state, now, now),
            )
        return draft

    def _journal(self, entry: Entry, fate: Fate, of: Receipt | None, reason: str) -> Entered:
        letter_id = self._letter_id(of) if of else None
        self._insert("mail", _mail_row(entry, fate, letter_id, False, reason))
        payload = {"uid": entry.stub.uid, "raw": entry.sha256, "fate": fate, "rule": entry.screening.rule}
        self._chain.append(entry.seen_at, "journaled", payload, letter_id)
        return Entered(fate, of)

    def _twins(self, entry: Entry) -> Twins:
        raw = self._db.one(
            "SELECT letter.number, letter.year FROM mail LEFT JOIN letter ON letter.id = mail.letter_id "
            "WHERE mail.sha256 = ? ORDER BY mail.id LIMIT 1",
            (entry.sha256,),
        )
        content = self._by_content(entry.content_digest)
        same = self._by_content(entry.content_digest, entry.mail.message_id) if entry.mail.message_id else None
        return Twins(
            raw=raw is not None,
            raw_letter=_receipt(raw) if raw and raw["number"] else None,
            content=content,
            content_same_id=same,
            message_id=self._by_message_ids([entry.mail.message_id]),
            referred=self._by_message_ids([*entry.mail.in_reply_to, *entry.mail.references[-5:]]),
        )

    def _by_content(self, digest: str, message_id: str | None = None) -> Receipt | None:
        row = self._db.one(
            "SELECT number, year FROM letter WHERE content_digest = ? AND (? IS NULL OR message_id = ?) "
            "ORDER BY id LIMIT 1",
            (digest, message_id, message_id),
        )
        return _receipt(row) if row else None

    def _by_message_ids(self, identifiers: list[str]) -> Receipt | None:
        wanted = [i for i in identifiers if i]
        if not wanted:
            return None
        marks = ", ".join("?" * len(wanted))
        row = self._db.one(
            f"SELECT number, year FROM letter WHERE message_id IN ({marks}) AND message_id <> '' "  # noqa: S608
            "ORDER BY id LIMIT 1",
            wanted,
        )
        return _receipt(row) if row else None

    def _letter_id(self, receipt: Receipt) -> int:
        key = (receipt.register, receipt.year, receipt.number)
        return int(self._db.value("SELECT id FROM letter WHERE (register, year, number) = (?, ?, ?)", key))

    def _letter_of_item(self, item: int | None) -> int | None:
        letter_id = self._db.value("SELECT letter_id FROM outbox WHERE id = ?", (item,)) if item else None
        return None if letter_id is None else int(letter_id)

    def _insert(self, table: str, row: dict[str, Any]) -> int:
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        cursor = self._db.sql.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608
        return int(cursor.lastrowid or 0)


def draft_columns(draft: Draft) -> tuple[str, str, str, str, bytes]:
    return draft.sender, draft.recipient, draft.message_id, draft.envid, draft.raw


def _receipt(row: Row) -> Receipt:
    return Receipt(row["number"], row["year"])


def _letter_row(entry: Entry, receipt: Receipt, remarks: tuple[str, ...], follows: int | None) -> dict[str, Any]:
    mail, times = entry.mail, entry.receiving
    return {
        "register": receipt.register, "year": receipt.year, "number": receipt.number, "channel": "email",
        "book_no": "", "dated": mail.dated.isoformat() if mail.dated else None,
        "from_name": mail.from_shown.name, "from_address": mail.from_shown.address, "addressee": mail.to_shown,
        "subject": mail.subject, "service": entry.service, "officer": entry.officer, "action": "",
        "remarks": "; ".join((*remarks, *(f"แก้การอ่านอักษร: {r}" for r in mail.repairs))),
        "arrived_at": stamp(times.arrived), "legally_received_at": stamp(times.legally_received),
        "registered_at": stamp(times.registered), "due_on": times.due_on.isoformat() if times.due_on else None,
        "state": "open", "confidential": int(entry.confidential), "sha256": entry.sha256,
        "content_digest": entry.content_digest, "message_id": mail.message_id, "size": entry.size,
        "enclosures": _count(entry.enclosures), "follows": follows,
    }  # fmt: skip


def _count(enclosures: Enclosures) -> int:
    return len(enclosures.sizes)


def _mail_row(entry: Entry, fate: Fate, letter_id: int | None, answered: bool, reason: str) -> dict[str, Any]:
    stub, screening = entry.stub, entry.screening
    # A letter's sender and subject stand in the register alone; of a confidential mail nothing stands here.
    shown = fate is not Fate.REGISTERED and not entry.confidential
    evidence = "" if entry.confidential else screening.evidence
    return {
        "mailbox": entry.mailbox, "uidvalidity": stub.uidvalidity, "uid": stub.uid, "size": entry.size,
        "arrived_at": stamp(stub.arrived), "seen_at": stamp(entry.seen_at),
        "kind": screening.kind, "fate": fate, "answered": int(answered),
        "rule": screening.rule, "reason": reason, "evidence": evidence,
        "sender": entry.mail.from_shown.address if shown else "", "subject": entry.mail.subject if shown else "",
        "sha256": entry.sha256 or None, "letter_id": letter_id, "filed_at": None,
    }  # fmt: skip
