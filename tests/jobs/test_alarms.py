"""What endangers the duty on a paper office, told by a real program, once when it comes up and once when it is over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.core.alarms import Condition
from mailgate.daemon import Daemon
from mailgate.edges import alarm_ways
from mailgate.edges.alarm_book import AlarmBook
from mailgate.edges.courier import PaperCourier
from mailgate.edges.notify import Notifier
from mailgate.errors import ArchiveError, CourierError, MailboxError
from mailgate.jobs import alarms, conditions
from mailgate.jobs.certificate_watch import Certificates
from mailgate.jobs.chain_watch import ChainWatch
from mailgate.jobs.status import status
from tests import builders
from tests.builders import NOW, Away, PaperOffice
from tests.jobs.letters import letter
from tests.servers.sink import Sink


class Told:
    """The file the alarm's program writes to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0

    def new(self) -> str:
        """What was told since the last look."""
        text = self.path.read_text("utf-8") if self.path.exists() else ""
        said, self._read = text[self._read :], len(text)
        return said


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "told.txt")


def alarm(told: Told, **more: object) -> dict[str, object]:
    return {"command": ["/bin/sh", "-c", f"cat >> {told.path}"]} | more


@pytest.fixture
def office(tmp_path: Path, told: Told) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path, alarm=alarm(told))) as made:
        yield made


def daemon(office: PaperOffice) -> Daemon:
    return Daemon(office, lambda: office.config, Notifier({}))


async def turn(worked: Daemon, now: datetime) -> None:
    worked.office.clock.set(now)  # type: ignore[attr-defined]
    await worked.notice()
    for worker in worked.workers:
        await worker.turn()


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return NOW.replace(day=day, hour=hour, minute=minute)


async def test_all_is_well(office: PaperOffice, told: Told) -> None:
    await turn(daemon(office), at(9))
    assert told.new() == ""
    assert alarms.listed(office.config) == {}


async def test_a_server_away_for_three_days_is_told_and_mends_itself(office: PaperOffice, told: Told) -> None:
    worked, there = daemon(office), office.post
    await turn(worked, at(9))
    office.post = Away()
    for day in (23, 24, 25):
        for hour, minute in ((11, 0), (11, 15), (14, 0), (14, 15), (16, 0), (16, 15), (23, 0)):
            await turn(worked, at(hour, minute, day))
    said = told.new()
    assert said.count("ยังมิได้ตรวจกล่องจดหมายตามกำหนด ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๑๑.๐๐ น.") == 1
    assert said.count("ตรวจกล่องจดหมายไม่สำเร็จตั้งแต่") >= 1
    office.post = there
    await turn(worked, at(9, day=26))
    said = told.new()
    assert "เหตุที่สิ้นสุดแล้ว" in said
    assert "ตรวจกล่องจดหมายไม่สำเร็จตั้งแต่" in said
    await turn(worked, at(9, 5, day=26))
    assert told.new() == ""
    assert [row["state"] for row in office.store.slots.between(at(9, day=26), at(10, day=26))] == ["done"]


async def test_a_refused_login_is_told_at_once(office: PaperOffice, told: Told) -> None:
    class Refusing(Away):
        def open(self) -> builders.PaperMailbox:
            raise MailboxError("the IMAP server x refuses the login of y", "Check the password")

    office.post = Refusing()
    await turn(daemon(office), at(9))
    assert "ไม่รับชื่อผู้ใช้หรือรหัสผ่าน" in told.new()


async def test_a_check_that_is_made_up_ends_its_alarm(office: PaperOffice, told: Told) -> None:
    worked, there = daemon(office), office.post
    office.post = Away()
    for minute in (0, 11):
        await turn(worked, at(9, minute))
    assert "เวลา ๐๙.๐๐ น. ล่วงเลยมาแล้ว ๑๑ นาที" in told.new()
    office.post = there
    await turn(worked, at(9, 30))
    said, when = told.new(), "๒๓ พฤศจิกายน ๒๕๖๙ เวลา"
    assert f"- ได้ตรวจกล่องจดหมายตามกำหนด {when} ๐๙.๐๐ น. แล้ว เมื่อ {when} ๐๙.๓๐ น.\n" in said


async def test_space_on_the_disk(tmp_path: Path, told: Told) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    with builders.office(builders.config(tmp_path, alarm=alarm(told, disk_free=free * 2))) as office:
        await alarms.evaluate(office, NOW)
    assert "พื้นที่ว่างของดิสก์เหลือ" in told.new()


async def test_a_full_disk_is_told_and_work_goes_on_when_there_is_room(
    office: PaperOffice, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = daemon(office)
    office.box.deliver(letter(1), NOW)
    with monkeypatch.context() as full:
        full.setattr(office.archive, "free", lambda: 0)
        await turn(worked, at(9))
        said = told.new()
        assert "พื้นที่ว่างของดิสก์เหลือ ๐ MiB" in said
        await turn(worked, at(9, 15))
        assert "nearly full" in told.new()
    await turn(worked, at(9, 30))
    assert len(office.store.reports.letters()) == 1
    assert "เหตุที่สิ้นสุดแล้ว" in told.new()


async def test_mail_that_does_not_go_out(office: PaperOffice, told: Told) -> None:
    from mailgate.model import Outcome, Verdict

    office.paper_courier.script = [Outcome(Verdict.LATER, "rcpt", 451, "busy")] * 20
    office.box.deliver(letter(1), NOW)
    worked = daemon(office)
    await turn(worked, at(9))
    await turn(worked, at(12))
    assert told.new() == ""
    await turn(worked, at(13, 1))
    assert "มีข้อความค้างส่งตั้งแต่" in told.new()


async def test_a_mail_server_that_cannot_be_used(office: PaperOffice, told: Told) -> None:
    worked, there = daemon(office), office.courier
    office.courier = lambda: PaperCourier([CourierError("cannot use the SMTP server x:587: it does not answer")])
    office.box.deliver(letter(1), NOW)
    await turn(worked, at(9))
    assert told.new() == ""
    await turn(worked, at(9, 11))
    assert "cannot use the SMTP server x:587" in told.new()
    office.courier = there
    for minute in (12, 13):
        await turn(worked, at(9, minute))
    assert "เหตุที่สิ้นสุดแล้ว" in told.new()


async def test_a_folder_that_is_gone_is_told_and_ends_nothing(office: PaperOffice, told: Told) -> None:
    away = office.archive.folder.rename(office.archive.folder.with_name("away"))
    await alarms.evaluate(office, NOW)
    assert "ตรวจพื้นที่ว่างของดิสก์ไม่ได้" in told.new()
    away.rename(office.archive.folder)
    await alarms.evaluate(office, NOW)
    assert "เหตุที่สิ้นสุดแล้ว" in told.new()


async def test_passwords_and_certificates_that_end(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    imap = builders.tables()["imap"] | {"password_expires": (NOW + timedelta(days=14)).date()}
    with builders.office(builders.config(tmp_path, alarm=alarm(told), imap=imap)) as office:
        await alarms.evaluate(office, NOW)
        assert "รหัสผ่านของ [imap] จะหมดอายุวันที่ ๗ ธันวาคม ๒๕๖๙" in told.new()
        monkeypatch.setattr("mailgate.edges.certificates.end", lambda _: NOW + timedelta(days=13))
        found = await Certificates().look(office)
        assert [c.key for c in found] == ["certificate:imap", "certificate:smtp"]
        monkeypatch.setattr("mailgate.edges.certificates.end", lambda _: NOW + timedelta(days=15))
        assert await Certificates().look(office) == []


async def test_a_backup_that_is_missing(tmp_path: Path, told: Told) -> None:
    (tmp_path / "copies").mkdir()
    with builders.office(
        builders.config(tmp_path, alarm=alarm(told), backup={"directory": tmp_path / "copies"})
    ) as office:
        worked = daemon(office)
        for now in (at(9), at(9, day=24), at(12, day=24)):
            assert "ยังไม่เคยสำรองข้อมูล" not in told.new()
            await turn(worked, now)
    assert "ยังไม่เคยสำรองข้อมูล" in told.new()


async def test_a_broken_chain(office: PaperOffice, told: Told) -> None:
    worked = daemon(office)
    await turn(worked, at(9))
    office.store.db.sql.execute("DROP TRIGGER event_final")
    office.store.db.sql.execute("UPDATE event SET kind = 'x' WHERE seq = 1")
    await turn(worked, at(11, day=24))  # the whole chain is read once a day
    assert "สายโซ่เหตุการณ์ขาด: event chain: event 1" in told.new()


def test_the_chain_is_read_in_pieces_and_what_is_new_each_time(
    office: PaperOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailgate.jobs.chain_watch._AT_ONCE", 2)
    watched = ChainWatch()
    for n in range(3):
        office.store.chain.note(NOW, "x", {"n": n})
    assert [watched.step(office) for _ in range(3)] == [True, False, False]
    office.store.chain.note(NOW, "y", {})
    office.store.db.sql.execute("DROP TRIGGER event_final")
    office.store.db.sql.execute("UPDATE event SET kind = 'z' WHERE kind = 'y'")
    watched.step(office)
    assert watched.problem == "event chain: event 4 does not continue the chain"


async def test_a_config_that_cannot_be_reloaded(office: PaperOffice, told: Told) -> None:
    worked = daemon(office)
    worked._guard.config_problem = "config has 1 problem(s)"
    await turn(worked, at(9))
    assert "อ่านค่ากำหนดใหม่ไม่ได้" in told.new()
    worked._guard.config_problem = ""
    await turn(worked, at(9, 1))
    assert "เหตุที่สิ้นสุดแล้ว" in told.new()


async def test_a_way_that_fails_is_tried_again(tmp_path: Path) -> None:
    flag = tmp_path / "works"
    command = ["/bin/sh", "-c", f"test -e {flag} && cat >> {tmp_path}/told.txt"]
    with builders.office(builders.config(tmp_path, alarm={"command": command})) as office:
        await alarms.evaluate(office, NOW, [Condition("config", "x")])
        assert alarms.listed(office.config)["config"].sent is False
        flag.touch()
        await alarms.evaluate(office, NOW, [Condition("config", "x")])
        assert alarms.listed(office.config)["config"].sent is True
        assert "x" in status(office)["warnings"]
    assert (tmp_path / "told.txt").read_text("utf-8").count("- x") == 1


async def test_a_disk_that_refuses_the_book_does_not_repeat_the_alarm(
    office: PaperOffice, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ArchiveError("the disk is read only")

    with monkeypatch.context() as disk:
        disk.setattr("mailgate.edges.alarm_book.replace_file", refuse)
        for _ in range(3):
            await alarms.evaluate(office, NOW, [Condition("config", "x")])
    assert told.new().count("- x") == 1
    await alarms.evaluate(office, NOW, [Condition("config", "x")])
    assert told.new() == ""
    assert AlarmBook(office.config.registry.path).read()["config"]["sent"] is True


async def test_an_address_that_is_refused_keeps_no_other_from_its_mail(tmp_path: Path) -> None:
    async with Sink.run() as sink:
        sink.recipient_rules["gone@example.com"] = "550 5.1.1 no"
        to = ["gone@example.com", "admin@example.com"]
        server = {"smtp_host": sink.host, "smtp_port": sink.port, "smtp_security": "none"}
        with builders.office(builders.config(tmp_path, alarm={"to": to} | server)) as office:
            for _ in range(3):
                await alarms.evaluate(office, NOW, [Condition("config", "x")])
        assert [m.rcpt_tos for m in sink.messages] == [["admin@example.com"]]


async def test_a_token_that_cannot_be_read_keeps_no_other_way_from_its_turn(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "alarm-token").touch()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with builders.office(builders.config(tmp_path, alarm=alarm(told, webhook="http://127.0.0.1:1/x"))) as office:
        for _ in range(3):
            await alarms.evaluate(office, NOW, [Condition("config", "x")])
        results = await alarms.send(office.config, "s", "t", office.clock)
    assert told.new().count("- x") == 1
    assert results["command"] == ""
    assert "alarm-token is empty" in results["webhook"]


async def test_a_program_learns_what_came_up_and_what_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = alarm_ways.PaperWay()
    monkeypatch.setattr(alarms, "ways", lambda *_: [paper])
    with builders.office(builders.config(tmp_path)) as office:
        await alarms.evaluate(office, NOW, [Condition("config", "x")])
        await alarms.evaluate(office, NOW, [Condition("chain", "y")])
    assert [(facts["raised"], facts["solved"]) for facts in paper.facts] == [(["config"], []), (["chain"], ["config"])]
    assert paper.facts[0]["office"] == office.config.office.name
    assert paper.facts[0]["at"] == "2026-11-23T09:00:00+07:00"


async def test_without_a_way_the_book_has_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with builders.office(builders.config(tmp_path)) as office:
        for _ in range(3):
            await alarms.evaluate(office, NOW, [Condition("config", "x")])
        assert caplog.messages.count("alarm raised: config") == 1
        assert alarms.listed(office.config)["config"].sent is False
        assert any("[alarm]" in notice for notice in status(office)["notices"])


async def test_the_sign_of_life(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    with builders.office(builders.config(tmp_path, alarm={"dead_man_file": file})) as office:
        worked = daemon(office)
        await turn(worked, at(8))
        assert not file.exists()
        await turn(worked, at(9))
        assert file.read_text("utf-8") == "2026-11-23T09:00:00+07:00\n"


async def test_each_sign_of_life_is_given_whatever_the_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(alarm_ways, "fetch", lambda request: fetched.append(request.full_url))
    signs = {"dead_man_file": tmp_path / "nowhere" / "alive", "dead_man_url": "https://hc.example.com/1"}
    with builders.office(builders.config(tmp_path, alarm=signs)) as office:
        await alarms.dead_man(office)
    assert fetched == ["https://hc.example.com/1"]
    assert "no sign of life could be given" in caplog.text


def test_the_watch_does_not_look_at_what_it_cannot_see() -> None:
    assert "password" not in conditions.WATCHED
    assert "daemon" in conditions.WATCHED
    assert {"slot", "disk", "outbox", "daemon"} <= set(conditions.GUARDED)
