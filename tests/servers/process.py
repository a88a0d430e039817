"""What the real servers have in common: free ports, readiness, and an end by process id."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

HOST = "127.0.0.1"
POLL = 0.01  # seconds; the servers need 30 to 500 ms
Server = TypeVar("Server")


class ServerError(Exception):
    """The server is not installed, may not be started, or did not come up."""


class PortTakenError(ServerError):
    """Somebody took the port between our look and the server's bind."""


def free_ports(count: int) -> list[int]:
    """Different loopback ports nobody listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def on_free_ports(count: int, start: Callable[[list[int]], Server], attempts: int = 5) -> Server:
    """Starts a server; tries again on other ports when one was taken meanwhile."""
    for _ in range(attempts - 1):
        try:
            return start(free_ports(count))
        except PortTakenError:
            continue
    return start(free_ports(count))


def spawn(command: list[str], log: Path, tied: bool = True) -> subprocess.Popen[bytes]:
    """Starts a server in the foreground of a session of its own.

    `tied`: it ends with the thread that started it, even if that one is killed. Start servers
    from the main thread, therefore, or from one that lives as long as they are needed.
    """
    setpriv = shutil.which("setpriv")
    if tied and setpriv:
        command = [setpriv, "--pdeathsig", "TERM", "--", *command]
    with log.open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)


def await_greeting(process: subprocess.Popen[bytes], port: int, token: str, seconds: float = 15) -> None:
    """Returns when the server says `token` on `port`.

    The token tells our server from a stranger on the same port.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PortTakenError(f"the server ended with status {process.returncode}")
        if token.encode() in _greeting(port):
            return
        time.sleep(POLL)
    raise ServerError(f"no greeting on port {port} within {seconds:g} s")


def _greeting(port: int) -> bytes:
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            return connection.recv(4096)
    except OSError:
        return b""


def end(process: subprocess.Popen[bytes], terminate: Callable[[], object] | None = None) -> None:
    """Ends a process we started: politely first, by its own process id only."""
    if process.poll() is None:
        (terminate or process.terminate)()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(10)


def require_traversable(directory: Path) -> None:
    """Daemons that drop root must be able to reach their directory (pytest's own are 0700)."""
    for place in (directory, *directory.parents):
        if os.geteuid() == 0 and not place.stat().st_mode & stat.S_IXOTH:
            raise ServerError(f"{place} is closed to other users; a server started by root needs an open path")


def tail(*files: Path, lines: int = 40) -> str:
    """The last lines of log files, for the message of a failing test."""
    parts = []
    for file in files:
        if file.exists():
            parts += file.read_text("utf-8", "replace").splitlines()[-lines:]
    return "\n".join(parts)


def program(path: str, packages: str) -> str:
    """Where the program is, or which packages bring it."""
    found = shutil.which(path)
    if found is None:
        raise ServerError(
            f"{path} is missing, and these tests do not skip: "
            f"`apt-get install --no-install-recommends {packages}` installs it"
        )
    return found
