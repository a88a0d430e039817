"""Senders that are done at about the same time share a commit: what they wait for is the disk.

outcome ─▶ waits while a commit is under way ─▶ ONE transaction for all that wait, with their next claims ─▶ its sender
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from mailgate.model import Attempt, Outcome, Settled, State, Verdict
from mailgate.office import Office

Following = asyncio.Future[Attempt | None]
LEFT = Outcome(Verdict.LATER, "gateway", 0, "the program was ended")


class Settling:
    """Records outcomes and claims what follows. ``note`` is told of each outcome first, on the registry's thread."""

    def __init__(self, office: Office, note: Callable[[Settled], None]) -> None:
        self._office = office
        self._note = note
        self._waiting: list[tuple[Settled, Following]] = []
        self._committing: asyncio.Task[None] | None = None

    async def settle(self, done: Settled) -> Attempt | None:
        """Record it; the next item for its sender, claimed in the same commit. Raises what the registry raises."""
        following = self._add(done)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        return await following

    async def finish(self) -> None:
        """What was given is recorded, though nobody waits for it any more."""
        if self._committing is not None:
            await self._committing

    def _add(self, done: Settled) -> Following:
        following: Following = asyncio.get_running_loop().create_future()
        self._waiting.append((done, following))
        return following

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                found = await self._office.registry(self._settle, [done for done, _ in batch])
            except Exception as e:
                for _, following in batch:
                    if not following.done():
                        following.set_exception(e)
                continue
            for (_, following), attempt in zip(batch, found, strict=True):
                self._hand_on(following, attempt)

    def _hand_on(self, following: Following, attempt: Attempt | None) -> None:
        """A sender that was ended meanwhile takes no more: what was claimed for it was provably not sent."""
        if not following.done():
            following.set_result(attempt)
        elif attempt is not None:
            self._add(Settled(attempt, LEFT, State.QUEUED, self._office.clock.now()))

    def _settle(self, batch: Sequence[Settled]) -> list[Attempt | None]:
        for done in batch:
            self._note(done)
        return self._office.store.outbox.settle(batch, self._office.clock.now())
