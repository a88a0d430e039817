"""Blocking steps that may hang for good: on a thread that nobody has to wait for, not even the end of the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


async def detached(step: Callable[[], _T], seconds: float) -> _T:
    """Run a step beside the loop. Raises what it raises; TimeoutError after ``seconds``, and it goes on unheard.

    Not asyncio.to_thread: the end of the loop and of the program waits for its threads, however long they hang.
    """
    done: Future[_T] = Future()
    done.set_running_or_notify_cancel()
    threading.Thread(target=_run, args=(step, done), name="detached", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(done)


def _run(step: Callable[[], _T], done: Future[_T]) -> None:
    try:
        done.set_result(step())
    except BaseException as e:  # it belongs to whoever waits
        done.set_exception(e)
