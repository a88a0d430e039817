"""One kind of work of the daemon: a bounded step, again and again, beside the others and never in their way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from mailgate.errors import MailgateError

log = logging.getLogger("mailgate.daemon")

Step = Callable[[], Awaitable[bool]]  # does a bounded piece of work; True if there is more


class Worker:
    """Runs its step when woken, until it says that there is no more. An error ends that step only.

    ``every``: seconds between two times the ticker wakes it; ``within``: seconds that one step may take before the
    worker counts as stuck. ``on_failure`` is called when a step ends with an error.
    """

    def __init__(self, name: str, step: Step, *, every: int, within: float) -> None:
        self.name = name
        self.every = every
        self.failed = 0
        self._step = step
        self._within = within
        self._wake = asyncio.Event()
        self._began: float | None = None
        self.on_failure: Callable[[], None] = lambda: None

    def wake(self) -> None:
        self._wake.set()

    @property
    def is_stuck(self) -> bool:
        """Whether the step in hand takes longer than it ever should."""
        return self._began is not None and time.monotonic() - self._began > self._within

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop; the step in hand is finished first."""
        while not stopping.is_set():
            self._wake.clear()
            more = await self.turn()
            if not more and not stopping.is_set():
                await self._wake.wait()

    async def turn(self) -> bool:
        """One step; whether there is more to do now."""
        self._began = time.monotonic()
        try:
            return await self._step()
        except MailgateError as e:
            self.failed += 1
            self.on_failure()
            log.error("%s: %s", self.name, e)
            return False
        finally:
            self._began = None
