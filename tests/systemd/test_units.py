"""The unit files themselves: clean for systemd-analyze, closed as far as can be, and of one mind with the program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailgate.config_duty import Checks
from mailgate.core import units
from mailgate.edges.templates import shipped

UNITS = shipped("systemd")
SERVICES = sorted(UNITS.glob("*.service"))
# Overall exposure of 10 at most, by `systemd-analyze security`; 1.0 is what needs a network at all.
WORST = {"mailgate-backup.service": 0.2}


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | {"TZ": "UTC"})


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The units, for the program of this environment: verify wants it to be there."""
    for file in UNITS.glob("*.*"):
        if file.is_file():
            (tmp_path / file.name).write_text(units.for_program(file.read_text("utf-8"), sys.executable), "utf-8")
    return tmp_path


def test_they_are_clean(here: Path) -> None:
    done = analyze("verify", *sorted(here.iterdir()))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_an_unclean_one_would_be_seen(here: Path) -> None:
    unit = here / "mailgate.service"
    unit.write_text(unit.read_text("utf-8").replace("WatchdogSec=", "WatchdogSeconds="), "utf-8")
    assert "WatchdogSeconds" in analyze("verify", unit).stderr


@pytest.mark.parametrize("file", SERVICES, ids=lambda f: f.name)
def test_they_leave_an_intruder_little(file: Path) -> None:
    done = analyze("security", "--offline=true", "--no-pager", file)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure[1]) <= WORST.get(file.name, 1.0)


def test_the_sandbox_is_the_same_in_all() -> None:
    blocks = {sandbox(file.read_text("utf-8")) for file in SERVICES}
    assert len(SERVICES) == 5
    assert len(blocks) == 1
    assert "NoNewPrivileges=yes" in blocks.pop()


def sandbox(text: str) -> str:
    found = re.search(r"^# Sandbox: .*?^# End of what is the same\.$", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return found[0]


def test_each_says_who_hears_of_its_failure() -> None:
    silent = {file.name for file in SERVICES if "OnFailure=mailgate-alarm@%n.service" not in file.read_text("utf-8")}
    assert silent == {"mailgate-alarm@.service"}


def test_credentials_have_a_link_each() -> None:
    """LoadCredential= looks for the name in /etc/credstore, where tmpfiles.d puts the link."""
    links = (UNITS / "tmpfiles.d" / "mailgate.conf").read_text("utf-8")
    asked = set(re.findall(r"^LoadCredential=(\S+):mailgate\.\1$", "".join(map(_text, SERVICES)), re.MULTILINE))
    assert asked == {"imap-password", "smtp-password", "alarm-password", "alarm-token", "amss-password"}
    for name in asked:
        assert f"L /etc/credstore/mailgate.{name} - - - - /etc/mailgate/credentials/{name}\n" in links


def _text(file: Path) -> str:
    return file.read_text("utf-8")


def test_the_watch_looks_when_the_grace_of_each_default_check_is_over() -> None:
    """On every day of the year, in the office's zone: after each mandated time, and at no other."""
    checks, zone = Checks(), ZoneInfo("Asia/Bangkok")
    shown = elapses((UNITS / "mailgate-watch.timer").read_text("utf-8"))
    day = datetime(2026, 11, 22, tzinfo=zone)  # a Sunday
    wanted = {datetime.combine(day, t, tzinfo=zone) + timedelta(minutes=checks.grace) for t in checks.times}
    assert shown == wanted


def test_the_drop_in_for_the_defaults_is_the_shipped_timer() -> None:
    checks = Checks()
    drop_in = units.watch_drop_in(checks.times, checks.grace, "Asia/Bangkok")
    assert elapses(drop_in) == elapses((UNITS / "mailgate-watch.timer").read_text("utf-8"))


def elapses(timer: str) -> set[datetime]:
    """When each OnCalendar= line elapses first, seen from a Sunday's first minute in Bangkok."""
    found = set()
    for line in re.findall(r"^OnCalendar=(.+)$", timer, re.MULTILINE):
        done = analyze("calendar", "--base-time=2026-11-21 17:00:00 UTC", line)
        utc = re.search(r"Next elapse: \w+ (\S+ \S+) UTC", done.stdout)
        assert utc, done.stdout + done.stderr
        found.add(datetime.fromisoformat(f"{utc[1]}+00:00"))
    return found
