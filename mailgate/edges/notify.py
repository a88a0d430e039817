"""Tells systemd how the program is, by sd_notify(3): one datagram a message to $NOTIFY_SOCKET, nothing without it."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

log = logging.getLogger("mailgate.notify")


class Notifier:
    """The service manager's ear. Never raises: the work does not depend on being heard."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environment.get("WATCHDOG_USEC", "") if mine else ""
        # sd_watchdog_enabled(3): tell twice in the time allowed.
        self.watchdog_seconds = int(usec) / 2e6 if usec.isascii() and usec.isdigit() else None

    def ready(self, status: str) -> None:
        self._tell(READY="1", STATUS=status)

    def reloading(self) -> None:
        # systemd wants to know when, to tell it from an older reload (sd_notify(3), RELOADING=1).
        self._tell(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1000))

    def status(self, text: str) -> None:
        self._tell(STATUS=text)

    def alive(self) -> None:
        self._tell(WATCHDOG="1")

    def stopping(self) -> None:
        self._tell(STOPPING="1")

    def _tell(self, **fields: str) -> None:
        if not self._address:
            return
        message = "\n".join(f"{name}={' '.join(value.split())}" for name, value in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.sendto(message.encode(), self._address)
        except OSError as e:
            log.warning("the service manager cannot be told: %s", e.strerror)
