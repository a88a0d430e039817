"""The figures of one month: what was received, acknowledged and decided in it, by service. No letter, no person.

received      letters registered in the month
acknowledged  letters whose acknowledgement a mail server took over in the month
decided       letters whose first closing dispatch is dated in the month
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OTHER = ""  # letters without a service, or with one the configuration does not know any more
MEASURES = ("received", "acknowledged", "decided")


@dataclass
class Cell:
    """The figures of one service in a month, or of several together. ``*_times``: working minutes, how many took so."""

    channels: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    acknowledged_times: Counter[int] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    decided_times: Counter[int] = field(default_factory=Counter)
    on_time: int = 0
    late: int = 0

    @property
    def received(self) -> int:
        return self.channels.total()

    @property
    def decided(self) -> int:
        return self.results.total()

    @property
    def approved(self) -> int:
        return self.results["approved"]

    def acknowledge(self, minutes: int) -> None:
        self.acknowledged += 1
        self.acknowledged_times[minutes] += 1

    def decide(self, result: str, minutes: int, on_time: bool | None) -> None:
        """``on_time``: None where nothing says by when."""
        self.results[result] += 1
        self.decided_times[minutes] += 1
        self.on_time += on_time is True
        self.late += on_time is False

    def document(self) -> dict[str, Any]:
        return {
            "channels": self.channels,
            "acknowledged": self.acknowledged,
            "acknowledged_times": self.acknowledged_times,
            "results": self.results,
            "decided_times": self.decided_times,
            "on_time": self.on_time,
            "late": self.late,
        }


@dataclass
class Month:
    """``cells`` by key of a public service; ``confidential``: letters of confidential services, by key, and under
    OTHER those restricted one by one; ``slots``: mandated checks by state; ``permitted``: a digest of the permissions
    granted in the month, and ``permissions`` how many."""

    cells: dict[str, Cell] = field(default_factory=dict)
    confidential: Counter[str] = field(default_factory=Counter)
    slots: Counter[str] = field(default_factory=Counter)
    permissions: int = 0
    permitted: str = ""

    def cell(self, service: str) -> Cell:
        return self.cells.setdefault(service, Cell())

    def document(self) -> dict[str, Any]:
        return {
            "cells": {key: cell.document() for key, cell in self.cells.items()},
            "confidential": self.confidential,
            "slots": self.slots,
            "permissions": self.permissions,
            "permitted": self.permitted,
        }


def month_of(document: Mapping[str, Any]) -> Month:
    """The reverse of ``Month.document``, after it has been JSON."""
    cells = {key: _cell(cell) for key, cell in document["cells"].items()}
    confidential, slots = Counter(document["confidential"]), Counter(document["slots"])
    return Month(cells, confidential, slots, document["permissions"], document["permitted"])


def together(cells: Iterable[Cell]) -> Cell:
    """Several as one."""
    found = Cell()
    for cell in cells:
        found.channels.update(cell.channels)
        found.acknowledged += cell.acknowledged
        found.acknowledged_times.update(cell.acknowledged_times)
        found.results.update(cell.results)
        found.decided_times.update(cell.decided_times)
        found.on_time += cell.on_time
        found.late += cell.late
    return found


def median(times: Mapping[int, int], smallest: int) -> int | None:
    """The middle of so many minutes, the lower of two; None where there are fewer than ``smallest``."""
    total = sum(times.values())
    if total < smallest:
        return None
    seen = 0
    for minutes in sorted(times):
        seen += times[minutes]
        if 2 * seen >= total:
            return minutes
    return None


def _cell(document: Mapping[str, Any]) -> Cell:
    numbers = {name: Counter({int(k): n for k, n in document[name].items()}) for name in _TIMES}
    return Cell(
        channels=Counter(document["channels"]),
        acknowledged=document["acknowledged"],
        acknowledged_times=numbers["acknowledged_times"],
        results=Counter(document["results"]),
        decided_times=numbers["decided_times"],
        on_time=document["on_time"],
        late=document["late"],
    )


_TIMES = ("acknowledged_times", "decided_times")
