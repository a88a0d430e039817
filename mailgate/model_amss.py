"""The words of AMSS++: what heads of schools ask for there, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Source(StrEnum):
    """What is asked for: each has its own table there."""

    TRAVEL = "travel"
    LEAVE = "leave"
    OUTING = "outing"


class Outcome(StrEnum):
    """What was decided there."""

    GRANTED = "granted"
    REFUSED = "refused"


Raw = Mapping[str, str | None]  # a row there, by the keys of the config: the text of each column, None where it is NULL


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is registered. ``key``: its row there; ``requested`` in the office's zone.

    ``fingerprint``: of the row as it stands there; ``repairs``: what could not be read as it stands (Thai).
    """

    source: Source
    key: str
    fingerprint: str
    school: str
    subject: str
    requested: datetime | None
    outcome: Outcome | None = None
    outcome_on: date | None = None
    comment: str = ""
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What one reading found against what was known: new and changed requests, keys that are gone; problems."""

    new: tuple[Request, ...] = ()
    changed: tuple[Request, ...] = ()
    gone: tuple[tuple[Source, str], ...] = ()
    problems: tuple[str, ...] = ()
