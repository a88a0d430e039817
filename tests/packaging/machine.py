"""A machine of its own for a test: the root of an installed package, booted with its own systemd, gone afterwards."""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.packaging.debian import AS_ROOT, NSPAWN
from tests.servers import process

_LOCK = Path("/var/tmp/mailgate-test-machine.lock")
_ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]


class Machine:
    """Commands and files in a booted machine."""

    def __init__(self, leader: int, log: Path) -> None:
        self._leader = leader
        self._log = log

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as root in it, whatever it answers."""
        enter = ["nsenter", f"--target={self._leader}", "--all", "--wdns=/root", *_ENVIRONMENT, *command]
        return subprocess.run([*AS_ROOT, *enter], input=stdin, capture_output=True, text=True, timeout=120)

    def __call__(self, *command: str, stdin: str = "") -> str:
        """Run a command that must succeed; its standard output."""
        done = self.run(*command, stdin=stdin)
        said = f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, f"{said}\n{self.journal()}"
        return done.stdout

    def write(self, path: str, text: str) -> None:
        self("sh", "-c", 'cat > "$1"', "sh", path, stdin=text)

    def wait(self, *command: str, seconds: float = 60) -> None:
        """Wait until a command succeeds."""
        end = time.monotonic() + seconds
        while self.run(*command).returncode:
            assert time.monotonic() < end, f"{' '.join(command)} still fails\n{self.journal()}"
            time.sleep(0.2)

    def journal(self) -> str:
        """What the units of mailgate said; the console if there is no journal."""
        done = self.run("journalctl", "--no-pager", "--output=short", "--unit=mailgate*")
        return done.stdout or process.tail(self._log)

    def show(self, unit: str, *names: str) -> dict[str, str]:
        """Properties of a unit."""
        lines = self("systemctl", "show", unit, f"--property={','.join(names)}").splitlines()
        return dict(line.split("=", 1) for line in lines)


@contextmanager
def booted(root: Path, log: Path, bind: Path) -> Iterator[Machine]:
    """Boot a root. What it writes goes to memory, and the root stays as it is. ``bind``: a folder it may read.

    One at a time on this machine: without a systemd outside, containers would share one control group.
    """
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [*NSPAWN, f"--directory={root}", f"--bind-ro={bind}", "--volatile=overlay", "--boot"]
        container = process.spawn(command, log, AS_ROOT)
        try:
            yield _started(container, log)
        finally:
            process.end(container)


def _started(container: subprocess.Popen[bytes], log: Path) -> Machine:
    end = time.monotonic() + 60
    while time.monotonic() < end and container.poll() is None:
        leader = _systemd_below(container.pid)
        if leader and (machine := Machine(leader, log)).run("systemctl", "is-system-running").stdout.strip() in (
            "running",
            "degraded",
        ):
            return machine
        time.sleep(0.2)
    raise process.ServerError(f"no systemd comes up in a container of this machine:\n{process.tail(log)}")


def _systemd_below(pid: int) -> int | None:
    """The first process named systemd below another."""
    for child, name in _children(pid):
        found = child if name == "systemd" else _systemd_below(child)
        if found:
            return found
    return None


def _children(pid: int) -> list[tuple[int, str]]:
    listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True)
    pairs = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [(int(child), name) for child, name in pairs]
