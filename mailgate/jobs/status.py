"""``mailgate status``: one screen that tells whether the office's duty is being done."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from mailgate.jobs import alarms, calendars, evidence, golive, pausing, views
from mailgate.office import Office

_LATELY = timedelta(days=1)


def status(office: Office) -> dict[str, Any]:
    """The state of registry, checks and outbox as one document; ``warnings`` is empty when all is well."""
    store, zone, now = office.store, office.config.zone, office.clock.now()
    seq, head = store.chain.head()
    last = store.ledger.last()
    document: dict[str, Any] = {
        "now": now.isoformat(timespec="seconds"),
        "office": office.config.office.name,
        "last_check": views.last_check(last, zone),
        "slots_today": _today(office),
        "next_slot": office.workdays.next_slot(now, office.config.checks.times).isoformat(),
        "balance": json.loads(last["report"])["balance"] if last and last["report"] else None,
        "registers": [
            {"register": r["register"], "year": r["year"], "last": r["last"]} for r in store.reports.counters()
        ],
        "mails": store.reports.fates(),
        "outbox": store.reports.outbox_counts(),
        "outbox_oldest": views.local(store.outbox.oldest(), zone),
        "deferred": store.contacts.deferred_count(),
        "reading": store.readings.counts(),
        "proposals": len(store.proposals.waiting()),
        "answers_set_aside": len(store.proposals.set_aside_since(now - _LATELY)),
        "forgeries": len(store.proposals.suspected_since(now - _LATELY)),
        "braked": len(store.contacts.brakes(now)),
        "replies_paused": store.cases.noted(pausing.NOTE),
        "old_mail": 0 if golive.word(office) == "leave" else golive.waiting(office),
        "events": seq,
        "chain_head": head,
        "disk_free": office.archive.free(),
    }
    document["alarms"] = [
        {"key": k, "since": up.since, "text": up.text} for k, up in alarms.listed(office.config).items()
    ]
    document["notices"] = _notices(office, now)
    document["warnings"] = _warnings(document)
    return document


def _notices(office: Office, now: datetime) -> list[str]:
    """What should be seen to some day; nothing is in danger yet."""
    found = calendars.warnings(office, now)
    if not office.config.alarm.is_set:
        found.append("ยังมิได้กำหนดช่องทางแจ้งเหตุ ([alarm] ใน config.toml)")
    return found


def _today(office: Office) -> list[dict[str, Any]]:
    """The mandated checks of today, and what came of them."""
    today = evidence.month(office, office.clock.now().date().replace(day=1))["days"][office.clock.now().day - 1]
    return [{"due": c["due"], "state": c["state"]} for c in today["checks"]]


def _warnings(document: dict[str, Any]) -> list[str]:
    outbox, last = document["outbox"], document["last_check"]
    found = [alarm["text"] for alarm in document["alarms"]]
    if last is None:
        found.append("ยังไม่เคยตรวจกล่องจดหมาย (mailgate poll)")
    elif last["problem"]:
        found.append(f"การตรวจครั้งล่าสุดมีปัญหา: {last['problem']}")
    elif not last["done"]:
        found.append("การตรวจครั้งล่าสุดยังไม่เสร็จหรือถูกขัดจังหวะ")
    if document["balance"]:
        found.append(f"มีข้อความในกล่องที่ยังไม่ได้ลงบัญชี {document['balance']} ฉบับ")
    found += [text.format(n=document[name]) for name, text in _OTHER_WARNINGS.items() if document[name]]
    if document["reading"]["unreadable"]:
        found.append(f"อ่านข้อความไม่ได้ {document['reading']['unreadable']} ฉบับ (mailgate mail list --unreadable)")
    for state, text in _OUTBOX_WARNINGS.items():
        if outbox.get(state):
            found.append(text.format(n=outbox[state]))
    return found


_OTHER_WARNINGS = {
    "proposals": "ข้อเสนอผลการพิจารณา {n} เรื่องรอการอนุญาตให้ส่ง (mailgate outbox list --state held)",
    "forgeries": "ข้อความที่อาจปลอมเป็นเจ้าหน้าที่ {n} ฉบับในวันที่ผ่านมา (mailgate mail list)",
    "replies_paused": "หยุดส่งคำตอบไว้ชั่วคราว: {n} (mailgate resume replies)",
    "braked": "หยุดตอบผู้ส่ง {n} รายชั่วคราว เนื่องจากมีลักษณะเป็นการตอบวนซ้ำ",
    "old_mail": "มีข้อความก่อนวันเริ่มใช้งาน {n} ฉบับ รอคำสั่ง (mailgate adopt)",
}
_OUTBOX_WARNINGS = {
    "refused": "คำตอบ {n} ฉบับถูกปฏิเสธ (mailgate outbox list --state refused)",
    "expired": "คำตอบ {n} ฉบับส่งไม่สำเร็จจนพ้นกำหนด (mailgate outbox list --state expired)",
    "bounced": "ข้อความ {n} ฉบับส่งไม่ถึงผู้รับ (mailgate outbox list --state bounced)",
    "unsure": "คำตอบ {n} ฉบับไม่ทราบผลแน่ชัด (mailgate outbox list --state unsure)",
    "held": "คำตอบ {n} ฉบับถูกพักไว้ (mailgate outbox release)",
}
