"""The clock of the office: ``schedule`` ticks, the ledger knows what is due.

Every tick asks whether the last mandated check of today is done; if not, it is made now (late after a restart or a
suspended machine, rather than never). Between checks the outbox is emptied.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from datetime import datetime

import schedule

from mailgate.core.retry import delay
from mailgate.errors import MailgateError
from mailgate.jobs import poll as polls
from mailgate.office import Office

log = logging.getLogger("mailgate.daemon")

TICK_SECONDS = 20


async def run(office: Office) -> dict[str, int]:
    """Work until SIGTERM or SIGINT; the step in hand is finished first. Returns what was done, counted."""
    work = {"checks": 0, "registered": 0, "acknowledged": 0, "failed": 0}
    stop, due = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # An own scheduler, only as a ticker: it has no memory, no working days and no time zones.
    ticker = schedule.Scheduler()
    ticker.every(TICK_SECONDS).seconds.do(due.set)
    due.set()
    log.info("started; next check %s", office.workdays.next_slot(office.clock.now(), office.config.checks.times))
    while not stop.is_set():
        ticker.run_pending()
        if due.is_set():
            due.clear()
            await tick(office, work)
        await _sleep(stop, ticker.idle_seconds or 0)
    log.info("stopped")
    return work


async def tick(office: Office, work: dict[str, int]) -> None:
    """One bounded step: the check that is due, or else the outbox. Errors are noted and end this step only."""
    try:
        if await office.registry(_is_check_due, office):
            report = await polls.poll(office)
            log.info("checked slot=%s seen=%d registered=%d", report.slot, report.seen, report.registered)
            work["checks"] += 1
            work["registered"] += report.registered
            work["acknowledged"] += report.acknowledged
        elif await office.registry(polls.is_work, office):
            work["acknowledged"] += (await polls.send(office)).acknowledged
    except MailgateError as e:
        work["failed"] += 1
        log.error("%s", e)


def _is_check_due(office: Office) -> bool:
    now = office.clock.now()
    slot = office.workdays.slot(now, office.config.checks.times)
    if slot is None or office.store.ledger.is_done(slot):
        return False
    tries, last = office.store.ledger.tries(slot)
    return last is None or now >= last + delay(tries, 0) or _is_new_clock(now, last)


def _is_new_clock(now: datetime, last: datetime) -> bool:
    """The clock was set back behind the last try: do not wait for it to catch up."""
    return now < last


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.05, min(seconds, TICK_SECONDS))):
            await stop.wait()
    except TimeoutError:
        pass
