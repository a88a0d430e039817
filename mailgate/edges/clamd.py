"""A virus scanner."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Scanner(Protocol):
    """Looks at one file."""

    async def scan(self, path: Path) -> str:
        """"" if nothing was found, else the name of the virus. Raises ScanError."""
