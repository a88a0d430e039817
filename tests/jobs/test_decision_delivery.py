"""The line is lost while a decision goes out, fifty times at each stage: never twice by itself, and nothing lost.

The receiving end says what it has got, so that each state is held against what is true.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import hashlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import pytest

from mailgate.edges.smtp import SmtpCourier
from mailgate.errors import CourierError, MailgateError
from mailgate.jobs import decisions, dispatching, poll
from mailgate.jobs.decisions import Wish
from mailgate.jobs.outbox import whole
from mailgate.jobs.verify import verify
from mailgate.model import Receipt
from mailgate.model_dispatch import Enclosed, Result
from tests import builders
from tests.builders import PaperOffice
from tests.edges.posts import served
from tests.jobs.letters import letter
from tests.jobs.letters import poll as check
from tests.jobs.registers import rows
from tests.servers.fast_sink import FastSink
from tests.servers.sink import Fault, Sink

RUNS = 50
LARGE = 500_000  # more than the buffers of a narrow line take


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path)) as made:
        yield made
        assert [str(n) for n in numbers(made)] == [str(n) for n in range(1, len(numbers(made)) + 1)]
        assert verify(made).problems == []


def numbers(office: PaperOffice) -> list[int]:
    return [row["number"] for row in office.store.dispatches.listed()]


def document(office: PaperOffice, folder: Path, size: int = 1000) -> Enclosed:
    """A file in the store; that it is a sound PDF is examined elsewhere."""
    path = folder / "คำสั่ง.pdf"
    path.write_bytes(b"%PDF-1.4\n" + b"%" * size)
    return office.attachments.keep_file(path, path.name)


async def decided(office: PaperOffice, file: Enclosed, many: int = RUNS) -> None:
    """So many letters, answered; their acknowledgements have gone, the decisions are queued."""
    await check(office, *(letter(n) for n in range(1, many + 1)))
    for n in range(1, many + 1):
        dispatching.enter(office, decisions.outbound(office, Receipt(n, 2569), Wish(Result.APPROVED), [file]))


def states(office: PaperOffice) -> dict[int, str]:
    found = rows(office, "SELECT id, state FROM outbox WHERE kind = 'decision' ORDER BY id")
    return {row["id"]: row["state"] for row in found}


def verdicts(office: PaperOffice) -> Counter[str]:
    """What the attempts of each decision came to, one after the other."""
    found = rows(office, "SELECT (SELECT group_concat(verdict) FROM attempt WHERE item_id = outbox.id) AS came FROM "
                 "outbox WHERE kind = 'decision'")  # fmt: skip
    return Counter(row["came"] or "" for row in found)


def mails(office: PaperOffice) -> dict[int, bytes]:
    """The bytes of each decision as they are to go out: those that the event of its dispatch fixed."""
    fixed: dict[str, str] = {}
    for event in office.store.dispatches.all_events():
        fixed |= json.loads(event["payload"]).get("mails", {})
    found = {
        i: whole(office, office.store.outbox.get(i)["raw"], office.store.outbox.carried(i)) for i in states(office)
    }
    assert {str(i): hashlib.sha256(raw).hexdigest() for i, raw in found.items()} == fixed
    return found


def copies(office: PaperOffice, sink: Sink | FastSink) -> dict[int, int]:
    """How often each decision reached the other end, byte for byte; nothing else went to a citizen."""
    got = Counter(m.content for m in sink.messages if m.rcpt_tos[0].startswith("citizen"))
    found = {item: got.pop(raw, 0) for item, raw in mails(office).items()}
    assert not got
    return found


def truthful(office: PaperOffice, sink: Sink) -> None:
    """Accepted is what the other end has, once; queued is what it has not."""
    have = copies(office, sink)
    for item, state in states(office).items():
        assert state in ("accepted", "queued", "unsure")
        assert state == "unsure" or have[item] == int(state == "accepted")
        assert have[item] <= 1


class Narrow(SmtpCourier):
    """A line that takes little before the other end has read it, as slow lines do."""

    async def ready(self) -> None:
        await super().ready()
        assert self._client is not None
        assert self._client.transport is not None
        line = self._client.transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)


def send_to(office: PaperOffice, port: int, seconds: float = 5, courier: type[SmtpCourier] = SmtpCourier) -> None:
    """All senders of the office use this port of loopback from now on."""
    smtp = office.config.smtp.model_copy(update={"port": port, "username": "", "timeout": timedelta(seconds=seconds)})
    office.courier = partial(courier, smtp, lambda: "", dot_seconds=seconds)


async def send(office: PaperOffice) -> None:
    """As the daemon does; a server that cannot be used is tried another time."""
    with contextlib.suppress(CourierError):
        await poll.send(office)


async def days_pass(office: PaperOffice, days: int = 5) -> None:
    for _ in range(days):
        office.paper_clock.advance(timedelta(days=1))
        await send(office)


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_line_lost_before_the_body(office: PaperOffice, tmp_path: Path, stage: str) -> None:
    await decided(office, document(office, tmp_path))
    async with Sink.run() as sink:
        send_to(office, sink.port)
        sink.script(**{stage: list(islice(cycle([Fault.DROP, Fault.RESET]), RUNS))})
        before_claim = stage in ("CONNECT", "EHLO")
        while sink._steps[stage]:
            await send(office)
            truthful(office, sink)
            assert not before_claim or set(verdicts(office)) <= {"", "accepted"}  # it cost no attempt
        assert before_claim or verdicts(office) == {"later": RUNS}
        for _ in range(2):
            office.paper_clock.advance(timedelta(minutes=2))
            await send(office)
        assert copies(office, sink) == dict.fromkeys(states(office), 1)
        assert set(states(office).values()) == {"accepted"}
        assert verdicts(office) == {"accepted" if before_claim else "later,accepted": RUNS}
        assert len(numbers(office)) == RUNS


@contextlib.asynccontextmanager
async def cutter(*, after: int | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that breaks the line after so many bytes of each body, or (None) after its answer to each message.

    Its port, and the messages it has answered.
    """
    taken: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 cutter.test ESMTP\r\n")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                writer.write(b"354 go on\r\n" if line == b"DATA\r\n" else b"250 ok\r\n")
                if line == b"DATA\r\n":
                    break
            if after is not None:
                await reader.readexactly(after)
                writer.transport.abort()
            elif line:
                taken.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                writer.write(b"250 2.0.0 taken\r\n")
        writer.close()

    async with served(serve) as port:
        yield port, taken


async def test_a_line_lost_in_the_middle_of_a_large_body_is_provably_not_sent(
    office: PaperOffice, tmp_path: Path
) -> None:
    await decided(office, document(office, tmp_path, LARGE))
    async with cutter(after=10_000) as (port, _):
        send_to(office, port, courier=Narrow)
        await send(office)
        assert verdicts(office) == {"later": RUNS}
        stages = {row["stage"] for row in rows(office, "SELECT stage FROM attempt WHERE item_id > 50")}
        assert stages == {"data"}
    async with FastSink(keep=True).listen() as sink:
        send_to(office, sink.port)
        office.paper_clock.advance(timedelta(minutes=2))
        await send(office)
        assert copies(office, sink) == dict.fromkeys(states(office), 1)
        assert verdicts(office) == {"later,accepted": RUNS}


async def test_a_line_lost_in_the_middle_of_a_small_body_is_never_called_sent(
    office: PaperOffice, tmp_path: Path
) -> None:
    """What fits into the buffers has left us, dot and all, before we hear of the loss: that is unsure, not failed."""
    await decided(office, document(office, tmp_path))
    async with cutter(after=1000) as (port, _):
        send_to(office, port)
        await send(office)
        assert set(states(office).values()) <= {"queued", "unsure"}
        assert sum(verdicts(office).values()) == RUNS
    unsure = {item for item, state in states(office).items() if state == "unsure"}
    async with Sink.run() as sink:
        send_to(office, sink.port)
        await days_pass(office)
        truthful(office, sink)
        assert {item for item, state in states(office).items() if state == "unsure"} == unsure
        assert {item for item, n in copies(office, sink).items() if n == 0} == unsure


LOST_AFTER_THE_DOT = [Fault.DROP, Fault.RESET, Fault.DROP_AFTER, Fault.DROP_AFTER, Fault.HANG_AFTER]


async def test_a_line_lost_after_the_dot_waits_for_a_person(office: PaperOffice, tmp_path: Path) -> None:
    await decided(office, document(office, tmp_path))
    async with Sink.run() as sink:
        send_to(office, sink.port, seconds=0.1)
        sink.script(DOT=list(islice(cycle(LOST_AFTER_THE_DOT), RUNS)))
        await send(office)
        assert set(states(office).values()) == {"unsure"}
        first = copies(office, sink)
        assert Counter(first.values()) == {0: 20, 1: 30}  # as often as the other end kept it before the loss
        await days_pass(office)
        office.store.outbox.interrupted(office.clock.now())
        office.store.outbox.resume(office.clock.now())
        await days_pass(office, 2)
        assert copies(office, sink) == first
        assert verdicts(office) == {"unsure": RUNS}
        assert set(states(office).values()) == {"unsure"}
        await _resolved(office, sink, first)


async def _resolved(office: PaperOffice, sink: Sink, first: dict[int, int]) -> None:
    """A person finds out what the other end has, and says so; only what is to go again goes again, as it was."""
    for item, had in first.items():
        verb = "resolve as sent" if had and item % 2 else "send again"
        office.store.outbox.by_hand(item, verb, office.clock.now(), "ถามผู้รับแล้ว")
    again = {item for item, had in first.items() if not (had and item % 2)}
    before = len(sink.messages)
    await send(office)
    await days_pass(office, 2)
    assert set(states(office).values()) == {"accepted"}
    assert copies(office, sink) == {item: had + int(item in again) for item, had in first.items()}
    sent = [m for m in sink.messages[before:] if m.rcpt_tos[0].startswith("citizen")]
    wanted = {office.store.outbox.get(item)["message_id"] for item in again}
    assert {email.message_from_bytes(m.content)["Message-ID"] for m in sent} == wanted
    kinds = Counter(row["kind"] for row in rows(office, "SELECT kind FROM event"))
    assert (kinds["resolve as sent"], kinds["send again"], kinds["resend"]) == (RUNS - len(again), len(again), 0)


async def test_what_is_unsure_twice_waits_for_a_second_word(office: PaperOffice, tmp_path: Path) -> None:
    await decided(office, document(office, tmp_path), 1)
    [item] = states(office)
    async with Sink.run() as sink:
        send_to(office, sink.port)
        for times in range(1, 6):
            sink.script(DOT=Fault.DROP_AFTER)
            await send(office)
            assert states(office) == {item: "unsure"}
            await days_pass(office, 2)
            assert copies(office, sink) == {item: times}
            office.store.outbox.by_hand(item, "send again", office.clock.now())
        office.store.outbox.by_hand(item, "cancel", office.clock.now())
        with pytest.raises(MailgateError, match="item 2 is cancelled"):
            office.store.outbox.by_hand(item, "resolve as sent", office.clock.now())


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET, "421 4.3.2 bye"])
async def test_a_line_lost_between_answer_and_quit(office: PaperOffice, tmp_path: Path, fault: Fault) -> None:
    await decided(office, document(office, tmp_path))
    for item in states(office):
        office.store.outbox.by_hand(item, "hold", office.clock.now())
    async with Sink.run() as sink:
        send_to(office, sink.port)
        for item in states(office):  # one alone on each line
            sink.script(QUIT=fault)
            office.store.outbox.by_hand(item, "release", office.clock.now())
            await send(office)
            assert states(office)[item] == "accepted"
        await days_pass(office, 2)
        assert copies(office, sink) == dict.fromkeys(states(office), 1)
        assert verdicts(office) == {"accepted": RUNS}
        assert sum(line == "QUIT" for line in sink.log) >= RUNS


async def test_a_line_lost_right_behind_the_answer(office: PaperOffice, tmp_path: Path) -> None:
    """The next decision is claimed in the commit that records the answer: it was provably not sent."""
    await decided(office, document(office, tmp_path))
    async with cutter(after=None) as (port, taken):
        send_to(office, port)
        for _ in range(RUNS):
            await send(office)
            office.paper_clock.advance(timedelta(minutes=20))
        assert Counter(taken) == Counter(mails(office).values())
        assert set(states(office).values()) == {"accepted"}
        assert set(verdicts(office)) <= {"accepted", "later,accepted", "later,later,accepted"}
