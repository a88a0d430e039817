"""Everything an edition is made from: the registry at one moment, its figures with their protection, the office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mailgate.core.public.figures import OTHER
from mailgate.core.public.words import Words
from mailgate.core.public.year import Subject, Year, year_of
from mailgate.core.thai import BUDDHIST_OFFSET
from mailgate.edges.store.public import Snapshot
from mailgate.jobs import public_months
from mailgate.jobs.public_months import Months, Progress
from mailgate.office import Office

LANGUAGES = ("th", "en")


@dataclass(frozen=True)
class Material:
    """``as_of``: the last event, in the office's zone; None in a new registry. No clock is read: the same registry
    makes the same bytes. ``years``: by Buddhist year, the newest first."""

    office: Office
    snapshot: Snapshot
    months: Months
    years: Mapping[int, Year]
    as_of: datetime | None
    events: int
    chain_head: str

    @property
    def titles(self) -> dict[str, str]:
        return {service.key: service.title for service in self.office.config.services}

    @property
    def smallest(self) -> int:
        return self.office.config.publish.smallest

    def facts(self) -> dict[str, Any]:
        """What an edition says of itself."""
        shown = self.as_of.isoformat(timespec="seconds") if self.as_of else None
        return {"as_of": shown, "events": self.events, "chain_head": self.chain_head}

    def words(self, language: str) -> Words:
        opens, closes = self.office.config.office.opening
        minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
        return Words(language, self.office.config.office.thai_digits, max(minutes, 60))

    def permissions(self, year: int) -> dict[date, int]:
        """How many permissions were granted, by month of a Buddhist year, in order; those with none are left out."""
        months = self.months.by_first_day
        return {d: months[d].permissions for d in sorted(months) if _year(d) == year and months[d].permissions}


def material(office: Office, snapshot: Snapshot, progress: Progress, *, anew: bool = False) -> Material:
    """Gather it, inside the snapshot."""
    as_of, (events, head) = snapshot.as_of(), snapshot.chain.head()
    months = public_months.months(office, snapshot, progress, anew=anew)
    local = as_of.astimezone(office.config.zone) if as_of else None
    years = _years(office, months, local.date()) if local else {}
    return Material(office, snapshot, months, years, local, events, head)


def _years(office: Office, months: Months, today: date) -> dict[int, Year]:
    """A month counts when it is over, unless the office wants all there is so far: a number that grows from day to day
    tells of single letters. Of what is confidential there is nothing but whole years either way."""
    services, smallest = office.config.services, office.config.publish.smallest
    so_far = office.config.publish.up_to == "today"
    subjects = [*(Subject(s.key, s.channel) for s in services if not s.confidential), Subject(OTHER)]
    confidential = [s.key for s in services if s.confidential]
    told = {day: month for day, month in months.by_first_day.items() if so_far or day < today.replace(day=1)}
    found = {}
    for year in sorted({_year(day) for day in months.by_first_day}, reverse=True):
        own = {day: month for day, month in told.items() if _year(day) == year}
        over = year < today.year + BUDDHIST_OFFSET
        found[year] = year_of(year, own, subjects, confidential if over else None, over or so_far, smallest)
    return found


def _year(day: date) -> int:
    return day.year + BUDDHIST_OFFSET
