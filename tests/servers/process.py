"""What the real servers have in common: free ports, readiness, and a certain end."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

HOST = "127.0.0.1"
POLL = 0.01  # seconds; the servers need 30 to 500 ms
Server = TypeVar("Server")

# Starts the server given as arguments and ends it, by its process id, at the end of standard input.
LEASH = """
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(read -r _ <&3; kill "$server") &
watch=$!
wait "$server"
status=$?
kill "$watch" 2>/dev/null
exit "$status"
"""


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


def spawn(command: list[str], log: Path, root: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Starts a server that runs in the foreground; `root` goes in front of the command (sudo).

    It ends when our end of its standard input is closed: by `end`, or by our own death of any kind.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [*root, "/bin/sh", "-c", LEASH, "sh", "setsid", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


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


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a server we started, and waits until it has gone."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait(20)


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


def as_root(*command: str) -> None:
    """Runs a command that needs root, such as mounting: as root, or as a user with sudo."""
    subprocess.run([*([] if os.geteuid() == 0 else ["sudo", "-n"]), *command], check=True)
