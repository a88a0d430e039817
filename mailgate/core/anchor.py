"""The anchor (law 10): a small signed message in the mailbox that says how far the register has come.

It lies outside the registry, so that an old copy that was put back is noticed before it gives a number twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import format_datetime

from mailgate.core.message import build

_LINE = re.compile(rb"^X-Mailgate-Anchor: ([ -~]{1,4000}) ([0-9a-f]{64})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The registry's name, its last event and that event's link, and the last number of each register and year."""

    registry: str
    seq: int
    head: str
    last: Mapping[str, int]


def compose(anchor: Anchor, key: bytes, address: str, now: datetime) -> bytes:
    """The anchor as a message."""
    text = json.dumps(asdict(anchor), separators=(",", ":"), sort_keys=True)
    numbers = ", ".join(f"{name}: {number}" for name, number in anchor.last.items())
    headers = [
        ("From", f"<{address}>"),
        ("To", f"<{address}>"),
        ("Subject", f"mailgate anchor {numbers}"),
        ("Date", format_datetime(now)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Mailgate-Anchor", f"{text} {_signature(text.encode('ascii'), key)}"),
    ]
    body = (
        "ข้อความนี้เป็นหมุดยืนยันของระบบทะเบียนรับ โปรดอย่าลบหรือย้าย\n"
        "This message shows how far the register has come. Please leave it here.\n\n"
        f"{numbers}\n{anchor.seq} {anchor.head}\n"
    )
    return build(headers, [("plain", body)])


def read(raw: bytes, key: bytes) -> Anchor | None:
    """The anchor in a message, or None if there is none that bears our signature."""
    found = _LINE.search(raw.partition(b"\r\n\r\n")[0])
    if found is None or not hmac.compare_digest(_signature(found[1], key).encode(), found[2]):
        return None
    values = json.loads(found[1])
    return Anchor(values["registry"], values["seq"], values["head"], values["last"])


def fault(anchor: Anchor, ours: Anchor, link_there: str) -> str:
    """Why this registry is not the one that wrote the anchor, or one further on; "" if it is.

    ``link_there``: our own link (hex) at the anchor's event, "" if we have not come so far.
    """
    if anchor.registry != ours.registry:
        return ""  # another registry used this mailbox before; its numbers are its own
    behind = [f"{name}: {there} there, {ours.last.get(name, 0)} here" for name, there in anchor.last.items()
              if there > ours.last.get(name, 0)]  # fmt: skip
    if behind or anchor.seq > ours.seq:
        return "; ".join(behind) or f"event {anchor.seq} there, {ours.seq} here"
    return "" if link_there == anchor.head else f"event {anchor.seq} is not the one the anchor names"


def _signature(text: bytes, key: bytes) -> str:
    return hmac.new(key, b"mailgate\0anchor\0" + text, hashlib.sha256).hexdigest()
