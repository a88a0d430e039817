"""The first words of a mail, from the beginning of its raw body: for screening, where the header leaves a doubt."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator

from mailgate.core import charset
from mailgate.core.encoded import parameter, raw_parameter
from mailgate.core.parse import scan
from mailgate.model import Mail

MOST = 64 * 1024
_WORDS = 2_000
_RAW = 16 * 1024
_DEPTH = 4
_PARTS = 12
_PART_FIELDS = 50
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_HIDDEN = re.compile(r"<(style|script|head|title)\b", re.IGNORECASE)
_BREAK = re.compile(r"</?(?:br|p|div|tr|hr|blockquote|h[1-6]|li|table)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
# Where older mail begins: a citizen's answer quotes our own automatic words.
_OLDER = re.compile(
    r"^[ \t]*(?:>|-{2,}[ \t]*(?:original|forwarded|ursprüng|message|mensaje|mensagem|messaggio|ข้อความ)|_{10,}"
    r"|(?:on|am|le|el|em|il|op|den|เมื่อ)\b.{5,120}(?:wrote|schrieb|écrit|escribió|escreveu|scritto|schreef|skrev|เขียน)"
    r"|(?:from|von|de|da|van|från|od|от|จาก|差出人|发件人|寄件者)[ \t]?: )",
    re.IGNORECASE | re.MULTILINE,
)

Fields = dict[str, bytes]


def beginning(mail: Mail, begins: bytes) -> str:
    """The first text of a mail, plain, without what it quotes; at most 2000 characters. Never raises."""
    text = _text(_first_of_each(mail.fields), begins[:MOST], _DEPTH)[: 2 * _WORDS]
    older = _OLDER.search(text)
    return (text[: older.start()] if older else text)[:_WORDS]


def plain(markup: str) -> str:
    """The text of HTML, line breaks kept; whatever a reader does not see left out."""
    return html.unescape(_TAG.sub(" ", _BREAK.sub("\n", _visible(markup))))


def part_after(begins: bytes, kinds: tuple[bytes, ...]) -> bytes:
    """The decoded beginning of the first part of one of these types, or nothing."""
    lowered = begins[:MOST].lower()
    found = [at for kind in kinds if (at := lowered.find(b"content-type: " + kind)) >= 0]
    if not found:
        return b""
    _, body, fields = scan(begins[min(found) : MOST], _PART_FIELDS)
    return _decoded(_first_of_each(fields), begins[min(found) + body : MOST])


def _text(fields: Fields, raw: bytes, depth: int) -> str:
    declared = fields.get("content-type", b"")
    kind = declared[:200].partition(b";")[0].strip().lower()
    if kind.startswith(b"multipart/"):
        texts = (_text(inner, body, depth - 1) for inner, body in _parts(declared, raw) if depth)
        return next((text for text in texts if text.strip()), "")
    attached = fields.get("content-disposition", b"").strip().lower().startswith(b"attachment")
    if attached or (kind and not kind.startswith(b"text/")):
        return ""
    text = charset.decode(_decoded(fields, raw), parameter(declared, "charset"))[0]
    return plain(text) if kind == b"text/html" else text


def _parts(declared: bytes, raw: bytes) -> Iterator[tuple[Fields, bytes]]:
    boundary = raw_parameter(declared, "boundary").rstrip()
    if not boundary:
        return
    for part in raw.split(b"--" + boundary, _PARTS)[1:]:
        if part.startswith(b"--"):
            return
        inner = part.partition(b"\n")[2]
        _, body, fields = scan(inner, _PART_FIELDS)
        yield _first_of_each(fields), inner[body:]


def _decoded(fields: Fields, raw: bytes) -> bytes:
    encoding = fields.get("content-transfer-encoding", b"")[:100].strip().lower()
    if encoding.startswith(b"base64"):
        # A blank line ends the encoded text; what follows the part is not looked at.
        clean = raw[:_RAW].partition(b"\n--")[0].translate(None, _NOT_BASE64)
        return binascii.a2b_base64(clean[: len(clean) // 4 * 4])
    if encoding.startswith(b"quoted-printable"):
        return binascii.a2b_qp(raw[:_RAW])
    return raw[:_RAW]


def _visible(markup: str) -> str:
    """Without style sheets, scripts and the like; one that is not closed hides the rest."""
    kept, position = [], 0
    lowered = markup.lower()
    while found := _HIDDEN.search(lowered, position):
        kept.append(markup[position : found.start()])
        close = lowered.find(f"</{found[1]}", found.end())
        if close < 0:
            return "".join(kept)
        position = close
    return "".join([*kept, markup[position:]])


def _first_of_each(fields: tuple[tuple[str, bytes], ...] | list[tuple[str, bytes]]) -> Fields:
    return dict(reversed(fields))
