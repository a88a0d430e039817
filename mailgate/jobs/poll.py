"""One check with its replies, as ``mailgate poll`` and the daemon do it.

what fell due → a row in the ledger → check the mailbox, sending replies meanwhile → read → close the row and its slots
"""

from __future__ import annotations

import asyncio
import logging

from mailgate.errors import CourierError, MailboxError, MailgateError, RegistryError
from mailgate.jobs import amss, digesting, indexing, releasing, reminders, slots, status_pages, summaries, undelivered
from mailgate.jobs.intake import Check
from mailgate.jobs.leaving import in_time
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


async def poll(office: Office, *, reads: bool = True) -> CheckReport:
    """Check the mailbox and send what is due. Problems that did not stop it are in the report.

    ``reads``: also read what was registered, and what waits from before. Raises MailgateError, after noting it in the
    ledger and the event chain, if the check could not be done.
    """
    await office.registry(_open_due, office)
    started = office.clock.now()
    report = CheckReport(slot=office.workdays.slot(started, office.config.checks.times))
    check = await office.registry(office.store.ledger.begin, report.slot, started)
    try:
        await _check_and_send(office, report, reads)
    except MailgateError as e:
        await _note_failure(office, check, str(e))
        raise
    await office.registry(slots.fulfil, office, check, started, report)
    return report


async def send(office: Office) -> CheckReport:
    """What is due between checks: numbers kept back by a limit, then the outbox. Raises CourierError."""
    report = CheckReport()
    await _tell_numbers(office)
    await _follow_up(office)
    await _remind(office, report)
    delivery = Delivery(office, report)
    delivery.no_more.set()
    await delivery.run()
    return report


async def conclude(office: Office, report: CheckReport) -> None:
    """What follows a check where no daemon looks after it: digests, pages of letters. Problems are in the report."""
    try:
        while await office.registry(status_pages.refresh, office):
            pass
        if await office.registry(digesting.step, office):
            await send(office)
    except RegistryError:
        raise
    except MailgateError as e:
        report.problems.append(f"digests or public pages wait: {e}")


async def read(office: Office, report: CheckReport) -> None:
    """Read in full what waits for it, and make it findable. Raises MailgateError; what was read is safe."""
    cell = office.cell()
    try:
        await in_time(office, Reader(office, cell, report).run())
    finally:
        await cell.close()
    while await office.registry(indexing.step, office) and not office.stopping.is_set():
        pass


def is_to_send(office: Office) -> bool:
    """Whether ``send`` has anything to do."""
    now = office.clock.now()
    return bool(
        office.store.outbox.due(now, 1)
        or office.store.contacts.due_addresses(now)
        or releasing.is_to_do(office)
        or undelivered.are_there(office)
        or reminders.is_due(office)
    )


def is_to_read(office: Office) -> bool:
    """Whether ``read`` has anything to do."""
    return bool(office.store.readings.waiting(1) or office.store.search.waiting(1) or office.store.sealing.left())


def _open_due(office: Office) -> None:
    slots.open_due(office)
    slots.settle(office)


async def _check_and_send(office: Office, report: CheckReport, reads: bool) -> None:
    delivery = Delivery(office, report)
    sending = asyncio.create_task(delivery.run())
    asking = asyncio.create_task(in_time(office, amss.read(office, report)))  # neither fails with the other
    try:
        async with asyncio.timeout(office.config.checks.deadline.total_seconds()):
            await in_time(office, Check(office, report).run())
        await asking
        await _tell_numbers(office)
        if reads:
            await _read_after_check(office, report)
        await _follow_up(office)
        await _remind(office, report)
    except TimeoutError:
        raise MailboxError(
            f"the check was broken off after {office.config.checks.deadline}",
            "What was registered is safe; the next check goes on",
        ) from None
    finally:
        await asyncio.gather(asking, return_exceptions=True)
        delivery.no_more.set()
        await _finish_sending(sending, report)


async def _tell_numbers(office: Office) -> None:
    while await office.registry(summaries.step, office):
        pass


async def _follow_up(office: Office) -> None:
    """Decisions that a code released, and word to people of those that did not arrive."""
    await office.registry(releasing.step, office)
    while await office.registry(undelivered.step, office):
        pass


async def _remind(office: Office, report: CheckReport) -> None:
    """What goes wrong in reminding undoes no registering either."""
    try:
        await office.registry(reminders.step, office)
    except RegistryError:
        raise
    except MailgateError as e:
        report.problems.append(f"reminders wait: {e}")
        log.error("reminders wait: %s", e)


async def _read_after_check(office: Office, report: CheckReport) -> None:
    """What goes wrong in reading undoes no registering."""
    try:
        await read(office, report)
    except RegistryError:
        raise
    except MailgateError as e:
        report.problems.append(f"letters wait to be read: {e}")
        log.error("reading waits: %s", e)


async def _finish_sending(sending: asyncio.Task[None], report: CheckReport) -> None:
    """Registering does not depend on sending: what could not be sent waits in the outbox."""
    try:
        await sending
    except CourierError as e:
        report.problems.append(f"replies wait in the outbox: {e}")
        log.error("sending waits: %s", e)


async def _note_failure(office: Office, check: int, problem: str) -> None:
    try:
        await office.registry(office.store.ledger.fail, check, problem, office.clock.now())
    except MailgateError as e:
        log.error("the failure could not be noted in the registry: %s", e.what)
