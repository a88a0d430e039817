"""A form that was received becomes a submission: composed, encrypted where it must be, handed in at the desk.

fields, veiled files → message, in pieces → age → a file of ciphertext → the desk → a number
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from mailgate.config import Config, Service
from mailgate.core import passphrase, submission
from mailgate.edges import sealing
from mailgate.edges.passphrase import private_key
from mailgate.errors import MailgateError
from mailgate.model_website import Handed, Written
from mailgate.web.cleaning import Cleaner
from mailgate.web.counter import Counter
from mailgate.web.tokens import Tokens, Visit, hashed
from mailgate.web.upload import Received

_AT_ONCE = 2  # submissions that are encrypted at the same time: memory, and a core for everything else


@dataclass(frozen=True, slots=True)
class Given:
    """What a visitor gets: number, times (with offset), the passphrase; names of files that could not be cleaned."""

    number: int
    year: int
    arrived: datetime
    received: datetime
    passphrase: str
    uncleaned: Sequence[str] = ()


class Hands:
    """Hands in what was received. ``counter``: the desk."""

    def __init__(self, config: Config, counter: Counter, tokens: Tokens, cleaner: Cleaner) -> None:
        self._config = config
        self._counter = counter
        self._tokens = tokens
        self._cleaner = cleaner
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def done(self, number: str) -> Given | None:
        """What a form has become already. Raises MailgateError."""
        answer, _ = await self._counter.ask({"do": "done", "form": hashed(number)})
        return self._given(answer, number) if answer else None

    async def hand_in(self, service: Service, number: str, said: Written, received: Received, clean: bool) -> Given:
        """A new case. Raises MailgateError; nothing is registered then, and the form may be sent again."""
        done = await self.done(number)
        if done is not None:
            return done
        async with self._turn:
            uncleaned = await self._cleaner.clean(received) if clean else []
            digits, salt = passphrase.typed(self._tokens.passphrase(number)), self._tokens.salt(number)
            private = await asyncio.to_thread(private_key, digits, salt)
            handed = self._handed(service, number, said, received, salt, sealing.public_of(private))
            text = submission.body(said, service.title)
            answer = await self._send("submit", service, handed, text, received, {})
        return self._given(answer, number, uncleaned)

    async def add(
        self, service: Service, number: str, visit: Visit, recipient: str, text: str, received: Received, clean: bool
    ) -> list[str]:
        """More for a case. Returns the names of files that could not be cleaned. Raises MailgateError."""
        async with self._turn:
            uncleaned = await self._cleaner.clean(received) if clean else []
            handed = Handed(hashed(number), service.key, service.confidential, "", "", files=len(received.files))
            who = {"number": visit.receipt.number, "year": visit.receipt.year, "recipient": recipient}
            await self._send("add", service, handed, text, received, who)
        return uncleaned

    async def _send(
        self, do: str, service: Service, handed: Handed, text: str, received: Received, who: dict[str, Any]
    ) -> dict[str, Any]:
        recipients = self._recipients(service)
        with tempfile.TemporaryFile() as file:
            await asyncio.to_thread(self._compose, file, recipients, handed, text, received)
            size = file.seek(0, io.SEEK_END)
            asked = {"do": do, "handed": _plain(handed)} | who
            answer, _ = await self._counter.ask(asked, file, size)
        return answer

    def _compose(
        self, target: BinaryIO, recipients: Sequence[str], handed: Handed, text: str, received: Received
    ) -> None:
        """Write the message; of a confidential service nothing but ciphertext ever gets to the disk."""
        config = self._config
        files = [shown for shown, _ in received.files]
        domain = config.office.address.rpartition("@")[2]
        now = datetime.now(config.zone)
        head, boundary = submission.head(domain, handed.subject, handed.email, text, handed.form, now, files)
        contents = ((shown, veil.pieces()) for shown, veil in received.files)
        pieces = submission.pieces(head, boundary, contents)
        if recipients:
            sealing.seal(io.BufferedReader(_Stream(pieces)), target, recipients)
        else:
            target.writelines(pieces)

    def _recipients(self, service: Service) -> list[str]:
        """The officers' keys; none where the service is not confidential. Raises MailgateError if there are none."""
        if not service.confidential:
            return []
        keys = [p.key for p in self._config.officers_of(service) if p.key]
        if not keys:
            raise MailgateError(f"no officer of {service.key} has a key", "See: mailgate officer key --help")
        return keys

    def _handed(
        self, service: Service, number: str, said: Written, received: Received, salt: bytes, recipient: str
    ) -> Handed:
        form, files = hashed(number), len(received.files)
        if service.confidential:
            return Handed(form, service.key, True, salt.hex(), recipient)
        subject = said.subject or service.title
        email, postal = said.email if said.wanted == "email" else "", said.postal if said.wanted == "paper" else ""
        return Handed(
            form, service.key, False, salt.hex(), recipient, said.name, email, subject, said.wanted, postal, files
        )

    def _given(self, answer: dict[str, Any], number: str, uncleaned: Sequence[str] = ()) -> Given:
        arrived, received = (datetime.fromisoformat(answer[name]) for name in ("arrived", "received"))
        return Given(answer["number"], answer["year"], arrived, received, self._tokens.passphrase(number), uncleaned)


class _Stream(io.RawIOBase):
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        length = min(len(buffer), len(self._left))
        buffer[:length], self._left = self._left[:length], self._left[length:]
        return length


def _plain(handed: Handed) -> dict[str, Any]:
    return {name: getattr(handed, name) for name in Handed.__slots__}
