"""The daemon as systemd runs it: readiness, watchdog, reload, and leaving with nothing lost or doubled."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.crash.letters import letter
from tests.e2e.daemon import Daemon, due_now
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Delay, Fault, Sink


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    return due_now(Program.at(tmp_path / "office", mailbox, sink.port))


def test_it_checks_when_due_and_ends_on_sigterm(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    mailbox.drop_in([letter(1), letter(2)])
    with Daemon(office) as daemon:
        assert "STATUS=" in daemon.hears("READY=1")
        sink.await_messages(2)
        code, out, _ = daemon.leaves()
    assert code == 0, daemon.log()
    assert json.loads(out) == {"checks": 1, "registered": 2, "acknowledged": 2, "failed": 0}
    assert "registered 1/" in daemon.log()
    assert "Traceback" not in daemon.log()
    status = office("status", "--json").json
    assert status["last_check"]["done"] is True
    assert [s["state"] for s in status["slots_today"]] == ["before"]  # it was long past when the duty began


def test_the_watchdog_is_fed_while_it_works(office: Program) -> None:
    with Daemon(office, watchdog_seconds=2) as daemon:
        daemon.hears("READY=1")
        for _ in range(3):
            daemon.hears("WATCHDOG=1")


def test_a_hangup_reads_the_config_anew_and_keeps_the_old_where_it_is_broken(office: Program) -> None:
    with Daemon(office) as daemon:
        daemon.hears("READY=1")
        daemon.config.write_text("[office]\nname = 1\n", "utf-8")
        daemon.signal(signal.SIGHUP)
        daemon.hears("RELOADING=1")
        daemon.hears("READY=1")
        assert "the old configuration stays" in daemon.log()
        office.set("checks", times=["00:00", "23:59"])
        daemon.write_config()
        daemon.signal(signal.SIGHUP)
        daemon.hears("RELOADING=1")
        assert "23.59" in daemon.hears("READY=1")
        assert daemon.leaves()[0] == 0
    assert "reloaded" in daemon.log()


def test_two_daemons_do_not_share_a_registry(office: Program) -> None:
    with Daemon(office) as daemon:
        daemon.hears("READY=1")
        second = office("run")
    assert second.code == 1
    assert "another mailgate is working with this registry" in second.err


def test_the_answer_to_a_final_dot_is_waited_for(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    """Leaving before it would make the reply unsure, and a decision would need a person's word (law 4)."""
    mailbox.drop_in([letter(1)])
    sink.script(DOT=[Delay(12)])
    with Daemon(office) as daemon:
        _until(lambda: any(line.startswith("DATA") for line in sink.log))
        code, _, seconds = daemon.leaves(30)
    assert code == 0, daemon.log()
    assert seconds > 8
    assert _outbox(office) == ["accepted"]


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "DATA"])
def test_a_server_that_hangs_before_the_dot_does_not_keep_it(
    office: Program, mailbox: Dovecot, sink: Sink, stage: str
) -> None:
    mailbox.drop_in([letter(1)])
    office.set("smtp", timeout="5m")
    sink.script(**{stage: [Fault.HANG] * 4})
    with Daemon(office) as daemon:
        _until(lambda: any(line.startswith(stage) for line in sink.log))
        code, _, seconds = daemon.leaves()
    assert code == 0, daemon.log()
    assert seconds < 10
    assert _outbox(office) == ["queued"]


def _outbox(office: Program) -> list[str]:
    items = office("outbox", "list", "--json").json
    return [item["state"] for item in items if item["kind"] == "acknowledgement"]


def _until(done: object, seconds: float = 20) -> None:
    assert callable(done)
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
