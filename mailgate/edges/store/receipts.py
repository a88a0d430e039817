"""The receive register: one transaction gives a mail its fate, its number and its reply (laws 2, 3, 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mailgate.edges.store.chain import Chain, fingerprint
from mailgate.edges.store.contacts import Contacts
from mailgate.edges.store.database import Connection, Row, moment
from mailgate.edges.store.outbox import Outbox
from mailgate.edges.store.proposals import Proposals
from mailgate.edges.store.rows import hidden_id, letter_row, mail_row
from mailgate.model import Draft, Fate, Kind, Receipt, State
from mailgate.model_entry import Entered, Entry, Judgement, Twins

FATES = {
    Kind.LETTER: Fate.REGISTERED,
    Kind.FOLLOW_UP: Fate.FOLLOW_UP,
    Kind.OFFICER: Fate.FOLLOW_UP,
    Kind.AUTO: Fate.AUTOMATIC,
    Kind.OWN: Fate.AUTOMATIC,
    Kind.READ: Fate.AUTOMATIC,
    Kind.SPAM: Fate.AUTOMATIC,
    Kind.TEST: Fate.AUTOMATIC,
    Kind.BOUNCE: Fate.BOUNCE,
    Kind.DELIVERY: Fate.BOUNCE,
    Kind.FEEDBACK: Fate.BOUNCE,
    Kind.LIST: Fate.LIST,
    Kind.MALWARE: Fate.SET_ASIDE,
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

    def __init__(self, db: Connection, chain: Chain, outbox: Outbox, contacts: Contacts, proposals: Proposals) -> None:
        self._db = db
        self._chain = chain
        self._outbox = outbox
        self._contacts = contacts
        self._proposals = proposals

    def enter(self, entry: Entry, judge: Judge, compose: Compose, *, hold: str = "") -> Entered | None:
        """The named instant: after this commit the letter is received. None if this very mail was entered before.

        ``hold``: why the acknowledgement waits for a person, "" if it does not.
        """
        with self._db.immediate("register"):
            return self.enter_within(entry, judge, compose, hold=hold)

    def enter_within(self, entry: Entry, judge: Judge, compose: Compose, *, hold: str = "") -> Entered | None:
        """The same inside a transaction."""
        if self._known(entry):
            return None
        if entry.answers_item:
            self._contacts.note("echo", entry.mail.from_shown.address, entry.seen_at)
        # What comes by another channel is known by its own key there, not by what stands in it.
        judgement = judge(self._twins(entry) if entry.channel == "email" else Twins())
        if judgement.duplicate:
            return self._journal(entry, Fate.DUPLICATE, self._letter_id(judgement.of), judgement.why)
        fate = FATES[entry.screening.kind]
        if fate is not Fate.REGISTERED:
            case = entry.case or self._letter_of_item(entry.answers_item) if fate is Fate.FOLLOW_UP else None
            return self._journal(entry, fate, case, entry.screening.reason)
        return self._register(entry, judgement, compose, hold)

    def set_aside(self, entry: Entry, reason: str) -> None:
        """Journal a mail that could not be taken: no number, a line for the clerk."""
        with self._db.immediate("set_aside"):
            if not self._known(entry):
                self._journal(entry, Fate.SET_ASIDE, None, reason)

    def _known(self, entry: Entry) -> bool:
        key = (entry.mailbox, entry.stub.uidvalidity, entry.stub.uid)
        row = self._db.one("SELECT id, fate FROM mail WHERE (mailbox, uidvalidity, uid) = (?, ?, ?)", key)
        return row is not None and (row["id"] != entry.takes_up or row["fate"] == Fate.REGISTERED)

    def _register(self, entry: Entry, judgement: Judgement, compose: Compose, hold: str) -> Entered:
        entry = self._not_back_in_time(entry)
        receipt = self._next_number(entry)
        follows = self._letter_of_item(entry.answers_item)
        row = letter_row(entry, receipt, judgement.remarks, follows)
        letter_id = self._insert("letter", row)
        draft = self._answer(entry, receipt, letter_id, compose, hold)
        self._put_mail(entry, mail_row(entry, Fate.REGISTERED, letter_id, bool(draft), _reason(entry)))
        fixed = fingerprint({name: row[name] for name in FIXED})
        payload = {"receipt": str(receipt), "row": fixed, "raw": entry.sha256, "answer": entry.screening.rule}
        payload["acknowledgement"] = hashlib.sha256(draft.raw).hexdigest() if draft else ""
        self._chain.append(entry.seen_at, "registered", payload, letter_id)
        deferred = entry.screening.answer and entry.over is not None
        return Entered(Fate.REGISTERED, receipt, bool(draft), deferred)

    def _put_mail(self, entry: Entry, row: dict[str, Any]) -> None:
        """The journal's row: a new one, or that of a mail now taken up."""
        mail_id = entry.takes_up
        if mail_id is None:
            mail_id = self._insert("mail", row)
        else:
            was = self._db.one("SELECT fate, rule FROM mail WHERE id = ?", (mail_id,))
            kept = {k: v for k, v in row.items() if k not in ("seen_at", "filed_at")}
            changes = ", ".join(f"{name} = :{name}" for name in kept)
            self._db.sql.execute(f"UPDATE mail SET {changes} WHERE id = :mail_id", kept | {"mail_id": mail_id})  # noqa: S608
            payload = {"mail": mail_id, "was": was["fate"] if was else "", "rule": was["rule"] if was else ""}
            self._chain.append(entry.seen_at, "taken up", payload, row["letter_id"])
        if entry.forged:
            self._proposals.suspect(mail_id, entry.forged, entry.seen_at)
        # What is marked as malware is kept and not opened; what is sealed, and what AMSS++ says, cannot be read.
        if entry.sha256 and row["fate"] != Fate.SET_ASIDE and not entry.sealed and entry.channel != "amss":
            self._db.sql.execute("INSERT OR IGNORE INTO reading (mail_id, state) VALUES (?, 'waiting')", (mail_id,))

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

    def _answer(self, entry: Entry, receipt: Receipt, letter_id: int, compose: Compose, hold: str) -> Draft | None:
        """Queue the acknowledgement; over a limit, note that the number is to be told with others later."""
        if not entry.screening.answer:
            return None
        if entry.returned:
            self._contacts.note("return", entry.screening.destination, entry.seen_at)
        if entry.over is not None:
            self._contacts.defer(letter_id, entry.screening.destination, entry.over, entry.seen_at)
            return None
        item = self._outbox.next_id()
        draft = compose(entry, receipt, item)
        if draft is not None:
            state = State.HELD if hold else State.QUEUED
            self._outbox.add(item, "acknowledgement", letter_id, draft, entry.seen_at, state, hold)
            self._contacts.note("answer", draft.recipient, entry.seen_at)
        return draft

    def _journal(self, entry: Entry, fate: Fate, letter_id: int | None, reason: str) -> Entered:
        self._put_mail(entry, mail_row(entry, fate, letter_id, False, reason))
        payload = {"uid": entry.stub.uid, "raw": entry.sha256, "fate": fate, "rule": entry.screening.rule}
        self._chain.append(entry.seen_at, "journaled", payload, letter_id)
        return Entered(fate, self.of_letter(letter_id))

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
            "SELECT number, year FROM letter WHERE content_digest = ? AND (? IS NULL OR message_id IN (?, ?)) "
            "ORDER BY id LIMIT 1",
            (digest, message_id, message_id, hidden_id(message_id or "")),
        )
        return _receipt(row) if row else None

    def _by_message_ids(self, identifiers: list[str]) -> Receipt | None:
        wanted = [one for i in identifiers if i for one in (i, hidden_id(i))]
        if not wanted:
            return None
        marks = ", ".join("?" * len(wanted))
        row = self._db.one(
            f"SELECT number, year FROM letter WHERE message_id IN ({marks}) AND message_id <> '' "  # noqa: S608
            "ORDER BY id LIMIT 1",
            wanted,
        )
        return _receipt(row) if row else None

    def _letter_id(self, receipt: Receipt | None) -> int | None:
        if receipt is None:
            return None
        key = (receipt.register, receipt.year, receipt.number)
        return int(self._db.value("SELECT id FROM letter WHERE (register, year, number) = (?, ?, ?)", key))

    def of_letter(self, letter_id: int | None) -> Receipt | None:
        """The number of a letter; None if it has none."""
        row = self._db.one("SELECT number, year FROM letter WHERE id = ?", (letter_id,)) if letter_id else None
        return _receipt(row) if row else None

    def _letter_of_item(self, item: int | None) -> int | None:
        letter_id = self._db.value("SELECT letter_id FROM outbox WHERE id = ?", (item,)) if item else None
        return None if letter_id is None else int(letter_id)

    def _insert(self, table: str, row: dict[str, Any]) -> int:
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        cursor = self._db.sql.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608
        return int(cursor.lastrowid or 0)


def _receipt(row: Row) -> Receipt:
    return Receipt(row["number"], row["year"])


def _reason(entry: Entry) -> str:
    """Why it is answered so: the limit that defers the answer, or the screening's."""
    deferred = entry.screening.answer and entry.over is not None
    return f"{entry.screening.reason} ({entry.over.why})" if deferred and entry.over else entry.screening.reason
