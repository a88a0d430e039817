"""Many gateways and machines that answer them, thirty virtual days: no loop, and few mails.

Each gateway is the real program on paper. Machines get what it sends and send what they send; a person writes to start
it off, each day anew. Counted are the automatic mails of a gateway to one machine.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.jobs import poll as polls
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.loops.responders import MACHINES, Machine, Reply, parsed, reply

DAYS = 30
CHECKS = (9, 11, 14, 16)
PER_PAIR_AND_DAY = 3


class World:
    """Gateways, machines and the mails on their way between them."""

    def __init__(self, offices: dict[str, PaperOffice], machines: dict[str, Machine]) -> None:
        self.offices, self.machines = offices, machines
        self.way: list[tuple[datetime, int, Reply]] = []
        self.sent: Counter[tuple[str, str, int]] = Counter()
        self.got = dict.fromkeys(offices, 0)

    def post(self, mails: list[Reply]) -> None:
        for mail in mails:
            heapq.heappush(self.way, (mail.at, len(self.way) + sum(self.sent.values()) * 1000, mail))

    def deliver(self, now: datetime) -> None:
        """What is due arrives: at a gateway's mailbox; tags and case do not matter to the servers."""
        while self.way and self.way[0][0] <= now:
            at, _, mail = heapq.heappop(self.way)
            local, _, domain = mail.to.lower().partition("@")
            office = self.offices.get(f"{local.partition('+')[0]}@{domain}")
            if office is not None:
                office.box.deliver(mail.raw, at)

    async def check(self, name: str, now: datetime) -> None:
        """One check of a gateway; what it sends reaches machines and other gateways."""
        office = self.offices[name]
        office.paper_clock.set(now)
        await polls.poll(office)
        delivered = office.paper_courier.delivered
        for attempt in delivered[self.got[name] :]:
            self._arrive(name, attempt.recipient, attempt.sender, attempt.raw, now)
        self.got[name] = len(delivered)

    def _arrive(self, gateway: str, recipient: str, sender: str, raw: bytes, now: datetime) -> None:
        key = _plain(recipient)
        self.sent[gateway, key, (now - NOW).days] += 1
        if key in self.machines:
            self.post(self.machines[key](parsed(raw), sender, recipient, now))
        elif key in self.offices:
            self.post([Reply(now, key, f"Return-Path: <{sender}>\r\n".encode() + raw)])


def _plain(address: str) -> str:
    """Where a mail ends: forwarders undone, tags and case gone."""
    local, _, domain = address.lower().partition("@")
    if local.startswith("srs0="):
        *_, domain, local = local.split("=")
    return f"{local.partition('+')[0]}@{domain}"


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    gateways, machines = request.param
    with ExitStack() as stack:
        offices = {}
        for n in range(gateways):
            address = f"office@g{n}.go.th"
            table = builders.tables()["office"] | {"address": address}
            made = builders.config(tmp_path / str(n), office=table, limits={})
            offices[address] = stack.enter_context(builders.office(made))
        yield World(offices, {f"{name.replace('_', '')}@machine.test": MACHINES[name] for name in machines})


async def live(world: World, days: int) -> None:
    """Each day somebody writes from every machine's address to every gateway, and every gateway to its neighbour."""
    for day in range(days):
        start = NOW.replace(hour=8) + timedelta(days=day)
        for office in world.offices:
            world.post([reply(office, me, start, subject=f"letter of day {day}") for me in world.machines])
            neighbours = [a for a in world.offices if a != office][:3]
            world.post([reply(office, a, start, subject=f"from {a}") for a in neighbours])
        for hour in CHECKS:
            for quarter in range(0, 60, 30):  # checks between the mandated ones make a loop turn faster
                now = start.replace(hour=hour, minute=quarter)
                world.deliver(now)
                for name in world.offices:
                    await world.check(name, now)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("world", [(3, list(MACHINES))], indirect=True, ids=["3 gateways, 15 machines"])
async def test_at_most_three_automatic_mails_a_pair_and_day_and_no_growth(world: World) -> None:
    await live(world, DAYS)
    worst = world.sent.most_common(5)
    assert worst[0][1] <= PER_PAIR_AND_DAY, worst
    by_day = Counter[int]()
    for (_, _, day), count in world.sent.items():
        by_day[day] += count
    first, last = (sum(by_day[d] for d in days) for days in (range(5, 15), range(DAYS - 10, DAYS)))
    assert last <= first * 1.1, by_day
    assert len(world.sent) > DAYS * len(world.offices) * 5  # it was no silence that passed


@pytest.mark.parametrize("world", [(1, ["bare"])], indirect=True)
async def test_without_limits_the_simulator_shows_the_loop(world: World) -> None:
    """The control: what the limits are for."""
    [office] = world.offices.values()
    none = builders.config(office.config.registry.path.parent, limits=builders.UNLIMITED).limits
    office.config = office.config.model_copy(update={"limits": none})
    await live(world, 2)
    assert max(world.sent.values()) > PER_PAIR_AND_DAY


def test_a_world_is_made_of_all_machines() -> None:
    assert len(MACHINES) == 15
