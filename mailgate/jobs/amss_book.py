"""The receive register goes into AMSS++'s own, under a lock and never over what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from mailgate.core import amss_book
from mailgate.core.registers import Entry
from mailgate.edges.secrets import password
from mailgate.errors import AmssError
from mailgate.office import Office


@dataclass(frozen=True, slots=True)
class Written:
    """How many lines were written, and how many were there already as they are."""

    written: int
    there: int


def write(office: Office, entries: Iterator[Entry]) -> Written:
    """Enter the lines that are not there. Raises AmssError, and nothing is written, where a number has another line."""
    from mailgate.edges.amss_database import connected

    settings = office.config.amss
    if not settings.is_read:
        raise AmssError("no database of AMSS++ is configured", "See [amss] host")
    secret = password("amss-password", settings.password_file, os.environ)
    rows = [amss_book.row(entry) for entry in entries]
    with connected(settings, secret, writing=True) as database, database.locked(amss_book.TABLE):
        there = database.numbered(amss_book.TABLE, sorted({int(r["year"] or 0) for r in rows}))
        fresh = []
        for row in rows:
            known = there.get((row["year"], row["register_number"]))
            if known is None:
                fresh.append(row)
            elif known != row["ref_id"]:
                number = f"{row['register_number']}/{row['year']}"
                raise AmssError(
                    f"{amss_book.TABLE} has another letter under {number}; nothing was written",
                    "Give AMSS++ another series of numbers, or leave its register to it",
                )
        database.insert(amss_book.TABLE, list(amss_book.COLUMNS), fresh)
    return Written(len(fresh), len(rows) - len(fresh))
