"""What a registry of a million letters costs: ``python -m bench.large --folder DIR``, made by ``bench.registry``.

Lists, searches, a letter, a day's digest (milliseconds, the slowest of five); the fullest year's register as XLSX, the
public pages from nothing and after one new letter (seconds, peak memory of the process in MB). What is not indexed yet
is indexed first.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from mailgate import config_file
from mailgate.config import Config
from mailgate.core.grams import words
from mailgate.core.identity import judge
from mailgate.core.registers import Extract
from mailgate.edges.clock import PaperClock
from mailgate.edges.store.database import moment
from mailgate.jobs import digesting, indexing, letters, publishing, register_files, registers, searching, views
from mailgate.jobs.register_files import Wanted as File
from mailgate.model import Receipt
from mailgate.model_search import Wanted
from mailgate.office import Office, open_office
from tests import builders

_ENVIRONMENT = {"MAILGATE_IMAP_PASSWORD": "-", "MAILGATE_SMTP_PASSWORD": "-"}
_TEXTS = ("การศึกษา", "ขอ", "ก", "homeschool", "สมชาย ใจดี", "โรงเรียน นักเรียน ขอนแก่น", "citizen49999@", "การ 99999", "zq")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    config = config_file.load(options.folder / "config.toml")
    with _office(config) as office:
        counted = {name: office.store.db.value(f"SELECT count(*) FROM {name}") for name in ("letter", "event")}
        print(f"{counted['letter']:,} letters, {counted['event']:,} events")
        while indexing.step(office):
            pass
        for name, ask in _questions(office):
            print(f"{_slowest(ask):8.1f} ms  {name}")
    for name, work in (("XLSX", _xlsx), ("publish from nothing", _publish), ("publish after one letter", _publish_one)):
        _apart(name, work, options.folder)
    return 0


def _office(config: Config) -> Office:
    """The office at the moment of its last event, so that a day's digest has a day's letters."""
    office = open_office(config, environment=_ENVIRONMENT)
    last = moment(office.store.db.value("SELECT at FROM event ORDER BY seq DESC LIMIT 1"))
    assert last is not None
    office.clock = PaperClock(last.astimezone(config.zone) + timedelta(minutes=1))
    return office


def _questions(office: Office) -> list[tuple[str, Callable[[], object]]]:
    today = office.clock.now().date()

    def listed(**narrowed: Any) -> Callable[[], object]:
        return lambda: list(searching.pages(office, searching.found(office, Wanted(today=today, **narrowed), 100)))

    year = office.clock.now().year + 543
    asked: dict[str, Callable[[], object]] = {
        "list, the newest 100": listed(),
        "list, a year": listed(year=year - 1),
        "list, a service": listed(service="homeschool"),
        "list, an officer": listed(officer="รัตนาธิ์"),
        "list, overdue": listed(state="overdue"),
        "list, void": listed(state="void"),
        "search, a service with few": listed(words=("การศึกษา",), service="corruption"),
        **{f"search {text}": listed(words=words(text)) for text in _TEXTS},
        "show": lambda: views.letter(letters.existing(office, Receipt(12_345, year - 1)), office.config.zone),
        "digest of a day": lambda: _digest(office),
    }
    return list(asked.items())


def _digest(office: Office) -> object:
    told = digesting.latest(office, "day")
    assert told is not None
    _, values, _ = next(digesting.to_clerk(office, told, files=False))
    return office.head.render("digest.html", values), office.head.render("digest.txt", values)


def _slowest(ask: Callable[[], object]) -> float:
    """Milliseconds, the slowest of five."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - started)
    return max(taken) * 1000


def _apart(name: str, work: Callable[[Path], str], folder: Path) -> None:
    """Do it in a process of its own, and print seconds and peak memory."""
    child = multiprocessing.get_context("spawn").Process(target=_timed, args=(name, work, folder))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{name} failed")


def _timed(name: str, work: Callable[[Path], str], folder: Path) -> None:
    started = time.perf_counter()
    said = work(folder)
    seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:8.1f} s   {name}: {said}, peak {peak:.0f} MB")


def _xlsx(folder: Path) -> str:
    with _office(config_file.load(folder / "config.toml")) as office:
        now = office.clock.now()
        year = max(office.store.reports.counters(), key=lambda row: row["last"])["year"]
        first = now.date().replace(year=year - 543, month=1, day=1)
        chosen = registers.choose(office, Extract("receive", year, first, first.replace(month=12, day=31)))
        register_files.write(office, "xlsx", File(folder / "year.xlsx", chosen), registers.entries(office, chosen))
        return f"{chosen.count:,} rows"


def _publish(folder: Path) -> str:
    for old in folder.glob("*site*"):
        old.unlink() if old.is_symlink() else shutil.rmtree(old)
    for old in folder.glob(".site*"):
        shutil.rmtree(old)
    with _office(config_file.load(folder / "config.toml")) as office:
        with office.store.db.immediate("bench"):
            office.store.db.sql.execute("DELETE FROM published_month")
        publishing.publish(office, folder / "site")
        return f"{sum(1 for _ in (folder / 'site').rglob('*')):,} files"


def _publish_one(folder: Path) -> str:
    with _office(config_file.load(folder / "config.toml")) as office:
        number = int(office.store.db.value("SELECT max(id) FROM letter")) + 1
        entry = builders.entry(number, now=office.clock.now(), service="homeschool")
        office.store.receipts.enter(entry, judge, builders.draft)
        with office.store.db.immediate("bench"):  # its bytes are nowhere, so a later check shall not look for them
            office.store.db.sql.execute("UPDATE reading SET state = 'done' WHERE state = 'waiting'")
        started = time.perf_counter()
        publishing.publish(office, folder / "site")
        return f"{time.perf_counter() - started:.1f} s of publishing"


if __name__ == "__main__":
    raise SystemExit(main())
