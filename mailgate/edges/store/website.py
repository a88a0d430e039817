"""What comes by the website: each form once, and the case that a visitor opens with number and passphrase."""

from __future__ import annotations

from mailgate.edges.store.database import Connection, Row
from mailgate.model import Receipt
from mailgate.model_website import Handed


class Website:
    """Rows beside the journal's own; everything that writes runs inside a transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def next_uid(self, mailbox: str) -> int:
        """The place in the journal that the next submission takes."""
        return 1 + int(self._db.value("SELECT max(uid) FROM mail WHERE mailbox = ?", (mailbox,)) or 0)

    def submitted(self, form: str) -> Row | None:
        """The letter that a form has become or was filed with: id, number, year, legally_received_at; else None."""
        return self._db.one(
            "SELECT letter.id, number, year, legally_received_at, mail.arrived_at FROM submission "
            "JOIN mail ON mail.id = submission.mail_id JOIN letter ON letter.id = mail.letter_id WHERE form = ?",
            (form,),
        )

    def note(self, handed: Handed, mailbox: str, uid: int) -> None:
        """That a form was handed in; with a passphrase of its own, if it opens a case."""
        mail = self._db.one("SELECT id, letter_id FROM mail WHERE mailbox = ? AND uid = ?", (mailbox, uid))
        assert mail is not None
        self._db.sql.execute("INSERT INTO submission VALUES (?, ?)", (handed.form, mail["id"]))
        if handed.recipient:
            values = (mail["letter_id"], bytes.fromhex(handed.salt), handed.recipient)
            self._db.sql.execute("INSERT INTO visitor VALUES (?, ?, ?)", values)

    def visitor(self, receipt: Receipt) -> Row | None:
        """Salt and recipient of a letter that came by the website, with the letter's id."""
        return self._db.one(
            "SELECT visitor.* FROM visitor JOIN letter ON letter.id = letter_id WHERE number = ? AND year = ? "
            "AND register = 'receive'",
            (receipt.number, receipt.year),
        )

    def recipient(self, letter_id: int) -> str:
        """The public key of whoever wrote a letter by the website; "" if it came otherwise."""
        return str(self._db.value("SELECT recipient FROM visitor WHERE letter_id = ?", (letter_id,)) or "")

    def added(self, letter_id: int) -> list[Row]:
        """What was sent in later with a letter, in order: arrived_at."""
        return self._db.all(
            "SELECT arrived_at FROM mail JOIN submission ON mail_id = mail.id "
            "WHERE letter_id = ? AND fate = 'follow_up' ORDER BY mail.id",
            (letter_id,),
        )
