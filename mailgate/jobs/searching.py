"""Letters of the receive register by date, service, officer, state and words.

A confidential letter is found by words only by who asks for it and gives a name; that is an event (law 9).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailgate.core import thai
from mailgate.jobs import views
from mailgate.model_search import Wanted
from mailgate.office import Office

_PAGE = 500


def found(office: Office, wanted: Wanted, newest: int | None = None, asked_by: str = "") -> list[int]:
    """The rows of these letters, in number order; at most so many, the newest. Runs on the registry's thread."""
    ids = office.store.search.ids(wanted, _officers(office, wanted.officer), newest or -1)
    if wanted.words and wanted.confidential:
        office.store.search.note_asked(asked_by, wanted.words, len(ids), office.clock.now())
    return ids


def pages(office: Office, ids: list[int]) -> Iterator[list[dict[str, Any]]]:
    """The documents of these letters, some at a time."""
    for start in range(0, len(ids), _PAGE):
        rows = office.store.reports.letters_of(ids[start : start + _PAGE])
        yield [views.letter(row, office.config.zone) for row in rows]


def _officers(office: Office, name: str) -> list[str] | None:
    """The values of the register that name this officer, by a part of the name or by the whole address."""
    if not name:
        return None
    sought = {thai.fold(name)} | {thai.fold(p.name) for p in office.config.staff if p.email.lower() == name.lower()}
    return [value for value in office.store.search.officers() if any(part in thai.fold(value) for part in sought)]
