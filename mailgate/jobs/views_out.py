"""Dispatches as the documents of the contract: English snake_case keys, times ISO 8601 with offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailgate.edges.store.database import Row
from mailgate.jobs import views
from mailgate.jobs.views import MASK
from mailgate.office import Office

_MASKED = ("addressee", "subject", "text", "action", "remarks", "posted_to")
# The mail that is worst off tells how the dispatch does.
_WORST_FIRST = (
    "refused", "expired", "bounced", "unsure", "held", "trying", "queued", "cancelled", "accepted", "delivered",
)  # fmt: skip


def dispatch(office: Office, row: Row) -> dict[str, Any]:
    """A line of the dispatch register, as ``dispatch list --json`` shows it; confidential ones are masked (law 9)."""
    document = {
        "number": row["number"],
        "year": row["year"],
        "dispatch": f"{row['number']}/{row['year']}",
        "book_no": row["book_no"],
        "dated": row["dated"],
        "sender": row["sender"],
        "addressee": row["addressee"],
        "subject": row["subject"],
        "action": row["action"] or ACTIONS.get(delivery(office, row), ""),
        "remarks": row["remarks"],
        "letter": f"{row['letter_number']}/{row['letter_year']}" if row["letter_number"] else None,
        "result": row["result"],
        "circular": bool(row["circular"]),
        "way": row["way"],
        "text": row["text"],
        "decided_by": row["decided_by"],
        "registered_at": views.local(row["registered_at"], office.config.zone),
        "state": row["state"],
        "delivery": delivery(office, row),
        "confidential": bool(row["confidential"]),
        "posted_on": row["posted_on"],
        "posted_number": row["posted_number"],
        "posted_to": row["posted_to"] or row["postal_address"],
        "files": [
            {"name": f.name, "sha256": f.sha256, "size": f.size} for f in office.store.dispatches.files(row["id"])
        ],
    }
    return document | dict.fromkeys(_MASKED, MASK) | {"files": []} if row["confidential"] else document


def shown(office: Office, row: Row) -> dict[str, Any]:
    """``dispatch show --json``: the line, with each of its mails, every attempt and every report."""
    zone, store = office.config.zone, office.store.dispatches
    mails = [
        {
            "item": mail["id"],
            "recipient": mail["recipient"],
            "state": mail["state"],
            "message_id": mail["message_id"],
            "created_at": views.local(mail["created_at"], zone),
            "ended_at": views.local(mail["ended_at"], zone),
            "attempts": views.attempts(store.attempts(mail["id"]), zone),
            "reports": views.reports(store.reports(mail["id"]), zone),
        }
        for mail in store.mails(row["id"])
    ]
    return dispatch(office, row) | {"mails": mails}


def delivery(office: Office, row: Row) -> str:
    """How it does: the state of its worst mail; on paper "posted" or "to post"; else where it stands."""
    return came_to(row, office.store.dispatches.states(row["id"]))


def came_to(row: Row, states: Sequence[str]) -> str:
    """The same, of the states of its mails as they were read."""
    if row["state"] == "void":
        return "void"
    if row["posted_on"]:
        return "posted"
    if row["way"] == "paper" or row["action"] == "ส่งเป็นเอกสาร":
        return "to post"
    if row["way"] in ("website", "amss"):
        return f"on {row['way']}"
    return next((state for state in _WORST_FIRST if state in states), "")


# การปฏิบัติ of a mailed dispatch, in Thai, from what became of its mails.
ACTIONS = {
    "delivered": "ส่งทางไปรษณีย์อิเล็กทรอนิกส์ ถึงผู้รับแล้ว",
    "accepted": "ส่งทางไปรษณีย์อิเล็กทรอนิกส์แล้ว",
    "queued": "รอส่งทางไปรษณีย์อิเล็กทรอนิกส์",
    "trying": "กำลังส่งทางไปรษณีย์อิเล็กทรอนิกส์",
    "held": "รอผู้มีหน้าที่อนุมัติให้ส่ง",
    "unsure": "ไม่ทราบผลการส่งแน่ชัด",
    "refused": "ส่งไม่สำเร็จ (ถูกปฏิเสธ)",
    "bounced": "ส่งไม่สำเร็จ (ส่งไม่ถึงผู้รับ)",
    "expired": "ส่งไม่สำเร็จ (พ้นกำหนดเวลา)",
    "cancelled": "ระงับการส่ง",
    "posted": "ส่งทางไปรษณีย์แล้ว",
    "on website": "แจ้งบนหน้าติดตามเรื่องของเว็บไซต์",
    "on amss": "แจ้งผลในระบบ AMSS++",
    "to post": "รอส่งเป็นเอกสาร",
}
