"""Ready-made misbehaviour for FakeImap: handlers to put in the place of any command."""

from __future__ import annotations

import asyncio
import base64
import json

from tests.servers.fake_imap import INJECTED, Exchange, Handler, HangUp, answer

BURST = 50_000
HUGE = 1 << 40


async def hang_up(exchange: Exchange) -> None:
    """Closes the connection instead of an answer."""
    raise HangUp


async def drop_mid_literal(exchange: Exchange) -> None:
    """Promises 100,000 bytes, sends 5,000 and closes."""
    await exchange.send(b"* 1 FETCH (UID 1 BODY[] {100000}\r\n", b"x" * 5000)
    raise HangUp


async def bye_mid_fetch(exchange: Exchange) -> None:
    """One whole message, then BYE where the rest should be, and closes."""
    await exchange.send(b"* ", answer(1, 1, exchange.server.messages[1], "BODY[]"), b"\r\n* BYE shutting down\r\n")
    raise HangUp


async def bye(exchange: Exchange) -> None:
    """BYE instead of an answer, and closes."""
    await exchange.send(b"* BYE shutting down\r\n")
    raise HangUp


async def stall(exchange: Exchange) -> None:
    """Never answers and keeps the connection open."""
    await asyncio.Event().wait()


async def stall_mid_literal(exchange: Exchange) -> None:
    """Falls silent in the middle of a message."""
    await exchange.send(b"* 1 FETCH (UID 1 BODY[] {100000}\r\n", b"x" * 5000)
    await stall(exchange)


def trickle(interval: float = 0.02) -> Handler:
    """A literal that comes byte by byte and never ends: something always arrives, so only a deadline helps."""

    async def handler(exchange: Exchange) -> None:
        await exchange.send(b"* 1 FETCH (UID 1 BODY[] {1000000}\r\n")
        while True:
            await exchange.send(b"x")
            await asyncio.sleep(interval)

    return handler


async def huge_literal(exchange: Exchange) -> None:
    """Announces a literal of a terabyte and begins to send it."""
    await exchange.send(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % HUGE, b"x" * 5000)
    await stall(exchange)


def burst(lines: int = BURST) -> Handler:
    """Very many response lines in one piece."""

    async def handler(exchange: Exchange) -> None:
        await exchange.ok(*(b"%d FETCH (UID %d FLAGS (\\Seen))" % (n, n) for n in range(1, lines + 1)))

    return handler


async def wrong_uid(exchange: Exchange) -> None:
    """A whole message, but under a UID nobody asked for."""
    await exchange.ok(answer(1, 4711, exchange.server.messages[1], exchange.arguments))


async def refuse_xoauth2(exchange: Exchange) -> None:
    """The two steps of a refused token: a challenge that wants an empty answer, and only then NO."""
    challenge = json.dumps({"status": "401", "schemes": "bearer", "scope": "mail"}).encode()
    await exchange.send(b"+ ", base64.b64encode(challenge), b"\r\n")
    exchange.server.lines.append(await exchange.line())
    await exchange.no(b"[AUTHENTICATIONFAILED] Invalid credentials")


async def inject_after_starttls(exchange: Exchange) -> None:
    """Clear text in the same packet as the OK to STARTTLS: a client that believes it takes orders from anybody."""
    await exchange.server.starttls(exchange, f"* CAPABILITY IMAP4rev1 {INJECTED}\r\n".encode())


def refuse(text: bytes = b"[CANNOT] not today") -> Handler:
    """Answers NO."""

    async def handler(exchange: Exchange) -> None:
        await exchange.no(text)

    return handler
