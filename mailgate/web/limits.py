"""Limits of submissions, without tracking: visitors are told apart by a keyed hash that nobody can undo.

The key is made anew each hour and lives in memory only, so neither disk nor log ever has an address, nor anything
that could be compared with one.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

_HOUR, _MINUTE = 3600.0, 60.0
_IPV6_HOME = 64  # bits: one household or one phone has them all


class Limits:
    """Counts submissions. ``clock``: seconds that only go forward."""

    def __init__(self, per_visitor_hour: int, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_visitor_hour = per_visitor_hour
        self._per_minute = per_minute
        self._clock = clock
        self._recent: deque[float] = deque()
        self._began = clock()
        self._forget()

    def allows(self, address: str) -> bool:
        """Count one more of this address; False if it is one too many. "" is nobody in particular."""
        now = self._clock()
        if now - self._began >= _HOUR:
            self._forget()
        while self._recent and now - self._recent[0] >= _MINUTE:
            self._recent.popleft()
        if len(self._recent) >= self._per_minute or not self._visitor_allows(address):
            return False
        self._recent.append(now)
        return True

    def _visitor_allows(self, address: str) -> bool:
        visitor = self._visitor(address)
        if not visitor:
            return True
        self._seen[visitor] += 1
        return self._seen[visitor] <= self._per_visitor_hour

    def _visitor(self, address: str) -> bytes:
        try:
            found = ip_address(address)
        except ValueError:
            return b""
        if found.is_loopback:  # the office's own web server, which tells no address
            return b""
        packed = found.packed[: _IPV6_HOME // 8] if isinstance(found, IPv6Address) else found.packed
        return hmac.digest(self._key, packed, "sha256")[:16]

    def _forget(self) -> None:
        self._began = self._clock()
        self._key = secrets.token_bytes(32)
        self._seen: Counter[bytes] = Counter()
