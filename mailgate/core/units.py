"""What the config adds to the shipped systemd units: when the watch looks, and further folders they may write in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

from mailgate.errors import ConfigError

PACKAGED = "/usr/lib/mailgate/bin/mailgate"  # the program, as the shipped units name it
_HEAD = "# Written by mailgate install-service from config.toml; run it again after a change there.\n"


def for_program(unit: str, program: str) -> str:
    """A shipped unit that starts the program at another place. Raises ConfigError for a path no unit can name."""
    return unit.replace(PACKAGED, f'"{_escaped(program)}"')


def watch_drop_in(times: Iterable[time], grace: int, zone: str) -> str:
    """The watch looks ``grace`` minutes after each check; ``times`` are local to ``zone``."""
    return timer_drop_in([_later(t, grace) for t in sorted(times)], zone)


def timer_drop_in(times: Iterable[time], zone: str) -> str:
    """A timer elapses every day at these times of ``zone``, and no longer at those of the shipped unit."""
    lines = [f"OnCalendar=*-*-* {t:%H:%M:%S} {zone}\n" for t in times]
    return "".join([_HEAD, "[Timer]\n", "OnCalendar=\n", *lines])


def paths_drop_in(folders: Iterable[str]) -> str:
    """Folders a service may write in beside its own; it waits until they are mounted. "" if there are none.

    Raises ConfigError for a path no unit can name.
    """
    names = [_escaped(folder) for folder in folders]
    if not names:
        return ""
    waits = [f'RequiresMountsFor="{name}"\n' for name in names]
    # With "-" a folder that is missing does not keep the unit from starting: the program says which it misses.
    opens = [f'ReadWritePaths="-{name}"\n' for name in names]
    return "".join([_HEAD, "[Unit]\n", *waits, "\n[Service]\n", *opens])


def _later(moment: time, minutes: int) -> time:
    total = moment.hour * 60 + moment.minute + minutes
    return time(total // 60 % 24, total % 60)


def _escaped(path: str) -> str:
    """As systemd.syntax(7) and systemd.unit(5), specifiers, want it between quotes."""
    if not path.isprintable():
        raise ConfigError(f"no systemd unit can name the path {path!r}", hint="Use one without control characters")
    return path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
