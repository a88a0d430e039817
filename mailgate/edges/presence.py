"""Until when the program was at work: the time of a file beside the registry, so that an absence can be explained."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


class Presence:
    """A file whose modification time is the last sign of life; not fsynced, for after a power cut a guess will do."""

    def __init__(self, registry: Path) -> None:
        self._path = registry.with_name(f"{registry.name}.alive")

    def touch(self, now: datetime) -> None:
        """Be at work now. A disk that refuses is reported by those who need it to write."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.close(descriptor)
            os.utime(self._path, (now.timestamp(), now.timestamp()))
        except OSError:
            pass

    def last(self) -> datetime | None:
        """The last sign of life, in UTC; None if there was none."""
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return None
