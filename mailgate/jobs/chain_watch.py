"""Watches the event chain while the daemon runs: what is new every time, the whole of it once a day (law 10)."""

from __future__ import annotations

from datetime import date

from mailgate.edges.store.chain import GENESIS
from mailgate.jobs.verify import broken_link
from mailgate.office import Office

_AT_ONCE = 2000


class ChainWatch:
    """How far the chain was found whole. ``problem`` names the first event that is not as it was written."""

    def __init__(self) -> None:
        self.problem = ""
        self._seq, self._link = 0, GENESIS
        self._day: date | None = None

    def step(self, office: Office) -> bool:
        """Look at a bounded number of events; whether there are more. Reads only."""
        today = office.clock.now().date()
        if today != self._day:  # from the beginning again: an old event may have been changed since
            self._day, self._seq, self._link, self.problem = today, 0, GENESIS, ""
        if self.problem:
            return False
        events = office.store.chain.page(self._seq, _AT_ONCE)
        for event in events:
            self.problem = broken_link(event, self._seq + 1, self._link)
            if self.problem:
                return False
            self._seq, self._link = event["seq"], event["link"]
        return len(events) == _AT_ONCE
