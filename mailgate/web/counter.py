"""The website's side of the desk: asking the daemon over its socket, or the registry of this same process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from mailgate.edges import desk_socket
from mailgate.errors import MailgateError
from mailgate.jobs.desk import Desk, RefusedError

__all__ = ["Counter", "Here", "RefusedError", "Remote"]

Answer = tuple[dict[str, Any], bytes]


class Counter(Protocol):
    """Ask something; ``body`` goes with it. Raises RefusedError, or MailgateError where nobody can answer now."""

    async def ask(self, asked: dict[str, Any], body: BinaryIO | None = None, size: int = 0) -> Answer: ...


class Remote:
    """The daemon's desk, by its socket."""

    def __init__(self, path: Path, seconds: float = 60.0) -> None:
        self._path = path
        self._seconds = seconds

    async def ask(self, asked: dict[str, Any], body: BinaryIO | None = None, size: int = 0) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                head, content = await self._exchange(asked, body, size)
        except (OSError, EOFError, TimeoutError, ValueError) as e:
            raise MailgateError(f"the daemon did not answer: {type(e).__name__}") from None
        if "refused" in head:
            raise RefusedError(head["refused"])
        if "failed" in head:
            raise MailgateError(head["failed"])
        return head, content

    async def _exchange(self, asked: dict[str, Any], body: BinaryIO | None, size: int) -> Answer:
        reader, writer = await desk_socket.connect(self._path)
        try:
            pieces = desk_socket.in_pieces(body) if body else iter(())
            await desk_socket.write(writer, asked, pieces, size)
            head = await desk_socket.read_head(reader)
            return head, await reader.readexactly(head.pop("size"))
        finally:
            writer.close()


class Here:
    """The desk in this process, where no daemon's socket is configured."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, asked: dict[str, Any], body: BinaryIO | None = None, size: int = 0) -> Answer:
        if body is None:
            return await self._desk.ask(asked)
        with self._desk.begin() as incoming:
            for piece in desk_socket.in_pieces(body):
                incoming.write(piece)
            return await self._desk.ask(asked, incoming)
