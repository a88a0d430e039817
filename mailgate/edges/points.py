"""Named instants between which a crash may fall.

Every write, commit, rename and wire command passes ``point(name)``. With ``MAILGATE_CRASH_AT=n`` the process dies,
as by SIGKILL, at the n-th point it passes (``name:k``: at the k-th of that name); with ``MAILGATE_POINTS_LOG=file``
each is written there. The crash tests stop at every one, start again, and compare the end with an undisturbed run.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping

_at = _log = ""
_passed: Counter[str] = Counter()
_lock = threading.Lock()


def arm(environment: Mapping[str, str]) -> None:
    """Read the two variables and begin to count anew."""
    global _at, _log
    _at, _log = environment.get("MAILGATE_CRASH_AT", ""), environment.get("MAILGATE_POINTS_LOG", "")
    _passed.clear()


def point(name: str) -> None:
    """Pass a named instant; costs nothing unless one of the two variables is set."""
    if _at or _log:
        _pass(name)


def _pass(name: str) -> None:
    with _lock:
        _passed[name] += 1
        if _log:
            with open(_log, "a", encoding="ascii") as log:
                log.write(f"{name}:{_passed[name]}\n")
        if _at in (str(_passed.total()), f"{name}:{_passed[name]}"):
            os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ)
