"""Looks once a day when the servers' certificates end."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

from mailgate.core import thai
from mailgate.core.alarms import Condition
from mailgate.edges import certificates
from mailgate.office import Office


class Certificates:
    """What was seen today; a server that cannot be reached keeps what was seen of it before."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._ends: dict[str, datetime] = {}

    async def look(self, office: Office) -> list[Condition]:
        """Those that end soon ([alarm] expiry)."""
        now = office.clock.now()
        if now.date() != self._day:
            self._day = now.date()
            for name in ("imap", "smtp"):
                end = await asyncio.to_thread(certificates.end, getattr(office.config, name))
                self._ends |= {name: end} if end else {}
        soon = {name: end for name, end in self._ends.items() if end - now <= office.config.alarm.expiry}
        return [
            Condition(f"certificate:{name}", f"ใบรับรองของเครื่องให้บริการ [{name}] จะหมดอายุวันที่ {thai.long_date(end)}")
            for name, end in soon.items()
        ]
