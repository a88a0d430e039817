"""The words of searching the receive register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Standing = Literal["open", "closed", "void", "overdue"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are asked for; what is None or empty does not narrow them.

    ``since``, ``before``: when it was registered, the second excluded. ``officer``: part of an officer's name.
    ``words``: folded, all of them to be found. ``confidential``: whether words may find confidential letters.
    ``today``: the day that decides what is overdue.
    """

    today: date
    year: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    service: str = ""
    officer: str = ""
    state: Standing | None = None
    words: tuple[str, ...] = ()
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What can be found of a letter with its own mail (place 0), or of a mail filed with it (1, 2, …), folded.

    ``mail_id``: 0 for a letter that came without a mail. ``grams``: its characters and pairs, each once.
    """

    letter_id: int
    mail_id: int
    place: int
    subject: str
    sender: str
    text: str
    names: str
    grams: str
