"""Which service of the order's annex a letter belongs to, judged by its subject line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from mailgate.config import Service
from mailgate.core.thai import fold


@cache
def _folded(keywords: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(fold, keywords))


def find(subject: str, services: Sequence[Service]) -> Service | None:
    """The service whose longest keyword stands in the subject; None leaves the letter to the clerk.

    Confidential services win over others: in doubt a letter is restricted rather than shown.
    """
    folded = fold(subject)
    found = [
        (service.confidential, len(word), -n, service)
        for n, service in enumerate(services)
        for word in _folded(service.keywords)
        if word in folded
    ]
    return max(found, key=lambda f: f[:3])[3] if found else None
