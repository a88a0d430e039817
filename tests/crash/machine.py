"""The crash machine: a mailbox, a sink and the real program, stopped anywhere and started again; then the laws.

The laws are checked with the standard library's sqlite3 and the servers' own view, not with the package's code.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.servers.dovecot import Dovecot

CONFIG = """
[office]
name = "สำนักงานเขตพื้นที่การศึกษาตัวอย่าง"
address = "mkarea3@example.go.th"
clerk = {{ name = "สารบรรณกลาง", email = "clerk@example.go.th" }}
[imap]
host = "localhost"
port = {imap}
ca_file = "{ca}"
username = "{user}"
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
[replies]
resend_unsure_after = "{resend}"
"""


class Machine:
    """One office in a folder of its own, in front of servers that many share."""

    def __init__(self, folder: Path, dovecot: Dovecot, smtp_port: int, sink_record: Path, resend: str = "0s") -> None:
        self.folder = folder
        self.dovecot = dovecot
        self._sink_record = sink_record
        self._sink_start = len(self._sink_lines())
        folder.mkdir(parents=True)
        self.config = folder / "config.toml"
        self.config.write_text(
            CONFIG.format(
                imap=dovecot.imaps_port, ca=dovecot.ca_file, user=dovecot.user, smtp=smtp_port, resend=resend
            ),
            "utf-8",
        )

    def job(self, *, crash_at: str = "", points_log: str = "", mutant: str = "") -> dict[str, Any]:
        """A check, for the fork server."""
        environment = {
            "MAILGATE_IMAP_PASSWORD": self.dovecot.password,
            "MAILGATE_CRASH_AT": crash_at,
            "MAILGATE_POINTS_LOG": points_log,
        }
        argv = ["--config", str(self.config), "poll", "--json"]
        return {"argv": argv, "environment": environment, "log": str(self.folder / "log.txt"), "mutant": mutant}

    def violations(self, letters: list[bytes], answered: int) -> list[str]:
        """Which laws do not hold, now that nothing is running; an empty list is what the tests want."""
        with sqlite3.connect(self.folder / "registry.db") as db:
            db.row_factory = sqlite3.Row
            found = [*_numbers(db), *_fates(db, letters), *self._archived(db), *self._replies(db, answered)]
            found += _read_and_referred(db)
        db.close()
        return found + self._mailbox(letters)

    def log(self) -> str:
        return (self.folder / "log.txt").read_text("utf-8")

    def _sink_lines(self) -> list[str]:
        return self._sink_record.read_text("utf-8").splitlines() if self._sink_record.exists() else []

    def _archived(self, db: sqlite3.Connection) -> list[str]:
        found = []
        for row in db.execute("SELECT sha256 FROM mail WHERE sha256 IS NOT NULL"):
            path = self.folder / "archive" / row["sha256"][:1] / f"{row['sha256']}.eml"
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
                found.append(f"law 1: {row['sha256'][:12]} is not in the archive")
        return found

    def _replies(self, db: sqlite3.Connection, answered: int) -> list[str]:
        """Law 4: one acknowledgement a letter; a second only where the first was recorded as unsure."""
        sent: dict[str, list[str]] = collections.defaultdict(list)
        for line in self._sink_lines()[self._sink_start :]:
            mail = json.loads(line)
            sent[mail["message_id"]].append(mail["sha256"])
        rows = db.execute("SELECT * FROM outbox").fetchall()
        told = sum(row["kind"] == "acknowledgement" for row in rows)
        found = [] if told == answered else [f"law 4: {told} acknowledgements for {answered} letters"]
        if set(sent) - {row["message_id"] for row in rows}:
            found.append("law 4: a mail was sent that is not on record")
        for row in rows:
            found += _reply_violations(db, row, sent[row["message_id"]])
        return found

    def _mailbox(self, letters: list[bytes]) -> list[str]:
        left = self.dovecot.folder("INBOX")
        filed = [raw for name in self.dovecot.folders() if name.startswith("Registered/") for raw in self._read(name)]
        found = [f"{len(left)} mails are still in the inbox"] if left else []
        if collections.Counter(map(_digest, filed)) != collections.Counter(map(_digest, letters)):
            found.append(f"law 1: {len(filed)} of {len(letters)} mails are in the folder of done mail")
        return found

    def _read(self, name: str) -> list[bytes]:
        return self.dovecot.folder(name)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest()


def _numbers(db: sqlite3.Connection) -> list[str]:
    numbers = [row[0] for row in db.execute("SELECT number FROM letter ORDER BY number")]
    in_order = [row[0] for row in db.execute("SELECT number FROM letter ORDER BY id")]
    found = [] if numbers == list(range(1, len(numbers) + 1)) else [f"law 2: numbers {numbers}"]
    return found + ([] if in_order == numbers else ["law 2: numbers are not in the order of registering"])


def _fates(db: sqlite3.Connection, letters: list[bytes]) -> list[str]:
    """Laws 3 and 5: each mail is accounted for once, and registered once."""
    mails = db.execute("SELECT sha256, fate FROM mail").fetchall()
    registered = collections.Counter(row["sha256"] for row in mails if row["fate"] == "registered")
    found = [f"law 3: {n} numbers for one mail" for n in registered.values() if n > 1]
    different = {row["sha256"] for row in mails}
    if len(different) != len(set(map(_digest, letters))):
        found.append(f"law 5: {len(different)} of {len(set(map(_digest, letters)))} mails are in the journal")
    if len(registered) != db.execute("SELECT count(*) FROM letter").fetchone()[0]:
        found.append("law 2: letters and registered mails differ")
    return found


def _read_and_referred(db: sqlite3.Connection) -> list[str]:
    """Each mail is read; each letter is handed to somebody, once."""
    waiting = db.execute("SELECT count(*) FROM reading WHERE state <> 'done'").fetchone()[0]
    found = [f"{waiting} mails are not read"] if waiting else []
    referred = db.execute("SELECT letter_id FROM outbox WHERE kind = 'referral' ORDER BY letter_id").fetchall()
    letters = db.execute("SELECT id FROM letter ORDER BY id").fetchall()
    if [row[0] for row in referred] != [row[0] for row in letters]:
        found.append(f"{len(referred)} referrals for {len(letters)} letters")
    return found


def _reply_violations(db: sqlite3.Connection, row: sqlite3.Row, copies: list[str]) -> list[str]:
    unsure = db.execute(
        "SELECT count(*) FROM attempt WHERE item_id = ? AND verdict = 'unsure'", (row["id"],)
    ).fetchone()[0]
    name = f"{row['kind']} {row['id']} ({row['state']})"
    if len(copies) > 1 + unsure:
        return [f"law 4: {name} was sent {len(copies)} times, {unsure} unsure attempt(s) on record"]
    if len(set(copies)) > 1:
        return [f"law 4: {name} was sent again with other bytes"]
    if row["state"] == "accepted" and not copies:
        return [f"law 4: {name} never arrived"]
    if row["state"] not in ("accepted", "unsure"):
        return [f"law 4: {name} was not sent"]
    return []


class ForkServer:
    """The program, ready to be started in a few milliseconds."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forkserver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def run(self, job: dict[str, Any], kill_after: float | None = None) -> int:
        """Run a job to its end, or SIGKILL it after so many seconds; returns the exit code (-9: killed)."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        pid = self._answer()["pid"]
        timer = threading.Timer(kill_after, _kill, [pid]) if kill_after is not None else None
        if timer is not None:
            timer.start()
        code = int(self._answer()["code"])
        if timer is not None:
            timer.cancel()
        return code

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the fork server ended"
        return dict(json.loads(line))


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


KILLED = -9
Maker = Callable[[list[bytes]], Machine]
