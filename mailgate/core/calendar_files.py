"""Files of special days, as offices exchange them: CSV, and iCalendar (RFC 5545).

CSV is one day a line: ``date,name[,kind[,opens,closes]]``, with or without a heading, in UTF-8 or TIS-620; kind is
holiday (the default), working or hours.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date

from mailgate.core import calendar_ics, charset
from mailgate.core.calendar_dates import LARGEST, day_of, hours_of
from mailgate.core.special_days import KINDS, LONGEST_NAME, Special
from mailgate.core.thai import tidy
from mailgate.errors import ConfigError, UsageError

_SHOWN = 20  # problems; more only say that it is the wrong file
_HINT = "Nothing was changed; mend the file and try again"


def parse(raw: bytes) -> dict[date, Special]:
    """The days of a file, in order. Raises ConfigError that names every line or event that cannot be taken."""
    if len(raw) > LARGEST:
        raise ConfigError("the file is larger than 1 MiB, which no calendar is", hint=_HINT)
    text = charset.decode(raw, "tis-620")[0].removeprefix("\ufeff")
    if "\0" in text or "\ufffd" in text:
        raise ConfigError("the file is no text in UTF-8 or TIS-620", hint=_HINT)
    is_calendar = text.lstrip()[:15].upper() == "BEGIN:VCALENDAR"
    days, problems = calendar_ics.days(text) if is_calendar else _days(text)
    if problems:
        raise ConfigError("the file cannot be taken as it is", _first(problems), _HINT)
    if not days:
        raise ConfigError("there is no day in the file", hint=_HINT)
    return {day: days[day] for day in sorted(days)}


def _days(text: str) -> tuple[dict[date, Special], list[str]]:
    days: dict[date, Special] = {}
    problems: list[str] = []
    for number, cells in _lines(text):
        try:
            day = day_of(cells[0])
            if day in days:
                raise UsageError(f"{cells[0]!r} stands in the file twice")
            days[day] = _special(cells[1:])
        except UsageError as e:
            problems.append(f"line {number}: {e}")
    return days, problems


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that says something; spreadsheets write empty cells behind the last."""
    lines = csv.reader(text.splitlines(), strict=True)
    try:
        for cells in lines:
            said = ",".join(cells).strip(", \t")
            if said and not (lines.line_num == 1 and _is_heading(cells)):
                yield lines.line_num, [cell.strip() for cell in cells]
    except csv.Error as e:
        raise ConfigError(f"line {lines.line_num} of the file is no CSV: {e}", hint=_HINT) from e


def _is_heading(cells: Iterable[str]) -> bool:
    return not any(char.isdigit() for cell in cells for char in cell)


def _special(cells: list[str]) -> Special:
    """What a line says behind its date."""
    name, kind, opens, closes, *others = [*cells, "", "", "", ""]
    kind = kind.lower() or "holiday"
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of day", f"It is one of {', '.join(KINDS)}")
    if not tidy(name, LONGEST_NAME):
        raise UsageError("the day has no name", "Write it behind the date")
    if any(others):
        raise UsageError("there are more than five cells", "Put a name that has a comma in quotation marks")
    if (kind == "hours") != bool(opens or closes):
        raise UsageError("opening and closing belong to the kind hours, and to no other", "date,name,hours,08:30,12:00")
    first, last = hours_of(opens, closes) if kind == "hours" else (None, None)
    return Special(kind, tidy(name, LONGEST_NAME), opens=first, closes=last)


def _first(problems: list[str]) -> list[str]:
    more = len(problems) - _SHOWN
    return [*problems[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
