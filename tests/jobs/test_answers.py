"""How often is answered, and what is answered later, not at all, or only when a person says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.errors import UsageError
from mailgate.jobs import golive, pausing
from mailgate.jobs import poll as polls
from mailgate.jobs.status import status
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import answer_to, letter, poll, sent, text

HOUR = timedelta(hours=1)


@contextmanager
def paper(folder: Path, **changed: Any) -> Iterator[PaperOffice]:
    """An office on paper with the limits that are the default."""
    with builders.office(builders.config(folder, **({"limits": {}} | changed))) as office:
        yield office
        assert verify(office).problems == []


async def test_the_sixth_letter_of_a_sender_is_told_with_the_others_an_hour_later(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        report = await poll(office, *(letter(n, sender="a@b.test") for n in range(1, 501)))
        assert (report.registered, report.acknowledged, report.deferred) == (500, 5, 495)
        office.paper_clock.advance(timedelta(minutes=59))
        assert (await polls.send(office)).acknowledged == 0
        office.paper_clock.advance(timedelta(minutes=1))
        assert (await polls.send(office)).acknowledged == 1
        [summary] = sent(office, "summary")
        assert "๖-๕๐๐/๒๕๖๙" in text(summary)
        assert "6-500/2569" in text(summary)
        assert summary["To"] == "a@b.test"
        assert summary["Auto-Submitted"] == "auto-replied"
        assert all(row["acknowledgement"] == "accepted" for row in office.store.reports.letters())
        assert all(row["acknowledged_at"] for row in office.store.reports.letters())


async def test_variants_of_an_address_are_one_sender(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        variants = ["a@b.test", "A@B.test", "a+1@b.test", "a+2@b.test", "a+3@B.TEST", "a+4@b.test"]
        report = await poll(office, *(letter(n, sender=a) for n, a in enumerate(variants)))
        assert (report.acknowledged, report.deferred) == (5, 1)


async def test_two_thousand_forged_senders_meet_the_brake_of_all(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        report = await poll(office, *(letter(n) for n in range(2000)))
        assert (report.registered, report.acknowledged, report.deferred) == (2000, 200, 1800)
        for hour in range(1, 10):
            office.paper_clock.set(NOW + hour * HOUR)
            assert (await polls.send(office)).acknowledged == 200
        assert office.store.contacts.deferred_count() == 0


async def test_one_summary_waits_for_the_day_to_have_room(tmp_path: Path) -> None:
    """Twenty a day to one address: the rest is told on the next."""
    with paper(tmp_path, limits={"per_returner_day": 0}) as office:
        for hour in range(24):
            office.paper_clock.set(NOW + hour * HOUR)
            await poll(office, *(letter(hour * 9 + n, sender="a@b.test") for n in range(9)))
        within_a_day = len(sent(office, "acknowledgement")) + len(sent(office, "summary"))
        assert within_a_day == 20
        office.paper_clock.set(NOW + timedelta(days=3))
        await polls.send(office)
        assert office.store.contacts.deferred_count() == 0


async def test_three_quick_answers_to_ours_stop_all_automatic_mail_for_a_day(tmp_path: Path) -> None:
    with paper(tmp_path, replies={"follow_ups": "always"}, limits={"per_returner_day": 0}) as office:
        await poll(office, letter(1, sender="a@b.test"))
        [acknowledgement] = sent(office, "acknowledgement")
        for n in (2, 3, 4):
            office.paper_clock.advance(timedelta(minutes=2))
            await poll(office, answer_to(acknowledgement, n, sender="a@b.test"))
        assert len(sent(office, "acknowledgement")) == 3
        await poll(office, letter(5, sender="a@b.test"))
        assert len(sent(office, "acknowledgement")) == 3
        assert status(office)["braked"] == 1
        office.paper_clock.advance(timedelta(hours=25))
        await poll(office, letter(6, sender="a@b.test"))
        assert len(sent(office, "acknowledgement")) == 4


async def test_letters_that_come_soon_after_our_replies_are_answered_thrice_a_day(tmp_path: Path) -> None:
    """As a machine answers that hides every sign: three replies in a day, the rest is told on the next."""
    with paper(tmp_path) as office:
        for n in range(6):
            office.paper_clock.advance(timedelta(minutes=30))
            await poll(office, letter(n, sender="a@b.test"))
        assert len(sent(office, "acknowledgement")) == 3
        office.paper_clock.advance(timedelta(days=1))
        await polls.send(office)
        assert "4-6/2569" in text(sent(office, "summary")[0])


async def test_a_pause_holds_replies_and_registers_on(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        pausing.pause(office, "ทดสอบ", NOW)
        report = await poll(office, letter(1), letter(2))
        assert (report.registered, report.acknowledged, report.held) == (2, 0, 2)
        office.store.outbox.by_hand(2, "release", NOW)
        office.store.outbox.by_hand(2, "hold", NOW, "a person's word")
        assert any("resume" in w for w in status(office)["warnings"])
        assert pausing.resume(office, NOW) == 1
        assert (await poll(office, letter(3))).acknowledged == 2
        assert office.store.reports.outbox_counts() == {"accepted": 2, "held": 1}


async def test_replies_queued_before_a_pause_are_held_too(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        office.box.deliver(letter(1), NOW)
        from tests.jobs.registers import check

        await check(office)
        assert pausing.pause(office, "", NOW) == 1
        assert (await polls.send(office)).acknowledged == 0


class TestGoLive:
    """The first check of an old mailbox."""

    @pytest.fixture
    def office(self, tmp_path: Path) -> Iterator[PaperOffice]:
        """Three old mails and one of the weekend, the moment of going live not configured."""
        made = builders.config(tmp_path)
        made = made.model_copy(update={"replies": made.replies.model_copy(update={"go_live": None})})
        with builders.office(made) as office:
            for n in (1, 2, 3):
                office.box.deliver(letter(n), NOW - n * timedelta(days=8))
            office.box.deliver(letter(4), NOW - timedelta(days=2))
            yield office
            assert verify(office).problems == []

    async def test_old_mail_waits_for_a_word(self, office: PaperOffice) -> None:
        report = await polls.poll(office)
        assert (report.registered, report.acknowledged, report.set_aside, report.balance) == (1, 1, 3, 0)
        assert status(office)["old_mail"] == 3
        again = await polls.poll(office)
        assert (again.seen, again.balance) == (0, 0)

    @pytest.mark.parametrize(("word", "acknowledged"), [("register", 4), ("silent", 1)])
    async def test_it_is_registered_when_told_to(self, office: PaperOffice, word: Any, acknowledged: int) -> None:
        await polls.poll(office)
        assert golive.adopt(office, word, NOW) == 3
        report = await polls.poll(office)
        assert (report.registered, report.balance) == (3, 0)
        assert len(sent(office, "acknowledgement")) == acknowledged
        assert status(office)["old_mail"] == 0
        assert office.store.reports.fates() == {"registered": 4}
        assert [row["filed_at"] is not None for row in office.store.db.all("SELECT filed_at FROM mail")] == [True] * 4

    async def test_it_is_left_when_told_to(self, office: PaperOffice) -> None:
        await polls.poll(office)
        golive.adopt(office, "leave", NOW)
        assert (await polls.poll(office)).seen == 0
        assert not any("adopt" in w for w in status(office)["warnings"])

    async def test_another_word_may_follow(self, office: PaperOffice) -> None:
        await polls.poll(office)
        golive.adopt(office, "leave", NOW)
        golive.adopt(office, "silent", NOW)
        assert (await polls.poll(office)).registered == 3

    async def test_a_crash_between_two_of_them_takes_up_the_rest(self, office: PaperOffice) -> None:
        await polls.poll(office)
        golive.adopt(office, "register", NOW)
        enter = office.store.receipts.enter

        def once(*args: Any, **more: Any) -> Any:
            office.store.receipts.enter = broken  # type: ignore[method-assign]
            return enter(*args, **more)

        def broken(*args: Any, **more: Any) -> Any:
            raise ZeroDivisionError

        office.store.receipts.enter = once  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            await polls.poll(office)
        office.store.receipts.enter = enter  # type: ignore[method-assign]
        await polls.poll(office)
        assert office.store.reports.fates() == {"registered": 4}

    def test_there_must_be_old_mail_to_say_a_word_about(self, office: PaperOffice) -> None:
        with pytest.raises(UsageError, match="no mail from before"):
            golive.adopt(office, "register", NOW)


async def test_the_moment_stands_still_once_it_is_known(tmp_path: Path) -> None:
    made = builders.config(tmp_path)
    made = made.model_copy(update={"replies": made.replies.model_copy(update={"go_live": None})})
    with builders.office(made) as office:
        await poll(office)
        office.paper_clock.advance(timedelta(days=30))
        office.box.deliver(letter(1), NOW + timedelta(days=2))
        assert (await polls.poll(office)).registered == 1
