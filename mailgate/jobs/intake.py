"""The check of the mailbox: every message that is waiting is kept, registered, and filed away.

    waiting → not yet in the journal → batches; of these, at the same time
      fetch batch n+2          on the wire
      examine batch n+1        raw bytes to disk, fsynced; then headers and structure read
      enter batch n            on the registry's thread, in order, one durable commit a letter
      then tell the mailbox that batch n is done

Nothing is told to the mailbox before its row is committed. A crash anywhere is mended by the next check, which is this
same code: what is in the journal is only filed away, what is not is taken again.
"""

from __future__ import annotations

import asyncio
import logging

from mailgate.core.identity import judge
from mailgate.edges.mailbox import Mailbox
from mailgate.edges.store.journal import OLD_MAIL
from mailgate.errors import MailboxError, MailboxGone
from mailgate.jobs import anchors, deciding, golive, pausing, reading
from mailgate.jobs.fetching import Batch, Fetcher
from mailgate.jobs.reading import Examined
from mailgate.model import CheckReport, Fate, Stub
from mailgate.model_entry import Entered, Entry
from mailgate.office import Office

log = logging.getLogger("mailgate.intake")

_AHEAD = 2  # batches on their way to the register while the next is fetched
_TURN = 5  # letters entered before the registry's thread lets a reply be sent
_BROKEN_IN_A_ROW = 3  # connections that break without anything taken: the server is away, not one message bad
_VANISHED = "ข้อความถูกนำออกจากกล่องโดยผู้อื่นก่อนระบบอ่าน"
_TOO_LARGE = "ข้อความมีขนาดใหญ่เกินที่กำหนด ({size:,} ไบต์) ยังอยู่ในกล่องจดหมาย โปรดให้เจ้าหน้าที่ตรวจสอบ"


class Check:
    """One check of the mailbox; ``report`` counts what it did."""

    def __init__(self, office: Office, report: CheckReport) -> None:
        self._office = office
        self.report = report
        self._fetcher = Fetcher(office, report)
        self._anchored = False
        self._taken_up: dict[int, int] = {}
        self._started = self._go_live = office.clock.now()
        self._adopted: deciding.Mode = "screen"

    async def run(self) -> None:
        """Take all that waits; open the mailbox anew where the line breaks. Raises MailboxError or ArchiveError."""
        broken = 0
        while True:
            before = self._progress()
            try:
                async with self._office.post.open() as mailbox:
                    await self._take_all(mailbox)
                return
            except MailboxGone as e:
                broken = 1 if self._progress() > before else broken + 1
                if broken >= _BROKEN_IN_A_ROW or not self._progress():
                    raise
                log.warning("connection lost, trying again: %s", e)

    async def _take_all(self, mailbox: Mailbox) -> None:
        office, name = self._office, self._office.config.imap.mailbox
        self._go_live, self._adopted = await office.registry(golive.state, office)
        start, full = await self._where_to_start(mailbox)
        while True:
            waiting = await mailbox.waiting(start)
            unknown = await office.registry(office.store.journal.unknown, name, mailbox.uidvalidity, waiting)
            await self._file(mailbox, await self._left_over(mailbox, waiting))
            await self._vanished(waiting)
            self._taken_up = await office.registry(golive.adopted, office, mailbox.uidvalidity, waiting)
            fresh = [u for u in sorted({*unknown, *self._taken_up}) if u not in self._fetcher.given_up]
            if not fresh:
                break
            if not self._anchored:
                await anchors.check(office, mailbox)
                self._anchored = True
            await self._take(mailbox, fresh)
            if office.stopping.is_set():
                raise MailboxError("the check was broken off: the program is being ended", "The next check goes on")
        if self.report.registered:
            await anchors.write(office, mailbox, self.report)
        self.report.balance = len(unknown)
        await self._remember(mailbox, waiting, unknown, full)

    async def _take(self, mailbox: Mailbox, uids: list[int]) -> None:
        """Fetch one batch while the one before is being registered."""
        stubs = await mailbox.stubs(uids)
        for uid in sorted(set(uids) - {s.uid for s in stubs}):
            self._fetcher.undescribed(Stub(mailbox.uidvalidity, uid, 0, self._office.clock.now()))
        for stub in [s for s in stubs if s.size > self._office.config.imap.max_size]:
            stubs.remove(stub)
            await self._set_aside(stub, _TOO_LARGE.format(size=stub.size), "too-large")
        for stub in [s for s in stubs if s.arrived < self._go_live and s.uid not in self._taken_up]:
            stubs.remove(stub)
            await self._set_aside(stub, golive.REASON, OLD_MAIL)
        tasks: list[asyncio.Task[list[int]]] = []
        try:
            async for batch in self._fetcher.batches(mailbox, stubs):
                tasks.append(asyncio.create_task(self._register(batch, *tasks[-1:])))
                if len(tasks) > _AHEAD:
                    await self._file(mailbox, await tasks[-1 - _AHEAD])
            for task in tasks[-_AHEAD:]:
                await self._file(mailbox, await task)
        finally:
            # Never leave a commit unwatched; what it raises has been or will be raised by the check itself.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _examine(self, batch: Batch) -> list[Examined]:
        """Keep and read a batch, half of it on each of the archive's two threads."""
        half = (len(batch) + 1) // 2
        work = (self._office.disk(reading.examine, self._office, part) for part in (batch[:half], batch[half:]))
        first, second = await asyncio.gather(*work)
        return [*first, *second]

    async def _register(self, batch: Batch, before: asyncio.Task[list[int]] | None = None) -> list[int]:
        """Examine a batch; then, after the one before, enter it; returns the UIDs that may be filed away."""
        ready = await self._examine(batch)
        if before is not None:
            await asyncio.shield(before)
        for start in range(0, len(ready), _TURN):
            await self._office.registry(self._enter, ready[start : start + _TURN])
        return [examined.stub.uid for examined in ready]

    def _enter(self, ready: list[Examined]) -> None:
        office = self._office
        hold = pausing.hold(office)
        for examined in ready:
            entry = deciding.decide(
                office, examined, self._started, self._mode(examined), self._taken_up.get(examined.stub.uid)
            )
            entered = office.store.receipts.enter(entry, judge, deciding.composer(office), hold=hold)
            if entered is not None:
                self._count(entry, entered, hold)

    def _count(self, entry: Entry, entered: Entered, hold: str) -> None:
        report, fate = self.report, entered.fate
        report.seen += 1
        setattr(report, _COUNTERS[fate], getattr(report, _COUNTERS[fate]) + 1)
        report.held += int(entered.answered and bool(hold))
        report.deferred += int(entered.deferred)
        if fate is Fate.REGISTERED:
            report.receipts.append(str(entered.receipt))
            log.info(
                "registered %s rule=%s size=%d",
                entered.receipt,
                entry.screening.rule,
                entry.size,
                extra=_named(entry, entered),
            )
        else:
            log.info(
                "%s uid=%d rule=%s of=%s", fate, entry.stub.uid, entry.screening.rule, entered.receipt,
                extra=_named(entry, entered),
            )  # fmt: skip

    def _mode(self, examined: Examined) -> deciding.Mode:
        """Old mail that was adopted without answers is registered in silence."""
        return self._adopted if examined.stub.arrived < self._go_live else "screen"

    async def _set_aside(self, stub: Stub, reason: str, rule: str = "not-fetched") -> None:
        entry = deciding.unread(self._office, stub, rule)
        await self._office.registry(self._office.store.receipts.set_aside, entry, reason)
        self.report.seen += 1
        self.report.set_aside += 1
        log.warning("set aside uid=%d size=%d", stub.uid, stub.size)

    async def _vanished(self, waiting: list[int]) -> None:
        """What was listed before and was gone when it was fetched: seen, so on record (law 5)."""
        missing = self._fetcher.missing
        for uid in [uid for uid in missing if uid not in waiting and uid not in self._fetcher.given_up]:
            await self._set_aside(missing.pop(uid), _VANISHED, "vanished")

    async def _file(self, mailbox: Mailbox, uids: list[int]) -> None:
        """Tell the mailbox. That it refuses stops no registering: the next check tells it again."""
        if not uids:
            return
        office, now = self._office, self._office.clock.now()
        folder = office.config.imap.done_folder.replace("{year}", str(now.year + 543))
        try:
            await mailbox.done(uids, folder)
        except MailboxGone:
            raise
        except MailboxError as e:
            problem = f"mail that is registered could not be filed into {folder}: {e}"
            self.report.problems += [problem] if problem not in self.report.problems else []
            return
        await office.registry(
            office.store.journal.filed, office.config.imap.mailbox, mailbox.uidvalidity, uids, folder, now
        )

    async def _left_over(self, mailbox: Mailbox, waiting: list[int]) -> list[int]:
        """Accounted for in an earlier check that was cut off before it could file them; set-aside mail stays."""
        journal = self._office.store.journal
        return await self._office.registry(
            journal.unfiled, self._office.config.imap.mailbox, mailbox.uidvalidity, waiting
        )

    async def _where_to_start(self, mailbox: Mailbox) -> tuple[int, bool]:
        """The first UID to look at. Where done mail stays in the mailbox, all of it is compared once a day only."""
        office = self._office
        below, reconciled = await office.registry(
            office.store.journal.accounted_below, office.config.imap.mailbox, mailbox.uidvalidity
        )
        today = office.clock.now().date()
        full = (
            office.config.imap.done == "move"
            or await office.registry(golive.is_adopting, office)
            or reconciled is None
            or reconciled.astimezone(office.config.zone).date() != today
        )
        return (1, True) if full else (below, False)

    async def _remember(self, mailbox: Mailbox, waiting: list[int], unknown: list[int], full: bool) -> None:
        office = self._office
        below = min(unknown) if unknown else max(waiting, default=0) + 1
        if office.config.imap.done == "flag" and waiting:
            now = office.clock.now() if full else None
            name = office.config.imap.mailbox
            await office.registry(office.store.journal.mark, name, mailbox.uidvalidity, below, now)

    def _progress(self) -> int:
        return self.report.seen + self._fetcher.progress()


def _named(entry: Entry, entered: Entered) -> dict[str, object]:
    """Fields of the journal, to find a letter's lines by."""
    named: dict[str, object] = {"uid": entry.stub.uid, "rule": entry.screening.rule}
    return named | ({"receipt": str(entered.receipt)} if entered.receipt else {})


_COUNTERS = {
    Fate.REGISTERED: "registered",
    Fate.DUPLICATE: "duplicates",
    Fate.AUTOMATIC: "automatic",
    Fate.BOUNCE: "bounces",
    Fate.LIST: "lists",
    Fate.FOLLOW_UP: "follow_ups",
    Fate.SET_ASIDE: "set_aside",
}
