"""A minimal SMTP receiver for benchmarks: no faults, no TLS, several thousand messages in a second.

As a process of its own: `python -m tests.servers.fast_sink --port 10025 --record mail.jsonl`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import re
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

HOST = "127.0.0.1"
EHLO = b"250-sink.test\r\n250-PIPELINING\r\n250-SIZE 40000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n"
LONGEST_LINE = 65536
MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One accepted message."""

    mail_from: str
    rcpt_tos: list[str]
    content: bytes

    @property
    def message_id(self) -> str:
        """As it stands in the header."""
        match = MESSAGE_ID.search(self.content.partition(b"\r\n\r\n")[0])
        return match[1].decode("ascii", "replace").strip() if match else ""


class Receiver(asyncio.Protocol):
    """One connection: commands line by line, data up to the final dot, in whatever pieces they come."""

    def __init__(self, keep: Callable[[Mail], object], open_transports: set[asyncio.Transport]) -> None:
        self._keep = keep
        self._open = open_transports
        self._buffer = bytearray()
        self._searched = 0  # so that a large message is not searched again with every packet
        self._data = False
        self._reset()

    def _reset(self) -> None:
        self._mail_from: str | None = None
        self._rcpt_tos: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(transport)
        transport.write(b"220 sink.test ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._transport.is_closing() and (self._message() if self._data else self._line()):
            pass

    def _line(self) -> bool:
        """Answers one command, if a whole one is there."""
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LONGEST_LINE:
                self._transport.abort()
            return False
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        verb = line[:4].upper()
        self._transport.write(self._answer(verb, line))
        if verb == b"QUIT":
            self._transport.close()
        return True

    def _answer(self, verb: bytes, line: bytes) -> bytes:
        if verb == b"MAIL":
            self._mail_from = _address(line)
            return b"250 2.1.0 OK\r\n"
        if verb == b"RCPT":
            if self._mail_from is None:
                return b"503 5.5.1 MAIL first\r\n"
            self._rcpt_tos.append(_address(line))
            return b"250 2.1.5 OK\r\n"
        if verb == b"DATA":
            if not self._rcpt_tos:
                return b"503 5.5.1 RCPT first\r\n"
            # An empty message is a dot at once: let the search see a line end before it.
            self._data, self._searched = True, 0
            self._buffer[:0] = b"\r\n"
            return b"354 go on\r\n"
        if verb in (b"EHLO", b"HELO", b"RSET"):
            self._reset()
        answers = {b"EHLO": EHLO, b"QUIT": b"221 2.0.0 bye\r\n"}
        known = verb in (b"HELO", b"RSET", b"NOOP")
        return answers.get(verb, b"250 2.0.0 OK\r\n" if known else b"502 5.5.2 not here\r\n")

    def _message(self) -> bool:
        """Takes one message, if its final dot is there."""
        end = self._buffer.find(b"\r\n.\r\n", self._searched)
        if end < 0:
            self._searched = max(0, len(self._buffer) - 4)
            return False
        # The line end before the dot belongs to the message, the one we put in front does not.
        content = bytes(self._buffer[: end + 2]).replace(b"\r\n..", b"\r\n.")[2:]
        del self._buffer[: end + 5]
        self._data = False
        self._keep(Mail(self._mail_from or "", self._rcpt_tos, content))
        self._reset()
        self._transport.write(b"250 2.0.0 queued\r\n")
        return True


def _address(line: bytes) -> str:
    start, end = line.find(b"<"), line.find(b">")
    return line[start + 1 : end].decode("utf-8", "replace")


class FastSink:
    """Counts messages; keeps them, notes them as JSON lines, or writes each into a file, as wanted."""

    host = HOST

    def __init__(self, *, record: TextIO | None = None, directory: Path | None = None, keep: bool = False) -> None:
        self.port = 0
        self.count = 0
        self.messages: list[Mail] = []
        self._record = record
        self._directory = directory
        self._memory = keep
        self._transports: set[asyncio.Transport] = set()

    def _keep(self, mail: Mail) -> None:
        self.count += 1
        if self._memory:
            self.messages.append(mail)
        if self._directory:
            (self._directory / f"{self.count:06d}.eml").write_bytes(mail.content)
        if self._record:
            digest = hashlib.sha256(mail.content).hexdigest()
            line = {"from": mail.mail_from, "to": mail.rcpt_tos, "message_id": mail.message_id, "sha256": digest}
            self._record.write(json.dumps(line) + "\n")
            self._record.flush()  # whoever measures may read or stop us at any moment

    @contextlib.asynccontextmanager
    async def listen(self, port: int = 0) -> AsyncIterator[FastSink]:
        """Listens on loopback within the block; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Receiver(self._keep, self._transports), HOST, port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for transport in list(self._transports):
                transport.abort()
            await server.wait_closed()


async def _serve(port: int, record: TextIO | None, directory: Path | None) -> None:
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    async with FastSink(record=record, directory=directory).listen(port) as sink:
        print(f"READY {sink.port}", flush=True)
        await done.wait()
        print(f"RECEIVED {sink.count}", flush=True)


def main() -> None:
    """Runs until SIGTERM; says READY with the port, and at the end how many messages came."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--directory", type=Path, help="write each message into a file here")
    parser.add_argument("--record", type=Path, help="note sender, recipients, Message-ID and sha256 as JSON lines")
    options = parser.parse_args()
    if options.directory:
        options.directory.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        record = stack.enter_context(options.record.open("a")) if options.record else None
        asyncio.run(_serve(options.port, record, options.directory))


if __name__ == "__main__":
    main()
