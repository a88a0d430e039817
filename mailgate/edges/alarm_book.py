"""Which alarms are up: a small file beside the registry that daemon, watch and status share.

It is apart from the registry, for it must work when that does not. Where it cannot be written, an alarm is sent all the
same, and may be sent again by the next process.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mailgate.edges.durable import replace_file
from mailgate.errors import MailgateError

PATIENCE = 5.0  # seconds; who holds the lock longer may hang, and an alarm told twice is better than none
_LOOK_AGAIN = 0.05


@cache
def book_of(registry: Path) -> AlarmBook:
    """The one book of this process for a registry: what the disk did not take is still known at the next look."""
    return AlarmBook(registry)


class AlarmBook:
    """The book of one registry: alarms by key, as plain values."""

    def __init__(self, registry: Path) -> None:
        self._path = registry.with_name("alarms.json")
        self._memory: dict[str, dict[str, Any]] | None = None

    def lock(self) -> int | None:
        """Keep other processes out between reading and writing.

        None where the disk does not allow it, or another process does not let go within ``PATIENCE``.
        """
        try:
            descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        if _is_locked_in_time(descriptor):
            return descriptor
        os.close(descriptor)
        return None

    def unlock(self, descriptor: int | None) -> None:
        if descriptor is not None:
            os.close(descriptor)

    def read(self) -> dict[str, dict[str, Any]]:
        """What is up; what this process knows goes before what the disk may not have taken."""
        if self._memory is not None:
            return self._memory
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}

    def write(self, plain: Mapping[str, dict[str, Any]]) -> None:
        """Keep what is up. A disk that refuses leaves it in memory, and is tried again with the next writing."""
        if self._memory is None and plain == self.read():
            return
        try:
            replace_file(self._path, json.dumps(plain, ensure_ascii=False, indent=1).encode(), 0o600)
            self._memory = None
        except MailgateError:
            self._memory = dict(plain)


def _is_locked_in_time(descriptor: int) -> bool:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_LOOK_AGAIN)
        except OSError:
            return False
        else:
            return True
