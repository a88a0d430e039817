"""Government holidays of Thailand, from the ``holidays`` package: a seed that the office's own table corrects.

They are asked for in a process of their own, ``python -I -m mailgate.edges.holiday_seed YEAR``: the package takes
12 MB, and a daemon that lives for months wants one answer of it a year.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from functools import cache

from mailgate.errors import MailgateError

_LABOUR_DAY = "วันแรงงานแห่งชาติ"  # also as "ชดเชยวันแรงงานแห่งชาติ"
_SECONDS = 60
_MODULE = "mailgate.edges.holiday_seed"


@cache
def of_year(year: int) -> Mapping[date, str]:
    """The holidays of a CE year with their Thai names; cabinet decisions of a later date are not known here.

    Raises MailgateError if the process that knows them cannot be run.
    """
    return {date.fromisoformat(day): name for day, name in _asked(year).items()}


def name_of(day: date) -> str:
    """The Thai name of the holiday on which government offices are closed; "" if they are open by the seed."""
    return of_year(day.year).get(day, "")


def _asked(year: int) -> dict[str, str]:
    command = [sys.executable, "-I", "-m", _MODULE, str(year)]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS, env={})  # noqa: S603 - our own
        found: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as e:
        hint = f"Run 'python -I -m {_MODULE} {year}' to see why"
        raise MailgateError(f"the holidays of {year} cannot be had: {type(e).__name__}", hint) from None
    return found


def computed(year: int) -> dict[str, str]:
    """The holidays by ISO date, with their Thai names."""
    import holidays

    # (public ∪ government) − Labour Day: government offices are open on it.
    days = holidays.country_holidays("TH", years=year, categories=("public", "government"), language="th")
    named = {day: "; ".join(n for n in names.split("; ") if _LABOUR_DAY not in n) for day, names in days.items()}
    return {day.isoformat(): name for day, name in sorted(named.items()) if name}


if __name__ == "__main__":
    print(json.dumps(computed(int(sys.argv[1]))))
