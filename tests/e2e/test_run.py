"""The daemon as systemd runs it: it makes the check that is due, sends, and leaves when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailgate import config_file
from tests.crash.letters import letter
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink, ThreadedSink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with ThreadedSink() as made:
        yield made


def test_it_checks_when_due_and_ends_on_sigterm(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> None:
    mailbox.drop_in([letter(1), letter(2)])
    office = Program.at(tmp_path / "office", mailbox, sink.port)
    # Due since midnight, and a working day whatever today is.
    today = datetime.now(ZoneInfo("Asia/Bangkok")).date()
    office.set("checks", times=["00:00"]).set("calendar", remove=[today])
    config = office.folder / "config.toml"
    config.write_text(config_file.render(office.values), "utf-8")
    environment = os.environ | {"MAILGATE_IMAP_PASSWORD": office.password}
    command = [sys.executable, "-m", "mailgate", "--config", str(config), "run", "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as daemon:
        sink.await_messages(2)
        daemon.send_signal(signal.SIGTERM)
        out, err = daemon.communicate(timeout=20)
    assert daemon.returncode == 0, err
    assert json.loads(out) == {"checks": 1, "registered": 2, "acknowledged": 2, "failed": 0}
    assert "registered 1/" in err
    assert "Traceback" not in err
    assert office("status", "--json").json["last_check"]["done"] is True
