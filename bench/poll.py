"""``make bench``: one check of a full mailbox, end to end, against a real Dovecot and a local SMTP sink.

    python -m bench.poll [--letters 2000]

Prints letters a second (from the start of the program to its end, so with start-up), peak memory, and checks the end
state: numbers 1 … n, every acknowledgement delivered once, every mail moved. Exit code 1 if that is not so.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.mailbox import letters
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.process import await_greeting, end, free_ports, spawn

_CONFIG = """
[office]
name = "สำนักงานเขตพื้นที่การศึกษาตัวอย่าง"
address = "mkarea3@example.go.th"
clerk = {{ name = "สารบรรณกลาง", email = "clerk@example.go.th" }}
[imap]
host = "localhost"
port = {imap}
ca_file = "{ca}"
username = "{user}"
done = "{done}"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
[digests]
to_clerk = []
to_officers = []
[limits]
per_address_hour = 0
per_address_day = 0
per_domain_hour = 0
per_hour = 0
per_returner_day = 0
[referrals]
enabled = {referrals}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=2000)
    parser.add_argument("--referrals", action="store_true", help="mail each letter to its officer too")
    parser.add_argument("--done", choices=("move", "flag"), default="move")
    parser.add_argument("--registry", type=Path, help="begin with a copy of this registry (see bench.registry)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "dovecot").mkdir(mode=0o755)
        certs = Certs.write(folder / "certs")
        with Dovecot.run(folder / "dovecot", certs=certs) as dovecot:
            return _run(folder, dovecot, options)


def _run(folder: Path, dovecot: Dovecot, options: argparse.Namespace) -> int:
    count, done = options.letters, options.done
    print(f"delivering {count} letters to Dovecot …", file=sys.stderr)
    dovecot.drop_in(letters(count))
    (port,) = free_ports(1)
    record = folder / "sink.jsonl"
    command = [sys.executable, "-m", "tests.servers.fast_sink", "--port", str(port), "--record", str(record)]
    sink = spawn(command, folder / "sink.log")
    try:
        await_greeting(sink, port, "ESMTP")
        config = folder / "config.toml"
        config.write_text(
            _CONFIG.format(
                imap=dovecot.imaps_port,
                ca=dovecot.ca_file,
                user=dovecot.user,
                smtp=port,
                done=done,
                referrals=str(options.referrals).lower(),
            ),
            "utf-8",
        )
        before = _copied(options.registry, folder / "registry.db")
        report, seconds, rusage = _poll(config, dovecot.password)
        again, idle_seconds, _ = _poll(config, dovecot.password)
    finally:
        end(sink)
    problems = _problems(report, again, options, record, dovecot, before)
    print(f"letters            {count}")
    answered = _answered_after(folder / "registry.db")
    print(f"letters a second   {count / answered:.0f} registered and acknowledged   ({answered:.2f} s)")
    print(f"                   {count / seconds:.0f} read and done with   ({seconds:.2f} s with start-up)")
    print(f"peak memory        {rusage.ru_maxrss / 1024:.0f} MB")
    print(f"CPU a letter       {(rusage.ru_utime + rusage.ru_stime) / count * 1000:.2f} ms")
    print(f"check of nothing   {idle_seconds:.2f} s with start-up")
    print(f"end state          {'; '.join(problems) or 'as it must be'}")
    return 1 if problems else 0


def _copied(registry: Path | None, target: Path) -> int:
    """The last number of this year in a registry that is there before; 0 for a new one."""
    if registry is None:
        return 0
    shutil.copyfile(registry, target)
    with contextlib.closing(sqlite3.connect(target)) as db:
        year = datetime.now().astimezone().year + 543
        (last,) = db.execute("SELECT coalesce(max(last), 0) FROM counter WHERE year = ?", (year,)).fetchone()
    return int(last)


def _poll(config: Path, password: str) -> tuple[dict[str, Any], float, Any]:
    environment = os.environ | {"MAILGATE_IMAP_PASSWORD": password}
    command = [sys.executable, "-m", "mailgate", "--config", str(config), "poll", "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, rusage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise SystemExit(f"mailgate poll ended with {process.returncode}")
    return json.loads(output), seconds, rusage


def _answered_after(registry: Path) -> float:
    """Seconds from the beginning of the check to the last acknowledgement that was accepted."""
    with contextlib.closing(sqlite3.connect(registry)) as db:
        (started,) = db.execute("SELECT min(started_at) FROM poll WHERE report IS NOT NULL").fetchone()
        (last,) = db.execute(
            "SELECT max(ended_at) FROM outbox WHERE kind = 'acknowledgement' AND state = 'accepted'"
        ).fetchone()
    return (datetime.fromisoformat(last) - datetime.fromisoformat(started)).total_seconds()


def _problems(
    report: dict[str, Any],
    again: dict[str, Any],
    options: argparse.Namespace,
    record: Path,
    dovecot: Dovecot,
    before: int,
) -> list[str]:
    found, count, done = [], options.letters, options.done
    if sorted(int(r.split("/")[0]) for r in report["receipts"]) != list(range(before + 1, before + count + 1)):
        found.append("the receipts do not go on by one")
    delivered = collections.Counter(json.loads(line)["message_id"] for line in record.read_text().splitlines())
    if len(delivered) != count * (1 + options.referrals) or set(delivered.values()) != {1}:
        found.append(f"{len(delivered)} mails delivered, most often {max(delivered.values(), default=0)} times")
    if (report["acknowledged"], report["read"]) != (count, count):
        found.append(f"{report['acknowledged']} acknowledged, {report['read']} read")
    left = len(dovecot.folder("INBOX"))
    if left != (0 if done == "move" else count):
        found.append(f"{left} mails left in the inbox")
    if report["balance"] or again["seen"]:
        found.append(f"balance {report['balance']}, a second check saw {again['seen']}")
    return found


if __name__ == "__main__":
    sys.exit(main())
