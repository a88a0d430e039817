"""A registry of many letters, as years of work would leave it: ``python -m bench.registry --folder DIR [--letters N]``.

250,000 letters a Buddhist year, the last year ending with the day of the clock; every fifth is decided. Letters come in
working hours, by the services and channels of the order, with Thai words of the demo's kind in subject, text and names
of files. The event chain is whole; the raw mails are not there, so ``mailgate verify`` will miss them.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailgate.edges.store import Store
from mailgate.edges.store.chain import GENESIS, canonical, fingerprint, leaf_of, link_of
from mailgate.edges.store.database import stamp
from mailgate.edges.store.receipts import FIXED

ZONE = ZoneInfo("Asia/Bangkok")
PER_YEAR = 250_000
DECIDED_EVERY = 5
_BATCH = 5_000
_SERVICES = (
    ("homeschool", "email", "นางสาวสุภาวดี แสนภักดี", 0, 30),
    ("head-travel", "amss", "นางธนพร เคลือบสกุล, นางสาวพจนีย์ ตันเกษ", 0, None),
    ("head-leave", "amss", "นางธนพร เคลือบสกุล, นางสาวพจนีย์ ตันเกษ", 0, None),
    ("student-outing", "amss", "นางสาวกุลนิศารัตน์ โกคินเดชสกุล", 0, None),
    ("corruption", "website", "นางรัตนาธิ์ ปุณยาสีหเดช", 1, 15),
    (None, "email", "เจ้าหน้าที่สารบรรณกลาง", 0, None),
)
_WEIGHTS = (30, 20, 15, 10, 1, 24)
_WORDS = (
    "ขอ จัด การศึกษา ขั้นพื้นฐาน โดยครอบครัว โรงเรียน นักเรียน บ้านเรียน อนุญาต ไปราชการ ลาพักผ่อน ทัศนศึกษา ขอนแก่น "
    "มหาสารคาม เอกสาร สำเนา ทะเบียนบ้าน แผนการเรียน ระดับ ประถมศึกษา ชั้นปีที่ ผู้ปกครอง แบบฟอร์ม ส่งมาเพื่อ พิจารณา "
    "ด้วยความเคารพ อย่างสูง ข้าพเจ้า มีความประสงค์ ภาคเรียน ปีการศึกษา กำหนดการ ระหว่างวันที่ ณ จังหวัด เดินทาง รถโดยสาร "
    "homeschool request documents enclosed please find attached form school children travel leave"
).split()
_NAMES = "สมชาย สมหญิง วิชัย มาลี ประเสริฐ อรทัย กิตติ นภา ชูเกียรติ พิมพ์ใจ ธนา รัตนา สุดา อนันต์".split()
_SURNAMES = "ใจดี แสนสุข ทองคำ ศรีสุข วงศ์ไทย บุญมา แก้วกาญจน์ พลอยงาม สายทอง ภูมิดี".split()
CONFIG = Path(__file__).parent.parent / "config.toml"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--letters", type=int, default=1_000_000)
    options = parser.parse_args()
    make(options.folder, options.letters, datetime.now(ZONE))
    return 0


def make(folder: Path, letters: int, now: datetime) -> None:
    """Make the registry of a new folder, with the shipped configuration. Raises FileExistsError for an old one."""
    folder.mkdir(parents=True)
    (folder / "config.toml").write_bytes(CONFIG.read_bytes())
    store, started = Store(folder / "registry.db"), time.monotonic()
    store.db.sql.execute("PRAGMA synchronous = OFF")  # nothing here is to outlive a power cut
    made = _letters(letters, now, random.Random(1))
    for start in range(0, letters, _BATCH):
        _write(store, list(islice(made, _BATCH)))
        print(f"\r{start + _BATCH:,} letters, {time.monotonic() - started:.0f} s", end="", flush=True)
    _slots(store, letters, now)
    print()
    store.close()


def _letters(count: int, now: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Letters in the order of registering, with what became of each under names of its own."""
    last_year, numbers = now.year + 543, {}
    for n, moment in enumerate(_moments(count, now), 1):
        year = moment.year + 543
        numbers[year] = numbers.get(year, 0) + 1
        letter = _letter(n, year, numbers[year], moment, chance)
        letter["decided"] = n % DECIDED_EVERY == 0 and (moment + timedelta(days=40) < now or year < last_year)
        letter["text"] = " ".join(chance.choices(_WORDS, k=60))
        letter["file"] = f"{chance.choice(_WORDS)}-{n}.pdf" if n % 3 == 0 else ""
        yield letter


def _moments(count: int, now: datetime) -> Iterator[datetime]:
    """When each letter was registered: evenly over the working days before now, PER_YEAR a year."""
    days = max(1, round(count / PER_YEAR * 366))
    first = now.date() - timedelta(days=days)
    working = [d for d in (first + timedelta(days=n) for n in range(days)) if d.weekday() < 5] or [now.date()]
    for n in range(count):
        place = n * len(working) / count
        seconds = (place % 1) * 7.5 * 3600
        yield datetime(*working[int(place)].timetuple()[:3], 9, tzinfo=ZONE) + timedelta(seconds=seconds)


def _letter(n: int, year: int, number: int, moment: datetime, chance: random.Random) -> dict[str, Any]:
    service, channel, officer, confidential, days = chance.choices(_SERVICES, _WEIGHTS)[0]
    arrived = moment - timedelta(minutes=chance.randrange(1, 900))
    raw = hashlib.sha256(str(n).encode()).hexdigest()
    return {
        "id": n, "register": "receive", "year": year, "number": number, "channel": channel, "book_no": "",
        "dated": stamp(arrived), "from_name": f"{chance.choice(_NAMES)} {chance.choice(_SURNAMES)}",
        "from_address": f"citizen{n % 50_000}@example.test", "addressee": "mkarea3@mkarea3.go.th",
        "subject": " ".join(chance.choices(_WORDS, k=5)), "service": service, "officer": officer, "action": "",
        "remarks": "", "arrived_at": stamp(arrived), "legally_received_at": stamp(arrived),
        "registered_at": stamp(moment), "due_on": str((moment + timedelta(days=days)).date()) if days else None,
        "state": "open", "confidential": confidential, "sha256": raw, "content_digest": raw,
        "message_id": f"<{n}@example.test>", "size": 20_000, "enclosures": int(n % 3 == 0),
    }  # fmt: skip


_COLUMNS = (
    "id register year number channel book_no dated from_name from_address addressee subject service officer action "
    "remarks arrived_at legally_received_at registered_at due_on state confidential sha256 content_digest message_id "
    "size enclosures"
).split()


def _write(store: Store, batch: list[dict[str, Any]]) -> None:
    """A batch in one transaction: letters, mails, what was read, acknowledgements, decisions, events."""
    sql = store.db.sql
    with store.db.immediate("bench"):
        marks = ", ".join(f":{c}" for c in _COLUMNS)
        sql.executemany(f"INSERT INTO letter ({', '.join(_COLUMNS)}) VALUES ({marks})", batch)
        sql.executemany(
            "INSERT INTO counter VALUES ('receive', :year, 1) ON CONFLICT DO UPDATE SET last = last + 1", batch
        )
        _mails(store, [d for d in batch if d["channel"] == "email"])
        _decisions(store, [d for d in batch if d["decided"]])
        _events(store, batch)


def _mails(store: Store, letters: list[dict[str, Any]]) -> None:
    sql = store.db.sql
    sql.executemany(
        "INSERT INTO mail SELECT :id, 'INBOX', 1, :id, :size, :arrived_at, :registered_at, 'letter', 'registered', 1, "
        "'letter', '', '', '', '', :sha256, :id, :registered_at",
        letters,
    )
    sql.executemany("INSERT INTO reading (mail_id, state) VALUES (:id, 'waiting')", letters)
    sql.executemany(
        "INSERT INTO attachment VALUES (:id, 0, :file, 'application/pdf', 'application/pdf', 9000, :sha256, '', '[]', "
        "'')",
        [d for d in letters if d["file"]],
    )
    sql.executemany(
        "UPDATE reading SET state = 'done', read_at = :registered_at, text = :text WHERE mail_id = :id", letters
    )
    sql.executemany(
        "INSERT INTO outbox (id, kind, letter_id, sender, recipient, message_id, envid, raw, state, attempts, "
        "created_at, next_at, ended_at) VALUES (:id, 'acknowledgement', :id, 'a@b.test', :from_address, "
        "'r' || :message_id, 'e' || :id, zeroblob(1500), 'accepted', 1, :registered_at, :registered_at, "
        ":registered_at)",
        letters,
    )


def _decisions(store: Store, letters: list[dict[str, Any]]) -> None:
    sql, numbers = store.db.sql, dict(store.db.sql.execute("SELECT year, max(number) FROM dispatch GROUP BY year"))
    for letter in letters:
        decided = datetime.fromisoformat(letter["registered_at"]) + timedelta(days=letter["id"] % 40)
        year = decided.astimezone(ZONE).year + 543
        numbers[year] = numbers.get(year, 0) + 1
        result = ("approved", "approved", "approved", "refused", "information")[letter["id"] // DECIDED_EVERY % 5]
        sql.execute(
            "INSERT INTO dispatch (register, year, number, letter_id, result, circular, book_no, dated, sender, "
            "addressee, subject, text, way, decided_by, postal_address, registered_at, action, remarks, state, "
            "confidential) VALUES ('dispatch', ?, ?, ?, ?, 0, ?, ?, '-', '-', '-', '', 'email', '-', '', ?, '', '', "
            "'open', ?)",
            (year, numbers[year], letter["id"], result, f"ศธ ๐๔๐๕๙/{numbers[year]}",
             decided.astimezone(ZONE).date().isoformat(), stamp(decided), letter["confidential"]),
        )  # fmt: skip
    sql.executemany("UPDATE letter SET state = 'closed' WHERE id = :id", letters)


def _events(store: Store, batch: list[dict[str, Any]]) -> None:
    last = store.db.one("SELECT seq, link FROM event ORDER BY seq DESC LIMIT 1")
    seq, link = (last["seq"], last["link"]) if last else (0, GENESIS)
    rows: list[tuple[Any, ...]] = []
    for letter in batch:
        for kind in ("registered", "dispatched")[: 1 + letter["decided"]]:
            payload = canonical(
                {"receipt": letter["number"], "row": fingerprint({name: letter[name] for name in FIXED})}
            )
            seq, salt, at = seq + 1, seq.to_bytes(16), letter["registered_at"]
            leaf = leaf_of(salt, payload)
            link = link_of(link, seq, at, kind, letter["id"], leaf)
            rows.append((seq, at, kind, letter["id"], payload, salt, leaf, link))
    store.db.sql.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _slots(store: Store, letters: int, now: datetime) -> None:
    """Four mandated checks of every weekday, kept, but for one of a hundred."""
    days = max(1, round(letters / PER_YEAR * 366))
    first: date = now.date() - timedelta(days=days)
    with store.db.immediate("bench"):
        for n in range(days * 4):
            due = datetime(*(first + timedelta(days=n // 4)).timetuple()[:3], (9, 11, 14, 16)[n % 4], tzinfo=ZONE)
            state = ("missed", "late")[n % 2] if n % 100 == 0 else "done"
            if due.weekday() < 5:
                at = stamp(due)
                store.db.sql.execute(
                    "INSERT INTO slot (due_at, state, started_at, ended_at, seen, registered, failed, closed_at) "
                    "VALUES (?, ?, ?, ?, 9, 9, 0, ?)",
                    (at, state, at, at, at),
                )


if __name__ == "__main__":
    raise SystemExit(main())
