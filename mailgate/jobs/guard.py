"""What the daemon looks after each minute: the calendar, the event chain, the alarms, the figures.

One of them going wrong keeps none of the others from its turn.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mailgate.config import Config
from mailgate.core.alarms import Condition
from mailgate.errors import MailgateError
from mailgate.jobs import alarms, calendars
from mailgate.jobs.certificate_watch import Certificates
from mailgate.jobs.chain_watch import ChainWatch
from mailgate.model import CheckReport
from mailgate.office import Office

if TYPE_CHECKING:
    from mailgate.jobs.metrics import Metrics

log = logging.getLogger("mailgate.guard")


class Guard:
    """``config_problem``: why the last reload was refused; "" when it was not."""

    def __init__(self, office: Office) -> None:
        self.config_problem = ""
        self._chain = ChainWatch()
        self._certificates = Certificates()
        self._metrics = _metrics(office.config)

    async def start(self) -> None:
        """Raises ConfigError if the figures cannot be offered where the config says."""
        if self._metrics is not None:
            self._metrics.start()

    async def step(self, office: Office) -> bool:
        """One look at everything; True if the chain is not read to its end yet."""
        more = False
        try:
            await office.registry(calendars.refresh, office)
            more = await office.registry(self._chain.step, office)
        except MailgateError as e:
            log.error("%s", e)
        await alarms.evaluate(office, office.clock.now(), [*self._own(), *await self._certificates.look(office)])
        if self._metrics is not None:
            await self._metrics.update(office, len(alarms.listed(office.config)))
        return more

    def _own(self) -> list[Condition]:
        """What only the daemon knows."""
        known = {
            "config": ("อ่านค่ากำหนดใหม่ไม่ได้ ยังใช้ค่าเดิมอยู่", self.config_problem),
            "chain": ("สายโซ่เหตุการณ์ขาด", self._chain.problem),
        }
        return [Condition(key, f"{words}: {problem}") for key, (words, problem) in known.items() if problem]

    async def checked(self, office: Office, report: CheckReport) -> None:
        """A check came to its end: tell whoever waits for this sign of life."""
        if report.slot is not None:
            await alarms.dead_man(office)

    async def close(self) -> None:
        if self._metrics is not None:
            self._metrics.close()


def _metrics(config: Config) -> Metrics | None:
    """The figures, where the config asks for them: else their library is not even loaded."""
    if not (config.metrics.listen or config.metrics.textfile):
        return None
    from mailgate.jobs.metrics import Metrics

    return Metrics(config)
