"""Servers of the crash tests: a Dovecot, a fast sink that notes what it gets, and the program ready to start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.crash.machine import ForkServer, Machine, Maker
from tests.servers.dovecot import Dovecot
from tests.servers.process import await_greeting, end, free_ports, spawn


class SinkProcess(NamedTuple):
    port: int
    record: Path


@pytest.fixture(scope="session")
def sink_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkProcess]:
    """An SMTP receiver in a process of its own: it lives on when the program is killed."""
    folder = tmp_path_factory.mktemp("sink")
    (port,) = free_ports(1)
    record = folder / "record.jsonl"
    command = [sys.executable, "-m", "tests.servers.fast_sink", "--port", str(port), "--record", str(record)]
    process = spawn(command, folder / "log.txt")
    await_greeting(process, port, "ESMTP")
    yield SinkProcess(port, record)
    end(process)


@pytest.fixture(scope="session")
def program() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


@pytest.fixture
def machines(tmp_path: Path, mailbox: Dovecot, sink_process: SinkProcess) -> Maker:
    """A maker of fresh offices in front of a mailbox filled anew."""
    count = iter(range(10_000))

    def make(mails: list[bytes]) -> Machine:
        mailbox.empty()
        mailbox.drop_in(mails)
        return Machine(tmp_path / str(next(count)), mailbox, sink_process.port, sink_process.record)

    return make
