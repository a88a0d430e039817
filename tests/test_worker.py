"""Workers: bounded steps, woken, told to stop; errors end a step, bugs end the worker."""

from __future__ import annotations

import asyncio

import pytest

from mailgate.errors import RegistryError
from mailgate.worker import Worker


async def test_it_works_until_there_is_no_more_and_again_when_woken() -> None:
    left, done = [3], asyncio.Event()

    async def step() -> bool:
        left[0] -= 1
        if not left[0]:
            done.set()
        return left[0] > 0

    stopping = asyncio.Event()
    worker = Worker("w", step, every=1, within=1)
    task = asyncio.create_task(worker.run(stopping))
    await done.wait()
    done.clear()
    left[0] = 2
    worker.wake()
    await done.wait()
    stopping.set()
    worker.wake()
    await task
    assert left == [0]


async def test_an_error_ends_the_step_only() -> None:
    async def step() -> bool:
        raise RegistryError("the disk is full")

    worker = Worker("w", step, every=1, within=1)
    assert await worker.turn() is False
    assert await worker.turn() is False
    assert worker.failed == 2


async def test_a_bug_surfaces() -> None:
    async def step() -> bool:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await Worker("w", step, every=1, within=1).run(asyncio.Event())


async def test_it_is_stuck_only_while_a_step_takes_too_long() -> None:
    go, began = asyncio.Event(), asyncio.Event()

    async def step() -> bool:
        began.set()
        await go.wait()
        return False

    worker = Worker("w", step, every=1, within=-1)
    assert not worker.is_stuck
    turn = asyncio.create_task(worker.turn())
    await began.wait()
    assert worker.is_stuck
    go.set()
    await turn
    assert not worker.is_stuck
