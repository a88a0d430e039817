"""A real IMAP server for the demo: pymap, embedded in the caller's event loop, on this machine only.

Mailboxes live in memory and are gone with the server; a new server has new UIDVALIDITYs. pymap's Maildir backend was
tried and is not used: it stores and gives back messages re-written by the standard library's parser (LF for CRLF, a
missing final boundary "mended"), so an evidence copy would not be the bytes that were delivered. In memory every byte
and INTERNALDATE, with its offset, stays as delivered, through MOVE too.

Limits of pymap: keywords are not kept, no NAMESPACE, and new mail shows in an open session only after NOOP or IDLE.
"""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from proxyprotocol.result import ProxyResultUnknown
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.exceptions import MailboxConflict, MailboxNotFound
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

_HOST = "127.0.0.1"
_CLOSING = 2.0  # seconds that open connections get to say goodbye
_log = logging.getLogger(__name__)


class DemoMailbox:
    """The running server: ``port``, and a way past IMAP to put mail into a mailbox and count it."""

    def __init__(self, users: Mapping[str, str]) -> None:
        config = _config()
        self.port = 0
        self._login = Login(config)
        self._login.users_dict.update({n: UserMetadata(config, n, password=p) for n, p in users.items()})
        self._imap = IMAPServer(self._login, config)
        # asyncio itself keeps no reference to a task: an idle connection without one may be collected and die.
        self._connections: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def run(cls, users: Mapping[str, str], *, port: int = 0) -> AsyncIterator[DemoMailbox]:
        """Serve these users (name: password) while the context lasts; port 0 takes a free one."""
        box = cls(users)
        server = await asyncio.start_server(box._connected, _HOST, port)
        box.port = server.sockets[0].getsockname()[1]
        try:
            yield box
        finally:
            server.close()
            await box._disconnect()

    async def deliver(self, user: str, raw: bytes, when: datetime, mailbox: str = "INBOX") -> None:
        """Put a message into a mailbox, made if missing, as a final MTA does: ``when`` becomes its INTERNALDATE."""
        async with Identity(user, self._login, None, frozenset()).new_session() as session:
            with suppress(MailboxConflict):
                await session.create_mailbox(mailbox)
            await session.append_messages(mailbox, [AppendMessage(raw, when, frozenset())])

    async def count(self, user: str, mailbox: str = "INBOX") -> int:
        """Messages in a mailbox; one that does not exist has none."""
        async with Identity(user, self._login, None, frozenset()).new_session() as session:
            try:
                snapshot, _ = await session.get_mailbox(mailbox)
            except MailboxNotFound:
                return 0
            return int(snapshot.exists)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a connection to the demo's IMAP server failed", exc_info=error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = SocketInfo.get(writer, ProxyResultUnknown(), unique_id=uuid4().bytes)
        try:
            await self._imap(reader, writer, peer)
        finally:
            writer.close()
            with suppress(OSError):  # a client that went away is no event
                await writer.wait_closed()

    async def _disconnect(self) -> None:
        # pymap answers a cancellation with BYE and ends the connection itself.
        for task in (open_ := list(self._connections)):
            task.cancel()
        if open_:
            await asyncio.wait(open_, timeout=_CLOSING)
        await asyncio.sleep(0)  # the half of an IDLE that watches for changes ends in the next round of the loop


class _QuietConfig(Config):  # type: ignore[misc]  # pymap is untyped to us
    """pymap would look up this machine's full name for every greeting, which may wait for DNS."""

    @property
    def greeting(self) -> bytes:
        return b"mailgate demo mailbox ready"


def _config() -> Any:
    """Passwords are compared as they are: hashing them would cost 0.15 s a log-in, to guard what the demo prints."""
    args = Namespace(
        host=_HOST,
        port=0,
        debug=False,
        cert=None,
        key=None,
        tls=False,
        proxy_protocol=None,
        passlib_cfg=None,
        demo_data=False,
        demo_user="",
        demo_password="",
    )
    plain = {"hash_context": Cleartext(), "cpu_subsystem": Subsystem.for_asyncio()}
    return _QuietConfig.from_args(args, reject_dnsbl=False, invalid_user_sleep=0, **plain)
