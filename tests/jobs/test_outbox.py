"""Delivering what is due: every arrow of an item, and each item exactly as often as the laws allow."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mailgate import model_reading
from mailgate.core import retry
from mailgate.core.identity import judge
from mailgate.edges.courier import PaperCourier
from mailgate.edges.smtp import SmtpCourier
from mailgate.errors import ConfigError, CourierError, MailgateError
from mailgate.jobs import poll as polls
from mailgate.jobs.outbox import Delivery
from mailgate.model import Attempt, CheckReport, Outcome, State, Verdict
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.registers import letter, numbers, paper, rows
from tests.servers.sink import Fault, Sink, Step

LATER = Outcome(Verdict.LATER, "rcpt", 451, "4.7.1 greylisted")
REFUSED = Outcome(Verdict.REFUSED, "rcpt", 550, "5.1.1 unknown")
UNSURE = Outcome(Verdict.UNSURE, "dot", 0, "connection lost")
GONE = Outcome(Verdict.LATER, "mail", 0, "connection lost")


def queue(office: PaperOffice, many: int = 1, *, hold: bool = False) -> None:
    """So many letters in the register, their acknowledgements in the outbox."""
    start = len(numbers(office))
    for uid in range(start + 1, start + many + 1):
        entry = builders.entry(uid, now=office.clock.now())
        office.store.receipts.enter(entry, judge, builders.draft, hold="test" if hold else "")


async def deliver(office: PaperOffice) -> CheckReport:
    """All that is due now, with an even hand."""
    report = CheckReport()
    delivery = Delivery(office, report, jitter=lambda: 0.0)
    delivery.no_more.set()
    await delivery.run()
    return report


def states(office: PaperOffice) -> list[str]:
    return [row["state"] for row in office.store.reports.outbox()]


def attempts(office: PaperOffice) -> list[tuple[int, int, str | None]]:
    found = rows(office, "SELECT item_id, number, verdict FROM attempt ORDER BY item_id, number")
    return [(row["item_id"], row["number"], row["verdict"]) for row in found]


def script(office: PaperOffice, *outcomes: Outcome | CourierError) -> PaperCourier:
    courier = office.paper_courier
    courier.script.extend(outcomes)
    return courier


# --- the arrows


async def test_accepted(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office, 3)
        report = await deliver(office)
        assert report.acknowledged == 3
        assert states(office) == ["accepted"] * 3
        assert attempts(office) == [(n, 1, "accepted") for n in (1, 2, 3)]
        assert [a.item_id for a in office.paper_courier.delivered] == [1, 2, 3]
        assert (await deliver(office)).acknowledged == 0
        assert len(office.paper_courier.delivered) == 3


async def test_nothing_to_do_opens_no_connection(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        script(office, CourierError("must not be asked"))
        await deliver(office)


async def test_later_is_tried_again_when_due_and_not_before(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office)
        script(office, LATER)
        assert (await deliver(office)).acknowledged == 0
        assert states(office) == ["queued"]
        due = office.store.outbox.next_due()
        assert due == NOW + retry.delay(1, 0)
        office.paper_clock.set(due - timedelta(seconds=1))
        assert (await deliver(office)).acknowledged == 0
        assert len(attempts(office)) == 1
        office.paper_clock.set(due)
        assert (await deliver(office)).acknowledged == 1
        assert attempts(office) == [(1, 1, "later"), (1, 2, "accepted")]
        first = office.paper_courier.delivered[0]
        assert first.raw == rows(office, "SELECT raw FROM outbox")[0]["raw"]


async def test_waits_grow(tmp_path: Path) -> None:
    waits = []
    with paper(tmp_path) as office:
        queue(office)
        for _ in range(6):
            script(office, LATER)
            await deliver(office)
            due = office.store.outbox.next_due()
            assert due is not None
            waits.append(due - office.clock.now())
            office.paper_clock.set(due)
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] >= timedelta(hours=1)


async def test_expired_after_retry_for(tmp_path: Path) -> None:
    with paper(tmp_path, replies={"retry_for": "2h"}) as office:
        queue(office)
        for _ in range(30):
            if states(office) != ["queued"]:
                break
            script(office, LATER)
            await deliver(office)
            office.paper_clock.set(office.store.outbox.next_due() or office.clock.now())
        assert states(office) == ["expired"]
        assert office.clock.now() - NOW <= timedelta(hours=2)
        assert len(attempts(office)) > 3
        office.paper_clock.advance(timedelta(days=9))
        await deliver(office)
        assert office.paper_courier.delivered == []


async def test_refused_ends_it(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office, 2)
        script(office, REFUSED)
        assert (await deliver(office)).acknowledged == 1
        assert states(office) == ["refused", "accepted"]
        office.paper_clock.advance(timedelta(days=9))
        await deliver(office)
        assert len(attempts(office)) == 2
        [last] = [row["last_answer"] for row in office.store.reports.outbox("refused")]
        assert last == "5.1.1 unknown"


async def test_unsure_is_sent_again_once_and_never_more(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office)
        script(office, UNSURE, UNSURE)
        await deliver(office)
        assert states(office) == ["unsure"]
        office.paper_clock.advance(timedelta(minutes=29))
        await deliver(office)
        assert len(attempts(office)) == 1
        office.paper_clock.advance(timedelta(minutes=1))
        await deliver(office)
        assert attempts(office) == [(1, 1, "unsure"), (1, 2, "unsure")]
        assert states(office) == ["unsure"]
        for _ in range(5):
            office.paper_clock.advance(timedelta(days=1))
            await deliver(office)
        assert len(attempts(office)) == 2
        assert [row["resent"] for row in rows(office, "SELECT resent FROM outbox")] == [1]
        assert [e["kind"] for e in rows(office, "SELECT kind FROM event")].count("resend") == 1


async def test_unsure_then_later_then_unsure_is_still_sent_again_only_once(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office)
        script(office, UNSURE, LATER, UNSURE)
        for _ in range(4):
            await deliver(office)
            office.paper_clock.advance(timedelta(days=1))
        assert [verdict for _, _, verdict in attempts(office)] == ["unsure", "later", "unsure"]
        assert states(office) == ["unsure"]


async def test_what_a_person_sends_again_is_not_sent_a_third_time_by_itself(tmp_path: Path) -> None:
    # Law 4: sent again once at the most; the copy a person asked for is that one.
    with paper(tmp_path) as office:
        queue(office)
        script(office, UNSURE, UNSURE)
        await deliver(office)
        office.store.outbox.by_hand(1, "retry", office.clock.now())
        for _ in range(4):
            await deliver(office)
            office.paper_clock.advance(timedelta(hours=1))
        assert len(attempts(office)) == 2


@pytest.mark.parametrize(
    ("verb", "state", "after"),
    [
        ("hold", State.QUEUED, State.HELD),
        ("release", State.HELD, State.QUEUED),
        ("cancel", State.QUEUED, State.CANCELLED),
        ("cancel", State.HELD, State.CANCELLED),
        ("retry", State.QUEUED, State.QUEUED),
        ("retry", State.UNSURE, State.QUEUED),
        ("retry", State.REFUSED, State.QUEUED),
        ("retry", State.EXPIRED, State.QUEUED),
    ],
)
async def test_what_a_person_may_do(tmp_path: Path, verb: str, state: State, after: State) -> None:
    with paper(tmp_path) as office:
        await bring_to(office, state)
        before = len(rows(office, "SELECT seq FROM event"))
        assert office.store.outbox.by_hand(1, verb, office.clock.now(), "why")["state"] == after
        events = rows(office, "SELECT kind FROM event ORDER BY seq")
        assert [e["kind"] for e in events[before:]] == [verb]
        assert (await deliver(office)).acknowledged == int(after is State.QUEUED)


FORBIDDEN = [
    (verb, state)
    for verb, allowed in {
        "hold": {State.QUEUED},
        "release": {State.HELD},
        "cancel": {State.QUEUED, State.HELD},
        "retry": {State.QUEUED, State.UNSURE, State.REFUSED, State.EXPIRED, State.BOUNCED},
    }.items()
    for state in State
    if state not in allowed
]


@pytest.mark.parametrize(("verb", "state"), FORBIDDEN)
async def test_what_a_person_may_not_do(tmp_path: Path, verb: str, state: State) -> None:
    with paper(tmp_path) as office:
        await bring_to(office, state)
        with pytest.raises(MailgateError, match=f"item 1 is {state}"):
            office.store.outbox.by_hand(1, verb, office.clock.now())
        assert states(office) == [state]


REPORTED = {State.DELIVERED: model_reading.Delivery.DELIVERED, State.BOUNCED: model_reading.Delivery.FAILED}


async def bring_to(office: PaperOffice, state: State) -> None:
    """Item 1 in the wanted state, as it gets there in life."""
    queue(office, hold=state in (State.HELD, State.CANCELLED))
    if state is State.CANCELLED:
        office.store.outbox.by_hand(1, "cancel", NOW)
    elif state is State.TRYING:
        assert office.store.outbox.claim(NOW)
    elif state is State.EXPIRED:
        office.paper_clock.advance(timedelta(days=5))
        script(office, LATER)
        await deliver(office)
    elif state in (State.ACCEPTED, State.REFUSED, State.UNSURE):
        script(office, Outcome(Verdict(state.value), "dot", 0, ""))
        await deliver(office)
    elif state in REPORTED:
        await deliver(office)
        with office.store.db.immediate("reported"):
            office.store.outbox.reported(1, 1, model_reading.Recipient("a@b.test", REPORTED[state], "", ""), NOW)
    assert states(office) == [state]


async def test_held_and_cancelled_items_are_not_sent(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office, 3, hold=True)
        office.store.outbox.by_hand(2, "cancel", NOW)
        office.store.outbox.by_hand(3, "release", NOW)
        assert (await deliver(office)).acknowledged == 1
        assert states(office) == ["held", "cancelled", "accepted"]


# --- the server cannot be used


async def test_an_unreachable_server_costs_no_attempt(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office, 10)
        script(office, *[CourierError("unreachable")] * 4)
        with pytest.raises(CourierError, match="unreachable"):
            await deliver(office)
        assert attempts(office) == []
        assert states(office) == ["queued"] * 10
        office.paper_courier.script.clear()
        assert (await deliver(office)).acknowledged == 10


async def test_a_line_that_breaks_between_two_items(tmp_path: Path) -> None:
    with paper(tmp_path, smtp={"host": "127.0.0.1", "security": "none", "connections": 1}) as office:
        queue(office, 3)
        script(office, GONE)
        assert (await deliver(office)).acknowledged == 2
        assert states(office) == ["queued", "accepted", "accepted"]


class Dying(PaperCourier):
    """A courier with a mistake in it."""

    async def deliver(self, attempt: Attempt) -> Outcome:
        raise RuntimeError("a mistake in the program")


async def test_a_courier_that_dies_leaves_a_trace_and_is_mended_at_the_start(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office)
        office.courier = Dying
        with pytest.raises(RuntimeError, match="a mistake"):
            await deliver(office)
        assert states(office) == ["trying"]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        polls.recover(office)
        assert states(office) == ["unsure"]
        polls.recover(office)
        good = PaperCourier()
        office.courier = lambda: good
        office.paper_clock.advance(timedelta(minutes=30))
        assert (await deliver(office)).acknowledged == 1
        assert attempts(office) == [(1, 1, "unsure"), (1, 2, "accepted")]
        assert len(good.delivered) == 1


async def test_a_missing_password_does_not_undo_the_check(tmp_path: Path) -> None:
    class Locked(PaperCourier):
        async def ready(self) -> None:
            raise ConfigError("there is no password for [smtp]")

    with paper(tmp_path) as office:
        office.courier = Locked
        office.box.deliver(letter(1), NOW)
        report = await polls.poll(office)
        assert report.registered == 1
        assert any("there is no password" in problem for problem in report.problems)
        assert states(office) == ["queued"]


async def test_a_check_sends_meanwhile(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        for n in range(120):
            office.box.deliver(letter(n), NOW)
        report = await polls.poll(office)
        assert (report.registered, report.acknowledged, report.problems) == (120, 120, [])
        assert Counter(states(office)) == {"accepted": 120}


async def test_a_check_whose_replies_cannot_go_is_done_all_the_same(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        office.box.deliver(letter(1), NOW)
        script(office, *[CourierError("unreachable")] * 9)
        report = await polls.poll(office)
        assert (report.registered, report.acknowledged) == (1, 0)
        assert any("unreachable" in problem for problem in report.problems)


# --- several senders on a real connection


def on_sink(office: PaperOffice, sink: Sink, seconds: float = 5) -> None:
    smtp = office.config.smtp.model_copy(
        update={"port": sink.port, "username": "", "timeout": timedelta(seconds=seconds)}
    )
    office.courier = partial(SmtpCourier, smtp, lambda: "secret", dot_seconds=seconds)


async def test_two_hundred_items_over_four_connections_once_each(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        queue(office, 200)
        async with Sink.run() as sink:
            on_sink(office, sink)
            report = await deliver(office)
            assert report.acknowledged == 200
            assert 2 <= sum(line.startswith("EHLO") for line in sink.log) <= 4
        assert Counter(states(office)) == {"accepted": 200}
        assert all(number == 1 for _, number, _ in attempts(office))
        kept = Counter(m.content for m in sink.messages)
        assert len(kept) == 200
        assert set(kept.values()) == {1}
        assert set(kept) == {row["raw"] for row in rows(office, "SELECT raw FROM outbox")}


async def test_every_item_is_with_the_server_or_known_not_to_be(tmp_path: Path) -> None:
    steps: list[Step] = [None, "451 4.3.0 busy", None, Fault.DROP, "550 5.7.1 no", "421 4.3.2 bye", None, Fault.RESET]
    with paper(tmp_path) as office:
        queue(office, 60)
        async with Sink.run() as sink:
            on_sink(office, sink)
            sink.script(RCPT=steps * 2, MAIL=[None] * 9 + steps, DATA=[None] * 30 + steps,
                        DOT=[None] * 5 + [*steps, Fault.DROP_AFTER])  # fmt: skip
            await deliver(office)
            kept = Counter(m.content for m in sink.messages)
            for row in rows(office, "SELECT raw, state FROM outbox"):
                if row["state"] == "accepted":
                    assert kept[row["raw"]] == 1
                elif row["state"] != "unsure":
                    assert kept[row["raw"]] == 0
            assert "trying" not in states(office)
            # All that is not refused gets there in the end, and at most twice.
            for _ in range(4):
                office.paper_clock.advance(timedelta(hours=1))
                await deliver(office)
            assert set(states(office)) <= {"accepted", "refused"}
            kept = Counter(m.content for m in sink.messages)
            assert max(kept.values()) <= 2
            twice = sum(n == 2 for n in kept.values())
            assert twice <= sum(r["resent"] for r in rows(office, "SELECT resent FROM outbox"))


@pytest.mark.parametrize("reset", [Fault.DROP, "451 4.3.0 no"])
async def test_a_refusal_that_ends_the_line_costs_the_next_item_nothing(tmp_path: Path, reset: Step) -> None:
    with paper(tmp_path, smtp={"host": "127.0.0.1", "security": "none", "connections": 1}) as office:
        queue(office, 3)
        async with Sink.run() as sink:
            on_sink(office, sink)
            sink.script(RCPT="550 5.1.1 unknown", RSET=reset)
            assert (await deliver(office)).acknowledged == 2
        assert attempts(office) == [(1, 1, "refused"), (2, 1, "accepted"), (3, 1, "accepted")]


async def test_an_address_that_cannot_be_sent_to_costs_nobody_the_line(tmp_path: Path) -> None:
    with paper(tmp_path, smtp={"host": "127.0.0.1", "security": "none", "connections": 1}) as office:
        queue(office, 2)
        entry = builders.entry(3)
        screening = entry.screening.__class__(**{**_fields(entry.screening), "destination": "a b@example.com"})
        entry = entry.__class__(**{**_fields(entry), "screening": screening})
        office.store.receipts.enter(entry, judge, builders.draft)
        queue(office, 1)
        async with Sink.run() as sink:
            on_sink(office, sink)
            await deliver(office)
            assert len(sink.messages) == 3
        assert states(office) == ["accepted", "accepted", "refused", "accepted"]


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


async def test_what_is_due_is_taken_oldest_first(tmp_path: Path) -> None:
    with paper(tmp_path, smtp={"host": "127.0.0.1", "security": "none", "connections": 1}) as office:
        queue(office, 2)
        script(office, LATER, LATER)
        await deliver(office)
        office.paper_clock.set(datetime(2026, 11, 23, 12, tzinfo=builders.ZONE))
        queue(office, 1)
        await deliver(office)
        assert [a.item_id for a in office.paper_courier.delivered] == [1, 2, 3]
