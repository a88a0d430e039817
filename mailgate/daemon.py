"""The office's day: workers side by side, woken by ``schedule``; the ledger in the registry knows what is due.

    intake   the mandated check that no check has followed yet; checks in between where the office wants them
    outbox   what is due to be sent
    reading  what is registered and not read yet
    digest   what the clerk and the officers are told of a check, a day, a week, a month
    publish  the public pages, each night; the page of each letter, soon
    guard    the calendar, the chain, the alarms, the figures

SIGTERM: the steps in hand are finished, what takes long is broken off where that does no harm, and it leaves.
SIGHUP: config, calendar and templates are read anew; if they are broken the old ones stay.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from datetime import timedelta

import schedule

from mailgate import office as offices
from mailgate.config import Config
from mailgate.core.retry import delay
from mailgate.edges.notify import Notifier
from mailgate.edges.presence import Presence
from mailgate.errors import MailgateError
from mailgate.jobs import digesting, guard, leaving, publishing, slots, status_pages
from mailgate.jobs import poll as polls
from mailgate.jobs.desk import Desk
from mailgate.jobs.desk_door import Door
from mailgate.model import CheckReport
from mailgate.office import Office
from mailgate.worker import Worker

log = logging.getLogger("mailgate.daemon")

TICK_SECONDS = 20
_ABSENCE = timedelta(minutes=2)  # between two ticks: the machine slept, or its clock was moved
_LONGEST_WAIT = timedelta(minutes=10)  # between two tries of a check that fails
_LEAVE_SECONDS = 8.0
_FINAL_DOT = 660.0  # RFC 5321 4.5.3.2.6, and some
_ANSWER_SECONDS = 60.0


class Daemon:
    """Works until told to stop. ``load`` reads the config anew; ``work`` counts what was done."""

    def __init__(self, office: Office, load: Callable[[], Config], notifier: Notifier | None = None) -> None:
        self.office = office
        self.work = {"checks": 0, "registered": 0, "acknowledged": 0}
        self._load = load
        self._notifier = notifier or Notifier()
        self._presence = Presence(office.config.registry.path)
        self._last = self._presence.last()
        self._checking = False
        self._guard = guard.Guard(office)
        self._door = Door(Desk(lambda: self.office, self._handed_in), office.config.website)
        self._hangup = asyncio.Event()
        deadline = office.config.checks.deadline.total_seconds()
        self.intake = Worker("intake", self.check, every=TICK_SECONDS, within=deadline + _FINAL_DOT)
        self.outbox = Worker("outbox", self.send, every=TICK_SECONDS, within=_FINAL_DOT)
        self.reading = Worker("reading", self.read, every=TICK_SECONDS, within=_FINAL_DOT)
        self.digest = Worker("digest", self.tell, every=60, within=300)
        self.publish = Worker("publish", self.show, every=60, within=900)
        self.guard = Worker("guard", self.look_after, every=60, within=300)
        self.workers = (self.intake, self.outbox, self.reading, self.digest, self.publish, self.guard)
        for worker in self.workers[:-1]:
            worker.on_failure = self.guard.wake  # that something fails is for people to know, soon
        self._ticker = schedule.Scheduler()

    async def run(self) -> dict[str, int]:
        """Work until SIGTERM or SIGINT. Returns what was done, counted."""
        loop, stopping = asyncio.get_running_loop(), self.office.stopping
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._hangup.set)
        await self._guard.start()
        await self.notice()
        await self._door.open()
        tasks = {asyncio.create_task(w.run(stopping), name=w.name) for w in self.workers}
        log.info("started; %s", self._status())
        self._notifier.ready(self._status())
        try:
            await self._tick_until_stopped(tasks)
        finally:
            await self._door.close()
            await self._leave(tasks)
        log.info("stopped")
        return self.work | {"failed": sum(w.failed for w in self.workers)}

    def _handed_in(self) -> None:
        for worker in (self.reading, self.outbox, self.digest, self.publish):
            worker.wake()

    async def check(self) -> bool:
        """The check that is due, if one is; at most one at a time, never more to do."""
        if await self.office.registry(self._is_check_due):
            self._checking = True
            try:
                report = await polls.poll(self.office, reads=False)
            finally:
                self._checking = False
            await self._done(report)
        return False

    async def send(self) -> bool:
        """The outbox, and numbers that limits kept back; a check sends its replies itself."""
        if not self._checking and await self.office.registry(polls.is_to_send, self.office):
            self.work["acknowledged"] += (await polls.send(self.office)).acknowledged
        return False

    async def read(self) -> bool:
        """What waits to be read; then there may be something to send."""
        if await self.office.registry(polls.is_to_read, self.office):
            await polls.read(self.office, CheckReport())
            self.outbox.wake()
            self.digest.wake()
        return False

    async def tell(self) -> bool:
        """Digests that are due."""
        if not self._checking and await self.office.registry(digesting.step, self.office):
            self.outbox.wake()
        return False

    async def show(self) -> bool:
        """The pages of letters that something happened to; each night all public pages."""
        more = not self._checking and bool(await self.office.registry(status_pages.refresh, self.office))
        if not more and publishing.is_due(self.office):
            folder = publishing.folder(self.office)
            await self.office.disk(publishing.publish, self.office, folder, leaving.breaker(self.office))
        return more

    async def look_after(self) -> bool:
        """Calendar, chain, alarms, figures."""
        more = await self._guard.step(self.office)
        self._notifier.status(self._status())
        return more

    async def notice(self) -> None:
        """Note what fell due; and, where nobody was here for a while, since when."""
        now, last = self.office.clock.now(), self._last
        absent = last is not None and abs(now - last) > _ABSENCE
        if absent and last:
            log.warning(
                "not at work from %s to %s", last.isoformat(timespec="seconds"), now.isoformat(timespec="seconds")
            )
        await self.office.registry(slots.open_due, self.office, last if absent else None)
        self._last = now
        self._presence.touch(now)
        if absent:
            for worker in self.workers:
                worker.wake()

    async def reload(self) -> None:
        """Read config, calendar and templates anew; the steps in hand finish with the old ones."""
        self._notifier.reloading()
        try:
            changed = offices.reloaded(self.office, self._load())
            upcoming = changed.workdays.next_slot(changed.clock.now(), changed.config.checks.times)
            self.office, self._guard.config_problem = changed, ""
            log.info("reloaded; next check %s", upcoming.isoformat(timespec="minutes"))
        except MailgateError as e:
            self._guard.config_problem = str(e)
            log.error("not reloaded, the old configuration stays: %s", e)
        self._notifier.ready(self._status())
        self.guard.wake()

    async def _tick_until_stopped(self, tasks: set[asyncio.Task[None]]) -> None:
        while not self.office.stopping.is_set():
            if not self._ticker.get_jobs() or (self._ticker.idle_seconds or 0) > 2 * self.guard.every:
                self._wind_up()  # the clock was set back: the ticker, which goes by it, would sleep until then
            self._ticker.run_pending()
            await self._beat()
            if self._hangup.is_set():
                self._hangup.clear()
                await self.reload()
            await self._sleep(tasks)

    def _wind_up(self) -> None:
        """An own scheduler, only as a ticker: it has no memory, no working days and no time zones."""
        self._ticker.clear()
        for worker in self.workers:
            self._ticker.every(worker.every).seconds.do(worker.wake)
            worker.wake()

    async def _beat(self) -> None:
        """Tell the watchdog only what is so: the registry answers, and no worker hangs."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.notice()
        except TimeoutError:
            log.error("the registry does not answer")
            return
        except MailgateError as e:  # it answers, if only with a refusal
            log.error("%s", e)
        stuck = [w.name for w in self.workers if w.is_stuck]
        if stuck:
            log.error("stuck: %s", ", ".join(stuck))
        else:
            self._notifier.alive()

    async def _sleep(self, tasks: set[asyncio.Task[None]]) -> None:
        """Until the next tick, a signal, or the end of a worker, which is a bug and ends the program."""
        longest = min(TICK_SECONDS, self._notifier.watchdog_seconds or TICK_SECONDS)
        signals = {asyncio.create_task(event.wait()) for event in (self.office.stopping, self._hangup)}
        seconds = max(0.05, min(self._ticker.idle_seconds or 0, longest))
        done, _ = await asyncio.wait({*tasks, *signals}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiting in signals:
            waiting.cancel()
        for task in done & tasks:
            task.result()

    async def _leave(self, tasks: set[asyncio.Task[None]]) -> None:
        """The steps in hand are finished, or break off by themselves; see ``jobs.leaving``."""
        self._notifier.stopping()
        self.office.stopping.set()
        for worker in self.workers:
            worker.wake()
        _, late = await asyncio.wait(tasks, timeout=_LEAVE_SECONDS)
        for task in late:
            if task.get_name() == self.guard.name:  # it keeps nothing that could be lost
                task.cancel()
        if late:
            await asyncio.wait(late)
        await self._guard.close()

    def _is_check_due(self) -> bool:
        """The last mandated time of today has had no check yet; or the office wants checks in between."""
        office, now = self.office, self.office.clock.now()
        slot = slots.is_check_due(office)
        since = slot or slots.also_since(office)
        if since is None:
            return False
        tries, last = office.store.ledger.tries(since, now)
        return last is None or now >= last + min(delay(tries, 0), _LONGEST_WAIT)

    async def _done(self, report: CheckReport) -> None:
        slot = report.slot.isoformat(timespec="minutes") if report.slot else "-"
        log.info("checked slot=%s seen=%d registered=%d", slot, report.seen, report.registered, extra={"slot": slot})
        self.work["checks"] += 1
        self.work["registered"] += report.registered
        self.work["acknowledged"] += report.acknowledged
        await self._guard.checked(self.office, report)
        for worker in (self.reading, self.outbox, self.digest, self.publish, self.guard):
            worker.wake()

    def _status(self) -> str:
        """One line for systemctl status. A calendar without a working day keeps nobody from working otherwise."""
        try:
            upcoming = self.office.workdays.next_slot(self.office.clock.now(), self.office.config.checks.times)
        except MailgateError as e:
            return e.what
        return f"รอตรวจครั้งถัดไป {upcoming:%d/%m %H.%M น.}"
