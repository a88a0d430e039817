"""What a registry with 100,000 queued decisions costs: ``python -m bench.outbox [--items 100000]``.

Seconds of the commands as a person types them, and of the steps of the daemon on the open registry.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from mailgate.core.identity import judge
from mailgate.edges.store import Store
from mailgate.edges.store.dispatches import Mailed
from mailgate.jobs import poll, status, undelivered, views_outbox
from mailgate.model import Draft
from mailgate.model_dispatch import Numbered, Outbound, Result, Way
from mailgate.office import Office
from tests import builders
from tests.builders import NOW

_SIZE = 4_000  # bytes of a decision without its files
_BATCH = 1_000
CONFIG = """
[office]
name = "สำนักงานเขตพื้นที่การศึกษาตัวอย่าง"
address = "mkarea3@example.go.th"
clerk = {{ name = "สารบรรณกลาง", email = "clerk@example.go.th" }}
[imap]
host = "127.0.0.1"
security = "none"
username = "office"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[registry]
path = "{folder}/registry.db"
archive = "{folder}/archive"
key_file = "{folder}/token.key"
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="make the registry there and keep it; one that is there is used")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name:
        folder = options.folder or Path(name)
        if not (folder / "config.toml").exists():
            _make(folder, options.items)
        return _measured(folder, options.items)


def _make(folder: Path, items: int) -> None:
    print(f"making a registry of {items} letters and decisions …", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    with builders.office(builders.config(folder)) as office:
        for n in range(1, items + 1):
            office.store.receipts.enter(builders.entry(n, answer=False, sha256=f"{n:064x}"), judge, builders.draft)
        waiting = iter(range(1, items + 1))
        while batch := list(islice(waiting, _BATCH)):
            with office.store.db.immediate("bench"):
                _enter(office, batch)
    (folder / "config.toml").write_text(CONFIG.format(folder=folder, port=1), "utf-8")


def _enter(office: Office, letters: Iterable[int]) -> None:
    for n in letters:
        out = Outbound(Way.EMAIL, "ผู้ส่งหนังสือ", "แจ้งผล", "", [], [f"citizen{n}@example.org"], "ก", Result.APPROVED,
                       letter_id=n)  # fmt: skip
        office.store.dispatches.enter(out, "สำนักงาน", lambda number, _: f"ศธ 1/{number}", _composed, NOW)


def _composed(address: str, item: int, number: Numbered) -> Mailed:
    raw = f"Subject: {number.book_no}\r\nMessage-ID: <d.{item}@x>\r\n\r\n".encode() + b"x" * _SIZE
    return Mailed(Draft(builders.OFFICE, address, f"<d.{item}@x>", f"{item}.x", raw), "0" * 64)


def _measured(folder: Path, items: int) -> int:
    command = [sys.executable, "-m", "mailgate", "--config", str(folder / "config.toml")]
    some = str(items // 2)
    for arguments in (
        ["--version"], ["status", "--json"], ["outbox", "list", "--limit", "50"], ["outbox", "list", "--state", "held"],
        ["outbox", "show", some], ["outbox", "hold", some], ["outbox", "release", some], ["outbox", "list"],
        ["outbox", "list", "--json"], ["dispatch", "list", "--limit", "50"],
    ):  # fmt: skip
        seconds, first, memory = _run([*command, *arguments])
        print(
            f"{'mailgate ' + ' '.join(arguments):<42} {seconds:7.2f} s, first output {first:5.2f} s, {memory:4.0f} MB"
        )
    _steps(folder)
    return 0


def _run(command: list[str]) -> tuple[float, float, float]:
    """Seconds in all and to the first output, MB at the most."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.read(1)
    first = time.perf_counter() - start
    while process.stdout.read(1 << 20):
        pass
    _, status_, rusage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status_)
    process.stdout.close()
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, first, rusage.ru_maxrss / 1024


def _steps(folder: Path) -> None:
    _timed("opening the registry", lambda: Store(folder / "registry.db").close())
    with builders.office(builders.config(folder), now=NOW + timedelta(minutes=1)) as office:
        outbox = office.store.outbox
        for name, step in (
            ("claim of the next item", lambda: outbox.claim(office.clock.now())),
            ("is anything due", lambda: outbox.due(office.clock.now(), 5)),
            ("when is the next due", outbox.next_due),
            ("the oldest that waits", outbox.oldest),
            ("what was interrupted", lambda: outbox.interrupted(office.clock.now())),
            ("unsure to be sent again", lambda: outbox.resend_unsure(office.clock.now(), office.clock.now())),
            ("is anything to be sent", lambda: poll.is_to_send(office)),
            ("decisions that ended badly", lambda: undelivered.are_there(office)),
            ("one item", lambda: views_outbox.shown(office, 1)),
            ("status", lambda: status.status(office)),
        ):
            _timed(name, step)


def _timed(name: str, step: Callable[[], Any]) -> None:
    start = time.perf_counter()
    step()
    print(f"{name:<42} {(time.perf_counter() - start) * 1000:7.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
