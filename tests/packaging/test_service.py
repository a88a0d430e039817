"""The units under a real systemd: started in their sandbox, watched, reloaded, stopped; and what comes of a failure."""

from __future__ import annotations

import json

import pytest

from tests.crash.letters import letter
from tests.packaging.office import CONFIG, KEEP_ALARMS, ServiceOffice
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink

pytestmark = pytest.mark.timeout(120, func_only=True)  # the first makes package and root, which takes longer
DROP_IN = "/run/systemd/system/mailgate.service.d/test.conf"


def test_a_day_of_the_service_in_its_sandbox(office: ServiceOffice, mailbox: Dovecot, sink: Sink) -> None:
    """Ready, a check, the reading child, a reply, the end: with all that the sandbox takes away."""
    mailbox.drop_in([letter(1, size=200_000)])
    machine = office.machine
    machine("systemctl", "start", "mailgate")
    status = machine.show("mailgate", "ActiveState", "SubState", "NRestarts", "StatusText")
    assert (status["ActiveState"], status["SubState"], status["NRestarts"]) == ("active", "running", "0")
    assert "รอตรวจครั้งถัดไป" in status["StatusText"]
    sink.await_messages(1)
    machine.wait("sh", "-c", "mailgate letter show 1/2569 --json | grep -q '\"reading\": {'")
    machine("systemctl", "stop", "mailgate")
    assert machine.show("mailgate", "ActiveState", "Result", "ExecMainStatus") == {
        "ActiveState": "inactive",
        "Result": "success",
        "ExecMainStatus": "0",
    }
    machine("mailgate", "verify")
    assert "Traceback" not in machine.journal()


def test_it_has_no_rights_left(office: ServiceOffice) -> None:
    machine = office.machine
    machine("systemctl", "start", "mailgate")
    pid = machine.show("mailgate", "MainPID")["MainPID"]
    status = dict(line.split(":\t", 1) for line in machine("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
    assert {name: status[name] for name in ("NoNewPrivs", "Seccomp", "CapEff", "CapBnd")} == {
        "NoNewPrivs": "1",
        "Seccomp": "2",
        "CapEff": "0" * 16,
        "CapBnd": "0" * 16,
    }
    mounts = machine("cat", f"/proc/{pid}/mountinfo")
    writable = [line.split()[4] for line in mounts.splitlines() if line.split()[5].startswith("rw")]
    assert "/var/lib/mailgate" in writable
    assert not {"/", "/usr", "/etc", "/home"} & set(writable)


def test_it_gets_the_passwords_that_are_there(office: ServiceOffice) -> None:
    office.machine("systemctl", "start", "mailgate")
    assert office.machine("ls", "/run/credentials/mailgate.service").split() == ["imap-password"]


def test_reload_takes_the_new_config_or_keeps_the_old(office: ServiceOffice) -> None:
    machine = office.machine
    machine("systemctl", "start", "mailgate")
    office.set("checks", times=["00:00", "23:59"])
    machine("systemctl", "reload", "mailgate")
    machine.wait("sh", "-c", "systemctl show mailgate --property=StatusText | grep -q 23.59")
    machine.write(CONFIG, "[office]\nname = 1\n")
    machine("systemctl", "reload", "mailgate")
    machine.wait("sh", "-c", "journalctl --unit=mailgate | grep -q 'the old configuration stays'")
    assert machine.show("mailgate", "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


def test_a_hanging_daemon_is_started_anew(office: ServiceOffice) -> None:
    machine = office.machine
    machine("mkdir", "-p", DROP_IN.rpartition("/")[0])
    machine.write(DROP_IN, "[Service]\nWatchdogSec=2\nRestartSec=100ms\n")
    machine("systemctl", "daemon-reload")
    machine("systemctl", "start", "mailgate")
    pid = machine.show("mailgate", "MainPID")["MainPID"]
    machine("sleep", "5")  # it feeds the watchdog meanwhile
    assert machine.show("mailgate", "MainPID", "NRestarts") == {"MainPID": pid, "NRestarts": "0"}
    machine("kill", "-STOP", pid)
    machine.wait("sh", "-c", "systemctl show mailgate --property=NRestarts | grep -qx NRestarts=1")
    machine.wait("systemctl", "is-active", "mailgate")
    assert machine.show("mailgate", "MainPID")["MainPID"] != pid


def test_a_broken_config_is_not_tried_again_and_again(office: ServiceOffice) -> None:
    machine = office.machine
    machine.write(CONFIG, "[office]\nname = 1\n")
    assert machine.run("systemctl", "start", "mailgate").returncode != 0
    found = machine.show("mailgate", "ActiveState", "ExecMainStatus", "NRestarts")
    assert found == {"ActiveState": "failed", "ExecMainStatus": "2", "NRestarts": "0"}


def test_a_broken_config_raises_the_alarm_where_that_part_of_it_is_whole(office: ServiceOffice) -> None:
    machine = office.machine
    machine.write(CONFIG, f"[office]\nname = 1\n[alarm]\ncommand = {json.dumps(KEEP_ALARMS)}\n")
    assert machine.run("systemctl", "start", "mailgate").returncode != 0
    machine.wait("grep", "-q", "journalctl -u mailgate.service", "/var/lib/mailgate/told")


def test_a_unit_that_fails_raises_the_alarm(office: ServiceOffice) -> None:
    machine = office.set("alarm", command=KEEP_ALARMS).machine
    office.json("doctor")
    office.set("backup", directory="/usr/nowhere")
    assert machine.run("systemctl", "start", "mailgate-backup").returncode != 0
    machine.wait("grep", "-q", "journalctl -u mailgate-backup.service", "/var/lib/mailgate/told")
    assert "งาน mailgate-backup.service บนเครื่อง" in office.told()


def test_a_backup_may_go_anywhere_the_account_may_write(office: ServiceOffice) -> None:
    machine = office.set("backup", directory="/srv/copies").machine
    machine("install", "--directory", "--owner=mailgate", "/srv/copies")
    office.json("doctor")
    machine("systemctl", "start", "mailgate-backup")
    assert ".db\n" in machine("ls", "/srv/copies")


def test_the_watch_speaks_when_the_daemon_is_dead(office: ServiceOffice) -> None:
    machine = office.set("alarm", command=KEEP_ALARMS).machine
    machine("systemctl", "start", "mailgate")
    machine("systemctl", "kill", "--signal=KILL", "mailgate")
    machine("systemctl", "stop", "mailgate")
    machine("touch", "--date=10 minutes ago", "/var/lib/mailgate/registry.db.alive")
    machine("systemctl", "start", "mailgate-watch")
    assert machine.show("mailgate-watch", "Result") == {"Result": "success"}
    assert "โปรแกรม mailgate มิได้ทำงาน" in office.told()


def test_with_the_service_starts_its_watch(office: ServiceOffice) -> None:
    machine = office.machine
    machine("systemctl", "stop", "mailgate-watch.timer", "mailgate-backup.timer")
    machine("systemctl", "start", "mailgate")
    assert machine("systemctl", "is-active", "mailgate-watch.timer", "mailgate-backup.timer").split() == ["active"] * 2


@pytest.mark.parametrize("unit", ["mailgate-watch.timer", "mailgate-backup.timer"])
def test_install_service_takes_over_what_the_config_says(office: ServiceOffice, unit: str) -> None:
    """Times of the watch, and a folder outside of the state directory."""
    machine = (
        office.set("checks", times=["08:45", "23:55"], grace=15).set("metrics", textfile="/srv/figures/m.prom").machine
    )
    machine("install", "--directory", "--owner=mailgate", "/srv/figures")
    machine("mailgate", "install-service")
    machine("systemctl", "start", "mailgate")
    times = machine("systemctl", "show", unit, "--property=TimersCalendar")
    expected = ["00:10:00", "09:00:00"] if unit == "mailgate-watch.timer" else ["01:30:00"]
    for time in expected:
        assert f"OnCalendar=*-*-* {time} Asia/Bangkok" in times
    assert times.count("OnCalendar=") == len(expected)
    machine.wait("test", "-s", "/srv/figures/m.prom")


def test_without_the_package_install_service_does_the_same(office: ServiceOffice) -> None:
    """As after pipx: the program is somewhere else, its units come out of the wheel."""
    machine, program = office.machine, "/opt/mailgate/bin/mailgate"
    machine("cp", "-a", "/usr/lib/mailgate", "/opt/mailgate")
    machine("sed", "-i", "1s|/usr/lib|/opt|", program)
    machine("dpkg", "--remove", "mailgate")
    assert machine.run("systemctl", "cat", "mailgate").returncode != 0
    machine(program, "install-service")
    machine("systemctl", "start", "mailgate")
    assert program in machine.show("mailgate", "ExecStart")["ExecStart"]
    assert machine("systemctl", "is-enabled", "mailgate").strip() == "enabled"
    machine(program, "install-service", "--remove")
    assert machine.show("mailgate", "ActiveState", "LoadState") == {"ActiveState": "inactive", "LoadState": "not-found"}
    assert machine("ls", "/var/lib/mailgate/registry.db")


def test_a_program_in_a_home_is_refused(office: ServiceOffice) -> None:
    machine, program = office.machine, "/root/mailgate/bin/mailgate"
    machine("cp", "-a", "/usr/lib/mailgate", "/root/mailgate")
    machine("sed", "-i", "1s|/usr/lib|/root|", program)
    done = machine.run(program, "install-service")
    assert done.returncode == 2
    assert "PIPX_HOME=/opt/pipx" in done.stderr


def test_the_installed_units_are_clean(office: ServiceOffice) -> None:
    done = office.machine.run(
        "sh", "-c", "systemd-analyze verify /lib/systemd/system/mailgate*.service /lib/systemd/system/mailgate*.timer"
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
