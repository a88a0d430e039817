"""An SMTP server in this process that keeps what it gets and misbehaves on command.

`python -m tests.servers.sink --port P --directory D` runs the quick receiver of fast_sink instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import fast_sink
from tests.servers.sink_smtp import VERBS, Connection, Delay, Fault, Received, Step

__all__ = ["Delay", "Fault", "Received", "Sink", "Step", "ThreadedSink"]

HOST = "127.0.0.1"
WAIT = 15.0


class Sink:
    """The server; made by `run`. `script`, `messages` and `recipient_rules` may be used from any thread."""

    host = HOST

    def __init__(self, auth: dict[str, str] | None = None) -> None:
        self.port = 0
        self.users = auth
        self.messages: list[Received] = []
        self.log: list[str] = []  # every command with its argument
        self.recipient_rules: dict[str, str] = {}  # address in lower case: refusing reply
        self.logins: list[str] = []
        self.connections: set[Connection] = set()
        self._steps: dict[str, deque[Step]] = defaultdict(deque)
        self._arrived = threading.Condition()

    @classmethod
    @contextlib.asynccontextmanager
    async def run(
        cls,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        auth: dict[str, str] | None = None,
        port: int = 0,
    ) -> AsyncIterator[Sink]:
        """Listens on loopback. `tls` offers STARTTLS, with `implicit` TLS from the start; `auth` demands a login."""
        sink = cls(auth)
        starttls = None if implicit else tls
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(sink, starttls, auth_over_plain=auth is not None and starttls is None),
            HOST,
            port,
            ssl=tls if implicit else None,
        )
        sink.port = server.sockets[0].getsockname()[1]
        try:
            yield sink
        finally:
            server.close()
            await sink._disconnect()
            await server.wait_closed()

    async def _disconnect(self) -> None:
        """Ends what still hangs, and waits for it, so that no socket outlives the test."""
        open_now = list(self.connections)
        handlers = [one._handler_coroutine for one in open_now]
        for one in open_now:
            if one.transport is not None:
                one.transport.abort()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        await asyncio.sleep(0)  # the aborted transports close their sockets in the next turn of the loop

    def script(self, **steps: Step | list[Step]) -> Sink:
        """Adds steps for CONNECT, EHLO, MAIL, RCPT, DATA, DOT, RSET, QUIT, NOOP, STARTTLS or AUTH.

        One step for each time the command comes: script(DOT=["451 4.3.0 busy", None, Fault.DROP_AFTER]).
        """
        for verb, given in steps.items():
            if verb not in (*VERBS, "CONNECT", "DOT"):
                raise ValueError(f"no such command: {verb}")
            self._steps[verb].extend(given if isinstance(given, list) else [given])
        return self

    def next_step(self, verb: str) -> Step:
        """Takes the next step of a command off the script."""
        steps = self._steps[verb]
        return steps.popleft() if steps else None

    def keep(self, received: Received) -> str:
        """Takes a message; the answer to it."""
        with self._arrived:
            self.messages.append(received)
            self._arrived.notify_all()
        return f"250 2.0.0 queued as {len(self.messages)}"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        """aiosmtpd's question whether a login is good."""
        name = login.login.decode()
        good = self.users is not None and self.users.get(name) == login.password.decode()
        if good:
            self.logins.append(name)
        return AuthResult(success=good, handled=False, auth_data=login)

    def await_messages(self, count: int, seconds: float = WAIT) -> list[Received]:
        """Blocks until `count` messages are there; for another thread than the sink's own."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.messages) >= count, seconds):
                raise TimeoutError(f"{len(self.messages)} of {count} messages after {seconds:g} s; {self.log[-10:]}")
            return self.messages[:count]


class ThreadedSink:
    """`with ThreadedSink(...) as sink`: a Sink with a thread and a loop of its own, for programs in other processes.

    Takes the options of Sink.run.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._started: Future[tuple[Sink, asyncio.AbstractEventLoop]] = Future()
        self._done = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="sink")

    def __enter__(self) -> Sink:
        self._thread.start()
        return self._started.result(WAIT)[0]

    def __exit__(self, *_: object) -> None:
        self._started.result()[1].call_soon_threadsafe(self._done.set)
        self._thread.join(WAIT)

    async def _serve(self) -> None:
        try:
            async with Sink.run(**self._options) as sink:
                self._started.set_result((sink, asyncio.get_running_loop()))
                await self._done.wait()
        except Exception as error:
            if self._started.done():
                raise
            self._started.set_exception(error)


if __name__ == "__main__":
    fast_sink.main()
