"""Fetching in batches, and what to do about a message that breaks the connection (law 7)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

from mailgate.edges.mailbox import PIECE, Mailbox
from mailgate.errors import MailboxError, MailboxGone
from mailgate.jobs.reading import Arrived
from mailgate.model import CheckReport, Stub
from mailgate.office import Office

log = logging.getLogger("mailgate.fetching")

_BATCH_MAILS = 50
_BATCH_BYTES = 4 << 20

Batch = list[Arrived]


class Fetcher:
    """Fetches messages, and remembers over the connections of one check which of them are suspicious."""

    def __init__(self, office: Office, report: CheckReport) -> None:
        self._office = office
        self._report = report
        self._careful: set[int] = set()  # their fetch broke the connection, or brought nothing: taken alone, in pieces
        self.given_up: set[int] = set()
        self.missing: dict[int, Stub] = {}  # listed by the server, then not given: gone, if it is not listed again

    async def batches(self, mailbox: Mailbox, stubs: list[Stub]) -> AsyncIterator[Batch]:
        """The messages in batches, oldest first. Raises MailboxGone, or ArchiveError where the disk is full."""
        for group in self._groups(stubs):
            if self._office.stopping.is_set():
                return
            self._office.archive.room_for(2 * sum(s.size for s in group))
            try:
                batch = await self._fetch(mailbox, group)
                for arrived in batch:
                    self.missing.pop(arrived.stub.uid, None)
                yield batch
            except MailboxGone:
                self._suspect(group)
                raise
            except MailboxError as e:  # the server says no to one of these, and goes on
                log.warning("a fetch was refused: %s", e)
                self._suspect(group)

    def undescribed(self, stub: Stub) -> None:
        """The server lists a message and does not describe it: once is forgiven, it may be gone."""
        if stub.uid in self.missing:
            self._give_up(stub, "the server lists it but does not describe it")
        self.missing[stub.uid] = stub

    def progress(self) -> int:
        """Grows with everything that was learnt, so that a check can tell whether trying again makes sense."""
        return len(self._careful) + len(self.given_up)

    def _groups(self, stubs: list[Stub]) -> Iterator[list[Stub]]:
        """Groups small enough for memory; large and suspicious messages alone."""
        group: list[Stub] = []
        for stub in stubs:
            full = len(group) >= _BATCH_MAILS or sum(s.size for s in group) + stub.size > _BATCH_BYTES
            if group and (full or self._alone(stub)):
                yield group
                group = []
            if self._alone(stub):
                yield [stub]
            else:
                group.append(stub)
        if group:
            yield group

    def _alone(self, stub: Stub) -> bool:
        return stub.size > PIECE or stub.uid in self._careful

    async def _fetch(self, mailbox: Mailbox, group: list[Stub]) -> Batch:
        if len(group) == 1 and self._alone(group[0]):
            return await self._fetch_one(mailbox, group[0])
        raws = await mailbox.fetch([s.uid for s in group])
        for stub in group:
            if stub.uid not in raws:
                self._careful.add(stub.uid)
                self.missing[stub.uid] = stub
        return [Arrived(stub, raws[stub.uid]) for stub in group if stub.uid in raws]

    async def _fetch_one(self, mailbox: Mailbox, stub: Stub) -> Batch:
        """In pieces to disk, so that memory does not grow with the message."""
        incoming = self._office.archive.begin()
        try:
            there = await mailbox.fetch_pieces(stub.uid, incoming.write)
        except BaseException:
            incoming.abandon()
            raise
        if there:
            return [Arrived(stub, None, incoming)]
        incoming.abandon()
        if stub.uid in self._careful:
            self._give_up(stub, "the server lists it but does not give it")
        self._careful.add(stub.uid)
        self.missing[stub.uid] = stub
        return []

    def _suspect(self, group: list[Stub]) -> None:
        """The fetch of this group failed: its members are tried alone, and one that fails again is left."""
        for stub in group:
            if stub.uid in self._careful:
                self._give_up(stub, "its fetch fails")
            self._careful.add(stub.uid)

    def _give_up(self, stub: Stub, why: str) -> None:
        self.given_up.add(stub.uid)
        self._report.seen += 1
        self._report.failed += 1
        self._report.problems.append(f"message UID {stub.uid} could not be fetched: {why}; it stays in the mailbox")
        log.error("message uid=%d size=%d could not be fetched: %s", stub.uid, stub.size, why)
