"""What officers' mails propose, and mails that pretend to be an officer's."""

from __future__ import annotations

from datetime import datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, stamp
from mailgate.model import Receipt
from mailgate.model_dispatch import Answer, Enclosed, Proposed, Result
from mailgate.model_entry import Forged

_PROPOSAL = """
SELECT proposal.*, letter.number, letter.year, letter.confidential, letter.officer AS responsible
FROM proposal JOIN letter ON letter.id = proposal.letter_id
"""


class Proposals:
    """A row per mail of an officer that bears a token, whether it counts or not. Everything within transactions."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def keep(self, proposed: Proposed, item: int | None) -> None:
        """Note what a mail proposes, or why it does not count. ``item``: the planned mail of the decision."""
        answer = proposed.answer
        state = "set aside" if proposed.why_not else "waiting"
        self._db.sql.execute(
            "INSERT INTO proposal (mail_id, referral, letter_id, officer, at, result, text, paper, item_id, state, "
            "why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (proposed.mail_id, proposed.referral, proposed.letter_id, proposed.officer, stamp(proposed.at),
             answer.result if answer else None, answer.text if answer else "", int(bool(answer and answer.paper)),
             item, state, proposed.why_not),
        )  # fmt: skip
        self._db.sql.executemany(
            "INSERT INTO proposal_file VALUES (?, ?, ?, ?, ?)",
            [(proposed.mail_id, n, f.name, f.sha256, f.size) for n, f in enumerate(proposed.files)],
        )
        payload = {"mail": proposed.mail_id, "result": answer.result if answer else None, "why_not": proposed.why_not}
        self._chain.append(proposed.at, "proposed", payload, proposed.letter_id)

    def end(self, row: Row, state: str, why: str, now: datetime) -> None:
        """It was sent or rejected."""
        self._db.sql.execute("UPDATE proposal SET state = ?, why = ? WHERE mail_id = ?", (state, why, row["mail_id"]))
        payload = {"mail": row["mail_id"], "state": state, "why": why}
        self._chain.append(now, "proposal ended", payload, row["letter_id"])

    def confirm(self, row: Row, now: datetime) -> None:
        """Its one-time code was given: it is to be sent."""
        self._db.sql.execute("UPDATE proposal SET state = 'confirmed' WHERE mail_id = ?", (row["mail_id"],))
        self._chain.append(now, "proposal confirmed", {"mail": row["mail_id"]}, row["letter_id"])

    def code_in(self, mail_id: int, item: int) -> None:
        """The one-time code of this proposal is mailed by this item."""
        self._db.sql.execute("UPDATE proposal SET code_item = ? WHERE mail_id = ?", (item, mail_id))

    def tried(self, mail_id: int) -> None:
        """A wrong code was given."""
        self._db.sql.execute("UPDATE proposal SET tries = tries + 1 WHERE mail_id = ?", (mail_id,))

    def suspect(self, mail_id: int, forged: Forged, now: datetime) -> None:
        """Note a mail that uses an officer's token and is not that officer's for all we know; each mail once."""
        row = (mail_id, forged.referral, forged.letter_id, stamp(now), forged.why)
        if self._db.sql.execute("INSERT OR IGNORE INTO suspicion VALUES (?, ?, ?, ?, ?)", row).rowcount:
            self._chain.append(now, "forgery", {"mail": mail_id, "why": forged.why}, forged.letter_id)

    def suspected(self, mail_id: int) -> Row | None:
        """That such a mail is one of these, with the address of the officer whose token it used."""
        return self._db.one(
            "SELECT suspicion.*, outbox.recipient AS officer FROM suspicion JOIN outbox ON outbox.id = referral "
            "WHERE mail_id = ?",
            (mail_id,),
        )

    def suspected_since(self, since: datetime, referral: int | None = None) -> list[Row]:
        """Those mails, with the receipt of the letter they are about."""
        return self._db.all(
            "SELECT suspicion.*, letter.number, letter.year FROM suspicion "
            "LEFT JOIN letter ON letter.id = suspicion.letter_id WHERE at >= ? AND (? IS NULL OR referral = ?) "
            "ORDER BY at",
            (stamp(since), referral, referral),
        )

    def waiting(self) -> list[Row]:
        """Proposals that are not decided yet."""
        return self._db.all(_PROPOSAL + "WHERE proposal.state IN ('waiting', 'confirmed') ORDER BY mail_id")

    def confirmed(self) -> list[Row]:
        """Those that only need to be carried out."""
        return self._db.all(_PROPOSAL + "WHERE proposal.state = 'confirmed' ORDER BY mail_id")

    def set_aside_since(self, since: datetime) -> list[Row]:
        return self._db.all(
            _PROPOSAL + "WHERE proposal.state = 'set aside' AND proposal.at >= ? ORDER BY mail_id", (stamp(since),)
        )

    def of_item(self, item: int) -> Row | None:
        """The proposal that this planned mail would carry out."""
        return self._db.one(_PROPOSAL + "WHERE proposal.item_id = ?", (item,))

    def of_code(self, item: int) -> Row | None:
        """The proposal whose code this item mailed."""
        return self._db.one(_PROPOSAL + "WHERE proposal.code_item = ?", (item,))

    def used(self, referral: int) -> bool:
        """Whether the token of this mail to an officer has been used for a proposal that counts."""
        sql = "SELECT 1 FROM proposal WHERE referral = ? AND state <> 'set aside'"
        return self._db.value(sql, (referral,)) is not None

    def refused_since(self, referral: int, since: datetime) -> bool:
        """Whether an answer to this mail was set aside since then."""
        sql = "SELECT 1 FROM proposal WHERE referral = ? AND state = 'set aside' AND at >= ?"
        return self._db.value(sql, (referral, stamp(since))) is not None

    def suspected_before(self, suspicion: Row, since: datetime) -> bool:
        """Whether the same token was misused before, since then."""
        sql = "SELECT 1 FROM suspicion WHERE at >= ? AND referral = ? AND mail_id < ?"
        return self._db.value(sql, (stamp(since), suspicion["referral"], suspicion["mail_id"])) is not None

    def waiting_for(self, letter_id: int) -> Row | None:
        """The proposal for this letter that waits."""
        return self._db.one(
            _PROPOSAL + "WHERE proposal.state IN ('waiting', 'confirmed') AND proposal.letter_id = ?", (letter_id,)
        )

    def files(self, mail_id: int) -> list[Enclosed]:
        rows = self._db.all("SELECT * FROM proposal_file WHERE mail_id = ? ORDER BY position", (mail_id,))
        return [Enclosed(row["name"], row["sha256"], row["size"]) for row in rows]


def answer_of(row: Row) -> Answer:
    """What a proposal that counts says."""
    return Answer(Result(row["result"]), row["text"], bool(row["paper"]))


def receipt_of(row: Row) -> Receipt:
    """The letter it is about."""
    return Receipt(row["number"], row["year"])
