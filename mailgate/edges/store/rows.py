"""Entries as rows of the registry."""

from __future__ import annotations

import hashlib
from typing import Any

from mailgate.edges.store.database import stamp
from mailgate.model import Fate, Receipt
from mailgate.model_entry import Entry

MENDED = "แก้การอ่านอักษร"  # begins a remark on how a header had to be read


def hidden_id(message_id: str) -> str:
    """A Message-ID as a sealed letter keeps it: enough to know it again (law 3), not enough to read it."""
    return f"sealed:{hashlib.sha256(message_id.encode()).hexdigest()[:40]}" if message_id else ""


def letter_row(entry: Entry, receipt: Receipt, remarks: tuple[str, ...], follows: int | None) -> dict[str, Any]:
    """The register's row of a new letter."""
    mail, times = entry.mail, entry.receiving
    return {
        "register": receipt.register, "year": receipt.year, "number": receipt.number, "channel": entry.channel,
        "book_no": "", "dated": mail.dated.isoformat() if mail.dated else None,
        "from_name": mail.from_shown.name, "from_address": mail.from_shown.address, "addressee": mail.to_shown,
        "subject": mail.subject, "service": entry.service, "officer": entry.officer, "action": "",
        "remarks": "; ".join((*remarks, *entry.remarks, *(f"{MENDED}: {r}" for r in mail.repairs))),
        "arrived_at": stamp(times.arrived), "legally_received_at": stamp(times.legally_received),
        "registered_at": stamp(times.registered), "due_on": times.due_on.isoformat() if times.due_on else None,
        "state": "open", "confidential": int(entry.confidential), "sha256": entry.sha256,
        "content_digest": entry.content_digest, "message_id": mail.message_id, "size": entry.size,
        "enclosures": len(entry.enclosures.sizes), "follows": follows,
        "trust": entry.trust, "trust_reasons": "; ".join(entry.trust_reasons),
        "sealed": int(entry.sealed), "reply_to": entry.reply_to, "paper": entry.paper,
        "postal_address": entry.postal_address,
    }  # fmt: skip


def mail_row(entry: Entry, fate: Fate, letter_id: int | None, answered: bool, reason: str) -> dict[str, Any]:
    """The journal's row of a mail seen; ``reason`` may be another than the screening's."""
    stub, screening = entry.stub, entry.screening
    # A letter's sender and subject stand in the register alone; of a confidential mail nothing stands here.
    shown = fate is not Fate.REGISTERED and not entry.confidential
    evidence = "" if entry.confidential else screening.evidence
    return {
        "mailbox": entry.mailbox, "uidvalidity": stub.uidvalidity, "uid": stub.uid, "size": entry.size,
        "arrived_at": stamp(stub.arrived), "seen_at": stamp(entry.seen_at),
        "kind": screening.kind, "fate": fate, "answered": int(answered),
        "rule": screening.rule, "reason": reason, "evidence": evidence,
        "sender": entry.mail.from_shown.address if shown else "", "subject": entry.mail.subject if shown else "",
        "sha256": entry.sha256 or None, "letter_id": letter_id, "filed_at": None,
    }  # fmt: skip
