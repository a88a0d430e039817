"""The office's calendar in the registry: special days, and the years it knows and who confirmed them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, stamp

_VERSION = "calendar_version"

Day = Mapping[str, str | None]  # kind, name, source, opens and closes, as in the table's columns


class Calendar:
    """Rows of the calendar. What writes belongs inside a transaction, and is an event of kind "calendar"."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def version(self) -> int:
        """Grows with every change: whether there was one can be asked often."""
        return int(self._db.value("SELECT value FROM meta WHERE key = ?", (_VERSION,)) or 0)

    def days(self) -> list[Row]:
        """Every special day, in order."""
        return self._db.all("SELECT day, kind, name, source, opens, closes FROM calendar_day ORDER BY day")

    def years(self) -> list[int]:
        """The CE years that are in the table."""
        return [row["year"] for row in self._db.all("SELECT year FROM calendar_year ORDER BY year")]

    def year(self, year: int) -> Row | None:
        """When a CE year was seeded, and when and by whom confirmed."""
        return self._db.one("SELECT * FROM calendar_year WHERE year = ?", (year,))

    def seed(self, year: int, days: Mapping[date, Day], now: datetime) -> None:
        """Take a CE year into the table with these days."""
        self._db.sql.execute("INSERT INTO calendar_year (year, seeded_at) VALUES (?, ?)", (year, stamp(now)))
        self._write(days, now)
        self._changed(now, {"act": "seed", "year": year, "days": sorted(map(str, days))})

    def change(self, act: str, days: Mapping[date, tuple[Day | None, Day | None]], now: datetime) -> None:
        """Replace days, each (as it was, as it is from now on); None for a day that goes by its weekday."""
        self._db.sql.executemany("DELETE FROM calendar_day WHERE day = ?", [(str(day),) for day in days])
        self._write({day: new for day, (_, new) in days.items() if new is not None}, now)
        told = [{"day": str(day), "was": old, "is": new} for day, (old, new) in sorted(days.items())]
        self._changed(now, {"act": act, "days": told})

    def confirm(self, year: int, by: str, now: datetime) -> None:
        """Somebody has compared a CE year with what the cabinet decided; with ``by`` empty, not any more."""
        self._db.sql.execute(
            "UPDATE calendar_year SET confirmed_at = ?, confirmed_by = ? WHERE year = ?",
            (stamp(now) if by else None, by, year),
        )
        self._changed(now, {"act": "confirm" if by else "unconfirm", "year": year, "by": by})

    def open_letters(self, due_from: date) -> int:
        """How many open letters are due on that day or later."""
        sql = "SELECT count(*) FROM letter WHERE state = 'open' AND due_on >= ?"
        return int(self._db.value(sql, (due_from.isoformat(),)))

    def _write(self, days: Mapping[date, Day], now: datetime) -> None:
        self._db.sql.executemany(
            "INSERT INTO calendar_day (day, kind, name, source, opens, closes, changed_at) "
            "VALUES (:day, :kind, :name, :source, :opens, :closes, :changed_at)",
            [{**written, "day": day.isoformat(), "changed_at": stamp(now)} for day, written in days.items()],
        )

    def _changed(self, now: datetime, payload: Mapping[str, object]) -> None:
        self._db.sql.execute(
            "INSERT INTO meta VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1", (_VERSION,)
        )
        self._chain.append(now, "calendar", payload)
