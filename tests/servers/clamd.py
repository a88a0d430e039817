"""A scripted clamd: speaks the real protocol on a Unix socket or on loopback, knows EICAR, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from mailgate.edges.clamd import EICAR, Where

HOST = "127.0.0.1"
VERSION = b"ClamAV 1.4.6/27800/Mon Nov 23 08:00:00 2026"


class FakeClamd:
    """One server; `answer` replaces what it says to INSTREAM, `closes` and `hangs` name where it does so."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.most = 1 << 20  # StreamMaxLength
        self.answer: bytes | None = None
        self.closes = ""  # "greeting", "chunk" or "answer"
        self.hangs = ""
        self.pong = b"PONG\0"
        self.seen: list[bytes] = []
        self.commands: list[bytes] = []
        self._lines: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls, directory: Path | None = None) -> AsyncIterator[FakeClamd]:
        """Listens on a socket in `directory`, or on loopback."""
        fake = cls((directory or Path()) / "clamd.ctl")
        if directory is not None:
            server = await asyncio.start_unix_server(fake._serve, directory / "clamd.ctl")
        else:
            server = await asyncio.start_server(fake._serve, HOST, 0)
            fake.where = server.sockets[0].getsockname()
        try:
            yield fake
        finally:
            server.close()
            for line in fake._lines:
                line.cancel()
            await server.wait_closed()
            await asyncio.gather(*fake._lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._at("greeting")
            command = await reader.readuntil(b"\0")
            self.commands.append(command)
            await self._command(command, reader, writer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _command(self, command: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match command:
            case b"zPING\0":
                writer.write(self.pong)
            case b"zVERSION\0":
                writer.write(VERSION + b"\0")
            case b"zINSTREAM\0":
                said = await self._stream(reader)
                await self._at("answer")
                writer.write(said if self.answer is None else self.answer)
            case _:
                writer.write(b"UNKNOWN COMMAND\0")

    async def _stream(self, reader: asyncio.StreamReader) -> bytes:
        """As clamd does: the limit counts before the bytes are read, and ends the line at once."""
        content = b""
        while size := int.from_bytes(await reader.readexactly(4)):
            await self._at("chunk")
            if len(content) + size > self.most:
                return b"INSTREAM size limit exceeded. ERROR\0"
            content += await reader.readexactly(size)
        self.seen.append(content)
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"

    async def _at(self, place: str) -> None:
        if self.hangs == place:
            await asyncio.Event().wait()
        if self.closes == place:
            raise ConnectionError(place)
