"""One IMAP connection on aioimaplib, with its traps closed. Leans on private methods: hence the exact version pin.

What is different from aioimaplib 2.0.3, each seen failing there:
 * responses are read in a loop (it recurses per line and dies at about 975 lines in one burst);
 * one command at a time, which gets every untagged line as the server wrote it (it drops some and strips "* " inside);
 * a lost connection, BYE or silence ends the waiting command at once, and the connection with it (it hangs);
 * STARTTLS, AUTHENTICATE PLAIN and a refused XOAUTH2 work; nothing is ever logged (it logs secrets at DEBUG);
 * a literal may not be larger than ``MAX_LITERAL``.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Awaitable
from typing import Any, TypeVar

from aioimaplib import aioimaplib

from mailgate.edges.points import point
from mailgate.errors import MailboxError, MailboxGone

MAX_LITERAL = 16 << 20
MAX_LINE = 16 << 20  # a SEARCH answer has one line, however many messages wait
MAX_GREETING = 8192
Lines = list[bytes | bytearray]
aioimaplib.log.disabled = True  # it writes down what passes over the line, passwords and mails too
_T = TypeVar("_T")
_LITERAL = re.compile(rb"\{([0-9]{1,20})\}\Z")


class Refused(MailboxError):  # noqa: N818 - it is an answer, and named as one
    """The server answered NO or BAD."""


class _Protocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]
    """The byte side: cuts the stream into lines and literals for the one pending command."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        for future in (self.greeted, self.lost):
            future.add_done_callback(lambda f: f.cancelled() or f.exception())  # seen, even if nobody waits
        self.sasl: list[bytes] = []
        self.pending_sync_command: Any = None
        self.literal_data: bytes | None = None
        self.current_command: Any = None
        self._in_literal = False
        self._bye = ""

    # -- incoming ------------------------------------------------------------------------------------------------------
    def data_received(self, d: bytes) -> None:
        if self.lost.done():
            return
        try:
            self._feed(self.incomplete_line + d)
        except (ValueError, aioimaplib.AioImapException) as e:
            self.fail(f"the server does not speak IMAP: {e}" if isinstance(e, ValueError) else "unexpected answer")
            self.transport.abort()

    def _feed(self, data: bytes) -> None:
        position, self.incomplete_line = 0, b""
        while position < len(data) and not self.lost.done():
            if self._in_literal:
                position = self._take_literal(data, position)
                continue
            end = data.find(b"\r\n", position)
            if end < 0:
                self.incomplete_line = data[position:]
                break
            self._take_line(data[position:end])
            position = end + 2
        if len(self.incomplete_line) > (MAX_LINE if self.greeted.done() else MAX_GREETING):
            raise ValueError("a line without an end")

    def _take_literal(self, data: bytes, position: int) -> int:
        command = self.current_command
        missing = command._expected_size - len(command._resp_literal_data)
        command.append_literal_data(data[position : position + missing])
        self._in_literal = command.wait_literal_data()
        return int(min(len(data), position + missing))

    def _take_line(self, line: bytes) -> None:
        tail, self.current_command = self.current_command, None
        if self.state == aioimaplib.CONNECTED:
            self._greet(line)
        elif tail is not None:
            tail.append_to_resp(line)  # what follows a literal belongs to the same response, whatever it looks like
        else:
            self._handle_line(line, None)
        announced = _LITERAL.search(line)
        if announced and (tail is not None or line.startswith(b"* ")):
            self._begin_literal(int(announced[1]))

    def _begin_literal(self, size: int) -> None:
        if size > MAX_LITERAL:
            raise ValueError(f"a literal of {size} bytes")
        self.current_command = self.pending_sync_command or aioimaplib.Command("NIL", "none", loop=self.loop)
        self.current_command.begin_literal_data(size)
        self._in_literal = self.current_command.wait_literal_data()

    def _greet(self, line: bytes) -> None:
        if not line.startswith(b"* OK"):
            self.fail(f"the server greets with {_readable(line)}")
        elif not self.greeted.done():
            self.state = aioimaplib.NONAUTH
            self.greeted.set_result(None)

    def _untagged_response(self, line: bytes) -> Any:
        if line[:6].upper() == b"* BYE ":
            self._bye = _readable(line[6:])
            if self.pending_sync_command is None or self.pending_sync_command.name != "LOGOUT":
                self.connection_lost(None)  # said before it hangs up; some servers never do
                self.transport.abort()
        if self.pending_sync_command is not None:
            self.pending_sync_command.append_to_resp(line[2:])
        return self.pending_sync_command

    def _continuation(self, line: bytes) -> None:
        pending = self.pending_sync_command
        if pending is not None and pending.name == "AUTHENTICATE":
            # Without a prepared answer an empty one ends a refused XOAUTH2, so that the server says NO.
            self.transport.write((self.sasl.pop(0) if self.sasl else b"") + b"\r\n")
        elif pending is not None and pending.name == "APPEND" and self.literal_data is not None:
            self.transport.write(self.literal_data + b"\r\n")
            self.literal_data = None

    # -- outgoing ------------------------------------------------------------------------------------------------------
    def send(self, line: str, scrub: str | None = None) -> None:
        self.transport.write(f"{line}\r\n".encode())

    async def execute(self, command: Any, scrub: str | None = None) -> Any:
        if self.lost.done():
            await self.lost
        if self.pending_sync_command is not None:
            raise RuntimeError("one IMAP command at a time")
        self.pending_sync_command = command
        self.send(str(command))
        await command.wait()
        return command.response

    # -- the end -------------------------------------------------------------------------------------------------------
    def fail(self, why: str) -> None:
        """End the connection for whoever waits on it."""
        self.state = aioimaplib.LOGOUT
        for future in (self.greeted, self.lost):
            if not future.done():
                future.set_exception(MailboxGone(why))
        command, self.pending_sync_command = self.pending_sync_command, None
        if command is not None and not command._event.is_set():
            command._exception = MailboxGone(why)
            command.close(b"", "KO")

    def connection_lost(self, exc: Exception | None) -> None:
        said = f"the server said goodbye: {self._bye}" if self._bye else "the connection was lost"
        self.fail(said if exc is None else f"{said} ({type(exc).__name__})")

    def eof_received(self) -> None:
        return None


class Wire:
    """Commands on one connection, each under a deadline. After a time-out or cancellation the connection is gone."""

    def __init__(self, protocol: _Protocol, host: str, timeout: float) -> None:
        self._protocol = protocol
        self._host = host
        self._timeout = timeout
        self.capabilities: frozenset[str] = frozenset()

    @classmethod
    async def connect(cls, host: str, port: int, tls: ssl.SSLContext | None, timeout: float) -> Wire:
        """Open the connection (TLS from the first byte if ``tls``) and read the greeting."""
        loop = asyncio.get_running_loop()
        protocol = _Protocol(loop)
        wire = cls(protocol, host, timeout)
        try:
            async with asyncio.timeout(timeout):
                await loop.create_connection(lambda: protocol, host, port, ssl=tls)
                await protocol.greeted
            await wire.ask_capabilities()
        except BaseException:
            wire.abort()
            raise
        return wire

    async def command(self, name: str, *args: str, uid: bool = False, timeout: float | None = None) -> Lines:
        """Send a command; its untagged lines (without "* ") and literals, then the text of the tagged OK.

        Raises Refused on NO or BAD, MailboxGone when the connection is lost or the deadline passes.
        """
        point(f"imap.{name.lower()}.before")
        prefix = "UID" if uid else None
        made = aioimaplib.Command(name, self._protocol.new_tag(), *args, prefix=prefix, loop=self._protocol.loop)
        response = await self._within(self._protocol.execute(made), timeout or self._timeout, name)
        point(f"imap.{name.lower()}.after")
        if response.result != "OK":
            raise Refused(f"the server refuses {name}: {_readable(bytes(response.lines[-1]))}")
        return list(response.lines)

    async def append(self, mailbox: str, flags: str, message: bytes) -> Lines:
        """APPEND a message to a mailbox."""
        self._protocol.literal_data = message
        return await self.command("APPEND", mailbox, flags, f"{{{len(message)}}}")

    async def authenticate(self, mechanism: str, answer: str) -> None:
        """AUTHENTICATE with one client answer, as initial response where the server takes it (RFC 4959)."""
        secret = base64.b64encode(answer.encode()).decode("ascii")
        if "SASL-IR" in self.capabilities:
            await self.command("AUTHENTICATE", mechanism, secret)
        else:
            self._protocol.sasl = [secret.encode("ascii")]
            await self.command("AUTHENTICATE", mechanism)

    async def starttls(self, context: ssl.SSLContext) -> None:
        """Go over to TLS, or raise: there is no falling back to clear text."""
        if "STARTTLS" not in self.capabilities:
            raise MailboxError("the server does not offer STARTTLS", "Set [imap] security to what it offers")
        await self.command("STARTTLS")
        if self._protocol.incomplete_line or self._protocol._in_literal:
            self.abort()  # bytes sent before the handshake are an injection (USENIX Security 2021, "NO STARTTLS")
            raise MailboxGone("the server sent clear text after STARTTLS")
        upgrade = self._protocol.loop.start_tls(
            self._protocol.transport, self._protocol, context, server_hostname=self._host
        )
        self._protocol.transport = await self._within(upgrade, self._timeout, "STARTTLS")
        await self.ask_capabilities()

    async def ask_capabilities(self) -> None:
        """What the server can do now; it may differ before and after logging in."""
        lines = await self.command("CAPABILITY")
        words = next((bytes(line).split()[1:] for line in lines if line[:11].upper() == b"CAPABILITY "), [])
        self.capabilities = frozenset(w.decode("ascii", "replace").upper() for w in words)

    def abort(self) -> None:
        """Drop the connection without a word."""
        self._protocol.fail("the connection was given up")
        if self._protocol.transport is not None:
            self._protocol.transport.abort()

    async def _within(self, work: Awaitable[_T], timeout: float, name: str) -> _T:
        try:
            async with asyncio.timeout(timeout):
                return await work
        except TimeoutError:
            self.abort()
            raise MailboxGone(f"the server did not answer {name} within {timeout:.0f} s") from None
        except asyncio.CancelledError:
            self.abort()
            raise


def _readable(line: bytes) -> str:
    return "".join(c for c in line[:300].decode("utf-8", "replace") if c.isprintable())
