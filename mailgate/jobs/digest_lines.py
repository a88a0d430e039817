"""The lines of a digest's lists: what each row of the registry says there, and the command that answers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from mailgate.core import thai
from mailgate.core.digest import harmless, number
from mailgate.edges.store.database import Row, moment
from mailgate.edges.store.rows import MENDED
from mailgate.jobs import deciding, views, views_out
from mailgate.model import Fate
from mailgate.model_dispatch import THAI_RESULTS, Result
from mailgate.office import Office

Values = dict[str, Any]
Line = Callable[[Office, Row], Values]

_KINDS = {
    "acknowledgement": "หนังสือแจ้งเลขรับ",
    "summary": "หนังสือแจ้งเลขรับรวม",
    "decision": "หนังสือแจ้งผล",
    "referral": "หนังสือส่งต่อเจ้าหน้าที่",
    "transfer": "หนังสือแจ้งหน่วยงานที่รับผิดชอบ",
    "delay": "หนังสือแจ้งความล่าช้า",
    "reminder": "หนังสือเตือนเจ้าหน้าที่",
    "notice": "ข้อความถึงเจ้าหน้าที่",
    "code": "รหัสยืนยัน",
    "digest": "สรุปงาน",
}
_STATES = {
    "held": "รอการอนุญาตให้ส่ง",
    "unsure": "ไม่ทราบผลการส่งแน่ชัด",
    "refused": "ถูกปฏิเสธ",
    "bounced": "ส่งไม่ถึงผู้รับ",
    "expired": "พ้นกำหนดเวลาส่ง",
}
_WHAT_TO_DO = {
    "held": "mailgate outbox release {id}",
    "unsure": "mailgate outbox resolve {id}",
    "refused": "mailgate outbox retry {id}",
    "bounced": "mailgate outbox show {id}",
    "expired": "mailgate outbox retry {id}",
}
_FATES = {
    Fate.AUTOMATIC: "ข้อความอัตโนมัติ",
    Fate.BOUNCE: "รายงานการส่ง",
    Fate.LIST: "ข่าวสารจากรายชื่อกลุ่ม",
    Fate.DUPLICATE: "ฉบับซ้ำ",
}
_SLOTS = {"late": "ล่าช้า", "missed": "มิได้ตรวจ"}


def _letter(office: Office, row: Row) -> Values:
    service = deciding.service_by_key(office, row["service"])
    return {
        "receipt": _receipt(office, row),
        "sender": harmless(row["from_name"] or row["from_address"]) or "(ไม่ทราบผู้ส่ง)",
        "subject": harmless(row["subject"] or row["summary"]) or "(ไม่มีชื่อเรื่อง)",
        "service": service.title if service else "",
        "officer": row["officer"],
        "due": _day(office, row["due_on"]),
        "remark": harmless("; ".join(r for r in row["remarks"].split("; ") if not r.startswith(MENDED))),
    }


def _follow_up(office: Office, row: Row) -> Values:
    shown = not row["confidential"]
    return {
        "receipt": _receipt(office, row),
        "sender": harmless(row["sender"]) if shown else views.MASK,
        "subject": (harmless(row["subject"]) or "(ไม่มีชื่อเรื่อง)") if shown else views.MASK,
    }


def _dispatch(office: Office, row: Row) -> Values:
    state = views_out.delivery(office, row)
    return {
        "book_no": number(office.config, row["book_no"]),
        "receipt": number(office.config, f"{row['letter_number']}/{row['letter_year']}")
        if row["letter_number"]
        else "",
        "result": THAI_RESULTS[Result(row["result"])] if row["result"] and not row["confidential"] else "",
        "state": views_out.ACTIONS.get(state, ""),
    }


def _item(office: Office, row: Row) -> Values:
    return {
        "kind": _KINDS.get(row["kind"], row["kind"]),
        "receipt": _receipt(office, row) if row["number"] else "",
        "book_no": number(office.config, row["book_no"] or ""),
        "recipient": views.MASK if row["confidential"] else row["recipient"],
        "state": _STATES[row["state"]],
        "said": "" if row["confidential"] else harmless(row["said"] or row["note"] or ""),
        "do": _WHAT_TO_DO[row["state"]].format(id=row["id"]),
    }


def _unanswered(office: Office, row: Row) -> Values:
    return {
        "receipt": _receipt(office, row),
        "why": row["reason"],
        "evidence": "" if row["confidential"] else harmless(row["evidence"]),
        "do": f"mailgate letter acknowledge {row['number']}/{row['year']}",
    }


def _journaled(office: Office, row: Row) -> Values:
    known = row["fate"] == Fate.DUPLICATE
    return {
        "kind": _FATES.get(row["fate"], "พักไว้"),
        "sender": views.MASK if row["confidential"] else harmless(row["sender"]) or "-",
        "why": row["reason"],
        "receipt": _receipt(office, row) if row["number"] else "",
        "do": "" if known else f"mailgate letter register {row['id']}",
    }


def _unreadable(office: Office, row: Row) -> Values:
    return {"receipt": _receipt(office, row), "do": f"mailgate letter show {row['number']}/{row['year']}"}


def _suspicious(office: Office, row: Row) -> Values:
    """A mail that may be forged has a reason of its own; another holds a dangerous file."""
    forged = "why" in row.keys()  # noqa: SIM118 - a row of sqlite3 is no mapping
    return {
        "receipt": _receipt(office, row) if row["number"] else "",
        "why": row["why"] if forged else "มีแฟ้มแนบที่โปรแกรมป้องกันไวรัสเตือน อย่าเปิดแฟ้ม",
        "do": f"mailgate letter show {row['number']}/{row['year']}" if row["number"] else "mailgate mail list",
    }


def _pending(office: Office, row: Row) -> Values:
    days = (date.fromisoformat(row["due_on"]) - office.clock.now().date()).days
    left = f"เหลือ {days} วัน" if days > 0 else f"เกินกำหนด {-days} วัน" if days else "ครบกำหนดวันนี้"
    return {
        "receipt": _receipt(office, row),
        "officer": "" if row["confidential"] else row["officer"],  # whose letter it is would tell what it is about
        "due": _day(office, row["due_on"]),
        "left": number(office.config, left),
    }


def slot(office: Office, row: Row) -> Values:
    """A mandated check that was not kept."""
    due = moment(row["due_at"])
    assert due is not None
    at = thai.long_moment(due.astimezone(office.config.zone), thai_digits=office.config.office.thai_digits)
    return {"at": at, "state": _SLOTS[row["state"]], "why": harmless(row["reason"])}


def _receipt(office: Office, row: Row) -> str:
    return number(office.config, f"{row['number']}/{row['year']}")


def _day(office: Office, day: str | None) -> str:
    return thai.long_date(date.fromisoformat(day), thai_digits=office.config.office.thai_digits) if day else ""


LINES: dict[str, Line] = {
    "letters": _letter,
    "follow_ups": _follow_up,
    "decided": _dispatch,
    "waiting": _item,
    "failed": _item,
    "unanswered": _unanswered,
    "set_aside": _journaled,
    "automatic": _journaled,
    "unreadable": _unreadable,
    "suspicious": _suspicious,
    "overdue": _pending,
    "due_soon": _pending,
}
