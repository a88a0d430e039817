"""A real clamd in a private directory, with a database of one signature: the hash of the EICAR test file."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from mailgate.edges.clamd import EICAR
from tests.servers import process

PACKAGES = "clamav-daemon"
MOST = 1 << 20
CONFIG = """
Foreground yes
LocalSocket {directory}/clamd.ctl
DatabaseDirectory {directory}/db
StreamMaxLength 1M
"""


class Clamav:
    """A running clamd; made by `run`. Starts in a tenth of a second, for it reads no virus database."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.where = directory / "clamd.ctl"

    @classmethod
    @contextlib.contextmanager
    def run(cls, directory: Path) -> Iterator[Clamav]:
        """Runs a server in `directory`, whose path must be short."""
        server = cls(directory)
        server._write()
        command = [process.program("/usr/sbin/clamd", PACKAGES), "-c", str(directory / "clamd.conf")]
        running = process.spawn(command, directory / "log")
        try:
            server._await(running)
            yield server
        finally:
            process.end(running)

    def _write(self) -> None:
        """The hash database of clamav's signature manual: digest, size, name."""
        (self.directory / "db").mkdir()
        line = f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Eicar-Test-Signature\n"
        (self.directory / "db" / "eicar.hdb").write_text(line, "ascii")
        (self.directory / "clamd.conf").write_text(CONFIG.format(directory=self.directory), "ascii")

    def _await(self, running: subprocess.Popen[bytes], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and running.poll() is None:
            if self._pong():
                return
            time.sleep(process.POLL)
        raise process.ServerError(f"clamd did not come up:\n{process.tail(self.directory / 'log')}")

    def _pong(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.connect(str(self.where))
            line.sendall(b"zPING\0")
            return line.recv(16) == b"PONG\0"
        return False
