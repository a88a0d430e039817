"""Leaving in good order: what is in hand when the program is told to end is finished soon, or broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mailgate.errors import MailgateError
from mailgate.office import Office

LEAVE_SECONDS = 6.0  # for what is in hand

_BROKEN_OFF, _AGAIN = "broken off, for the program is being ended", "It is done again at the next start"

_T = TypeVar("_T")


async def told(office: Office) -> None:
    """Until the program has been told to end and there was time to finish."""
    await office.stopping.wait()
    await asyncio.sleep(LEAVE_SECONDS)


def breaker(office: Office) -> Callable[[str], None]:
    """To be called now and then by work on another thread: raises MailgateError once the program is told to end."""

    def go_on(_: str) -> None:
        if office.stopping.is_set():
            raise MailgateError(_BROKEN_OFF, _AGAIN)

    return go_on


async def in_time(office: Office, work: Coroutine[Any, Any, _T]) -> _T:
    """The result of ``work``, which is broken off if it is not finished in time. Raises MailgateError then."""
    task, telling = asyncio.create_task(work), asyncio.create_task(told(office))
    try:
        await asyncio.wait({task, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            raise MailgateError(_BROKEN_OFF, _AGAIN)
        return task.result()
    finally:
        for one in (task, telling):
            one.cancel()
        await asyncio.gather(task, telling, return_exceptions=True)
