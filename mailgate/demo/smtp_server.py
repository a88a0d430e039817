"""A real SMTP receiver for the demo: aiosmtpd in the caller's event loop, on this machine only.

What arrives is written to a folder exactly as it came over the wire, one file a recipient, for people to open. With
``on_mail`` it is also the office's own receiving server: mail from a person's mail program goes into the mailbox.
DSN is not announced, so RET, ENVID, NOTIFY and ORCPT are answered with 555, as by many real servers.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

OnMail = Callable[[str, bytes], Awaitable[None]]

_HOST = "127.0.0.1"
_MAX = 40 << 20
_CLOSING = 2.0
_UNSAFE = re.compile(r"[^\w\u0E00-\u0E7F@.+-]")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """One mail for one recipient, as it came over the wire. ``sender`` is "" for the null path."""

    number: int
    sender: str
    recipient: str
    raw: bytes
    path: Path


class DemoPost:
    """The running receiver: ``port``, and everything received so far, in order."""

    def __init__(self, directory: Path, on_mail: OnMail | None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = 0
        self.received: list[Received] = []
        self._directory = directory
        self._on_mail = on_mail
        self._count = _last_number(directory)
        self._connections: list[Any] = []

    @classmethod
    @asynccontextmanager
    async def run(cls, directory: Path, on_mail: OnMail | None = None, *, port: int = 0) -> AsyncIterator[DemoPost]:
        """Receive while the context lasts; numbers of files go on after those already there. Port 0 takes a free one.

        ``on_mail(recipient, raw)`` is awaited for each recipient before the sender is told that the mail is accepted;
        its ``raw`` bears the Return-Path and Received of a final server.
        """
        post = cls(directory, on_mail)
        server = await asyncio.get_running_loop().create_server(post._protocol, _HOST, port)
        post.port = server.sockets[0].getsockname()[1]
        try:
            yield post
        finally:
            server.close()
            await post._disconnect()

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # named by aiosmtpd
        """Store the mail for every recipient, then hand it on."""
        sender = envelope.mail_from.removeprefix("<>")  # how aiosmtpd writes the null path
        for recipient in envelope.rcpt_tos:
            self._store(sender, recipient, envelope.content)
            if self._on_mail:
                top = _trace(sender, recipient, session.host_name, self._count)
                await self._on_mail(recipient, top + envelope.content)
        return f"250 2.0.0 OK: kept as {self._count:03}"

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is no fault of the mail: ask the sender to come again."""
        _log.error("the demo's SMTP receiver failed", exc_info=error)
        return "451 4.3.0 cannot take it now, try again later"

    def _store(self, sender: str, recipient: str, raw: bytes) -> None:
        self._count += 1
        path = self._directory / f"{self._count:03}-{_safe(recipient)}.eml"
        path.write_bytes(raw)
        self.received.append(Received(self._count, sender, recipient, raw, path))

    def _protocol(self) -> Any:
        # The name given spares aiosmtpd a look-up of this machine's full name, which may wait for DNS.
        names = {"hostname": "localhost", "ident": "mailgate demo"}
        loop = asyncio.get_running_loop()
        protocol = SMTP(self, data_size_limit=_MAX, enable_SMTPUTF8=True, loop=loop, **names)
        self._connections = [p for p in self._connections if p.transport is not None] + [protocol]
        return protocol

    async def _disconnect(self) -> None:
        ends = asyncio.get_running_loop().time() + _CLOSING
        while open_ := [p for p in self._connections if p.transport is not None]:
            late = asyncio.get_running_loop().time() > ends
            for protocol in open_:
                protocol.transport.abort() if late else protocol.transport.close()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)  # let the cancelled conversations end


def _trace(sender: str, recipient: str, client: str | None, number: int) -> bytes:
    """What a final MTA puts on top (RFC 5321, 4.4)."""
    date = format_datetime(datetime.now(UTC))
    lines = (
        f"Return-Path: <{sender}>",
        f"Received: from {client or 'unknown'} (localhost [127.0.0.1])",
        f"\tby localhost (mailgate demo) with ESMTP id demo{number:03}",
        f"\tfor <{recipient}>; {date}",
        "",
    )
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def _safe(recipient: str) -> str:
    """A file name out of an address that anybody may have written."""
    return _UNSAFE.sub("_", recipient)[:60] or "_"


def _last_number(directory: Path) -> int:
    return max((int(m[0]) for p in directory.glob("*.eml") if (m := re.match(r"\d+", p.name))), default=0)
