"""The doctor's look at what guards the duty: the ways of the alarm, the backup's folder, the systemd units."""

from __future__ import annotations

import os

from mailgate.config import Config
from mailgate.edges.clock import Clock
from mailgate.errors import MailgateError
from mailgate.jobs import alarms


async def alarm(config: Config, clock: Clock) -> str:
    """Which ways are set; nothing is sent. That none is set is no fault of a check, so it is only said."""
    names = [way.name for way in alarms.ways(config, clock)]
    return f"by {', '.join(names)} (try: mailgate alarm test)" if names else "no way is set ([alarm]): nobody is called"


async def backup(config: Config, clock: Clock) -> str:
    folder = config.backup.directory
    if folder is None:
        return "no folder is set ([backup] directory): no copies are made"
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MailgateError(f"{folder} cannot be written", "Make it, owned by the user of mailgate, or mount its disk")
    return str(folder)
