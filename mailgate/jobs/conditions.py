"""What endangers the office's duty just now: each kind of trouble has its function here, with its words for people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from mailgate.core import thai
from mailgate.core.alarms import Condition, Up
from mailgate.edges import copies
from mailgate.edges.presence import Presence
from mailgate.edges.store.database import moment
from mailgate.errors import MailgateError
from mailgate.jobs import slots
from mailgate.office import Office

Look = Callable[[Office, datetime, dict[str, Up]], Iterator[Condition]]
_MISSED_FOR = timedelta(days=7)  # so long a missed check stays in sight
_FORGED_FOR = timedelta(days=1)
_MOST_FORGED = 20
_ROOM = 1.2  # an alarm about space ends only when there is clearly more again
_SILENT = timedelta(minutes=5)


class Survey(NamedTuple):
    """What was found, the kinds of trouble that could be looked for, and how some ended (by key)."""

    found: list[Condition]
    scopes: list[str]
    ends: dict[str, str]


def unusable(why: str) -> Survey:
    """What is to be told where the registry cannot even be looked into."""
    return Survey([Condition("registry", why)], ["registry"], {})


def survey(office: Office, now: datetime, up: dict[str, Up], looks: dict[str, Look]) -> Survey:
    """A step of the registry: look for each kind of trouble. That the registry fails is one of them."""
    found: list[Condition] = []
    scopes, ends = [], dict[str, str]()
    for kind, look in looks.items():
        try:
            found += look(office, now, up)
            ends |= _made_up(office, now, up) if kind == "slot" else {}
            scopes.append(kind)
        except MailgateError as e:
            found.append(Condition("registry", f"ใช้งานทะเบียนไม่ได้: {e}"))
    return Survey(list({c.key: c for c in found}.values()), [*scopes, "registry"], ends)


def _slots(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    for due, reason in slots.overdue(office, now):
        why = f" ({reason})" if reason else ""
        late = thai.digits(int((now - due).total_seconds()) // 60)
        text = f"ยังมิได้ตรวจกล่องจดหมายตามกำหนด {thai.long_moment(due)} ล่วงเลยมาแล้ว {late} นาที{why}"
        yield Condition(_slot_key(due), text)
    for row in slots.recently_missed(office, now - _MISSED_FOR):
        due = (moment(row["due_at"]) or now).astimezone(office.config.zone)
        text = f"มิได้ตรวจกล่องจดหมายตามกำหนด {thai.long_moment(due)} ({row['reason']})"
        yield Condition(_slot_key(due), text, ends=False)


def _made_up(office: Office, now: datetime, up: dict[str, Up]) -> dict[str, str]:
    """When overdue checks that were told of have been made after all."""
    found = {}
    for row in office.store.slots.between(now - _MISSED_FOR, now):
        due, made = moment(row["due_at"]), moment(row["ended_at"])
        if due and made and row["state"] in ("done", "late"):
            said = f"ได้ตรวจกล่องจดหมายตามกำหนด {_local(office, due)} แล้ว เมื่อ {_local(office, made)}"
            found[_slot_key(due.astimezone(office.config.zone))] = said
    return {key: said for key, said in found.items() if key in up}


def _slot_key(due: datetime) -> str:
    return f"slot:{due.isoformat(timespec='minutes')}"


def _mailbox(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    """The last check that ended went wrong: at once if a login was refused, else after the grace of a check."""
    last = office.store.ledger.last_ended()
    if last is None or not last["problem"]:
        return
    if "refuses the login" in last["problem"]:
        yield Condition("mailbox:login", f"เครื่องให้บริการอีเมลไม่รับชื่อผู้ใช้หรือรหัสผ่าน: {last['problem']}")
    elif last["report"] is None:
        since = office.store.ledger.failing_since()
        if since and now - since >= slots.grace(office):
            yield Condition("mailbox:away", f"ตรวจกล่องจดหมายไม่สำเร็จตั้งแต่ {_local(office, since)}: {last['problem']}")


def _courier(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    """The last check could not send its replies, and after the grace of a check some still wait."""
    last, oldest = office.store.ledger.last_ended(), moment(office.store.outbox.oldest())
    if last is None or oldest is None or now - oldest < slots.grace(office):
        return
    said = next((line for line in last["problem"].splitlines() if line.startswith("replies wait")), "")
    if said:
        yield Condition("smtp", f"ส่งข้อความตอบรับไม่ได้ มีข้อความค้างส่งตั้งแต่ {_local(office, oldest)}: {said}")


def _disk(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    least = office.config.alarm.disk_free * (_ROOM if "disk" in up else 1)
    try:
        free = min(office.archive.free(), shutil.disk_usage(office.config.registry.path.parent).free)
    except OSError as e:
        yield Condition("disk", f"ตรวจพื้นที่ว่างของดิสก์ไม่ได้: {e.filename}: {e.strerror}")
        return
    if free < least:
        yield Condition("disk", f"พื้นที่ว่างของดิสก์เหลือ {thai.digits(str(free >> 20))} MiB")


def _outbox(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    oldest = moment(office.store.outbox.oldest())
    if oldest and now - oldest > office.config.alarm.outbox_age:
        yield Condition("outbox", f"มีข้อความค้างส่งตั้งแต่ {_local(office, oldest)} (mailgate outbox list)")


def _forgeries(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    """Mails of the last day that misuse officers' tokens: one alarm a letter and day, and one for all beyond some."""
    rows = office.store.proposals.suspected_since(now - _FORGED_FOR)
    first = {(row["at"][:10], f"{row['number']}/{row['year']}"): row for row in reversed(rows)}
    for (day, receipt), row in list(first.items())[:_MOST_FORGED]:
        seen = f"(รายการ {row['mail_id']} ใน mailgate mail list)"
        text = f"มีข้อความที่อาจปลอมเป็นเจ้าหน้าที่ เกี่ยวกับเลขรับ {thai.digits(receipt)}: {row['why']} {seen}"
        yield Condition(f"forgery:{day}:{receipt}", text, ends=False)
    if len(first) > _MOST_FORGED:
        count = thai.digits(len(rows))
        yield Condition("forgery:many", f"มีข้อความที่อาจปลอมเป็นเจ้าหน้าที่ {count} ฉบับใน ๒๔ ชั่วโมง", ends=False)


def _amss(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    """The last reading of AMSS++ did not come to its end."""
    problem = office.store.amss.problem() if office.config.amss.is_read else ""
    if problem:
        yield Condition("amss", f"อ่านคำขอจากระบบ AMSS++ ไม่ครบถ้วน: {problem}")


def _passwords(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    for name in ("imap", "smtp"):
        ends: date | None = getattr(office.config, name).password_expires
        if ends and ends - now.date() <= office.config.alarm.expiry:
            yield Condition(f"password:{name}", f"รหัสผ่านของ [{name}] จะหมดอายุวันที่ {thai.long_date(ends)}")


def _backup(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    folder = office.config.backup.directory
    if folder is None:
        return
    last, begun = copies.last_made(folder), office.store.chain.begun()
    since = last or begun  # a registry of today has none yet, and needs none before the night
    if since and now - since > office.config.alarm.backup_age:
        what = f"สำรองข้อมูลครั้งล่าสุดเมื่อ {_local(office, last)}" if last else "ยังไม่เคยสำรองข้อมูล"
        yield Condition("backup", f"{what} (mailgate backup)")


def _calendar(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    try:
        office.workdays.next_slot(now, office.config.checks.times)
    except MailgateError as e:
        yield Condition("calendar", f"ปฏิทินวันทำการใช้ไม่ได้: {e}")


def _written(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    """Raises RegistryError where the registry can be read only."""
    office.store.db.writable()
    yield from ()


def _daemon(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    last = Presence(office.config.registry.path).last()
    if last is None or now - last > _SILENT:
        since = f"ตั้งแต่ {_local(office, last)}" if last else ""
        yield Condition("daemon", f"โปรแกรม mailgate มิได้ทำงาน {since} (systemctl status mailgate)")


def _here(office: Office, now: datetime, up: dict[str, Up]) -> Iterator[Condition]:
    """Who asks is the daemon: what kept it from working is over."""
    yield from ()


def _local(office: Office, when: datetime) -> str:
    return thai.long_moment(when.astimezone(office.config.zone))


# The watch looks at what it can see from outside; the daemon at everything but itself.
WATCHED: dict[str, Look] = {
    "slot": _slots, "mailbox": _mailbox, "disk": _disk, "smtp": _courier, "outbox": _outbox, "backup": _backup,
    "daemon": _daemon, "calendar": _calendar, "forgery": _forgeries, "amss": _amss,
}  # fmt: skip
GUARDED: dict[str, Look] = {
    **{kind: look for kind, look in WATCHED.items() if kind != "daemon"},
    "password": _passwords, "written": _written, "daemon": _here,
}  # fmt: skip
