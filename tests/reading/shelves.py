"""Keeping attachments in memory, and readings made in this process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from mailgate.core.mime.reading import read
from mailgate.core.source import BytesSource
from mailgate.edges.parser_cell import ParserCell
from mailgate.model_reading import Reading


class MemoryKept(BytesSource):
    """An attachment in memory."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.raw = raw
        self.sha256 = hashlib.sha256(raw).hexdigest()


class MemoryKeeper:
    """Attachments in memory, in order."""

    def __init__(self) -> None:
        self.kept: list[MemoryKept] = []

    def keep(self, pieces: Iterable[bytes]) -> MemoryKept:
        place = len(self.kept)
        kept = MemoryKept(b"".join(pieces))
        self.kept.insert(place, kept)
        return kept


def reading(raw: bytes) -> Reading:
    return read(BytesSource(raw), MemoryKeeper())


def reading_and_files(raw: bytes) -> tuple[Reading, list[bytes]]:
    keeper = MemoryKeeper()
    found = read(BytesSource(raw), keeper)
    return found, [kept.raw for kept in keeper.kept]


def computed(cell: ParserCell) -> float:
    """Seconds of computing that the child of a cell has used so far."""
    assert cell._child is not None
    fields = Path(f"/proc/{cell._child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(cell: ParserCell) -> int:
    """The most address space the child of a cell ever had, in MiB."""
    assert cell._child is not None
    status = Path(f"/proc/{cell._child.pid}/status").read_text()
    return int(status.partition("VmPeak:")[2].split()[0]) // 1024
