"""Days that do not go by their weekday and the usual office hours, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any, Literal, cast, get_args

Kind = Literal["holiday", "working", "hours"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_NAME = 300  # characters; the longest of the seed has 150


@dataclass(frozen=True, slots=True)
class Special:
    """What is particular about a day.

    ``kind``: "holiday" (closed), "working" (open with the usual hours, also on a Saturday or over a seeded holiday),
    "hours" (open from ``opens`` to ``closes``, office time, as on a half day). ``name`` in Thai. ``source``: "seed",
    "office" (its own table) or "config".
    """

    kind: Kind
    name: str
    source: str = "office"
    opens: time | None = None
    closes: time | None = None

    def document(self) -> dict[str, str | None]:
        """What the registry keeps of it, and programs get to see; hours as HH:MM or None."""
        opens, closes = (f"{at:%H:%M}" if at else None for at in (self.opens, self.closes))
        return {"kind": self.kind, "name": self.name, "source": self.source, "opens": opens, "closes": closes}


@dataclass(frozen=True, slots=True)
class DayTable:
    """The office's own table: special days, and the CE years it knows. ``version`` grows with each change."""

    days: Mapping[date, Special] = field(default_factory=dict)
    years: frozenset[int] = frozenset()
    version: int = 0


def special(row: Mapping[str, Any]) -> Special:
    """The reverse of ``Special.document``."""
    opens, closes = (time.fromisoformat(row[name]) if row[name] else None for name in ("opens", "closes"))
    return Special(cast(Kind, row["kind"]), row["name"], row["source"], opens, closes)


def is_open(day: date, noted: Special | None) -> bool:
    """Whether the office works on a day of which this is known; of which nothing is, Monday to Friday."""
    return noted.kind != "holiday" if noted else day.weekday() < 5


def is_same(one: Special | None, other: Special | None) -> bool:
    """Whether both say the same of a day, whoever said it."""
    if one is None or other is None:
        return one is other
    return one == replace(other, source=one.source)
