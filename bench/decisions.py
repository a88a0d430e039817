"""Decisions with a PDF each, sent to a local sink: ``python -m bench.decisions [--items 2000] [--size 200000]``.

Prints decisions a second and the peak memory of the sending process (the sink is another one), and checks the end:
each accepted once, under its number, with the bytes that its event fixed. Exit code 1 if that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.outbox import CONFIG
from mailgate.config_file import load
from mailgate.core.identity import judge
from mailgate.jobs import dispatching, poll
from mailgate.model import Receipt
from mailgate.model_dispatch import Enclosed, Outbound, Result, Way
from mailgate.office import Office, open_office
from tests import builders
from tests.servers.process import await_greeting, end, free_ports, spawn

YEAR = builders.NOW.year + 543


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--size", type=int, default=200_000, help="bytes of each PDF")
    parser.add_argument("--send", type=Path, metavar="CONFIG", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        return _send(options.send)
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name:
        folder = Path(name)
        (port,) = free_ports(1)
        config = folder / "config.toml"
        config.write_text(CONFIG.format(folder=folder, port=port), "utf-8")
        print(f"deciding about {options.items} letters …", file=sys.stderr)
        _decide(folder, options.items, options.size)
        return _measured(folder, config, port, options)


def _decide(folder: Path, items: int, size: int) -> None:
    choice = random.Random(1)
    with builders.office(builders.config(folder)) as office:
        for n in range(1, items + 1):
            office.store.receipts.enter(builders.entry(n, answer=False), judge, builders.draft)
            out = Outbound(
                Way.EMAIL, "ผู้ส่งหนังสือ", "แจ้งผลการพิจารณา", "", [_file(office, folder, choice.randbytes(size))],
                [f"citizen{n}@example.org"], "เจ้าหน้าที่", Result.APPROVED, Receipt(n, YEAR), n,
            )  # fmt: skip
            dispatching.enter(office, out)


def _file(office: Office, folder: Path, content: bytes) -> Enclosed:
    path = folder / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n" + content)
    return office.attachments.keep_file(path, path.name)


def _send(config: Path) -> int:
    """What the measured process does: open the office, send what is due."""
    with open_office(load(config)) as office:
        start = time.perf_counter()
        asyncio.run(poll.send(office))
        print(json.dumps({"seconds": time.perf_counter() - start, "counts": office.store.reports.outbox_counts()}))
    return 0


def _measured(folder: Path, config: Path, port: int, options: argparse.Namespace) -> int:
    record = folder / "sink.jsonl"
    command = [sys.executable, "-m", "tests.servers.fast_sink", "--port", str(port), "--record", str(record)]
    sink = spawn(command, folder / "sink.log")
    try:
        await_greeting(sink, port, "ESMTP")
        sender = subprocess.Popen(
            [sys.executable, "-m", "bench.decisions", "--send", str(config)], stdout=subprocess.PIPE
        )
        assert sender.stdout is not None
        report = json.loads(sender.stdout.read())
        _, _, rusage = os.wait4(sender.pid, 0)
        sender.returncode = 0
        sender.stdout.close()
    finally:
        end(sink)
    print(f"decisions          {options.items} with a PDF of {options.size:,} bytes each")
    print(f"seconds            {report['seconds']:.2f}")
    print(f"decisions/s        {options.items / report['seconds']:.0f}")
    sender_seconds = rusage.ru_utime + rusage.ru_stime
    print(f"processor          {sender_seconds:.2f} s, and {_children() - sender_seconds:.2f} s the sink")
    print(f"peak memory        {rusage.ru_maxrss / 1024:.0f} MB")
    problems = _problems(folder, report["counts"], record, options.items)
    for problem in problems:
        print(f"WRONG              {problem}")
    return 1 if problems else 0


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _problems(folder: Path, counts: dict[str, int], record: Path, items: int) -> list[str]:
    found = []
    if counts != {"accepted": items}:
        found.append(f"the states are {counts}")
    got = collections.Counter(json.loads(line)["sha256"] for line in record.read_text().splitlines())
    with builders.office(builders.config(folder)) as office:
        events = office.store.dispatches.all_events()
        numbers = [row["number"] for row in office.store.dispatches.listed()]
    fixed = {sha256 for event in events for sha256 in json.loads(event["payload"])["mails"].values()}
    if set(got) != fixed or set(got.values()) != {1}:
        found.append(f"{len(got)} mails came, {len(fixed)} were fixed, most often {max(got.values(), default=0)} times")
    if numbers != list(range(1, items + 1)):
        found.append("the numbers are not 1 to n")
    return found


if __name__ == "__main__":
    sys.exit(main())
