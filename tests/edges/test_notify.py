"""What the service manager hears, on a real socket."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.edges.notify import Notifier


@pytest.fixture(params=["file", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    name = str(tmp_path / "notify") if request.param == "file" else f"@mailgate-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind("\0" + name[1:] if name.startswith("@") else name)
        made.settimeout(5)
        yield made, name


def test_each_message_is_one_datagram(ear: tuple[socket.socket, str]) -> None:
    listening, name = ear
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready("รอ\nREADY=0")
    notifier.status("x")
    notifier.alive()
    notifier.reloading()
    notifier.stopping()
    heard = [listening.recv(4096).decode() for _ in range(5)]
    assert heard[:3] == ["READY=1\nSTATUS=รอ READY=0", "STATUS=x", "WATCHDOG=1"]
    assert heard[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[4] == "STOPPING=1"


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_told_twice_in_its_time(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environment).watchdog_seconds == seconds


def test_nobody_listening_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Notifier({}).alive()
        assert not caplog.records
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
    assert len(caplog.records) == 1
