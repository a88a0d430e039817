"""The SMTP side of the scripted sink: aiosmtpd with a look into the script before each answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

VERBS = ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "QUIT", "NOOP", "STARTTLS", "AUTH")
EXTENSIONS = ("RET=", "ENVID=", "NOTIFY=", "ORCPT=")  # RFC 3461; aiosmtpd refuses them by itself


class Fault(Enum):
    """Instead of an answer. The two AFTER are for DOT (the end of the message) only."""

    DROP = "close the connection"
    RESET = "reset the connection"
    HANG = "never answer"
    DROP_AFTER = "keep the message, then close without an answer"
    HANG_AFTER = "keep the message, never answer"


@dataclass(frozen=True)
class Delay:
    """The normal answer, so many seconds late."""

    seconds: float


Step = str | Fault | Delay | None  # a reply such as "451 4.3.0 busy", a fault, a delay, or the normal answer


@dataclass(frozen=True)
class Received:
    """A message the sink took responsibility for. Options as sent, one list for each recipient."""

    mail_from: str
    rcpt_tos: list[str]
    mail_options: list[str]
    rcpt_options: list[list[str]]
    content: bytes


class Script(Protocol):
    """What a connection needs of the sink."""

    users: dict[str, str] | None
    log: list[str]
    recipient_rules: dict[str, str]
    connections: set[Connection]

    def next_step(self, verb: str) -> Step: ...

    def keep(self, received: Received) -> str: ...

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult: ...


class Connection(SMTP):  # type: ignore[misc,unused-ignore]
    """aiosmtpd's protocol with a look into the script before each command."""

    command_size_limit = 4096  # its 512 is too short for ENVID and ORCPT
    command_size_limits: ClassVar[dict[str, int]] = defaultdict(lambda: 4096)

    def __init__(self, sink: Script, tls: ssl.SSLContext | None, auth_over_plain: bool) -> None:
        self.sink = sink
        self.options: list[str] = []
        super().__init__(
            _Handler(sink),
            hostname="sink.test",
            loop=asyncio.get_running_loop(),
            enable_SMTPUTF8=True,
            data_size_limit=40_000_000,
            tls_context=tls,
            auth_require_tls=not auth_over_plain,
            authenticator=sink.authenticate,
        )
        # Not as an argument: together with a server that needs no STARTTLS that would be a warning.
        self._auth_required = sink.users is not None

    async def _handle_client(self) -> None:
        self.sink.connections.add(self)
        try:
            if not await self.answered("CONNECT"):
                await super()._handle_client()
        except ConnectionError:
            pass  # the client has gone, or the script ended the connection
        finally:
            self._writer.close()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.sink.connections.discard(self)

    async def answered(self, verb: str) -> bool:
        """Carries out the next step of the script for this command; true if that was the answer."""
        reply = await self.perform(self.sink.next_step(verb))
        if reply is None:
            return False
        await self.push(reply)
        if reply.startswith("421"):
            self.transport.close()
        return True

    async def perform(self, step: Step) -> str | None:
        """The scripted reply, or none for the normal one. A fault ends here, and with it the connection."""
        if isinstance(step, Delay):
            await asyncio.sleep(step.seconds)
            return None
        if not isinstance(step, Fault):
            return step
        if step in (Fault.HANG, Fault.HANG_AFTER):
            await asyncio.Event().wait()  # ends when the connection does
        elif step is Fault.RESET:
            linger = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        else:
            self.transport.close()
        raise ConnectionResetError(step.value)


def _scripted(verb: str) -> Callable[[Connection, str], Awaitable[None]]:
    base = getattr(SMTP, f"smtp_{verb}")

    async def command(self: Connection, arg: str) -> None:
        self.sink.log.append(f"{verb} {arg or ''}".rstrip())
        if await self.answered(verb):
            return
        self.options = []
        if arg and verb in ("MAIL", "RCPT"):
            self.options = arg[arg.rfind(">") + 1 :].split()
            arg = " ".join(word for word in arg.split(" ") if not word.upper().startswith(EXTENSIONS))
        await base(self, arg)

    for name in ("__smtp_syntax__", "__smtp_syntax_extended__", "__smtp_syntax_when__"):
        if hasattr(base, name):
            setattr(command, name, getattr(base, name))
    return command


for _verb in VERBS:
    setattr(Connection, f"smtp_{_verb}", _scripted(_verb))


class _Handler:
    """What aiosmtpd asks for each command it found correct."""

    def __init__(self, sink: Script) -> None:
        self._sink = sink

    async def handle_EHLO(  # noqa: N802
        self, server: Connection, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [line for line in responses if self._sink.users is not None or "AUTH " not in line]
        return [*kept[:-1], "250-DSN", kept[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(server.options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if rule := self._sink.recipient_rules.get(address.lower()):
            return rule
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(server.options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        received = Received(
            "" if envelope.mail_from == "<>" else envelope.mail_from,
            list(envelope.rcpt_tos),
            list(envelope.mail_options),
            list(envelope.rcpt_options),
            envelope.original_content,
        )
        step = self._sink.next_step("DOT")
        if step in (Fault.DROP_AFTER, Fault.HANG_AFTER):
            self._sink.keep(received)
        reply = await server.perform(step)
        if reply is None:
            return self._sink.keep(received)
        if reply.startswith("421"):
            asyncio.get_running_loop().call_soon(server.transport.close)  # after aiosmtpd has written the reply
        return reply
