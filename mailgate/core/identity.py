"""When are two mails the same letter? (law 3)

Three keys: the raw bytes; the content (what the sender wrote, without what servers added on the way); the Message-ID,
which is a hint only, for broken programs and attackers use one twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from mailgate.model import Mail
from mailgate.model_entry import Judgement, Twins

_WRITTEN = ("from", "date", "message-id", "subject", "to", "cc", "in-reply-to", "references")


def content_digest(mail: Mail, body: Iterable[bytes]) -> str:
    """SHA-256 over the headers the sender wrote and the body with its line ends made equal, in hex.

    Received, Return-Path, DKIM and the like are left out, so a second delivery of one mail has the same digest.
    """
    written = hashlib.sha256()
    for name, value in mail.fields:
        if name in _WRITTEN:
            text = b" ".join(value.split())
            written.update(b"%s:%d:%s" % (name.encode("ascii"), len(text), text))
    # Of fixed length, so that no body can pass for headers: a mail made so would swallow another.
    digest = hashlib.sha256(written.digest())
    for piece in body:
        digest.update(piece.replace(b"\r", b""))
    return digest.hexdigest()


def judge(twins: Twins) -> Judgement:
    """Decide from what the register already has: duplicate or letter of its own, and the remarks for the clerk."""
    if twins.raw:
        return Judgement(True, twins.raw_letter, "ไฟล์เดียวกันทุกไบต์กับที่ลงทะเบียนไว้แล้ว")
    if twins.content_same_id:
        return Judgement(True, twins.content_same_id, "จดหมายฉบับเดียวกันที่ส่งถึงซ้ำ (Message-ID และเนื้อหาตรงกัน)")
    return Judgement(False, None, "", tuple(_remarks(twins)))


def _remarks(twins: Twins) -> Iterable[str]:
    if twins.content:
        yield f"ข้อความเหมือนเลขรับ {twins.content}"
    if twins.message_id:
        yield f"ใช้ Message-ID ซ้ำกับเลขรับ {twins.message_id} แต่เนื้อหาต่างกัน"
    if twins.referred:
        yield f"อาจเกี่ยวกับเลขรับ {twins.referred}"
