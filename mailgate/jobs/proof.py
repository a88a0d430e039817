"""Proof of service of a dispatch: what was sent (its hash), to whom, when, what every server answered, the reports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mailgate.core import thai
from mailgate.edges import pdf
from mailgate.edges.durable import replace_file
from mailgate.edges.store.database import Row
from mailgate.errors import ArchiveError
from mailgate.jobs import views, views_out
from mailgate.jobs.outbox import whole
from mailgate.model import Receipt
from mailgate.model_dispatch import THAI_RESULTS, Result
from mailgate.office import Office

TEMPLATE = "proof.html"


def document(office: Office, row: Row) -> dict[str, Any]:
    """``dispatch show --proof --json``: ``dispatch show`` with the hashes of what was sent, and its place in the chain.

    ``sha256_now`` is computed from what is kept; ``sha256`` is what the event of the dispatch fixed. They are the same,
    or ``verify`` finds more.
    """
    receipt = Receipt(row["number"], row["year"], "dispatch")
    events = office.store.dispatches.events(receipt)
    fixed = _fixed(events)
    shown = views_out.shown(office, row)
    for mail, stored in zip(shown["mails"], office.store.dispatches.mails(row["id"]), strict=True):
        mail["sha256"] = fixed.get(str(mail["item"]), "")
        mail["sha256_now"] = _sha256(office, stored)
        mail["envelope_from"], mail["envelope_id"] = stored["sender"], stored["envid"]
    seq, head = office.store.chain.head()
    return shown | {
        "office": office.config.office.name,
        "made_at": office.clock.now().isoformat(timespec="seconds"),
        "registry": office.store.registry_id(),
        "events": [
            {
                "seq": e["seq"],
                "at": views.local(e["at"], office.config.zone),
                "kind": e["kind"],
                "link": e["link"].lower(),
            }
            for e in events
        ],
        "chain": {"events": seq, "head": head},
    }


def write_pdf(office: Office, shown: Mapping[str, Any], path: Path) -> None:
    """The proof for the file, in Thai. Raises MailgateError."""
    replace_file(path, pdf.render(html(office, shown)))


def html(office: Office, shown: Mapping[str, Any]) -> str:
    """The page that becomes the PDF. Raises ConfigError for a template that cannot be used."""
    thai_digits = office.config.office.thai_digits

    def when(text: str | None) -> str:
        return thai.long_moment(datetime.fromisoformat(text), thai_digits=thai_digits) if text else ""

    values = {
        "d": shown,
        "result": THAI_RESULTS[Result(shown["result"])] if shown["result"] else "",
        "dated": thai.long_date(date.fromisoformat(shown["dated"]), thai_digits=thai_digits),
        "posted_on": thai.long_date(date.fromisoformat(shown["posted_on"]), thai_digits=thai_digits)
        if shown["posted_on"]
        else "",
        "when": when,
        "number": thai.digits if thai_digits else str,
        "verdicts": _VERDICTS,
        "actions": _ACTIONS,
    }
    return office.head.render(TEMPLATE, values)


def _fixed(events: list[Row]) -> dict[str, str]:
    """By item, the SHA-256 that the events of the dispatch hold."""
    found: dict[str, str] = {}
    for event in events:
        found |= json.loads(event["payload"] or "{}").get("mails", {})
    return found


def _sha256(office: Office, mail: Row) -> str:
    try:
        return hashlib.sha256(whole(office, mail["raw"], office.store.outbox.carried(mail["id"]))).hexdigest()
    except ArchiveError as e:
        return e.what


_VERDICTS = {
    "accepted": "เครื่องปลายทางรับไว้แล้ว",
    "later": "เครื่องปลายทางขอให้ส่งใหม่ภายหลัง",
    "refused": "เครื่องปลายทางปฏิเสธ",
    "unsure": "สายขาดหลังส่งครบ ไม่ทราบผลแน่ชัด",
    None: "กำลังส่ง",
}
_ACTIONS = {
    "delivered": "ส่งถึงตู้ไปรษณีย์ของผู้รับแล้ว",
    "relayed": "ส่งต่อไปยังเครื่องที่ไม่รายงานผล",
    "expanded": "ส่งต่อถึงผู้รับหลายราย",
    "delayed": "ส่งล่าช้า",
    "failed": "ส่งไม่ถึงผู้รับ",
    "read": "ผู้รับเปิดอ่านแล้ว",
    "complaint": "ผู้รับแจ้งว่าเป็นข้อความรบกวน",
}
