"""The mailbox as mailgate sees it, and its paper twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailgate.errors import MailboxGone
from mailgate.model import Stub

PIECE = 1 << 20


class Mailbox(Protocol):
    """An open mailbox. Every call may raise MailboxGone: then open it anew and ask again."""

    uidvalidity: int

    async def waiting(self, from_uid: int = 1) -> list[int]:
        """UIDs that are in the mailbox now, from ``from_uid`` on, ascending."""

    async def stubs(self, uids: list[int]) -> list[Stub]:
        """Size and arrival of those that are still there, ascending by UID."""

    async def fetch(self, uids: list[int]) -> dict[int, bytes]:
        """Raw bytes of small messages by UID; one that is gone is missing from the answer."""

    async def fetch_pieces(self, uid: int, write: Callable[[bytes], object]) -> bool:
        """Raw bytes of a message in pieces of at most 1 MiB, in order; False if it is gone."""

    async def done(self, uids: list[int], folder: str) -> None:
        """File these away (move or flag). Doing it again is harmless."""

    async def newest(self, folder: str) -> bytes | None:
        """The last message of another folder, or None if there is no such folder or message."""

    async def leave(self, folder: str, raw: bytes) -> None:
        """Put a message of ours into another folder, which is made if missing."""


class Post(Protocol):
    """Opens the mailbox."""

    def open(self) -> AbstractAsyncContextManager[Mailbox]: ...


@dataclass(slots=True)
class _Paper:
    uid: int
    raw: bytes
    arrived: datetime


@dataclass(slots=True)
class PaperMailbox:
    """A mailbox in memory, for tests. ``lose_after`` drops the connection after so many calls."""

    uidvalidity: int = 1
    inbox: list[_Paper] = field(default_factory=list)
    folders: dict[str, list[bytes]] = field(default_factory=dict)
    lose_after: int | None = None
    _next_uid: int = 1

    def deliver(self, raw: bytes, arrived: datetime) -> int:
        """Put a message into the inbox; returns its UID."""
        self.inbox.append(_Paper(self._next_uid, raw, arrived))
        self._next_uid += 1
        return self._next_uid - 1

    def renumber(self) -> None:
        """A new UIDVALIDITY: every message gets a new UID."""
        self.uidvalidity += 1
        self._next_uid = 1
        for message in self.inbox:
            message.uid, self._next_uid = self._next_uid, self._next_uid + 1

    def open(self) -> PaperMailbox:
        return self

    async def __aenter__(self) -> PaperMailbox:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def waiting(self, from_uid: int = 1) -> list[int]:
        self._answer()
        return [m.uid for m in self.inbox if m.uid >= from_uid]

    async def stubs(self, uids: list[int]) -> list[Stub]:
        self._answer()
        return [Stub(self.uidvalidity, m.uid, len(m.raw), m.arrived) for m in self._these(uids)]

    async def fetch(self, uids: list[int]) -> dict[int, bytes]:
        self._answer()
        return {m.uid: m.raw for m in self._these(uids)}

    async def fetch_pieces(self, uid: int, write: Callable[[bytes], object]) -> bool:
        self._answer()
        for message in self._these([uid]):
            for start in range(0, len(message.raw), PIECE):
                write(message.raw[start : start + PIECE])
            return True
        return False

    async def done(self, uids: list[int], folder: str) -> None:
        self._answer()
        moved = list(self._these(uids))
        self.folders.setdefault(folder, []).extend(m.raw for m in moved)
        self.inbox = [m for m in self.inbox if m not in moved]

    async def newest(self, folder: str) -> bytes | None:
        self._answer()
        return next(iter(self.folders.get(folder, [])[-1:]), None)

    async def leave(self, folder: str, raw: bytes) -> None:
        self._answer()
        self.folders.setdefault(folder, []).append(raw)

    def _these(self, uids: Iterable[int]) -> Iterable[_Paper]:
        wanted = set(uids)
        return (m for m in self.inbox if m.uid in wanted)

    def _answer(self) -> None:
        if self.lose_after is not None:
            self.lose_after -= 1
            if self.lose_after < 0:
                self.lose_after = None
                raise MailboxGone("the paper connection was lost")
