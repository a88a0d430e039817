"""The daemon as a service manager runs it: a process with a NOTIFY_SOCKET, signals, and its last words."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

from mailgate import config_file
from tests.e2e.program import Program

_LONGEST = 30.0


class Daemon:
    """``with Daemon(office) as daemon``: started, and heard by us in systemd's place."""

    def __init__(self, office: Program, *, watchdog_seconds: float = 0) -> None:
        self.office = office
        self.config = office.folder / "config.toml"
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (office.folder / "notify").unlink(missing_ok=True)
        self._listening.bind(str(office.folder / "notify"))
        environment = os.environ | {
            "MAILGATE_IMAP_PASSWORD": office.password,
            "MAILGATE_SMTP_PASSWORD": "smtp-secret-9",
            "NOTIFY_SOCKET": str(office.folder / "notify"),
        }
        if watchdog_seconds:
            environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))
        self.write_config()
        self._error = (office.folder / "daemon.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mailgate", "--config", str(self.config), "run", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self._error,
            text=True,
        )

    def write_config(self) -> None:
        self.config.write_text(config_file.render(self.office.values), "utf-8")

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()
        self._error.close()
        self._listening.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def hears(self, wanted: str) -> str:
        """Wait for a message with this in it; the message."""
        end, heard = time.monotonic() + _LONGEST, []
        while time.monotonic() < end and self._process.poll() is None:
            self._listening.settimeout(1)
            try:
                heard.append(self._listening.recv(4096).decode())
            except TimeoutError:
                continue
            if wanted in heard[-1]:
                return heard[-1]
        raise AssertionError(f"{wanted} was not heard, only {heard}\n{self.log()}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def leaves(self, within: float = 20.0) -> tuple[int, str, float]:
        """Tell it to end: exit code, standard output, and how many seconds it took."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        out, _ = self._process.communicate(timeout=within)
        return self._process.returncode, out, time.monotonic() - began

    def log(self) -> str:
        return Path(self._error.name).read_text("utf-8")


def due_now(office: Program) -> Program:
    """Let a check have been due since midnight, and today be a working day whatever day it is."""
    today = datetime.now(ZoneInfo("Asia/Bangkok")).date()
    return office.set("checks", times=["00:00"]).set("calendar", remove=[today])
