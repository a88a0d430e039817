"""The registry's rows as the documents of the contract: English snake_case keys, times ISO 8601 with offset.

What is confidential is masked here, once, for every list, digest and status (law 9).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from mailgate.edges.store.database import Row, moment

MASK = "(ปกปิด)"
_MASKED = (
    "from_name",
    "from_address",
    "to",
    "subject",
    "summary",
    "book_no",
    "action",
    "remarks",
    "trust_reasons",
    "answer_evidence",
    "postal_address",
)


def letter(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """A letter as ``letter list --json`` shows it."""
    document = {
        "number": row["number"],
        "year": row["year"],
        "receipt": f"{row['number']}/{row['year']}",
        "channel": row["channel"],
        "book_no": row["book_no"],
        "dated": row["dated"],
        "from_name": row["from_name"],
        "from_address": row["from_address"],
        "to": row["addressee"],
        "subject": row["subject"],
        "summary": row["summary"],
        "service": row["service"],
        "officer": row["officer"],
        "action": row["action"],
        "remarks": row["remarks"],
        "arrived_at": local(row["arrived_at"], zone),
        "legally_received_at": local(row["legally_received_at"], zone),
        "registered_at": local(row["registered_at"], zone),
        "acknowledged_at": local(row["acknowledged_at"], zone),
        "due_on": row["due_on"],
        "state": row["state"],
        "confidential": bool(row["confidential"]),
        "sealed": bool(row["sealed"]),
        "sha256": row["sha256"],
        "size": row["size"],
        "enclosures": row["enclosures"],
        "follows": f"{row['follows_number']}/{row['follows_year']}" if row["follows_number"] else None,
        "acknowledgement": row["acknowledgement"],
        "trust": row["trust"],
        "trust_reasons": row["trust_reasons"],
        "answer_rule": row["answer_rule"],
        "answer_reason": row["answer_reason"],
        "answer_evidence": row["answer_evidence"],
        "paper": row["paper"],
        "postal_address": row["postal_address"],
    }
    return document | dict.fromkeys(_MASKED, MASK) if row["confidential"] else document


def outbox_item(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """An outbox item; the addressee of a confidential letter's reply is masked like its sender."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "receipt": f"{row['number']}/{row['year']}" if row["number"] else None,
        "recipient": MASK if row["confidential"] else row["recipient"],
        "state": row["state"],
        "attempts": row["attempts"],
        "resent": bool(row["resent"]),
        "created_at": local(row["created_at"], zone),
        "next_at": local(row["next_at"], zone) if row["state"] == "queued" else None,
        "ended_at": local(row["ended_at"], zone),
        "message_id": row["message_id"],
        "last_answer": without(row["last_answer"], row),
        "note": row["note"],
    }


def without(said: str | None, item: Row) -> str | None:
    """What a server said of an outbox item; servers like to name whom they do not know."""
    names = item["confidential"] and said and item["recipient"].lower() in said.lower()
    return MASK if names else said


def mail(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """A journal line: what became of a message in the mailbox."""
    return {
        "id": row["id"],
        "uid": row["uid"],
        "size": row["size"],
        "arrived_at": local(row["arrived_at"], zone),
        "seen_at": local(row["seen_at"], zone),
        "fate": row["fate"],
        "kind": row["kind"],
        "answered": bool(row["answered"]),
        "rule": row["rule"],
        "reason": row["reason"],
        "evidence": MASK if row["confidential"] and row["evidence"] else row["evidence"],
        "receipt": f"{row['number']}/{row['year']}" if row["number"] else None,
        "sender": MASK if row["confidential"] else row["sender"],
        "subject": MASK if row["confidential"] else row["subject"],
        "reading": row["reading"],
    }


def events(rows: list[Row], zone: ZoneInfo) -> list[dict[str, Any]]:
    return [{"seq": r["seq"], "at": local(r["at"], zone), "kind": r["kind"], "payload": r["payload"]} for r in rows]


def clock(rows: list[Row], zone: ZoneInfo) -> list[dict[str, Any]]:
    """When the clock of a letter was stopped and started, oldest first."""
    names = ("what", "due_before", "due_after", "why")
    return [{"at": local(r["at"], zone)} | {name: r[name] for name in names} for r in rows]


def answers(rows: list[Row]) -> list[dict[str, Any]]:
    """The dispatches that answered a letter, in order."""
    names = ("book_no", "result", "way", "state")
    return [{"number": f"{r['number']}/{r['year']}"} | {name: r[name] for name in names} for r in rows]


def reading(row: Row, files: list[Row]) -> dict[str, Any]:
    """What was read of a mail; the quoted history apart, so that it can be folded."""
    until = row["quoted_from"]
    return {
        "state": row["state"],
        "problem": row["problem"],
        "text": row["text"][:until],
        "quoted": row["text"][until:],
        "repairs": json.loads(row["repairs"]),
        "complete": bool(row["complete"]),
        "forwarded": json.loads(row["forwarded"]),
        "report": json.loads(row["report"]) if row["report"] else None,
        "attachments": [attachment(f) for f in files],
    }


def attachment(row: Row) -> dict[str, Any]:
    """A file of a mail; ``virus`` is what the scanner called it."""
    return {
        "name": row["name"],
        "declared": row["declared"],
        "found": row["found"],
        "size": row["size"],
        "sha256": row["sha256"],
        "flags": row["flags"].split(),
        "notes": json.loads(row["notes"]),
        "virus": row["virus"],
    }


def attempts(rows: list[Row], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Delivery attempts with the server's own words."""
    return [
        {
            "item": r["item_id"],
            "attempt": r["number"],
            "started_at": local(r["started_at"], zone),
            "ended_at": local(r["ended_at"], zone),
            "verdict": r["verdict"],
            "stage": r["stage"],
            "code": r["code"],
            "text": r["text"],
        }
        for r in rows
    ]


def reports(rows: list[Row], zone: ZoneInfo) -> list[dict[str, Any]]:
    """What delivery reports say of a mail, with the mail of the journal that each came in."""
    return [
        {
            "at": local(r["at"], zone),
            "action": r["action"],
            "recipient": r["recipient"],
            "status": r["status"],
            "diagnostic": r["diagnostic"],
            "mail": r["mail_id"],
            "sha256": r["sha256"],
        }
        for r in rows
    ]


def local(text: str | None, zone: ZoneInfo) -> str | None:
    """A stored moment in the office's zone, to the second."""
    when = moment(text)
    return when.astimezone(zone).isoformat(timespec="seconds") if when else None


def last_check(row: Row | None, zone: ZoneInfo) -> Mapping[str, Any] | None:
    if row is None:
        return None
    return {
        "slot": local(row["slot_at"], zone),
        "started_at": local(row["started_at"], zone),
        "ended_at": local(row["ended_at"], zone),
        "done": row["report"] is not None,
        "problem": row["problem"],
    }
