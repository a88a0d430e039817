"""The check of the mailbox: nothing lost, nothing twice, and a bad message stops nobody."""

from __future__ import annotations

import asyncio
import warnings
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges.archive import Archive, Incoming
from mailgate.errors import ArchiveError, MailboxError, MailboxGone, RegistryError
from tests.builders import NOW, OFFICE, ZONE, PaperOffice
from tests.jobs.registers import (
    check,
    check_until_done,
    fake,
    fates,
    letter,
    numbers,
    paper,
    picture,
    rows,
)
from tests.servers import imap_faults
from tests.servers.fake_imap import DEFAULTS, Exchange, FakeImap, Handler, HangUp, answer

EMPTY_FOLDER = imap_faults.refuse(b"[NONEXISTENT] no such mailbox")
MOVED = "Registered/2569"


class Server:
    """A mailbox with faults that knows MOVE, and in which only INBOX exists."""

    def __init__(self, fake: FakeImap) -> None:
        self.fake = fake
        self.moved: list[int] = []
        fake.messages = {}
        fake.handlers |= {"EXAMINE": EMPTY_FOLDER, "UID MOVE": self._move}

    async def _move(self, exchange: Exchange) -> None:
        for uid in _uids(exchange.arguments.partition(" ")[0]):
            if self.fake.messages.pop(uid, None) is not None:
                self.moved.append(uid)
        await exchange.ok()

    def deliver(self, *uids: int) -> None:
        for uid in uids:
            self.fake.messages[uid] = letter(uid)

    def commands(self) -> list[str]:
        words = [line.split() for line in self.fake.lines]
        return [b" ".join(w[1:3] if w[1] == b"UID" else w[1:2]).decode() for w in words if len(w) > 1]


def _uids(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        found.extend(range(int(first), int(last or first) + 1))
    return found


def poisoned(bad: int, fault: Handler) -> Handler:
    """A FETCH of the body that contains the bad UID meets the fault."""

    async def handler(exchange: Exchange) -> None:
        if "BODY" in exchange.arguments and bad in _uids(exchange.arguments.partition(" ")[0]):
            await fault(exchange)
        else:
            await DEFAULTS["UID FETCH"](exchange)

    return handler


# --- the walk


async def test_letters_are_registered_in_order_and_filed(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        for n in range(120):
            office.box.deliver(letter(n), NOW)
        report = await check(office)
        assert (report.seen, report.registered, report.balance, report.failed) == (120, 120, 0, 0)
        assert report.receipts == [f"{n}/2569" for n in range(1, 121)]
        assert [r["subject"] for r in office.store.reports.letters()] == [f"letter {n}" for n in range(120)]
        assert office.box.inbox == []
        assert office.box.folders[MOVED] == [letter(n) for n in range(120)]
        again = await check(office)
        assert (again.seen, again.registered, again.balance) == (0, 0, 0)


async def test_every_mail_is_in_the_archive_byte_for_byte(tmp_path: Path) -> None:
    raws = [b"", b"\r\n", b"\0\xff", letter(1), letter(2, body=b"x" * 3_000_000), b"no header"]
    with paper(tmp_path) as office:
        for raw in raws:
            office.box.deliver(raw, NOW)
        report = await check(office)
        assert (report.seen, report.balance) == (6, 0)
        kept = [office.archive.path(h).read_bytes() for h in office.store.reports.raw_hashes()]
        assert sorted(kept) == sorted(raws)
        assert not list((tmp_path / "archive" / "incoming").iterdir())


async def test_fates_add_up(tmp_path: Path) -> None:
    auto = letter(2, extra="Auto-Submitted: auto-replied")
    lists = letter(3, extra="List-Id: <x.example.org>")
    bounce = letter(4).replace(b"Return-Path: <citizen4@example.com>", b"Return-Path: <>")
    with paper(tmp_path) as office:
        for raw in (letter(1), auto, lists, bounce, letter(1)):
            office.box.deliver(raw, NOW)
        report = await check(office)
        assert report.seen == 5
        assert report.seen == sum(
            getattr(report, n) for n in ("registered", "duplicates", "automatic", "bounces", "lists", "set_aside")
        )
        assert sum(fates(office).values()) == 5
        assert report.duplicates == 1


async def test_held_where_replies_are_off(tmp_path: Path) -> None:
    with paper(tmp_path, replies={"enabled": False}) as office:
        office.box.deliver(letter(1), NOW)
        report = await check(office)
        assert (report.registered, report.held) == (1, 1)
        assert [row["state"] for row in office.store.reports.outbox()] == ["held"]


async def test_the_years_end_between_two_letters(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        office.paper_clock.set(datetime(2026, 12, 31, 23, 59, 59, tzinfo=ZONE))
        office.box.deliver(letter(1), NOW)
        first = await check(office)
        office.paper_clock.advance(timedelta(seconds=1))
        office.box.deliver(letter(2), NOW)
        office.box.deliver(letter(3), NOW)
        second = await check(office)
        assert first.receipts == ["1/2569"]
        assert second.receipts == ["1/2570", "2/2570"]
        assert set(office.box.folders) >= {"Registered/2569", "Registered/2570"}


# --- seen before


async def test_a_message_moved_back_is_a_duplicate(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        office.box.deliver(letter(1), NOW)
        await check(office)
        office.box.deliver(office.box.folders[MOVED].pop(), NOW)
        report = await check(office)
        assert (report.registered, report.duplicates, report.balance) == (0, 1, 0)
        assert office.box.inbox == []
        assert numbers(office) == [1]


async def test_a_new_uidvalidity_registers_nothing_twice(tmp_path: Path) -> None:
    with paper(tmp_path, imap={"host": "127.0.0.1", "security": "none", "done": "flag"}) as office:
        keep = list(office.box.inbox)
        for n in range(5):
            office.box.deliver(letter(n), NOW)
        keep = list(office.box.inbox)
        await check(office)
        office.box.inbox = keep[1:]  # as flagged mail that stayed, less one that a person deleted
        office.box.renumber()
        office.box.deliver(letter(9), NOW)
        report = await check(office)
        assert (report.registered, report.duplicates, report.balance) == (1, 4, 0)
        assert numbers(office) == [1, 2, 3, 4, 5, 6]


async def test_a_second_delivery_on_another_way_is_a_duplicate(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        office.box.deliver(letter(1, extra="Received: from a by b; 1"), NOW)
        office.box.deliver(letter(1, extra="Received: from c by d; 2"), NOW)
        report = await check(office)
        assert (report.registered, report.duplicates) == (1, 1)


async def test_one_message_id_for_two_letters(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        office.box.deliver(letter(1, message_id="<same@example.com>"), NOW)
        office.box.deliver(letter(1, message_id="<same@example.com>", body=b"other\r\n"), NOW)
        report = await check(office)
        assert report.receipts == ["1/2569", "2/2569"]
        first, second = office.store.reports.letters()
        assert first["remarks"] == ""
        assert "1/2569" in second["remarks"]
        assert "Message-ID" in second["remarks"]


# --- a bad message stops nobody


@pytest.mark.parametrize(
    "fault",
    [imap_faults.hang_up, imap_faults.drop_mid_literal, imap_faults.bye, imap_faults.refuse(), imap_faults.wrong_uid],
)
@pytest.mark.parametrize("bad", [1, 2, 5])
async def test_a_message_that_cannot_be_fetched_stops_nobody(tmp_path: Path, bad: int, fault: Handler) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(*range(1, 6))
        server.handlers["UID FETCH"] = poisoned(bad, fault)
        with fake(tmp_path, server) as office:
            report = await check(office)
            good = [uid for uid in range(1, 6) if uid != bad]
            assert (report.registered, report.failed, report.balance, report.seen) == (4, 1, 1, 5)
            assert any(f"UID {bad} " in problem for problem in report.problems)
            assert sorted(mailbox.moved) == good
            assert list(server.messages) == [bad]
            assert not list((tmp_path / "archive" / "incoming").iterdir())
            # Nothing new: the same again, and no harm done.
            report = await check(office)
            assert (report.registered, report.failed, report.balance) == (0, 1, 1)
            del server.handlers["UID FETCH"]
            report = await check(office)
            assert (report.registered, report.failed, report.balance) == (1, 0, 0)
            assert numbers(office) == [1, 2, 3, 4, 5]
            assert server.messages == {}


async def test_two_bad_messages_among_many(tmp_path: Path) -> None:
    async def fault(exchange: Exchange) -> None:
        if "BODY" in exchange.arguments and {20, 70} & set(_uids(exchange.arguments.partition(" ")[0])):
            raise HangUp
        await DEFAULTS["UID FETCH"](exchange)

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(*range(1, 121))
        server.handlers["UID FETCH"] = fault
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert (report.registered, report.failed, report.balance) == (118, 2, 2)
            assert sorted(server.messages) == [20, 70]
            assert server.connections < 10


async def test_a_letter_too_large_is_set_aside_and_asked_for_once(tmp_path: Path) -> None:
    async def fetch(exchange: Exchange) -> None:
        # RFC822.SIZE says 200 MB.
        lines = []
        for uid in _uids(exchange.arguments.partition(" ")[0]):
            line = answer(uid, uid, server.messages[uid], exchange.arguments)
            lines.append(line.replace(b"RFC822.SIZE %d" % len(server.messages[uid]), b"RFC822.SIZE 200000000")
                         if uid == 2 else line)  # fmt: skip
            assert uid != 2 or "BODY" not in exchange.arguments
        await exchange.ok(*lines)

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2, 3)
        server.handlers["UID FETCH"] = fetch
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert (report.registered, report.set_aside, report.balance) == (2, 1, 0)
            assert list(server.messages) == [2]
            before = mailbox.commands().count("UID FETCH")
            report = await check(office)
            assert (report.seen, report.balance) == (0, 0)
            assert mailbox.commands().count("UID FETCH") == before
            [row] = rows(office, "SELECT reason, size FROM mail WHERE fate = 'set_aside'")
            assert row["size"] == 200_000_000
            assert "200,000,000" in row["reason"]


async def test_a_message_that_vanishes_before_its_data_are_asked(tmp_path: Path) -> None:
    async def search(exchange: Exchange) -> None:
        await exchange.ok(b"SEARCH 1 2 3")
        server.messages.pop(2, None)
        server.handlers.pop("UID SEARCH")

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2, 3)
        server.handlers["UID SEARCH"] = search
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert (report.registered, report.set_aside, report.balance) == (2, 1, 0)
            assert fates(office) == {"registered": 2, "set_aside": 1}


async def test_a_message_that_vanishes_before_it_is_fetched(tmp_path: Path) -> None:
    async def fetch(exchange: Exchange) -> None:
        if "BODY" in exchange.arguments:
            server.messages.pop(2, None)
        await DEFAULTS["UID FETCH"](exchange)

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2, 3)
        server.handlers["UID FETCH"] = fetch
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert (report.registered, report.balance) == (2, 0)
            assert numbers(office) == [1, 2]
            # What was seen is on record, whatever became of it (law 5).
            assert fates(office) == {"registered": 2, "set_aside": 1}


async def test_a_message_whose_data_are_left_out_once_is_not_given_up(tmp_path: Path) -> None:
    async def fetch(exchange: Exchange) -> None:
        if "BODY" in exchange.arguments:
            await DEFAULTS["UID FETCH"](exchange)
            return
        server.handlers.pop("UID FETCH")
        await exchange.ok(*(answer(n, n, server.messages[n], exchange.arguments) for n in (1, 3)))

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2, 3)
        server.handlers["UID FETCH"] = fetch
        with fake(tmp_path, server) as office:
            await check(office)
            await check(office)
            assert numbers(office) == [1, 2, 3]


async def test_a_server_that_gives_no_date(tmp_path: Path) -> None:
    async def fetch(exchange: Exchange) -> None:
        lines = [answer(n, n, server.messages[n], exchange.arguments) for n in (1, 2)]
        await exchange.ok(*(line.replace(b'INTERNALDATE "23-Nov-2026 09:00:00 +0700" ', b"") for line in lines))

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2)
        server.handlers["UID FETCH"] = fetch
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert (report.registered, report.set_aside) == (2, 0)


@pytest.mark.parametrize(
    "lie",
    [
        (b"23-Nov-2026 09:00:00 +0700", b"01-Jan-0001 00:00:00 +0700"),
        (b"23-Nov-2026 09:00:00 +0700", b"31-Dec-9999 23:59:59 +0000"),
        (b"RFC822.SIZE", b"RFC822.SIZE 99999999999999999999 X-SIZE"),
    ],
)
async def test_data_beyond_all_measure_stop_nobody(tmp_path: Path, lie: tuple[bytes, bytes]) -> None:
    async def fetch(exchange: Exchange) -> None:
        uids = _uids(exchange.arguments.partition(" ")[0])
        lines = [answer(n, n, server.messages[n], exchange.arguments) for n in uids if n in server.messages]
        await exchange.ok(*(line.replace(*lie) if b"UID 2 " in line else line for line in lines))

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2, 3)
        server.handlers["UID FETCH"] = fetch
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert report.registered >= 2
            assert {r["subject"] for r in office.store.reports.letters()} >= {"letter 1", "letter 3"}


async def test_uids_beyond_all_measure(tmp_path: Path) -> None:
    async def search(exchange: Exchange) -> None:
        await exchange.ok(b"SEARCH 1 99999999999999999999")

    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1)
        server.handlers["UID SEARCH"] = search
        with fake(tmp_path, server) as office:
            try:
                await check(office)
            except MailboxError:
                return
            assert numbers(office) == [1]


# --- the line breaks


async def test_the_line_lost_after_any_number_of_calls_changes_nothing(tmp_path: Path) -> None:
    def fill(office: PaperOffice) -> None:
        for n in range(4):
            office.box.deliver(letter(n), NOW)
        office.box.deliver(letter(9, body=b"x" * 2_000_000), NOW)
        office.box.deliver(letter(1), NOW)

    with paper(tmp_path / "undisturbed") as office:
        fill(office)
        await check(office)
        wanted = picture(office)
    errors, k = 1, 0
    while errors or k < 5:
        with paper(tmp_path / str(k)) as office:
            fill(office)
            office.box.lose_after = k
            errors = len(await check_until_done(office))
            lost = office.box.lose_after is None
            office.box.lose_after = None
            assert picture(office) == wanted, k
            assert (await check(office)).balance == 0
        errors, k = int(lost), k + 1
    assert k > 8


async def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    async with FakeImap.run(handlers={"UID SEARCH": imap_faults.hang_up}) as server:
        with fake(tmp_path, server) as office, pytest.raises(MailboxGone):
            await check(office)
        assert server.connections == 1


async def test_a_move_that_breaks_the_line_is_mended(tmp_path: Path) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2, 3)
        real = server.handlers["UID MOVE"]

        async def breaks_once(exchange: Exchange) -> None:
            server.handlers["UID MOVE"] = real
            raise HangUp

        server.handlers["UID MOVE"] = breaks_once
        with fake(tmp_path, server) as office:
            report = await check(office)
            assert (report.registered, report.duplicates, report.balance) == (3, 0, 0)
            assert sorted(mailbox.moved) == [1, 2, 3]


async def test_a_folder_that_is_full_does_not_stop_the_registering(tmp_path: Path) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1, 2)
        real = server.handlers["UID MOVE"]
        server.handlers["UID MOVE"] = imap_faults.refuse(b"[OVERQUOTA] full")
        with fake(tmp_path, server) as office:
            problems = []
            for uid in (3, 4):
                try:
                    problems += (await check(office)).problems
                except MailboxError as error:
                    problems.append(str(error))
                mailbox.deliver(uid)
            try:
                problems += (await check(office)).problems
            except MailboxError as error:
                problems.append(str(error))
            assert any("OVERQUOTA" in problem for problem in problems)
            # Citizens get their numbers all the same.
            assert numbers(office) == [1, 2, 3, 4]
            server.handlers["UID MOVE"] = real
            assert (await check(office)).balance == 0
            assert server.messages == {}


async def test_the_numbering_changes_in_the_middle_of_a_check(tmp_path: Path) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(11, 12, 13)

        async def examine(exchange: Exchange) -> None:
            if server.uidvalidity == 1:  # the server is restored from a backup just now
                server.uidvalidity = 2
                server.messages = {uid - 10: raw for uid, raw in server.messages.items()}
            await EMPTY_FOLDER(exchange)

        server.handlers["EXAMINE"] = examine
        with fake(tmp_path, server) as office:
            await check_until_done(office)
            assert numbers(office) == [1, 2, 3]
            # Mail that gets the old numbers later is new mail.
            mailbox.deliver(11, 12, 13, 14)
            for uid in (11, 12, 13, 14):
                server.messages[uid] = letter(uid + 100)
            await check_until_done(office)
            assert numbers(office) == [1, 2, 3, 4, 5, 6, 7]


# --- how much is asked


async def test_a_check_with_nothing_new_asks_little(tmp_path: Path) -> None:
    asked = []
    async with FakeImap.run() as server:
        mailbox = Server(server)
        with fake(tmp_path, server) as office:
            for many in (0, 1, 60):
                mailbox.deliver(*range(1000 * many, 1000 * many + many))
                await check(office)
                server.lines.clear()
                report = await check(office)
                assert (report.seen, report.balance) == (0, 0)
                asked.append(mailbox.commands())
    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) <= 9


async def test_flagged_mail_is_not_fetched_again(tmp_path: Path) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(*range(1, 61))
        searches = []
        with fake(tmp_path, server, done="flag") as office:
            for _ in range(3):
                server.lines.clear()
                report = await check(office)
                searches.append((report.registered, report.balance, mailbox.commands().count("UID FETCH"),
                                 mailbox.commands().count("UID STORE")))  # fmt: skip
            assert searches[0][:2] == (60, 0)
            assert searches[1:] == [(0, 0, 0, 0), (0, 0, 0, 0)]
            assert any(b"UID 61:*" in line for line in server.lines)
            # Once a day everything is compared.
            office.paper_clock.advance(timedelta(days=1))
            server.lines.clear()
            await check(office)
            assert any(b"UID 1:*" in line for line in server.lines)
            mailbox.deliver(61)
            assert (await check(office)).registered == 1
            assert not mailbox.moved


async def test_where_mail_stays_only_once_a_day_everything_is_compared_early_in_the_morning_too(
    tmp_path: Path,
) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(1)
        with fake(tmp_path, server, done="flag") as office:
            office.paper_clock.set(datetime(2026, 11, 23, 1, 0, tzinfo=ZONE))  # still yesterday in UTC
            await check(office)
            server.lines.clear()
            await check(office)
            assert any(b"UID 2:*" in line for line in server.lines)


# --- the registry or the disk fails


async def test_a_registry_error_leaves_nothing_behind_and_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with paper(tmp_path) as office:
        for n in range(160):
            office.box.deliver(letter(n), NOW)
        real, calls = office.store.receipts.enter, []

        def enter(*args: Any, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == 70:
                raise RegistryError("the disk is full")
            return real(*args, **named)

        monkeypatch.setattr(office.store.receipts, "enter", enter)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(RegistryError, match="the disk is full"):
                await check(office)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        assert numbers(office) == list(range(1, 70))
        assert not list((tmp_path / "archive" / "incoming").iterdir())
        report = await check(office)
        assert (report.registered, report.duplicates, report.balance) == (91, 0, 0)
        assert [r["subject"] for r in office.store.reports.letters()] == [f"letter {n}" for n in range(160)]
        assert office.box.inbox == []


@pytest.mark.parametrize("size", [10, 3_000_000])
async def test_a_full_disk_is_an_error_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    def write(self: Incoming, piece: bytes) -> None:
        raise ArchiveError("cannot write: No space left on device", "Free some space")

    with paper(tmp_path) as office:
        office.box.deliver(letter(1, body=b"x" * size), NOW)
        with monkeypatch.context() as patched:
            patched.setattr(Incoming, "write", write)
            with pytest.raises(ArchiveError, match=r"No space left.*Free some space"):
                await check(office)
        assert numbers(office) == []
        assert len(office.box.inbox) == 1
        assert (await check(office)).registered == 1


async def test_a_disk_that_is_nearly_full_registers_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with paper(tmp_path) as office:
        office.box.deliver(letter(1), NOW)
        with monkeypatch.context() as patched:
            patched.setattr(Archive, "free", lambda self: 1000)
            with pytest.raises(ArchiveError, match="nearly full"):
                await check(office)
        assert numbers(office) == []
        assert (await check(office)).registered == 1


async def test_a_check_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    async with FakeImap.run() as server:
        mailbox = Server(server)
        mailbox.deliver(*range(1, 61))
        server.handlers["UID FETCH"] = poisoned(60, imap_faults.stall)
        with fake(tmp_path, server, seconds=30) as office:
            checking = asyncio.create_task(check(office))
            async with asyncio.timeout(5):
                while len(numbers(office)) < 50:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            checking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await checking
            del server.handlers["UID FETCH"]
            assert (await check(office)).balance == 0
            assert numbers(office) == list(range(1, 61))
            assert server.messages == {}


async def test_nothing_of_a_letter_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with paper(tmp_path) as office:
        office.box.deliver(letter(1), NOW)
        await check(office)
    assert "letter 1" not in caplog.text
    assert "citizen1" not in caplog.text
    assert OFFICE not in caplog.text
