"""The full reading of what is registered, beside registering and never before it.

    a mail that waits → count the try → read it in the child → keep its attachments → scan them
    → one transaction: what was read, what a report says of our mails, where the letter goes

A mail that brings the child down is tried once more, then goes to the clerk as unreadable, with its raw file.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mailgate.edges.parser_cell import Cell
from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError, Unreadable
from mailgate.jobs import reports, routing
from mailgate.jobs.routing import Understood
from mailgate.model import CheckReport
from mailgate.model_reading import Reading
from mailgate.office import Office

log = logging.getLogger("mailgate.reading")

_BATCH = 20


class Reader:
    """Reads what waits, one mail after the other. ``report`` counts what it did."""

    def __init__(self, office: Office, cell: Cell, report: CheckReport) -> None:
        self._office = office
        self._cell = cell
        self._report = report

    async def run(self) -> None:
        """Read until nothing waits. Raises ArchiveError, RegistryError or ScanError; what was read is safe."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """A bounded number of mails; False if nothing waits."""
        rows = await self._office.registry(self._office.store.readings.waiting, _BATCH)
        for row in rows:
            await self._read(row)
        return bool(rows)

    async def _read(self, row: Row) -> None:
        office = self._office
        await office.registry(office.store.readings.begin, row["id"])
        try:
            reading, viruses = await self._understand(row)
        except Unreadable as e:
            await self._unreadable(row, e)
        except MailgateError:
            # Not the mail's fault: disk or scanner. The try does not count.
            await office.registry(office.store.readings.again, row["id"])
            raise
        else:
            understood = await routing.prepare(office, row, reading, viruses)
            await office.registry(_settle, office, row, understood)
            self._report.read += 1

    async def _understand(self, row: Row) -> tuple[Reading, Mapping[int, str]]:
        office = self._office
        with office.archive.workplace() as folder:
            reading = await self._cell.read(office.archive.path(row["sha256"]), folder)
            reading = await office.disk(office.attachments.keep, folder, reading)
        return reading, await self._viruses(reading)

    async def _viruses(self, reading: Reading) -> Mapping[int, str]:
        """By position the name of the virus in each attachment that has one."""
        scanner, found = self._office.scanner, {}
        if scanner is None:
            return {}
        for position, attachment in enumerate(reading.attachments):
            name = await scanner.scan(self._office.attachments.path(attachment.sha256))
            if name:
                found[position] = name
        return found

    async def _unreadable(self, row: Row, error: Unreadable) -> None:
        nothing = Reading("", 0, "", complete=False)
        understood = await routing.prepare(self._office, row, nothing, {}, unreadable=error.what)
        last = await self._office.registry(_settle_unreadable, self._office, row, understood)
        self._report.unreadable += int(last)
        log.warning("unreadable mail=%d last=%s: %s", row["id"], last, error.what)


def _settle(office: Office, row: Row, understood: Understood) -> None:
    """One transaction for all that follows from a reading."""
    now = office.clock.now()
    with office.store.db.immediate("read"):
        office.store.readings.done(row["id"], understood.reading, understood.viruses, now)
        reports.apply(office, row, understood.reading.report, now)
        routing.route(office, row, understood, now)


def _settle_unreadable(office: Office, row: Row, understood: Understood) -> bool:
    now = office.clock.now()
    with office.store.db.immediate("unreadable"):
        last = office.store.readings.failed(row["id"], understood.unreadable, row["letter_id"], now)
        if last:
            routing.route(office, row, understood, now)
    return last
