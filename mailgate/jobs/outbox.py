"""Delivering what is due: several connections at once, one item each at a time.

claim (committed) → deliver → record the outcome and claim the next in one commit, until nothing is due.
Senders that are done at about the same time share a commit (jobs.settling).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from mailgate.core import retry
from mailgate.core.message import base64_lines
from mailgate.edges.courier import Courier
from mailgate.errors import ArchiveError, ConfigError, CourierError
from mailgate.jobs.leaving import told
from mailgate.jobs.settling import LEFT, Settling
from mailgate.model import Attempt, Carried, CheckReport, Outcome, Settled, State, Verdict
from mailgate.office import Office

log = logging.getLogger("mailgate.outbox")

Jitter = Callable[[], float]
_IDLE_SECONDS = 0.05  # how soon a sender looks again while the check is still registering


def any_jitter() -> float:
    """A number in [-1, 1] that spreads retries."""
    return random.uniform(-1, 1)  # noqa: S311 - not a secret


class Delivery:
    """Sends everything that is due. Until ``no_more`` is set, senders wait for new items."""

    def __init__(self, office: Office, report: CheckReport, jitter: Jitter = any_jitter) -> None:
        self._office = office
        self._report = report
        self._jitter = jitter
        self.no_more = asyncio.Event()
        self._stopped: CourierError | None = None
        self._at_work: list[tuple[Courier, asyncio.Task[None]]] = []
        self._settling = Settling(office, self._note)

    async def run(self) -> None:
        """Deliver until nothing is due. Raises CourierError if the server cannot be used; items stay queued."""
        await self._settle_unsure()
        watching = asyncio.create_task(self._break_off())
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._office.config.smtp.connections):
                    courier = self._office.courier()
                    self._at_work.append((courier, group.create_task(self._sender(courier, number))))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self._settling.finish()
        if self._stopped is not None:
            raise self._stopped

    async def _settle_unsure(self) -> None:
        """Law 4: an acknowledgement whose line was lost after the dot is sent again once, the same bytes."""
        now = self._office.clock.now()
        before = now - self._office.config.replies.resend_unsure_after
        await self._office.registry(self._office.store.outbox.resend_unsure, before, now)

    async def _break_off(self) -> None:
        """When the program ends, what takes too long; but the answer to a final dot is waited for (law 4)."""
        await told(self._office)
        for courier, sender in self._at_work:
            if not courier.at_final_dot:
                sender.cancel()

    async def _sender(self, courier: Courier, number: int) -> None:
        """One connection; the second and later ones are opened only where there is work for them too."""
        try:
            while await self._wait_for_work(number):
                try:
                    await courier.ready()  # before the claim: an unreachable server costs no attempt
                except (CourierError, ConfigError) as e:
                    self._stopped = CourierError(e.what, e.hint)
                    return
                await self._deliver_all(courier)
        finally:
            await courier.close()

    async def _wait_for_work(self, number: int) -> bool:
        outbox = self._office.store.outbox
        while self._stopped is None and not self._office.stopping.is_set():
            if await self._office.registry(outbox.due, self._office.clock.now(), number + 1) > number:
                return True
            if self.no_more.is_set():
                return False
            await self._pause()
        return False

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self.no_more.wait()
        except TimeoutError:
            pass

    async def _deliver_all(self, courier: Courier) -> None:
        office = self._office
        attempt = await office.registry(office.store.outbox.claim, office.clock.now())
        while attempt is not None:
            try:
                outcome = await self._deliver(courier, attempt)
            except asyncio.CancelledError:
                if not courier.at_final_dot:  # provably not sent
                    await asyncio.shield(self._settled(attempt, LEFT, False))
                raise
            attempt = await self._settled(attempt, outcome, courier.usable)

    async def _deliver(self, courier: Courier, attempt: Attempt) -> Outcome:
        try:
            whole = await self._office.disk(_whole, self._office, attempt) if attempt.carried else attempt
        except ArchiveError as e:
            log.error("item=%d: %s", attempt.item_id, e)
            return Outcome(Verdict.LATER, "archive", 0, "the original cannot be read from the archive")
        return await courier.deliver(whole)

    async def _settled(self, attempt: Attempt, outcome: Outcome, usable: bool) -> Attempt | None:
        """Record what came of an attempt, and claim the next in the same commit while the line is in step."""
        office, now = self._office, self._office.clock.now()
        patience = _patience(office, attempt.kind)
        after = retry.after(outcome, attempt.number, attempt.created, now, self._jitter(), patience)
        # Whoever is claimed for a line that is out of step would need a new one.
        done = Settled(attempt, outcome, after.state, after.at, usable and not office.stopping.is_set())
        return await self._settling.settle(done)

    def _note(self, done: Settled) -> None:
        attempt, outcome = done.attempt, done.outcome
        told = attempt.kind in ("acknowledgement", "summary")
        self._report.acknowledged += int(told and done.state is State.ACCEPTED)
        receipt = self._office.store.receipts.of_letter(attempt.letter_id)
        log.log(
            _LEVELS[outcome.verdict], "%s %s of=%s item=%d stage=%s code=%d",
            outcome.verdict, attempt.kind, receipt or "-", attempt.item_id, outcome.stage, outcome.code,
            extra={"receipt": str(receipt or ""), "item": attempt.item_id},
        )  # fmt: skip


def _patience(office: Office, kind: str) -> timedelta:
    """How long a mail is tried. A citizen waits for a decision: people are to know soon that it does not arrive."""
    return office.config.decisions.retry_for if kind == "decision" else office.config.replies.retry_for


def _whole(office: Office, attempt: Attempt) -> Attempt:
    """Raises ArchiveError."""
    return replace(attempt, raw=whole(office, attempt.raw, attempt.carried), carried=())


def whole(office: Office, raw: bytes, carried: Sequence[Carried]) -> bytes:
    """A mail as it goes out, with the files it carries. Raises ArchiveError if one is not as it was kept."""
    pieces = [raw]
    for file in carried:
        kept = office.archive.read(file.sha256) if file.shelf == "archive" else office.attachments.read(file.sha256)
        pieces += [base64_lines(kept) if file.encoding == "base64" else kept, file.behind]
    return b"".join(pieces)


_LEVELS = {
    Verdict.ACCEPTED: logging.INFO,
    Verdict.LATER: logging.INFO,
    Verdict.REFUSED: logging.WARNING,
    Verdict.UNSURE: logging.WARNING,
}
