"""An answer that was sealed to a visitor: a message of the office's own making, opened with the visitor's key."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from typing import Any
from urllib.parse import quote

from mailgate.edges import sealing


def opened(ciphertext: bytes, private: str) -> EmailMessage:
    """Raises MailgateError where the key does not fit, which is so only if somebody has put another file there."""
    plain = BytesIO()
    sealing.unseal(BytesIO(ciphertext), plain, [private])
    message = message_from_bytes(plain.getvalue(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return str(body.get_content()).strip() if body else ""


def files(message: EmailMessage) -> list[dict[str, Any]]:
    """Its attachments in order: name, size, and the place they are asked for by."""
    return [
        {"name": part.get_filename() or "file", "size": len(_bytes(part)), "position": 0, "inner": n}
        for n, part in enumerate(message.iter_attachments())
    ]


def file(message: EmailMessage, place: int) -> tuple[str, bytes]:
    """One attachment: name and content. Raises LookupError."""
    part = list(message.iter_attachments())[place]
    return part.get_filename() or "file", _bytes(part)


def attachment_headers(name: str) -> dict[str, str]:
    """To be saved and not shown, whatever it is (RFC 6266)."""
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
    }


def _bytes(part: Any) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
