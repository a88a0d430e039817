"""What ``mailgate verify`` looks at and finds; shared by its parts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mailgate.edges.store.database import Row


@dataclass
class Findings:
    """What was looked at, and what is wrong with it: one sentence each, the first bad row named."""

    checked: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def payload(event: Row) -> dict[str, Any]:
    """What an event says; nothing if it was erased, or spoilt, which the chain's check names."""
    try:
        found = json.loads(event["payload"] or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
