"""The desk behind a socket: the daemon answers what the website's own user asks."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from mailgate.config_website import Website
from mailgate.edges import desk_socket
from mailgate.edges.archive import Incoming
from mailgate.errors import MailgateError
from mailgate.jobs.desk import Answer, Desk, RefusedError

log = logging.getLogger("mailgate.desk")

_PATIENCE = 60.0  # seconds for one question; the website has all its bytes before it asks


class Door:
    """Listens until it is closed, where a socket is configured."""

    def __init__(self, desk: Desk, site: Website) -> None:
        self._desk = desk
        self._path = site.desk
        self._most = 2 * site.max_total  # base64 adds a third, age next to nothing
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises MailgateError where the socket cannot be made."""
        if self._path is None:
            return
        listening = desk_socket.listening(self._path)
        self._server = await asyncio.start_unix_server(self._answer, sock=listening, limit=desk_socket.PIECE)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head, body = await self._answered(reader)
                await desk_socket.write(writer, head, iter([body]), len(body))
        except (OSError, EOFError, TimeoutError) as e:
            log.warning("a question of the website was broken off: %s", type(e).__name__)
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> Answer:
        try:
            asked = await desk_socket.read_head(reader)
            if not asked["size"]:
                return await self._desk.ask(asked)
            with await self._received(reader, asked) as incoming:
                return await self._desk.ask(asked, incoming)
        except RefusedError as e:
            return {"refused": e.kind}, b""
        except (KeyError, TypeError, ValueError):
            log.error("the website asked something that is no question")
            return {"failed": "not understood"}, b""
        except MailgateError as e:
            log.error("the website was not served: %s", e)
            return {"failed": e.what}, b""

    async def _received(self, reader: asyncio.StreamReader, asked: dict[str, Any]) -> Incoming:
        """What comes with a question, written to the archive's own folder; not kept yet."""
        if asked["size"] > self._most:
            raise MailgateError("a submission is larger than [website] max_total allows")
        incoming, left = self._desk.begin(), asked["size"]
        try:
            while left:
                piece = await reader.readexactly(min(left, desk_socket.PIECE))
                incoming.write(piece)
                left -= len(piece)
        except BaseException:
            incoming.abandon()
            raise
        return incoming
