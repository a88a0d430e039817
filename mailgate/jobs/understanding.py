"""The full reading of what is registered, beside registering and never before it.

    some that wait → count the try → read each in the child → keep its attachments → scan them
    → one transaction: what was read, what a report says of our mails, where the letters go

A mail that brings the child down is tried once more, then goes to the clerk as unreadable, with its raw file.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailgate.edges.parser_cell import Cell
from mailgate.edges.store.database import Row
from mailgate.edges.store.readings import MOST_ENDED
from mailgate.errors import Unreadable
from mailgate.jobs import proposals, reports, routing, sealing
from mailgate.jobs.routing import Understood
from mailgate.jobs.sealing import Sealed
from mailgate.model import CheckReport
from mailgate.model_reading import Reading
from mailgate.office import Office

log = logging.getLogger("mailgate.reading")

_BATCH = 20
_ENDED = "the program was ended while it was being read"


class Reader:
    """Reads what waits, one mail after the other. ``report`` counts what it did."""

    def __init__(self, office: Office, cell: Cell, report: CheckReport) -> None:
        self._office = office
        self._cell = cell
        self._report = report

    async def run(self) -> None:
        """Read until nothing waits. Raises ArchiveError, RegistryError or ScanError; what was read is safe."""
        while not self._office.stopping.is_set() and await self.step():
            pass

    async def step(self) -> bool:
        """A bounded number of mails; False if nothing waits."""
        office = self._office
        await sealing.remove_left(office)
        rows = await office.registry(office.store.readings.waiting, _BATCH)
        await office.registry(office.store.readings.begin, [row["id"] for row in rows])
        # One mail at a time in the child; what the disk has to do for one goes on beside the next.
        try:
            found = await asyncio.gather(*(self._read(row) for row in rows), return_exceptions=True)
        except asyncio.CancelledError:
            await asyncio.shield(office.registry(office.store.readings.again, [row["id"] for row in rows]))
            raise
        understood = [(row, u) for row, u in zip(rows, found, strict=True) if isinstance(u, Understood)]
        self._report.unreadable += await office.registry(_settle, office, understood)
        self._report.read += sum(not u.unreadable for _, u in understood)
        failed = [(row, e) for row, e in zip(rows, found, strict=True) if isinstance(e, BaseException)]
        if failed:
            await office.registry(office.store.readings.again, [row["id"] for row, _ in failed])
            raise failed[0][1]
        await sealing.remove_left(office)
        return bool(rows)

    async def _read(self, row: Row) -> Understood:
        """Read one mail. That it is unreadable is a result; disk and scanner raise, and the try does not count."""
        if row["tries"] >= MOST_ENDED:  # counted, and never finished: the program itself was ended by it
            return await self._unreadable(row, _ENDED)
        try:
            reading, viruses, sealed = await self._understand(row)
        except Unreadable as e:
            log.warning("unreadable mail=%d: %s", row["id"], e.what)
            return await self._unreadable(row, e.what)
        return await routing.prepare(self._office, row, reading, viruses, sealed=sealed)

    async def _unreadable(self, row: Row, why: str) -> Understood:
        nothing = Reading("", 0, "", complete=False)
        sealed = await sealing.prepare(self._office, row, nothing)
        return await routing.prepare(self._office, row, nothing, {}, unreadable=why, sealed=sealed)

    async def _understand(self, row: Row) -> tuple[Reading, Mapping[int, str], Sealed | None]:
        """Text, attachments, viruses by position; of what is sealed no attachment is kept."""
        office = self._office
        with office.archive.workplace() as folder:
            raw = await office.registry(sealing.raw_path, office, row["sha256"])
            reading = await self._cell.read(raw, folder) if raw else Reading("", 0, "")
            sealed = await sealing.prepare(office, row, reading)
            if sealed is not None:
                return reading, await self._viruses([folder / str(n) for n in range(len(reading.attachments))]), sealed
            reading = await office.disk(office.attachments.keep, folder, reading)
        return reading, await self._viruses([office.attachments.path(a.sha256) for a in reading.attachments]), None

    async def _viruses(self, paths: Sequence[Path]) -> Mapping[int, str]:
        """By position the name of the virus in each file that has one."""
        scanner, found = self._office.scanner, {}
        if scanner is None:
            return {}
        for position, path in enumerate(paths):
            name = await scanner.scan(path)
            if name:
                found[position] = name
        return found


def _settle(office: Office, understood: list[tuple[Row, Understood]]) -> int:
    """One transaction for all that follows from these readings; how many mails are given up."""
    now, given_up = office.clock.now(), 0
    with office.store.db.immediate("read"):
        for row, found in understood:
            if found.unreadable:
                last = office.store.readings.failed(row["id"], found.unreadable, row["letter_id"], now)
                given_up += int(last)
                if not last:
                    continue
            else:
                kept, viruses = (
                    (sealing.without_words(found.reading), {}) if found.sealed else (found.reading, found.viruses)
                )
                office.store.readings.done(row["id"], kept, viruses, now)
                reports.apply(office, row, found.reading.report, now)
                proposals.consider(office, row, found.heard, found.reading, now)
            routing.route(office, row, found, now)
            if found.sealed:
                sealing.apply(office, row, found.sealed, now, infected=bool(found.viruses))
    return given_up
