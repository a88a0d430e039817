"""Mailboxes to test on: settings for a server, a mailbox opened for a moment, letters that differ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from mailgate.config import Imap
from mailgate.edges.imap import ImapMailbox, ImapPost
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap

SECRET = "loy-krathong-sekrit-77"
IMPATIENT = 0.3


def letter(number: int, body: bytes = b"body\r\n") -> bytes:
    """A letter that is unlike every other one."""
    return b"From: a@example.org\r\nMessage-ID: <%d@example.org>\r\nSubject: letter %d\r\n\r\n%s" % (
        number,
        number,
        body,
    )


def settings(host: str, port: int, *, seconds: float = 10, **changed: Any) -> Imap:
    """The table [imap] for a server; clear text unless told otherwise."""
    made = Imap(**({"host": host, "port": port, "security": "none", "username": "office"} | changed))
    return made.model_copy(update={"timeout": timedelta(seconds=seconds)})


def fake_post(fake: FakeImap, *, seconds: float = IMPATIENT, secret: str = SECRET, **changed: Any) -> ImapPost:
    """A client of a server with faults, with little patience."""
    return ImapPost(settings("localhost" if "ca_file" in changed else fake.host, fake.port, seconds=seconds, **changed),
                    lambda: secret)  # fmt: skip


def real_post(dovecot: Dovecot, *, secret: str | None = None, **changed: Any) -> ImapPost:
    """A client of Dovecot, over verified TLS unless told otherwise."""
    base: dict[str, Any] = {"security": "tls", "ca_file": dovecot.ca_file, "username": dovecot.user}
    port = {"tls": dovecot.imaps_port}.get(changed.get("security", "tls"), dovecot.imap_port)
    made = settings("localhost", port, **(base | changed))
    return ImapPost(made, lambda: dovecot.password if secret is None else secret)


@asynccontextmanager
async def opened(post: ImapPost) -> AsyncIterator[ImapMailbox]:
    """An open mailbox of a post."""
    async with post.open() as mailbox:
        yield mailbox


@asynccontextmanager
async def served(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A server of a few lines; its port. Whatever still hangs is ended with it."""
    tasks: set[asyncio.Future[None]] = set()
    ends: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        tasks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            end.transport.abort()
        await asyncio.sleep(0)
        await server.wait_closed()
