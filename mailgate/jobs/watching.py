"""``mailgate watch``: is the duty being done? Asked by a process of its own, that needs no daemon to be alive."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from functools import partial

from mailgate.config import Config
from mailgate.core.alarms import Condition
from mailgate.edges.clock import SystemClock
from mailgate.edges.detached import detached
from mailgate.errors import MailgateError, RegistryError
from mailgate.jobs import alarms, conditions
from mailgate.jobs.conditions import Survey
from mailgate.office import open_office

log = logging.getLogger("mailgate.watch")

_LOOK_SECONDS = 12.0  # longer than a sound registry takes; then there is still time to tell
_LONGEST = 58.0  # from the start to the end, whatever hangs: then the unit has failed, and its OnFailure tells people


def run(config: Config) -> list[Condition]:
    """Look once, tell what is new or over, and end within a minute; what is wrong now."""
    end = threading.Timer(_LONGEST, os._exit, [1])
    end.daemon = True
    end.start()
    try:
        return asyncio.run(watch(config))
    finally:
        end.cancel()


async def watch(config: Config) -> list[Condition]:
    """One look. A registry that is missing, damaged, locked or does not answer is told as such, and never made."""
    seen = await _seen(config)
    await alarms.tell(config, SystemClock(config.zone), seen)
    return seen.found


async def _seen(config: Config) -> Survey:
    try:
        return await detached(partial(_look, config), _LOOK_SECONDS)
    except MailgateError as e:
        return conditions.unusable(f"ใช้งานทะเบียนไม่ได้: {e}")
    except TimeoutError:
        return conditions.unusable("ทะเบียนไม่ตอบสนอง ดิสก์อาจขัดข้อง หรือโปรแกรมอื่นใช้งานทะเบียนอยู่ (mailgate doctor)")
    except Exception as e:  # damage nobody thought of: people are to know, and nobody else may be looking
        log.info("the registry cannot be looked into", exc_info=True)
        return conditions.unusable(f"ใช้งานทะเบียนไม่ได้: {type(e).__name__}: {e} (mailgate verify)")


def _look(config: Config) -> Survey:
    path = config.registry.path
    if not path.exists():  # opening it would make an empty one, and hide the loss
        raise RegistryError(
            f"there is no registry {path}", "Mount its disk, restore the last backup, or start mailgate"
        )
    with open_office(config) as office:
        return alarms.survey(office, office.clock.now(), conditions.WATCHED)
