"""One check with its replies, as ``mailgate poll`` and the daemon do it.

mend what a crash left → open a row in the ledger → check the mailbox, sending replies meanwhile → close the row
"""

from __future__ import annotations

import asyncio
import logging

from mailgate.errors import CourierError, MailboxError, MailgateError, RegistryError
from mailgate.jobs import summaries
from mailgate.jobs.intake import Check
from mailgate.jobs.outbox import Delivery
from mailgate.jobs.understanding import Reader
from mailgate.model import CheckReport
from mailgate.office import Office

log = logging.getLogger("mailgate.poll")


def recover(office: Office) -> None:
    """What a crash left behind; only while holding the lock. Recovery is this, and the next check itself."""
    swept = office.archive.sweep()
    interrupted = office.store.outbox.interrupted(office.clock.now())
    if swept or interrupted:
        log.warning("recovered: %d unfinished file(s) removed, %d reply(ies) unsure", swept, interrupted)


async def poll(office: Office) -> CheckReport:
    """Check the mailbox and send what is due. Problems that did not stop it are in the report.

    Raises MailgateError, after noting it in the ledger and the event chain, if the check could not be done.
    """
    started = office.clock.now()
    report = CheckReport(slot=office.workdays.slot(started, office.config.checks.times))
    check = await office.registry(office.store.ledger.begin, report.slot, started)
    try:
        await _check_and_send(office, report)
    except MailgateError as e:
        await _note_failure(office, check, e)
        raise
    await office.registry(office.store.ledger.end, check, report, office.clock.now())
    return report


async def send(office: Office) -> CheckReport:
    """What is due between checks: numbers kept back, letters not read yet, the outbox. Raises CourierError."""
    report = CheckReport()
    await _after_check(office, report)
    delivery = Delivery(office, report)
    delivery.no_more.set()
    await delivery.run()
    return report


def is_work(office: Office) -> bool:
    """Whether ``send`` has anything to do."""
    now, store = office.clock.now(), office.store
    return bool(store.outbox.due(now, 1) or store.readings.waiting(1) or store.contacts.due_addresses(now))


async def _check_and_send(office: Office, report: CheckReport) -> None:
    delivery = Delivery(office, report)
    sending = asyncio.create_task(delivery.run())
    try:
        async with asyncio.timeout(office.config.checks.deadline.total_seconds()):
            await Check(office, report).run()
        await _after_check(office, report)
    except TimeoutError:
        raise MailboxError(
            f"the check was broken off after {office.config.checks.deadline}",
            "What was registered is safe; the next check goes on",
        ) from None
    finally:
        delivery.no_more.set()
        await _finish_sending(sending, report)


async def _after_check(office: Office, report: CheckReport) -> None:
    """Numbers kept back by a limit, and the full reading: what goes wrong there undoes no registering."""
    while await office.registry(summaries.step, office):
        pass
    cell = office.cell()
    try:
        await Reader(office, cell, report).run()
    except RegistryError:
        raise
    except MailgateError as e:
        report.problems.append(f"letters wait to be read: {e}")
        log.error("%s", e)
    finally:
        await cell.close()


async def _finish_sending(sending: asyncio.Task[None], report: CheckReport) -> None:
    """Registering does not depend on sending: what could not be sent waits in the outbox."""
    try:
        await sending
    except CourierError as e:
        report.problems.append(f"replies wait in the outbox: {e}")
        log.error("%s", e)


async def _note_failure(office: Office, check: int, error: MailgateError) -> None:
    try:
        await office.registry(office.store.ledger.fail, check, str(error), office.clock.now())
    except MailgateError as e:
        log.error("the failure could not be noted in the registry: %s", e.what)
