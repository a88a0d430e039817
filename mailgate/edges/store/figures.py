"""Counts for monitoring, from indexes where a table is large: they are asked for while letters are being registered."""

from __future__ import annotations

import json
from datetime import datetime

from mailgate.edges.store.database import Connection, Row, moment


class Figures:
    """Reads only."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def letters(self) -> dict[tuple[str, int], int]:
        """Last number by register and Buddhist year."""
        rows = self._db.all("SELECT register, year, last FROM counter")
        return {(row["register"], row["year"]): row["last"] for row in rows}

    def mails(self) -> dict[str, int]:
        return self._counted("SELECT fate AS name, count(*) AS n FROM mail GROUP BY fate")

    def outbox(self) -> dict[str, int]:
        """By state. Items are never deleted and numbered in order, so what is accepted is what is left."""
        found = self._counted(
            "SELECT state AS name, count(*) AS n FROM outbox WHERE state <> 'accepted' GROUP BY state"
        )
        total = self._db.value("SELECT coalesce(max(id), 0) FROM outbox")
        return found | {"accepted": total - sum(found.values())}

    def slots(self) -> dict[str, int]:
        return self._counted("SELECT state AS name, count(*) AS n FROM slot GROUP BY state")

    def last_check(self) -> Row | None:
        """The check that was begun last."""
        return self._db.one("SELECT started_at, ended_at FROM poll ORDER BY id DESC LIMIT 1")

    def last_success(self) -> tuple[datetime | None, int | None]:
        """When the last check that came to its end did so, and the mails it could not account for."""
        row = self._db.one("SELECT ended_at, report FROM poll WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1")
        return (moment(row["ended_at"]), json.loads(row["report"])["balance"]) if row else (None, None)

    def _counted(self, sql: str) -> dict[str, int]:
        return {row["name"]: row["n"] for row in self._db.all(sql)}
