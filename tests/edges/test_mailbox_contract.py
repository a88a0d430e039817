"""One contract for every mailbox: the paper twin and a real Dovecot must do the same."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol

import pytest

from mailgate.edges.mailbox import PIECE, Mailbox, PaperMailbox
from mailgate.errors import MailboxError
from tests.edges.posts import letter, real_post
from tests.servers.dovecot import Dovecot

ARRIVED = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
FOLDER = "Registered/2569"


class Office(Protocol):
    """A mailbox server and what others do to it."""

    def open(self) -> AbstractAsyncContextManager[Mailbox]: ...
    def deliver(self, raws: Iterable[bytes]) -> None: ...
    def remove(self, uid: int) -> None: ...
    def renumber(self) -> None: ...
    def folder(self, name: str) -> list[bytes]: ...
    def kept(self) -> list[bytes]: ...


class OnPaper:
    def __init__(self) -> None:
        self.box = PaperMailbox()

    def open(self) -> AbstractAsyncContextManager[Mailbox]:
        return self.box.open()

    def deliver(self, raws: Iterable[bytes]) -> None:
        for raw in raws:
            self.box.deliver(raw, ARRIVED)

    def remove(self, uid: int) -> None:
        self.box.inbox = [m for m in self.box.inbox if m.uid != uid]

    def renumber(self) -> None:
        self.box.renumber()

    def folder(self, name: str) -> list[bytes]:
        return self.box.folders[name]

    def kept(self) -> list[bytes]:
        return [m.raw for m in self.box.inbox]


class OnDovecot:
    def __init__(self, server: Dovecot) -> None:
        self.server = server

    def open(self) -> AbstractAsyncContextManager[Mailbox]:
        return real_post(self.server).open()

    def deliver(self, raws: Iterable[bytes]) -> None:
        self.server.drop_in(raws, arrived=ARRIVED)

    def remove(self, uid: int) -> None:
        with self.server.session() as imap:
            imap.select()
            imap.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
            imap.expunge()

    def renumber(self) -> None:
        self.server.renumber()

    def folder(self, name: str) -> list[bytes]:
        return self.server.folder(name)

    def kept(self) -> list[bytes]:
        return self.server.folder()


@pytest.fixture(params=["paper", "dovecot"])
def office(request: pytest.FixtureRequest) -> Office:
    """A server with an empty mailbox."""
    return OnPaper() if request.param == "paper" else OnDovecot(request.getfixturevalue("mailbox"))


async def pieces(mailbox: Mailbox, uid: int) -> tuple[bool, list[bytes]]:
    got: list[bytes] = []
    there = await mailbox.fetch_pieces(uid, lambda piece: got.append(bytes(piece)))
    return there, got


async def test_an_empty_mailbox(office: Office) -> None:
    async with office.open() as mailbox:
        assert mailbox.uidvalidity > 0
        assert await mailbox.waiting() == []
        assert await mailbox.stubs([]) == []
        assert await mailbox.fetch([]) == {}
        await mailbox.done([], FOLDER)
        assert await mailbox.newest(FOLDER) is None
        assert await mailbox.waiting() == []


async def test_the_walk_of_three_letters(office: Office) -> None:
    raws = [letter(n) for n in range(3)]
    office.deliver(raws)
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        assert uids == sorted(uids)
        stubs = await mailbox.stubs(uids)
        assert [s.uid for s in stubs] == uids
        assert [s.size for s in stubs] == [len(raw) for raw in raws]
        assert {s.uidvalidity for s in stubs} == {mailbox.uidvalidity}
        assert {s.arrived.astimezone(UTC) for s in stubs} == {ARRIVED}
        fetched = await mailbox.fetch(uids)
        assert [fetched[uid] for uid in uids] == raws
        assert all(type(raw) is bytes for raw in fetched.values())
        assert await pieces(mailbox, uids[1]) == (True, [raws[1]])
        await mailbox.done(uids[:2], FOLDER)
        assert await mailbox.waiting() == uids[2:]
    assert office.folder(FOLDER) == raws[:2]
    assert office.kept() == raws[2:]


async def test_uids_are_ascending_whatever_is_asked_first(office: Office) -> None:
    raws = [letter(n) for n in range(5)]
    office.deliver(raws)
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        assert [s.uid for s in await mailbox.stubs(uids[::-1])] == uids
        assert await mailbox.fetch(uids[::-1]) == dict(zip(uids, raws, strict=True))


async def test_from_uid_leaves_out_what_is_below(office: Office) -> None:
    office.deliver(letter(n) for n in range(4))
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        assert await mailbox.waiting(uids[2]) == uids[2:]
        assert await mailbox.waiting(uids[-1]) == uids[-1:]
        # On the wire "n:*" names the last message even where it is below n.
        assert await mailbox.waiting(uids[-1] + 1) == []
        assert await mailbox.waiting(uids[-1] + 1000) == []


async def test_new_mail_is_seen_without_opening_anew(office: Office) -> None:
    async with office.open() as mailbox:
        assert await mailbox.waiting() == []
        office.deliver([letter(1)])
        assert len(await mailbox.waiting()) == 1


async def test_what_is_gone_is_missing_from_the_answers(office: Office) -> None:
    raws = [letter(n) for n in range(3)]
    office.deliver(raws)
    async with office.open() as mailbox:
        first, gone, last = await mailbox.waiting()
        await mailbox.stubs([first, gone, last])
        office.remove(gone)
        assert await mailbox.fetch([first, gone, last]) == {first: raws[0], last: raws[2]}
        assert await pieces(mailbox, gone) == (False, [])
        assert [s.uid for s in await mailbox.stubs([first, gone, last])] == [first, last]
        await mailbox.done([first, gone, last], FOLDER)
    assert office.folder(FOLDER) == [raws[0], raws[2]]


async def test_uids_nobody_ever_gave(office: Office) -> None:
    office.deliver([letter(1)])
    async with office.open() as mailbox:
        assert await mailbox.stubs([4_000_000_000]) == []
        assert await mailbox.fetch([4_000_000_000]) == {}
        assert await pieces(mailbox, 4_000_000_000) == (False, [])
        await mailbox.done([4_000_000_000], FOLDER)
        assert len(await mailbox.waiting()) == 1


@pytest.mark.parametrize("size", [0, 1, 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
async def test_sizes_at_the_borders(office: Office, size: int) -> None:
    raw = (b"x" * 62 + b"\r\n") * (size // 64) + b"y" * (size % 64)
    assert len(raw) == size
    office.deliver([raw, letter(1)])
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        assert [s.size for s in await mailbox.stubs(uids)] == [size, len(letter(1))]
        there, got = await pieces(mailbox, uids[0])
        assert there
        assert b"".join(got) == raw
        assert all(len(piece) <= PIECE for piece in got)
        assert await mailbox.fetch(uids) == {uids[0]: raw, uids[1]: letter(1)}
        assert await pieces(mailbox, uids[1]) == (True, [letter(1)])


async def test_a_large_message_comes_in_pieces_and_memory_stays_flat(office: Office) -> None:
    raw = letter(1, (b"0123456789abcde" * 4 + b"\r\n") * (8 * PIECE // 62))
    office.deliver([raw])
    digest, sizes = hashlib.sha256(), []

    def write(piece: bytes) -> None:
        digest.update(piece)
        sizes.append(len(piece))

    async with office.open() as mailbox:
        [uid] = await mailbox.waiting()
        tracemalloc.start()
        try:
            assert await mailbox.fetch_pieces(uid, write)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert digest.hexdigest() == hashlib.sha256(raw).hexdigest()
    assert max(sizes) <= PIECE
    assert peak < 6 * PIECE


async def test_every_byte_comes_through(office: Office) -> None:
    every = bytes(b for b in range(1, 256) if b not in b"\r\n")
    raws = [
        letter(1, every + b"\r\n"),
        letter(2, b"a)\r\n* 2 FETCH (UID 1 BODY[] {3}\r\n* BYE\r\n"),
        letter(3, "สวัสดี\r\n".encode("cp874") + "สวัสดี".encode()),
        b"\r\n" * 3,
        b" ",
        b"{10}",
        b"no header at all {3}\r\n",
        b'"quoted" \\ UID 99 \r\n',
    ]
    office.deliver(raws)
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        fetched = await mailbox.fetch(uids)
        assert [fetched[uid] for uid in uids] == raws
        for uid, raw in zip(uids, raws, strict=True):
            assert await pieces(mailbox, uid) == (True, [raw])


async def test_a_nul_changes_nothing_else(office: Office) -> None:
    # A literal may not hold NUL (RFC 3501 9); Dovecot gives 0x80 in its place.
    raw = letter(1, b"before\0after\r\n")
    office.deliver([raw, letter(2)])
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        fetched = await mailbox.fetch(uids)
    assert fetched[uids[0]] in (raw, raw.replace(b"\0", b"\x80"))
    assert fetched[uids[1]] == letter(2)


async def test_done_again_is_harmless(office: Office) -> None:
    office.deliver(letter(n) for n in range(2))
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        await mailbox.done(uids[:1], FOLDER)
        await mailbox.done(uids[:1], FOLDER)
        await mailbox.done(uids, FOLDER)
    async with office.open() as mailbox:
        await mailbox.done(uids, FOLDER)
        assert await mailbox.waiting() == []
    assert office.folder(FOLDER) == [letter(0), letter(1)]


async def test_a_new_uidvalidity_is_seen_when_opened(office: Office) -> None:
    office.deliver(letter(n) for n in range(3))
    async with office.open() as mailbox:
        before = mailbox.uidvalidity
        await mailbox.done((await mailbox.waiting())[:1], FOLDER)
    office.renumber()
    async with office.open() as mailbox:
        assert mailbox.uidvalidity != before
        uids = await mailbox.waiting()
        assert await mailbox.fetch(uids) == dict(zip(uids, [letter(1), letter(2)], strict=True))
        assert {s.uidvalidity for s in await mailbox.stubs(uids)} == {mailbox.uidvalidity}


async def test_a_thousand_messages_at_once(office: Office) -> None:
    raws = [letter(n) for n in range(1000)]
    office.deliver(raws)
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        assert len(uids) == 1000
        assert [s.uid for s in await mailbox.stubs(uids)] == uids
        assert await mailbox.fetch(uids) == dict(zip(uids, raws, strict=True))
        await mailbox.done(uids, FOLDER)
        assert await mailbox.waiting() == []
    assert office.folder(FOLDER) == raws


async def test_leaving_and_finding_a_message_in_another_folder(office: Office) -> None:
    office.deliver([letter(1)])
    async with office.open() as mailbox:
        uids = await mailbox.waiting()
        assert await mailbox.newest("Mailgate/Anchor") is None
        await mailbox.leave("Mailgate/Anchor", letter(7))
        await mailbox.leave("Mailgate/Anchor", letter(8))
        assert await mailbox.newest("Mailgate/Anchor") == letter(8)
        # Looking elsewhere does not lose the mailbox.
        assert await mailbox.waiting() == uids
        assert await mailbox.fetch(uids) == {uids[0]: letter(1)}
    assert office.folder("Mailgate/Anchor") == [letter(7), letter(8)]


async def test_a_message_that_goes_between_two_pieces_is_not_taken_for_whole(office: Office) -> None:
    raw = letter(1, b"0123456789abcd\r\n" * (3 * PIECE // 16))
    office.deliver([raw])
    got: list[bytes] = []

    async with office.open() as mailbox:
        [uid] = await mailbox.waiting()

        def write(piece: bytes) -> None:
            got.append(bytes(piece))
            if len(got) == 1:
                office.remove(uid)

        try:
            whole = await mailbox.fetch_pieces(uid, write)
        except MailboxError:
            whole = False
    assert not whole or b"".join(got) == raw


async def test_a_message_that_goes_before_it_is_fetched_is_not_an_empty_letter(office: Office) -> None:
    office.deliver([letter(1, b"x" * 100), b""])
    async with office.open() as mailbox:
        gone, empty = await mailbox.waiting()
        office.remove(gone)
        assert await pieces(mailbox, gone) == (False, [])
        there, got = await pieces(mailbox, empty)
        assert there
        assert b"".join(got) == b""
