"""What the registry forgets of a letter that is sealed, and what it keeps: number, dates, service, that it was done.

Law 10 leaves room for it: an event may be erased, its place in the chain stays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailgate.edges.store.chain import Chain, fingerprint
from mailgate.edges.store.database import Connection, Row, stamp
from mailgate.edges.store.receipts import FIXED
from mailgate.edges.store.rows import hidden_id

_FORGOTTEN = "from_name from_address addressee subject summary remarks trust_reasons".split()
_PATIENCE = 500  # milliseconds that the registry's thread waits for whoever reads in the write-ahead log
# The same bytes may come again: then they are in the archive until they are read.
_READ = (
    "NOT EXISTS (SELECT 1 FROM mail JOIN reading ON reading.mail_id = mail.id "
    "WHERE mail.sha256 = sealed_file.sha256 AND reading.state = 'waiting')"
)
_FROZEN = (
    "SELECT payload FROM event WHERE letter_id = ? AND kind IN ('registered', 'acknowledged by hand') "
    "AND payload IS NOT NULL ORDER BY seq DESC LIMIT 1"
)


class Sealing:
    """Each step that writes runs inside a transaction, but ``removed``."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def of_raw(self, sha256: str) -> str:
        """The hash of the encrypted file that has taken the place of a raw mail; "" if none has."""
        return str(self._db.value("SELECT sealed_sha256 FROM sealed_file WHERE sha256 = ?", (sha256,)) or "")

    def file_of(self, letter: Row) -> str:
        """The hash of a sealed letter's encrypted file: its own, if it came encrypted."""
        return self.of_raw(letter["sha256"]) or str(letter["sha256"])

    def put(self, sha256: str, sealed_sha256: str, mail_id: int) -> None:
        """That a raw mail has an encrypted file, and is to be removed; again, if it came again."""
        self._db.sql.execute(
            "INSERT INTO sealed_file (sha256, sealed_sha256, mail_id) VALUES (?, ?, ?) "
            "ON CONFLICT (sha256) DO UPDATE SET removed_at = NULL",
            (sha256, sealed_sha256, mail_id),
        )
        self._db.sql.execute("UPDATE mail SET sender = '', subject = '', evidence = '' WHERE id = ?", (mail_id,))

    def forget(self, letter: Row, sealed_sha256: str, to: Sequence[str], infected: bool, now: datetime) -> None:
        """Take what the register says of sender and subject; its event is written anew, the old one erased."""
        changed: dict[str, Any] = dict.fromkeys(_FORGOTTEN, "") | {"dated": None, "sealed": 1}
        changed["message_id"] = hidden_id(letter["message_id"])
        row = {name: changed.get(name, letter[name]) for name in FIXED}
        payload: dict[str, Any] = {"receipt": f"{letter['number']}/{letter['year']}", "row": fingerprint(row)}
        payload |= {"raw": sealed_sha256, "acknowledgement": self._frozen(letter["id"])}
        payload |= {"to": sorted(to), "infected": infected}
        columns = ", ".join(f"{name} = :{name}" for name in changed)
        self._db.sql.execute(f"UPDATE letter SET {columns} WHERE id = :id", changed | {"id": letter["id"]})  # noqa: S608
        self._chain.append(now, "sealed", payload, letter["id"])
        # Its fingerprint would confirm a guess of what is gone.
        self._db.sql.execute(
            "UPDATE event SET payload = NULL, salt = NULL WHERE letter_id = ? AND kind = 'registered'", (letter["id"],)
        )

    def _frozen(self, letter_id: int) -> str:
        payload = self._db.value(_FROZEN, (letter_id,))
        return str(json.loads(payload).get("acknowledgement", "")) if payload else ""

    def left(self) -> list[Row]:
        """Raw mails that have an encrypted file, and are still to be removed: sha256. Not one that came again, and
        waits to be read."""
        return self._db.all(f"SELECT sha256 FROM sealed_file WHERE removed_at IS NULL AND {_READ}")  # noqa: S608

    def forget_log(self) -> bool:
        """Empty the write-ahead log of what is overwritten; False while somebody reads in it, such as a backup."""
        usual = int(self._db.value("PRAGMA busy_timeout"))
        self._db.sql.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        try:
            return int(self._db.value("PRAGMA wal_checkpoint(TRUNCATE)")) == 0
        finally:
            self._db.sql.execute(f"PRAGMA busy_timeout = {usual}")

    def removed(self, hashes: list[str], now: datetime) -> None:
        """They are gone from the archive and from the write-ahead log."""
        with self._db.immediate("unsealed_removed"):
            self._db.sql.executemany(
                "UPDATE sealed_file SET removed_at = ? WHERE sha256 = ?", [(stamp(now), sha256) for sha256 in hashes]
            )

    def files(self) -> list[Row]:
        """Every raw mail that was encrypted: sha256, sealed_sha256, removed_at, mail_id."""
        return self._db.all("SELECT * FROM sealed_file ORDER BY mail_id")

    def gone(self) -> list[str]:
        """The hashes of raw mails that must not be in the archive."""
        rows = self._db.all(f"SELECT sha256 FROM sealed_file WHERE removed_at IS NOT NULL AND {_READ}")  # noqa: S608
        return [row["sha256"] for row in rows]

    def without_file(self) -> list[Row]:
        """Sealed letters that came by mail and have no encrypted file: number, year."""
        return self._db.all(
            "SELECT number, year FROM letter WHERE sealed = 1 AND channel = 'email' "
            "AND NOT EXISTS (SELECT 1 FROM sealed_file WHERE sealed_file.sha256 = letter.sha256)"
        )

    def sealed_as(self, letter_id: int) -> dict[str, Any]:
        """What the event of its sealing says: ``to``, the keys that open it; ``infected``. {} if it came encrypted."""
        payload = self._db.value(
            "SELECT payload FROM event WHERE letter_id = ? AND kind = 'sealed' AND payload IS NOT NULL", (letter_id,)
        )
        found = json.loads(payload) if payload else {}
        return found if isinstance(found, dict) else {}

    def opened(self, letter: Row, by: str, files: bool, now: datetime) -> None:
        """That somebody opens a letter, and with which key; before anything is shown."""
        with self._db.immediate("opened"):
            self._chain.append(now, "opened", {"by": by, "files": files}, letter["id"])

    def key_made(self, officer: str, key: str, now: datetime) -> None:
        """That letters are encrypted to another key from now on: one that was swapped leaves a trace."""
        with self._db.immediate("officer_key"):
            self._chain.append(now, "officer key", {"officer": officer, "key": key})

    def mails(self, letter_id: int) -> list[Row]:
        """The letter's own mail and what was filed with it, in order: id, sha256, fate, arrived_at."""
        return self._db.all(
            "SELECT id, sha256, fate, arrived_at FROM mail WHERE letter_id = ? AND fate IN ('registered', 'follow_up') "
            "AND sha256 IS NOT NULL ORDER BY id",
            (letter_id,),
        )
