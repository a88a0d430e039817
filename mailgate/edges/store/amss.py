"""What is known of AMSS++: each request once, by its table and key there, with the letter it became."""

from __future__ import annotations

from datetime import datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, stamp
from mailgate.model_amss import Request, Source

_PROBLEM = "amss_problem"


class AmssRequests:
    """Each step that writes runs inside a transaction, but ``told``, ``gone`` and ``note_problem``."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def known(self) -> dict[Source, dict[str, str]]:
        """By source and key, the fingerprint of each row as it was last read; "" if it was gone."""
        found: dict[Source, dict[str, str]] = {source: {} for source in Source}
        for row in self._db.all("SELECT source, key, iif(gone_at IS NULL, fingerprint, '') AS f FROM amss_request"):
            found[Source(row["source"])][row["key"]] = row["f"]
        return found

    def add(self, request: Request, now: datetime) -> int:
        """A request that is new to us; its row, which is its place in the journal too."""
        cursor = self._db.sql.execute(
            "INSERT INTO amss_request (source, key, fingerprint, seen_at) VALUES (?, ?, ?, ?)",
            (request.source, request.key, request.fingerprint, stamp(now)),
        )
        return int(cursor.lastrowid or 0)

    def became(self, request_id: int, source: Source) -> Row:
        """The letter that a request has just become."""
        mailbox = f"(amss) {source}"
        row = self._db.one(
            "SELECT letter.* FROM letter JOIN mail ON mail.letter_id = letter.id WHERE mailbox = ? AND uid = ? "
            "AND uidvalidity = 1",
            (mailbox, request_id),
        )
        assert row is not None
        self._db.sql.execute("UPDATE amss_request SET letter_id = ? WHERE id = ?", (row["id"], request_id))
        return row

    def get(self, request: Request) -> Row:
        """What is known of a request."""
        key = (request.source, request.key)
        row = self._db.one("SELECT * FROM amss_request WHERE (source, key) = (?, ?)", key)
        assert row is not None
        return row

    def update(self, request: Request, now: datetime) -> None:
        """It was read again, and has changed there."""
        self._db.sql.execute(
            "UPDATE amss_request SET fingerprint = ?, changed_at = ?, gone_at = NULL WHERE (source, key) = (?, ?)",
            (request.fingerprint, stamp(now), request.source, request.key),
        )

    def decide(self, request_id: int, request: Request) -> None:
        """What was decided there."""
        self._db.sql.execute(
            "UPDATE amss_request SET outcome = ?, outcome_on = ? WHERE id = ?",
            (request.outcome, request.outcome_on.isoformat() if request.outcome_on else None, request_id),
        )

    def vanish(self, source: Source, key: str, now: datetime) -> Row | None:
        """It is no longer there; the row of the letter it became, if it became one."""
        self._db.sql.execute(
            "UPDATE amss_request SET gone_at = ? WHERE (source, key) = (?, ?)", (stamp(now), source, key)
        )
        return self._db.one(
            "SELECT letter.* FROM letter JOIN amss_request ON letter_id = letter.id WHERE (source, key) = (?, ?)",
            (source, key),
        )

    def note(self, letter: Row, kind: str, said: str, now: datetime) -> None:
        """An event of a letter, and a remark in the register."""
        self._db.sql.execute(
            "UPDATE letter SET remarks = iif(remarks = '', ?, remarks || '; ' || ?) WHERE id = ?",
            (said, said, letter["id"]),
        )
        self._chain.append(now, kind, {"remark": said}, letter["id"])

    def unreferred(self) -> list[Row]:
        """Undecided requests that no officer has been told of: id, source, and the letter's row."""
        return self._db.all(
            "SELECT amss_request.id AS request_id, source, letter.* "
            "FROM amss_request JOIN letter ON letter.id = letter_id "
            "WHERE referred_at IS NULL AND outcome = '' AND letter_id IS NOT NULL ORDER BY amss_request.id"
        )

    def referred(self, requests: list[int], now: datetime) -> None:
        """Their officers are told; inside the transaction that queues the mails."""
        self._db.sql.executemany(
            "UPDATE amss_request SET referred_at = ? WHERE id = ?", [(stamp(now), n) for n in requests]
        )

    def untold(self) -> list[Row]:
        """Requests whose receipt number does not stand in AMSS++ yet: id, source, key, number, year."""
        return self._db.all(
            "SELECT amss_request.id, source, key, number, year FROM amss_request JOIN letter ON letter.id = letter_id "
            "WHERE written_at IS NULL AND gone_at IS NULL"
        )

    def told(self, requests: list[int], now: datetime) -> None:
        """Their numbers stand there now."""
        with self._db.immediate("amss_told"):
            self._db.sql.executemany(
                "UPDATE amss_request SET written_at = ? WHERE id = ?", [(stamp(now), n) for n in requests]
            )

    def note_problem(self, problem: str) -> None:
        """Why the last reading did not come to its end; "" if it did."""
        if problem != self.problem():
            with self._db.immediate("amss_problem"):
                self._db.sql.execute(
                    "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (_PROBLEM, problem),
                )

    def problem(self) -> str:
        return str(self._db.value("SELECT value FROM meta WHERE key = ?", (_PROBLEM,)) or "")

    def counts(self) -> list[Row]:
        """By source: requests, letters, undecided."""
        return self._db.all(
            "SELECT source, count(*) AS requests, count(letter_id) AS letters, sum(outcome = '') AS undecided "
            "FROM amss_request GROUP BY source ORDER BY source"
        )
