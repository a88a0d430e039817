"""Reads a mail in a child process that may die of it: what the bytes of a stranger can do, they do there.

The child (``mailgate.cell``) serves many mails, one after the other. It is started when first needed, stopped where it
takes too long, and replaced after each death. Its answers are checked; nothing in them is believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from mailgate.errors import ArchiveError, MailgateError, Unreadable
from mailgate.model_reading import READING, Reading

MOST_ANSWER = 16 * 1024 * 1024
MOST_TEXT = 1_100_000
CPU_SECONDS, WALL_SECONDS = 2.0, 10.0
# A large mail is decoded, hashed and written: seconds more for each byte, several times what it takes.
_CPU_PER_BYTE, _WALL_PER_BYTE = 1 / 8e6, 1 / 2e6
_START_SECONDS = 30.0
_ROOM = 16 * 1024 * 1024
HELLO = b"= mailgate.cell\n"
NO_ROOM = "no room on the disk"
_NO_READER = "the program that reads mails cannot be started"
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
            size = _size(raw)
            request = _request(raw, into, self._cpu + size * _CPU_PER_BYTE)
            try:
                child = await self._started()
                answer = await _asked(child, request, self._wall + size * _WALL_PER_BYTE)
                return _checked(answer, into, size)
            except BaseException:
                await self._kill()
                raise

    async def close(self) -> None:
        async with self._turn:
            await self._kill()

    async def _started(self) -> asyncio.subprocess.Process:
        """The child, ready for a mail. Raises MailgateError if it cannot be had: that is no mail's fault."""
        if self._child is None or self._child.returncode is not None:
            await self._kill()
            try:
                self._child = await _spawned(self._command)
                async with asyncio.timeout(_START_SECONDS):
                    hello = await _line(self._child)
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as e:
                raise MailgateError(_NO_READER, "Run 'python -I -m mailgate.cell' to see why") from e
            if hello != HELLO:
                raise MailgateError(_NO_READER, "It greeted in a wrong way")
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


async def _spawned(command: Sequence[str]) -> asyncio.subprocess.Process:
    """Descriptors are not inherited, and the environment is empty: no credential can be read from it."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MOST_ANSWER,
        env={},
        cwd="/",
        start_new_session=True,
    )


async def _asked(child: asyncio.subprocess.Process, request: str, seconds: float) -> bytes:
    """The child's answer. Raises Unreadable if there is none in time."""
    assert child.stdin is not None
    try:
        async with asyncio.timeout(seconds):
            child.stdin.write(request.encode("ascii") + b"\n")
            await child.stdin.drain()
            return await _line(child)
    except TimeoutError as e:
        raise Unreadable(f"reading took longer than {seconds:.0f} s") from e
    except (EOFError, ConnectionError) as e:
        raise Unreadable(await _death(child)) from e
    except asyncio.LimitOverrunError as e:
        raise Unreadable("the reader answered more than is allowed") from e


async def _line(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    return await child.stdout.readuntil(b"\n")


async def _drained(child: asyncio.subprocess.Process) -> None:
    """Wait for a killed child; what it still had in its pipe is thrown away, else its pipe would never close."""
    assert child.stdout is not None
    while await child.stdout.read(1 << 16):
        pass
    await child.wait()


def _request(raw: Path, into: Path, cpu: float) -> str:
    return json.dumps({"raw": str(raw.absolute()), "into": str(into.absolute()), "cpu": cpu})


def _size(raw: Path) -> int:
    try:
        return raw.stat().st_size
    except OSError as e:
        raise Unreadable(f"{raw.name} cannot be read: {e.strerror}") from e


async def _death(child: asyncio.subprocess.Process) -> str:
    """Why the child ended, in words."""
    try:
        async with asyncio.timeout(0.2):
            code = await child.wait()
    except TimeoutError:
        return "the reader closed its answer"
    if code in (-signal.SIGPROF, -signal.SIGXCPU):
        return "reading took more computing time than is allowed"
    if code == -signal.SIGKILL:
        return "the reader was killed"
    return f"the reader died of signal {-code}" if code < 0 else f"the reader ended with code {code}"


def _checked(answer: bytes, into: Path, size: int) -> Reading:
    """The reading of an answer: "+" and its JSON, or "-" and what went wrong. Raises Unreadable, or ArchiveError."""
    if answer.startswith(b"-"):
        said = answer[1:300].decode("utf-8", "replace").strip()
        # The only reason that is not the mail's, and it can be looked up.
        if said == NO_ROOM and shutil.disk_usage(into).free < 2 * size + _ROOM:
            raise ArchiveError(f"the disk of {into.parent} is full", "Free some space; the mail is read later")
        raise Unreadable("".join(c if c.isprintable() else "?" for c in said) or "the reader gave up")
    try:
        if not answer.startswith(b"+"):
            raise ValueError("no reading")
        reading = READING.validate_json(answer[1:])
    except ValueError as e:
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
