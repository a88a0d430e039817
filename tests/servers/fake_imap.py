"""An IMAP server in this process that follows a script of faults instead of the protocol.

Where nothing is scripted it behaves, just well enough for a client that reads a few messages:

    async with FakeImap.run(handlers={"UID FETCH": drop_mid_literal}) as server: ...
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"
CAPABILITIES = "IMAP4rev1 SASL-IR IDLE UIDPLUS MOVE NAMESPACE AUTH=PLAIN AUTH=XOAUTH2"
MESSAGE = b"From: a@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: one\r\n\r\nbody\r\n"
LITERAL = re.compile(rb"\{(\d+)(\+?)\}$")
PARTIAL = re.compile(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)

OK_GREETING = b"* OK ready\r\n"
BYE_GREETING = b"* BYE not OK, too busy\r\n"  # with an OK in it, as some clients look for that
HTTP_GREETING = b"HTTP/1.0 400 Bad Request\r\n\r\n"
PREAUTH_GREETING = b"* PREAUTH welcome\r\n"
INJECTED = "X-INJECTED"


class HangUp(Exception):  # noqa: N818 - it is an order, not an error
    """Raised by a handler to close the connection."""


@dataclass
class Exchange:
    """One command of a client and the means to answer it."""

    server: FakeImap
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tag: bytes
    command: str  # in capitals; with its prefix, as in "UID FETCH"
    arguments: str

    async def send(self, *parts: bytes) -> None:
        """Writes, and waits until the client's side takes it."""
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def ok(self, *lines: bytes, text: bytes = b"done") -> None:
        """Untagged lines (without "* " and line end), then the tagged OK."""
        await self.send(*(b"* " + line + b"\r\n" for line in lines), self.tag, b" OK ", text, b"\r\n")

    async def no(self, text: bytes = b"no") -> None:
        """A refusal."""
        await self.send(self.tag, b" NO ", text, b"\r\n")

    async def line(self) -> bytes:
        """The next line of the client, without its end."""
        return (await self.reader.readline()).rstrip(b"\r\n")


Handler = Callable[[Exchange], Awaitable[None]]


class FakeImap:
    """The server; made by `run`. Attributes may be changed while it runs."""

    host = HOST

    def __init__(
        self, greeting: bytes, handlers: Mapping[str, Handler], tls: ssl.SSLContext | None, capabilities: str
    ) -> None:
        self.port = 0
        self.greeting = greeting
        self.handlers: dict[str, Handler] = dict(handlers)  # by command in capitals: "SELECT", "UID FETCH"
        self.capabilities = capabilities
        self.messages: dict[int, bytes] = {1: MESSAGE}  # by UID
        self.uidvalidity = 1
        self.lines: list[bytes] = []  # everything clients said, secrets included
        self.connections = 0
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def run(
        cls,
        *,
        greeting: bytes = OK_GREETING,
        handlers: Mapping[str, Handler] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        capabilities: str = CAPABILITIES,
    ) -> AsyncIterator[FakeImap]:
        """Listens on loopback. `tls` is for STARTTLS (offered by itself), with `implicit` for TLS from the start."""
        offered = capabilities + (" STARTTLS" if tls and not implicit else "")
        fake = cls(greeting, handlers or {}, tls, offered)
        server = await asyncio.start_server(fake._connected, HOST, 0, ssl=tls if implicit else None, limit=1 << 20)
        fake.port = server.sockets[0].getsockname()[1]
        try:
            yield fake
        finally:
            server.close()
            for task in fake._tasks:
                task.cancel()
            await asyncio.gather(*fake._tasks, return_exceptions=True)
            await server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own, so that those that stall can be ended with the server.
        self.connections += 1
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self.greeting)
            while line := await self._command(reader, writer):
                await self._answer(reader, writer, line)
        except (ConnectionError, HangUp, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """A whole command, its literals included; empty at the end."""
        line = await reader.readline()
        while match := LITERAL.search(line.rstrip(b"\r\n")):
            if not match[2]:
                writer.write(b"+ go on\r\n")
            line += await reader.readexactly(int(match[1])) + await reader.readline()
        if line:
            self.lines.append(line)
        return line

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> None:
        tag, _, rest = line.rstrip(b"\r\n").partition(b" ")
        command, _, arguments = rest.decode("utf-8", "replace").partition(" ")
        command = command.upper()
        if command == "UID":
            second, _, arguments = arguments.partition(" ")
            command = f"UID {second.upper()}"
        exchange = Exchange(self, reader, writer, tag, command, arguments)
        await (self.handlers.get(command) or DEFAULTS.get(command) or _ok)(exchange)

    async def starttls(self, exchange: Exchange, injected: bytes = b"") -> None:
        """The server's side of STARTTLS; `injected` follows the OK in clear text and in the same packet."""
        if self._tls is None:
            await exchange.no(b"no TLS here")
            return
        self.capabilities = self.capabilities.replace(" STARTTLS", "")
        await exchange.send(exchange.tag, b" OK begin\r\n", injected)
        await exchange.writer.start_tls(self._tls)


# --- good manners


async def _ok(exchange: Exchange) -> None:
    await exchange.ok()


async def _capability(exchange: Exchange) -> None:
    await exchange.ok(b"CAPABILITY " + exchange.server.capabilities.encode())


async def _authenticate(exchange: Exchange) -> None:
    if " " not in exchange.arguments:  # no initial response
        await exchange.send(b"+ \r\n")
        exchange.server.lines.append(await exchange.line())
    await exchange.ok()


async def _starttls(exchange: Exchange) -> None:
    await exchange.server.starttls(exchange)


async def _select(exchange: Exchange) -> None:
    server = exchange.server
    validity = b"OK [UIDVALIDITY %d] ids" % server.uidvalidity
    flags = rb"OK [PERMANENTFLAGS (\Seen \Deleted \*)] flags"
    await exchange.ok(b"%d EXISTS" % len(server.messages), validity, flags, text=b"[READ-WRITE] selected")


async def _namespace(exchange: Exchange) -> None:
    await exchange.ok(b'NAMESPACE (("" "/")) NIL NIL')


async def _list(exchange: Exchange) -> None:
    await exchange.ok(rb'LIST (\Noselect) "/" ""')


async def _search(exchange: Exchange) -> None:
    await exchange.ok(b"SEARCH" + b"".join(b" %d" % uid for uid in sorted(exchange.server.messages)))


async def _logout(exchange: Exchange) -> None:
    await exchange.ok(b"BYE bye")
    raise HangUp


async def _fetch(exchange: Exchange) -> None:
    messages = exchange.server.messages
    lines = []
    for number, uid in enumerate(sorted(messages), 1):
        if _in_set(uid, exchange.arguments.partition(" ")[0], max(messages)):
            lines.append(answer(number, uid, messages[uid], exchange.arguments))
    await exchange.ok(*lines)


def answer(number: int, uid: int, raw: bytes, items: str) -> bytes:
    """A FETCH response (without "* ") with size, date and flags, and the body if it was asked for."""
    text = b'%d FETCH (UID %d FLAGS () INTERNALDATE "23-Nov-2026 09:00:00 +0700" RFC822.SIZE %d' % (
        number,
        uid,
        len(raw),
    )
    if match := PARTIAL.search(items):
        origin = b""
        if match[1]:
            start = int(match[1])
            origin, raw = b"<%d>" % start, raw[start : start + int(match[2])]
        text += b" BODY[]%s {%d}\r\n%s" % (origin, len(raw), raw)
    return text + b")"


def _in_set(uid: int, text: str, last: int) -> bool:
    for part in text.split(","):
        ends = [last if end == "*" else int(end) for end in part.split(":")]
        if min(ends) <= uid <= max(ends):
            return True
    return False


DEFAULTS: dict[str, Handler] = {
    "CAPABILITY": _capability,
    "AUTHENTICATE": _authenticate,
    "STARTTLS": _starttls,
    "SELECT": _select,
    "EXAMINE": _select,
    "NAMESPACE": _namespace,
    "LIST": _list,
    "UID SEARCH": _search,
    "UID FETCH": _fetch,
    "LOGOUT": _logout,
}
