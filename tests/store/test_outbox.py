"""The outbox: every arrow of its drawing, every forbidden one, and no item taken twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.core.identity import judge
from mailgate.edges.store import Store
from mailgate.errors import MailgateError
from mailgate.model import Attempt, Outcome, Settled, State, Verdict
from mailgate.model_reading import Delivery, Recipient
from tests.builders import NOW, draft, entry

LATER = NOW + timedelta(minutes=5)
ACCEPTED = Outcome(Verdict.ACCEPTED, "dot", 250, "2.0.0 ok")
DELAYED = Outcome(Verdict.LATER, "rcpt", 451, "4.7.1 greylisted")
REFUSED = Outcome(Verdict.REFUSED, "rcpt", 550, "5.1.1 no such user")
UNSURE = Outcome(Verdict.UNSURE, "dot", 0, "connection lost")
OUTCOMES = {
    State.ACCEPTED: ACCEPTED,
    State.REFUSED: REFUSED,
    State.UNSURE: UNSURE,
    State.QUEUED: DELAYED,
    State.EXPIRED: DELAYED,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A registry with one queued acknowledgement."""
    made = Store(tmp_path / "registry.db")
    made.receipts.enter(entry(1), judge, draft)
    yield made
    made.close()


def state(store: Store, item: int = 1) -> State:
    return State(store.outbox.get(item)["state"])


def claimed(store: Store, now: datetime = NOW) -> Attempt:
    found = store.outbox.claim(now)
    assert found is not None
    return found


def record(
    store: Store,
    attempt: Attempt,
    outcome: Outcome,
    state: State,
    next_at: datetime,
    now: datetime,
    *,
    goes_on: bool = False,
) -> Attempt | None:
    [following] = store.outbox.settle([Settled(attempt, outcome, state, next_at, goes_on)], now)
    return following


REPORTED = {State.BOUNCED: Delivery.FAILED, State.DELIVERED: Delivery.DELIVERED}


def bring_to(store: Store, wanted: State) -> None:
    """Walk the one item to a state along allowed arrows."""
    if wanted is State.HELD:
        store.outbox.by_hand(1, "hold", NOW)
    elif wanted is State.CANCELLED:
        store.outbox.by_hand(1, "cancel", NOW)
    elif wanted is not State.QUEUED:
        attempt = claimed(store)
        reported = REPORTED.get(wanted)
        if wanted is not State.TRYING:
            reached = State.ACCEPTED if reported else wanted
            record(store, attempt, OUTCOMES[reached], reached, NOW, NOW)
        if reported:
            with store.db.immediate("reported"):
                store.outbox.reported(1, 1, Recipient("citizen@example.com", reported, "5.1.1", ""), NOW)
    assert state(store) is wanted


def events(store: Store) -> list[str]:
    return [e["kind"] for e in store.chain.events()]


# -- claim and record -----------------------------------------------------------------------------------------------


def test_an_attempt_is_on_record_before_anything_is_sent(store: Store) -> None:
    attempt = claimed(store)
    assert state(store) is State.TRYING
    row = store.db.one("SELECT * FROM attempt")
    assert row
    assert (row["item_id"], row["number"], row["ended_at"], row["verdict"]) == (1, 1, None, None)
    assert (attempt.item_id, attempt.number, attempt.letter_id) == (1, 1, 1)
    assert attempt.raw == store.outbox.get(1)["raw"]
    assert attempt.created == NOW
    assert events(store)[-1] == "trying"
    assert store.outbox.claim(NOW) is None


@pytest.mark.parametrize("after", list(OUTCOMES))
def test_every_arrow_out_of_trying(store: Store, after: State) -> None:
    attempt = claimed(store)
    outcome = OUTCOMES[after]
    record(store, attempt, outcome, after, LATER, NOW)
    row = store.outbox.get(1)
    assert row["state"] == after
    assert (row["ended_at"] is None) is (after is State.QUEUED)
    tried = store.reports.attempts_of(1)[0]
    assert (tried["verdict"], tried["stage"], tried["code"], tried["text"]) == (
        outcome.verdict,
        outcome.stage,
        outcome.code,
        outcome.text,
    )
    assert events(store)[-1] == ("expired" if after is State.EXPIRED else outcome.verdict)


def test_a_delayed_item_is_due_again_at_its_time_and_not_before(store: Store) -> None:
    record(store, claimed(store), DELAYED, State.QUEUED, LATER, NOW)
    assert store.outbox.next_due() == LATER
    assert store.outbox.claim(LATER - timedelta(microseconds=1)) is None
    assert store.outbox.due(LATER - timedelta(microseconds=1), 9) == 0
    assert store.outbox.due(LATER, 9) == 1
    assert claimed(store, LATER).number == 2


@pytest.mark.parametrize(
    "settled", [State.ACCEPTED, State.REFUSED, State.UNSURE, State.EXPIRED, State.HELD, State.CANCELLED]
)
def test_what_is_settled_is_never_claimed(store: Store, settled: State) -> None:
    bring_to(store, settled)
    assert store.outbox.claim(NOW + timedelta(days=1000)) is None
    assert store.outbox.due(NOW + timedelta(days=1000), 9) == 0


def test_items_are_claimed_by_time_then_in_order(store: Store) -> None:
    for n in (2, 3):
        store.receipts.enter(entry(n), judge, draft)
    store.receipts.enter(entry(4, now=NOW - timedelta(minutes=1)), judge, draft)
    assert [claimed(store).item_id for _ in range(4)] == [4, 1, 2, 3]


def test_several_outcomes_and_claims_are_one_commit(store: Store) -> None:
    store.receipts.enter(entry(2), judge, draft)
    following = record(store, claimed(store), ACCEPTED, State.ACCEPTED, NOW, NOW, goes_on=True)
    assert following
    assert following.item_id == 2
    assert (state(store, 1), state(store, 2)) == (State.ACCEPTED, State.TRYING)
    assert record(store, following, ACCEPTED, State.ACCEPTED, NOW, NOW, goes_on=True) is None


def test_an_attempt_is_recorded_once(store: Store) -> None:
    attempt = claimed(store)
    record(store, attempt, ACCEPTED, State.ACCEPTED, NOW, NOW)
    before = list(store.db.sql.iterdump())
    for after in (State.QUEUED, State.REFUSED, State.ACCEPTED):
        with pytest.raises(MailgateError, match="no longer trying"):
            record(store, attempt, DELAYED, after, NOW, NOW)
    assert list(store.db.sql.iterdump()) == before


# -- by hand --------------------------------------------------------------------------------------------------------

BY_HAND = {
    ("hold", State.QUEUED): State.HELD,
    ("release", State.HELD): State.QUEUED,
    ("cancel", State.QUEUED): State.CANCELLED,
    ("cancel", State.HELD): State.CANCELLED,
    ("retry", State.QUEUED): State.QUEUED,
    ("retry", State.UNSURE): State.QUEUED,
    ("retry", State.REFUSED): State.QUEUED,
    ("retry", State.EXPIRED): State.QUEUED,
    ("retry", State.BOUNCED): State.QUEUED,
}


@pytest.mark.parametrize("verb", ["hold", "release", "cancel", "retry"])
@pytest.mark.parametrize("before", list(State))
def test_what_a_person_may_tell_an_item(store: Store, verb: str, before: State) -> None:
    bring_to(store, before)
    was = list(store.db.sql.iterdump())
    if (verb, before) in BY_HAND:
        found = store.outbox.by_hand(1, verb, LATER, note="said")
        assert found["state"] == BY_HAND[verb, before]
        assert found["note"] == "said"
        assert events(store)[-1] == verb
    else:
        with pytest.raises(MailgateError) as refused:
            store.outbox.by_hand(1, verb, LATER)
        assert before in str(refused.value)
        assert refused.value.hint
        assert list(store.db.sql.iterdump()) == was


def test_an_item_that_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(MailgateError, match="no outbox item 99"):
        store.outbox.by_hand(99, "hold", NOW)


def test_a_retry_is_due_at_once(store: Store) -> None:
    record(store, claimed(store), DELAYED, State.QUEUED, NOW + timedelta(hours=8), NOW)
    store.outbox.by_hand(1, "retry", LATER)
    assert claimed(store, LATER).number == 2


def test_what_somebody_else_moved_meanwhile_is_not_moved_again(store: Store, tmp_path: Path) -> None:
    attempt = claimed(store)
    other = Store(tmp_path / "registry.db")
    record(other, attempt, ACCEPTED, State.ACCEPTED, NOW, NOW)
    with pytest.raises(MailgateError):
        record(store, attempt, DELAYED, State.QUEUED, LATER, NOW)
    assert state(store) is State.ACCEPTED
    other.close()


# -- unsure ---------------------------------------------------------------------------------------------------------


def test_what_was_being_tried_in_a_crash_is_unsure(store: Store) -> None:
    for n in (2, 3):
        store.receipts.enter(entry(n), judge, draft)
    claimed(store), claimed(store)
    assert store.outbox.interrupted(NOW) == 2
    assert [state(store, n) for n in (1, 2, 3)] == [State.UNSURE, State.UNSURE, State.QUEUED]
    assert store.reports.attempts_of(1)[0]["verdict"] == "unsure"
    assert store.outbox.interrupted(NOW) == 0


def test_an_unsure_acknowledgement_is_sent_again_once_the_same_bytes(store: Store) -> None:
    first = claimed(store)
    record(store, first, UNSURE, State.UNSURE, NOW, NOW)
    assert store.outbox.resend_unsure(NOW - timedelta(seconds=1), NOW) == 0
    assert store.outbox.resend_unsure(NOW, LATER) == 1
    again = claimed(store, LATER)
    assert (again.raw, again.sender, again.recipient, again.envid) == (
        first.raw,
        first.sender,
        first.recipient,
        first.envid,
    )
    assert again.number == 2
    record(store, again, UNSURE, State.UNSURE, LATER, LATER)
    assert store.outbox.resend_unsure(NOW + timedelta(days=9), NOW + timedelta(days=9)) == 0
    assert store.outbox.get(1)["resent"] == 1
    assert events(store).count("resend") == 1


def test_an_unsure_one_that_a_person_sent_again_is_not_sent_a_third_time(store: Store) -> None:
    """Law 4: again once at the most, whoever asked for it."""
    record(store, claimed(store), UNSURE, State.UNSURE, NOW, NOW)
    store.outbox.by_hand(1, "retry", LATER)
    record(store, claimed(store, LATER), UNSURE, State.UNSURE, LATER, LATER)
    assert store.outbox.resend_unsure(NOW + timedelta(days=1), NOW + timedelta(days=1)) == 0


def test_a_decision_waits_for_a_person(store: Store) -> None:
    store.db.sql.execute(
        "INSERT INTO outbox (id, kind, letter_id, sender, recipient, message_id, envid, raw, state, created_at, next_at, "  # noqa: E501
        "ended_at) SELECT 2, 'decision', letter_id, sender, recipient, '<d@x>', envid, raw, 'unsure', created_at, "
        "next_at, created_at FROM outbox WHERE id = 1"
    )
    assert store.outbox.resend_unsure(NOW + timedelta(days=9), NOW + timedelta(days=9)) == 0
    assert state(store, 2) is State.UNSURE


def test_frozen_bytes_stay_the_same_in_every_state(store: Store) -> None:
    raw = store.outbox.get(1)["raw"]
    for after in (State.QUEUED, State.UNSURE):
        record(store, claimed(store, LATER), OUTCOMES[after], after, NOW, NOW)
        with pytest.raises(sqlite3.IntegrityError):
            store.db.sql.execute("UPDATE outbox SET raw = x'00'")
    assert store.outbox.get(1)["raw"] == raw


# -- several at once ------------------------------------------------------------------------------------------------


def test_two_connections_never_claim_the_same_item(store: Store, tmp_path: Path) -> None:
    for n in range(2, 61):
        store.receipts.enter(entry(n), judge, draft)
    start, found, errors = threading.Barrier(4), list[int](), list[BaseException]()

    def work() -> None:
        own = Store(tmp_path / "registry.db")
        try:
            start.wait()
            attempt = own.outbox.claim(NOW)
            while attempt is not None:
                found.append(attempt.item_id)
                attempt = record(own, attempt, ACCEPTED, State.ACCEPTED, NOW, NOW, goes_on=True)
        except BaseException as e:
            errors.append(e)
        finally:
            own.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert sorted(found) == list(range(1, 61))
    assert store.reports.outbox_counts() == {"accepted": 60}
    assert store.db.value("SELECT max(attempts) FROM outbox") == 1


def test_registering_at_once_on_two_connections_gives_each_its_own_number(store: Store, tmp_path: Path) -> None:
    start, found, errors = threading.Barrier(3), list[int](), list[BaseException]()

    def work(base: int) -> None:
        own = Store(tmp_path / "registry.db")
        try:
            start.wait()
            for n in range(25):
                entered = own.receipts.enter(entry(base + n), judge, draft)
                assert entered
                assert entered.receipt
                found.append(entered.receipt.number)
        except BaseException as e:
            errors.append(e)
        finally:
            own.close()

    workers = [threading.Thread(target=work, args=(base,)) for base in (100, 200, 300)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert sorted(found) == list(range(2, 77))


def test_lists_and_counts(store: Store) -> None:
    store.receipts.enter(entry(2), judge, draft)
    record(store, claimed(store), REFUSED, State.REFUSED, NOW, NOW)
    assert store.reports.outbox_counts() == {"queued": 1, "refused": 1}
    rows = store.reports.outbox("refused")
    assert [(r["id"], r["number"], r["last_answer"]) for r in rows] == [(1, 1, "5.1.1 no such user")]
    assert len(store.reports.outbox()) == 2
    assert len(store.reports.outbox(limit=1)) == 1
