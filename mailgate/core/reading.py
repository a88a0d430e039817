"""The full reading of a message. (in the making)"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mailgate.core.source import Source
from mailgate.model_reading import Reading


class Kept(Source, Protocol):
    @property
    def sha256(self) -> str: ...


class Keeper(Protocol):
    def keep(self, pieces: Iterable[bytes]) -> Kept: ...


def read(source: Source, keeper: Keeper) -> Reading:
    return Reading("", 0, "")
