"""The watch and the alarms as their users meet them: a dead daemon, a spoilt registry."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon, due_now
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    made = due_now(Program.at(tmp_path / "office", mailbox, sink.port))
    return made.set("alarm", command=["/bin/sh", "-c", f"cat >> {tmp_path}/told.txt"], disk_free=0)


def told(office: Program) -> str:
    path = office.folder.parent / "told.txt"
    return path.read_text("utf-8") if path.exists() else ""


def test_all_is_well_while_the_daemon_works(office: Program) -> None:
    with Daemon(office) as daemon:
        daemon.hears("READY=1")
        _until(lambda: office("status", "--json").json["last_check"]["done"])
        assert office("watch").code == 0
    assert told(office) == ""


def test_a_dead_daemon_is_told_once_and_its_return_too(office: Program) -> None:
    with Daemon(office) as daemon:
        daemon.hears("READY=1")
        _until(lambda: bool(office("status", "--json").json["last_check"]))
        daemon.signal(signal.SIGKILL)
    long_ago = time.time() - 3600
    os.utime(office.folder / "registry.db.alive", (long_ago, long_ago))
    assert office("watch").code == 3
    assert office("watch").code == 3
    assert told(office).count("โปรแกรม mailgate มิได้ทำงาน") == 1
    assert [up["key"] for up in office("alarm", "list", "--json").json] == ["daemon"]
    with Daemon(office) as daemon:
        daemon.hears("READY=1")
        _until(lambda: "เหตุที่สิ้นสุดแล้ว" in told(office))


def test_a_daemon_that_hangs_is_told(office: Program) -> None:
    with Daemon(office) as daemon:
        daemon.hears("READY=1")
        _until(lambda: bool(office("status", "--json").json["last_check"]))
        daemon.signal(signal.SIGSTOP)
        long_ago = time.time() - 3600
        os.utime(office.folder / "registry.db.alive", (long_ago, long_ago))
        assert office("watch").code == 3
        daemon.signal(signal.SIGCONT)
    assert "โปรแกรม mailgate มิได้ทำงาน" in told(office)


def test_a_registry_that_is_missing_is_told_and_not_made(office: Program) -> None:
    assert office("watch").code == 3
    assert "there is no registry" in told(office)
    assert not (office.folder / "registry.db").exists()


def test_a_check_that_nobody_makes_is_told(office: Program) -> None:
    assert office("poll").code == 0
    # As if the duty had begun some days ago, and nobody had come since.
    with closing(sqlite3.connect(office.folder / "registry.db")) as db, db:
        begun = (datetime.now(UTC) - timedelta(days=3)).isoformat(timespec="microseconds")
        db.execute("UPDATE meta SET value = ? WHERE key = 'duty_from'", (begun,))
    assert office("watch").code == 3
    assert "ยังมิได้ตรวจกล่องจดหมายตามกำหนด" in told(office)


def test_a_registry_that_cannot_be_read_is_told(office: Program) -> None:
    assert office("poll").code == 0
    (office.folder / "registry.db").write_bytes(b"not a registry" * 100)
    result = office("watch")
    assert result.code == 3
    assert "ใช้งานทะเบียนไม่ได้" in told(office)


def test_a_daemon_that_cannot_start_says_so_by_the_second_way(office: Program) -> None:
    office.folder.joinpath("registry.db").write_bytes(b"not a registry" * 100)
    assert office("run").code == 1
    assert "is not a registry of mailgate" in told(office)


def test_an_alarm_of_a_unit_is_sent_even_where_the_config_is_broken(office: Program) -> None:
    office.values["smtp"] = {"host": "mail.example.go.th", "security": "none"}
    assert office("run").code == 2
    assert office("alarm", "send", "หน่วย mailgate.service ล้มเหลว").code == 0
    assert "หน่วย mailgate.service ล้มเหลว" in told(office)
    office.values["office"]["address"] = "nobody"
    assert office("alarm", "send", "again").code == 0
    office.values["alarm"]["smtp_port"] = "x"
    assert office("alarm", "send", "again").code == 2


def test_the_ways_can_be_tried(office: Program) -> None:
    result = office("alarm", "test", "--json")
    assert result.code == 0
    assert result.json == [{"way": "command", "sent": True, "problem": ""}]
    assert "ทดสอบการแจ้งเหตุ" in told(office)
    office.set("alarm", command=["/bin/false"])
    assert office("alarm", "send", "หน่วย x ล้มเหลว").code == 1
    office.set("alarm", command=["/bin/sh", "-c", f"cat >> {office.folder.parent}/told.txt"])
    assert office("alarm", "send", os.fsdecode(b"\xff\xfe")).code == 0
    office.values["alarm"] = {}
    assert office("alarm", "test").code == 1


def _until(done: object, seconds: float = 30) -> None:
    assert callable(done)
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)
