"""What carries outbox items, and its paper twin."""

from __future__ import annotations

from typing import Protocol

from mailgate.errors import CourierError
from mailgate.model import Attempt, Outcome, Verdict


class Courier(Protocol):
    """Carries outbox items to the next mail server."""

    async def ready(self) -> None:
        """Be connected and logged in. Raises CourierError."""

    async def deliver(self, attempt: Attempt) -> Outcome:
        """One transaction. Never raises for what the server says or does."""

    @property
    def usable(self) -> bool:
        """Whether another item can be delivered without ``ready``."""

    @property
    def at_final_dot(self) -> bool:
        """Whether a mail was sent whose answer did not come, or not yet: to leave now makes it unsure."""

    @property
    def takes_utf8(self) -> bool:
        """Whether the server takes addresses beyond ASCII (RFC 6531); known once it is ``ready``."""

    async def close(self) -> None: ...


class PaperCourier:
    """A courier for tests: keeps what it is given; ``script`` holds outcomes to give first, in order."""

    def __init__(self, script: list[Outcome | CourierError] | None = None) -> None:
        self.script = list(script or [])
        self.delivered: list[Attempt] = []

    async def ready(self) -> None:
        if self.script and isinstance(self.script[0], CourierError):
            error = self.script.pop(0)
            assert isinstance(error, CourierError)
            raise error

    async def deliver(self, attempt: Attempt) -> Outcome:
        planned = self.script.pop(0) if self.script else None
        if not isinstance(planned, Outcome):
            planned = Outcome(Verdict.ACCEPTED, "dot", 250, "2.0.0 kept on paper")
        if planned.verdict is Verdict.ACCEPTED:
            self.delivered.append(attempt)
        return planned

    @property
    def usable(self) -> bool:
        return True

    @property
    def at_final_dot(self) -> bool:
        return False

    @property
    def takes_utf8(self) -> bool:
        return False

    async def close(self) -> None:
        return None
