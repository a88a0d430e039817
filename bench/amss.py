"""AMSS++: ``python -m bench.amss [--requests 20000]``: a year of requests read for the first time, then five new ones.

A MariaDB of its own, on a socket. Prints seconds of each, requests a second and peak memory; then looks whether each
request is one letter, and each decided one in the dispatch register. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from mailgate.edges.amss import opener
from mailgate.jobs import amss
from mailgate.model import CheckReport
from tests import builders
from tests.amss import requests
from tests.servers.mariadb import PASSWORD, MariaDb

_YEAR = timedelta(days=365)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    count = parser.parse_args().requests
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailgate-bench-amss-")))
        folder.chmod(0o755)
        (folder / "db").mkdir()
        server = stack.enter_context(MariaDb.run(folder / "db"))
        server.database("amss")
        requests.travel(server, count, step=_YEAR / count, decided=0.95)
        office = stack.enter_context(builders.office(requests.config(folder / "office", server, since=_began())))
        office.amss = opener(office.config.amss, {"MAILGATE_AMSS_PASSWORD": PASSWORD})
        first = _read(office, f"first reading of {count:,}")
        requests.travel(server, 5, first=builders.NOW + timedelta(days=1))
        second = _read(office, "reading with 5 new ones")
        nothing = _read(office, "reading without news")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        letters = office.store.db.value("SELECT count(*) FROM letter")
        decided = server.sql("SELECT count(*) FROM permission_main WHERE grant_x IS NOT NULL", database="amss")[0][0]
        sent = office.store.db.value("SELECT count(*) FROM dispatch")
        good = letters == count + 5 == first + second and nothing == 0 and sent == decided
        print("end state", "as it must be" if good else f"{letters} letters, {sent} of {decided} decided")
        return 0 if good else 1


def _began() -> datetime:
    return builders.NOW - 2 * _YEAR


def _read(office: builders.PaperOffice, name: str) -> int:
    report, began = CheckReport(), time.perf_counter()
    asyncio.run(amss.read(office, report))
    seconds = time.perf_counter() - began
    print(f"{seconds:7.2f} s  {name}" + (f" ({report.requests / seconds:,.0f} a second)" if report.requests else ""))
    assert not report.problems, report.problems
    return report.requests


if __name__ == "__main__":
    raise SystemExit(main())
