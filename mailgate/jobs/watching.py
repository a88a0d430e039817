"""``mailgate watch``: is the duty being done? Asked by a process of its own, that needs no daemon to be alive."""

from __future__ import annotations

import asyncio

from mailgate.config import Config
from mailgate.core.alarms import Condition
from mailgate.edges.clock import SystemClock
from mailgate.errors import MailgateError
from mailgate.jobs import alarms, conditions
from mailgate.office import open_office

_LONGEST = 50.0  # seconds: it must speak even if everything else hangs


async def watch(config: Config) -> list[Condition]:
    """Look once, tell what is new or over; what is wrong now. A registry that cannot be read is told as such."""
    try:
        async with asyncio.timeout(_LONGEST):
            with open_office(config) as office:
                return await alarms.look(office, SystemClock(config.zone).now(), conditions.WATCHED)
    except MailgateError as e:
        found = Condition("registry", f"ใช้งานทะเบียนไม่ได้: {e}")
    except TimeoutError:
        found = Condition("registry", "ทะเบียนไม่ตอบสนอง")
    await alarms.raise_one(config, found)
    return [found]
