"""Reads a mail in a child process that may die of it: what the bytes of a stranger can do, they do there.

The child (``mailgate.cell``) serves many mails, one after the other. It is started when first needed, stopped where it
takes too long, and replaced after each death. Its answers are checked; nothing in them is believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from mailgate.errors import Unreadable
from mailgate.model_reading import READING, Reading

MOST_ANSWER = 16 * 1024 * 1024
MOST_TEXT = 1_100_000
CPU_SECONDS, WALL_SECONDS = 2.0, 10.0
# A large mail is decoded, hashed and written: seconds more for each byte, several times what it takes.
_CPU_PER_BYTE, _WALL_PER_BYTE = 1 / 8e6, 1 / 2e6
_COMMAND = (sys.executable, "-I", "-m", "mailgate.cell")


class Cell(Protocol):
    """Where mails are read."""

    async def read(self, raw: Path, into: Path) -> Reading:
        """Read the mail in the file ``raw``; its attachments become the files "0", "1", … of the folder ``into``.

        Raises Unreadable, which says why. Whatever one mail does, the next one is read.
        """
        ...

    async def close(self) -> None:
        """Let the child go."""
        ...


class PaperCell:
    """Reads in this process, by a function given to it."""

    def __init__(self, read: Callable[[Path, Path], Reading]) -> None:
        self._read = read

    async def read(self, raw: Path, into: Path) -> Reading:
        return self._read(raw, into)

    async def close(self) -> None:
        return None


class ParserCell:
    """The real child. One mail at a time; a read that is cancelled takes the child with it."""

    def __init__(
        self, command: Sequence[str] = _COMMAND, *, cpu: float = CPU_SECONDS, wall: float = WALL_SECONDS
    ) -> None:
        self._command = command
        self._cpu, self._wall = cpu, wall
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def read(self, raw: Path, into: Path) -> Reading:
        async with self._turn:
            size = raw.stat().st_size
            request = {
                "raw": str(raw.absolute()),
                "into": str(into.absolute()),
                "cpu": self._cpu + size * _CPU_PER_BYTE,
            }
            try:
                answer = await self._ask(json.dumps(request), self._wall + size * _WALL_PER_BYTE)
                return _checked(answer, into)
            except BaseException:
                await self._kill()
                raise

    async def close(self) -> None:
        async with self._turn:
            await self._kill()

    async def _ask(self, request: str, seconds: float) -> bytes:
        child = await self._started()
        try:
            async with asyncio.timeout(seconds):
                return await _answer(child, request)
        except TimeoutError as e:
            raise Unreadable(f"reading took longer than {seconds:.0f} s") from e
        except (asyncio.IncompleteReadError, ConnectionError) as e:
            raise Unreadable(await _death(child)) from e
        except asyncio.LimitOverrunError as e:
            raise Unreadable("the reader answered more than is allowed") from e

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            await self._kill()
            # Descriptors are not inherited, and the environment is empty: no credential can be read from it.
            self._child = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=MOST_ANSWER,
                env={},
                cwd="/",
                start_new_session=True,
            )
        return self._child

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await _drained(child)


async def _answer(child: asyncio.subprocess.Process, request: str) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(request.encode("ascii") + b"\n")
    await child.stdin.drain()
    return await child.stdout.readuntil(b"\n")


async def _drained(child: asyncio.subprocess.Process) -> None:
    """Wait for a killed child; what it still had in its pipe is thrown away, else its pipe would never close."""
    assert child.stdout is not None
    while await child.stdout.read(1 << 16):
        pass
    await child.wait()


async def _death(child: asyncio.subprocess.Process) -> str:
    """Why the child ended, in words."""
    try:
        async with asyncio.timeout(1):
            code = await child.wait()
    except TimeoutError:
        return "the reader closed its answer"
    if code == -signal.SIGXCPU:
        return "reading took more computing time than is allowed"
    if code == -signal.SIGKILL:
        return "the reader was killed"
    return f"the reader died of signal {-code}" if code < 0 else f"the reader ended with code {code}"


def _checked(answer: bytes, into: Path) -> Reading:
    """The reading of an answer: "+" and its JSON, or "-" and what went wrong. Raises Unreadable."""
    if answer.startswith(b"-"):
        said = answer[1:300].decode("utf-8", "replace")
        raise Unreadable("".join(c if c.isprintable() else "?" for c in said.strip()) or "the reader gave up")
    try:
        if not answer.startswith(b"+"):
            raise ValueError("no reading")
        reading = READING.validate_json(answer[1:])
    except (ValidationError, ValueError) as e:
        raise Unreadable("the reader answered nonsense") from e
    if problem := _implausible(reading, into):
        raise Unreadable(f"the reader answered nonsense: {problem}")
    return reading


def _implausible(reading: Reading, into: Path) -> str:
    """What a reading cannot be; "" if it is well."""
    if len(reading.text) > MOST_TEXT or not 0 <= reading.quoted_from <= len(reading.text):
        return "text"
    for number, attachment in enumerate(reading.attachments):
        path = into / str(number)
        if path.is_symlink() or not path.is_file():
            return f"attachment {number} is not there"
        if set(attachment.name) & set("/\\\0\r\n") or attachment.name in ("", ".", ".."):
            return f"name of attachment {number}"
    return ""
