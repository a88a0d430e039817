"""Mailboxes to test on: settings for a server, a mailbox opened for a moment, letters that differ."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
