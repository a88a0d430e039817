"""Unguessable tokens (law 8): HMAC-SHA256 cut to 128 bits, over kind, item, letter and addressee.

They stand in the Message-ID and the return path of what we send, lower-case base32 so that no server's case folding
breaks them. A receipt number is not a key, a From address is nobody; only a token threads.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from itertools import islice

_BYTES = 16
_OURS = re.compile(r"<r\.([0-9]{1,18})\.([a-z2-7]{26})@[^<>@\s]+>\Z")
_RETURN = re.compile(r"[^@]*\+b\.([0-9]{1,18})\.([a-z2-7]{26})@", re.IGNORECASE)
_REPLY = re.compile(r"[^@]*\+r\.([0-9]{1,18})\.([a-z2-7]{26})@", re.IGNORECASE)
_TAG = re.compile(r"\[([0-9]{1,18})\.([a-z2-7]{26})\]", re.IGNORECASE)
# What looks like one of ours and need not be right: cut short, in capitals, guessed.
_LIKE = re.compile(
    r"\br\.([0-9]{1,18})\.[^<>@\s]*@([^<>\s]+)|\+r\.([0-9]{1,18})\.[^<>@\s]*@|\[([0-9]{1,18})\.\w{16,}\]", re.IGNORECASE
)
_MOST_LIKE = 50
_IN_TEXT = re.compile(r"\br\.([0-9]{1,18})\.([a-z2-7]{26})\b", re.IGNORECASE)


def token(key: bytes, kind: str, item: int, letter: str, addressee: str) -> str:
    """The token of one outgoing mail: 26 characters of base32."""
    text = "\0".join(("mailgate", kind, str(item), letter, addressee.lower())).encode()
    digest = hmac.new(key, text, hashlib.sha256).digest()[:_BYTES]
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def message_id(item: int, token: str, domain: str) -> str:
    """Our Message-ID for an outbox item."""
    return f"<r.{item}.{token}@{domain}>"


def return_path(office: str, item: int, token: str) -> str:
    """The office's address tagged with our token; untagged where RFC 5321 4.5.3.1.1's 64 octets would not do."""
    local, _, domain = office.partition("@")
    tagged = f"{local}+b.{item}.{token}"
    return f"{tagged}@{domain}" if len(tagged.encode()) <= 64 else office


def reply_to(office: str, item: int, token: str) -> str:
    """An address that shows which mail of ours is answered, for mail programs that drop References; "" if too long."""
    local, _, domain = office.partition("@")
    tagged = f"{local}+r.{item}.{token}"
    return f"{tagged}@{domain}" if len(tagged.encode()) <= 64 else ""


def subject_tag(item: int, token: str) -> str:
    """The same for a subject line."""
    return f"[{item}.{token}]"


def in_addresses(recipients: Iterable[str]) -> list[tuple[int, str]]:
    """Outbox item and token of every ``reply_to`` address among these."""
    return [(int(m[1]), m[2].lower()) for m in map(_REPLY.match, recipients) if m]


def in_subject(subject: str) -> list[tuple[int, str]]:
    """Outbox item and token of every ``subject_tag`` in a subject line."""
    return [(int(m[1]), m[2].lower()) for m in _TAG.finditer(subject)]


def candidates(identifiers: Iterable[str]) -> list[tuple[int, str]]:
    """Outbox item and token of every identifier that has the form of ours; whether they are is for ``same``."""
    found = (_OURS.match(i) for i in identifiers)
    return [(int(m[1]), m[2]) for m in found if m]


def resembling(texts: Iterable[str], domain: str) -> list[int]:
    """Outbox items named by what has the shape of our identifiers, addresses or tags, whether right or not."""
    found = (m for text in texts for m in _LIKE.finditer(text))
    ours = (m for m in found if m[2] is None or m[2].lower() == domain.lower())
    return [int(m[1] or m[3] or m[4]) for m in islice(ours, _MOST_LIKE)]


def in_text(text: str) -> list[tuple[int, str]]:
    """Outbox item and token of what stands in running text."""
    return [(int(m[1]), m[2].lower()) for m in islice(_IN_TEXT.finditer(text), _MOST_LIKE)]


def returned(recipient: str) -> tuple[int, str] | None:
    """Outbox item and token in a return path of ours that a report came back to."""
    match = _RETURN.match(recipient)
    return (int(match[1]), match[2].lower()) if match else None


def same(a: str, b: str) -> bool:
    """Compare tokens in constant time."""
    return hmac.compare_digest(a.encode(), b.encode())


def loop_mark(key: bytes, office: str) -> str:
    """The value of X-Mailgate-Loop that tells our own mail when it comes back."""
    return token(key, "loop", 0, "", office)
