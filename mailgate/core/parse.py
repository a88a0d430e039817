"""The header block of a message as a ``Mail``: split by our own linear reader, every field capped, nothing raised.

The standard parser is not used on citizens' mail in this process: nested comments and long headers bring it down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain

from mailgate.core import address, address_shown
from mailgate.core.encoded import header_text
from mailgate.core.thai import BUDDHIST_OFFSET, MONTHS, MONTHS_SHORT, ascii_digits, tidy
from mailgate.model import Address, Mail

MAX_BLOCK = 256 * 1024
MAX_FIELDS = 1000
MAX_FIELD = 64 * 1024
MAX_RECIPIENTS = 100
MAX_REFERENCES = 30
MAX_ID = 250
SUBJECT_LIMIT = 500
TO_LIMIT = 300

# "\r\r\n" is one line end that went through a text-mode copy, not an empty line.
_LINE = re.compile(rb"([^\r\n]*+)(\r{0,3}\n|\r|\Z)")
_FIELD = re.compile(rb"([!-9;-~]{1,200}+)[ \t]*+:(.*)", re.DOTALL)
_RETURN_PATH = re.compile(rb"<[ \t]*([^<>\r\n]*?)[ \t]*>|([^<>\s]+)")
_ANGLE = re.compile(rb"<([^<>]{0,1000})>")
# The same set of characters as RFC 5322 s.3.6.4 msg-id with every obsolete form left out; "@" is checked apart,
# because a pattern with "@" in the middle of a class that holds it takes quadratic time.
_ID = re.compile(rb"<[!-;=?-~]{3,248}>")

_DATE_LIMIT = 200
_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_OF = {
    name.replace(".", ""): english
    for names in (MONTHS, MONTHS_SHORT)
    for name, english in zip(names, _ENGLISH, strict=True)
}
_THAI_MONTH = "|".join(
    r"\.?".join(map(re.escape, name)) if len(name) <= 4 else re.escape(name)
    for name in sorted(_MONTH_OF, key=len, reverse=True)
)
_THAI_DATE = re.compile(rf"(\d{{1,2}})\s*({_THAI_MONTH})\.?\s*(?:พ\.?ศ\.?)?\s*(\d{{4}}|\d{{2}})(?!\d)(.*)")
_BUDDHIST_YEAR = re.compile(r"(?<![+\-:\d])(2[4-9]\d\d)(?![:\d])")
_DAYTIME = re.compile(r"(?:เวลา\s*)?(\d{1,2})[.:](\d{2})((?:[.:]\d{2})?)\s*(?:น\.)?")


def headers(raw: bytes) -> Mail:
    """Read the first bytes of a message. Never raises, whatever the bytes are."""
    fields = split(raw)
    by_name: dict[str, list[bytes]] = {}
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    repairs: list[str] = []
    subject = _subject(by_name.get("subject", []), repairs)
    sender, from_shown = _from(by_name, repairs)
    return Mail(
        fields=tuple(fields),
        sender=sender,
        from_shown=from_shown,
        return_path=_return_path(by_name.get("return-path", [])),
        to_shown=_to_shown(by_name.get("to", [])),
        named=_recipients(by_name, ("to", "cc")),
        delivered=_recipients(by_name, ("delivered-to", "x-original-to", "envelope-to")),
        subject=subject,
        message_id=_message_id(by_name.get("message-id", [])),
        in_reply_to=_ids(by_name.get("in-reply-to", [])),
        references=_ids(by_name.get("references", [])),
        dated=date_of(by_name.get("date", [b""])[0]),
        repairs=tuple(dict.fromkeys(repairs)),
    )


def header_block(raw: bytes) -> tuple[bytes, int]:
    """The header bytes, at most 256 KiB, and the offset of the body.

    The block ends at the first empty line; or where two lines in a row cannot be header lines, which is a body that
    lost the empty line; or with the data.
    """
    end, body, _ = scan(raw, 0)
    return raw[:end], body


def split(raw: bytes) -> list[tuple[str, bytes]]:
    """The fields in order: name in lower case, value unfolded and cut to 64 KiB; at most 1000 of them."""
    return scan(raw, MAX_FIELDS)[2]


def date_of(raw: bytes) -> datetime | None:
    """A Date value, also with a Buddhist year or Thai months; None without a zone or outside 1970 to 2200."""
    raw = raw[:_DATE_LIMIT]
    text = raw.decode("ascii") if raw.isascii() and b"=?" not in raw else _thai_date(raw)
    text = _BUDDHIST_YEAR.sub(lambda year: str(int(year[1]) - BUDDHIST_OFFSET), text[:_DATE_LIMIT], count=1)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    # RFC 5322 s.3.3: "-0000" is a time in UTC whose local zone is unknown.
    if moment.tzinfo is None and "-0000" in text:
        moment = moment.replace(tzinfo=UTC)
    return moment if moment.tzinfo is not None and 1970 <= moment.year <= 2200 else None


def scan(raw: bytes, most: int) -> tuple[int, int, list[tuple[str, bytes]]]:
    """(end of the block, start of the body, at most ``most`` fields), in one pass over the lines.

    For rules about the block see ``header_block``, about the fields ``split``.
    """
    reader = _Lines(most)
    position, window = 0, raw if len(raw) <= MAX_BLOCK else raw[:MAX_BLOCK]
    while position < len(window):
        found = _LINE.match(window, position)
        assert found is not None  # the pattern matches at every position
        line, following = found[1], found.end()
        if not line:
            return position, following, reader.fields()
        if reader.ends_with(line, position):
            return reader.junk_at, reader.junk_at, reader.fields()
        position = following
    return len(window), len(window), reader.fields()


class _Lines:
    """Collects fields line by line and notices where the lines stop being a header."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.names: list[str] = []
        self.values: list[list[bytes]] = []
        self.room = 0
        self.target: list[bytes] | None = None
        self.started = False
        self.junk_at = -1

    def ends_with(self, line: bytes, position: int) -> bool:
        """Take a line; True if it is the second in a row that no header can contain."""
        if line[0] in b" \t" and self.started:
            self._add(line)
            self.junk_at = -1
            return False
        found = _FIELD.match(line)
        if found is not None:
            self.started, self.junk_at = True, -1
            self._begin(found[1], found[2])
            return False
        self.target = None
        # The mbox separator, and the same as a mailer quotes it.
        if not self.started and line.startswith((b"From ", b">From ")):
            return False
        if self.junk_at >= 0:
            return True
        self.junk_at = position
        return False

    def _begin(self, name: bytes, value: bytes) -> None:
        if len(self.names) >= self.most:
            self.target = None
            return
        self.target, self.room = [], MAX_FIELD
        self.names.append(name.decode("ascii").lower())
        self.values.append(self.target)
        self._add(value)

    def _add(self, part: bytes) -> None:
        if self.target is not None and self.room > 0:
            self.target.append(part[: self.room])
            self.room -= len(part)

    def fields(self) -> list[tuple[str, bytes]]:
        return [(name, b"".join(parts).strip()) for name, parts in zip(self.names, self.values, strict=True)]


def _subject(values: list[bytes], repairs: list[str]) -> str:
    if not values:
        return ""
    if len(values) > 1:
        repairs.append("several Subject headers, the first is shown")
    text, notes = header_text(values[0])
    repairs.extend(f"Subject: {note}" for note in notes)
    return tidy(text, SUBJECT_LIMIT)


def _from(by_name: dict[str, list[bytes]], repairs: list[str]) -> tuple[Address | None, Address]:
    """(the trusted sender or None, what a person would read)."""
    values = by_name.get("from", [])
    if not values:
        repairs.append("no From header")
        return None, address_shown.shown(by_name.get("sender", [b""])[0])
    notes: list[str] = []
    seen = address_shown.shown(values[0], notes)
    repairs.extend(f"From: {note}" for note in notes)
    if len(values) > 1:
        repairs.append("several From headers, no sender is trusted")
        return None, seen
    strict = address.strict_mailbox(values[0])
    if strict is None or strict != seen.address:
        repairs.append("From has no single clear mailbox, no sender is trusted")
        return None, seen
    return seen, seen


def _return_path(values: list[bytes]) -> str | None:
    """The topmost one only: the others were written before the message reached our own server."""
    found = _RETURN_PATH.match(values[0]) if values else None
    if found is None:
        return None
    if found[1] == b"":
        return ""
    try:
        text = (found[1] or found[2])[:MAX_ID].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return address.addr_spec(text)


def _to_shown(values: list[bytes]) -> str:
    # Far more than is shown; the rest need not be decoded.
    return tidy(header_text(b", ".join(values[:20])[:16_384])[0], TO_LIMIT)


def _recipients(by_name: dict[str, list[bytes]], names: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        for value in by_name.get(name, [])[:MAX_RECIPIENTS]:
            found |= dict.fromkeys(address_shown.addresses(value, MAX_RECIPIENTS - len(found)))
            if len(found) >= MAX_RECIPIENTS:
                return tuple(found)[:MAX_RECIPIENTS]
    return tuple(found)


def _message_id(values: list[bytes]) -> str:
    token = _ANGLE.search(values[0]) if values else None
    return next(iter(_clean_ids([token[0]])), "") if token else ""


def _ids(values: Iterable[bytes]) -> tuple[str, ...]:
    """The first id, which began the conversation, and the last ones: RFC 5322 s.3.6.4 lets old ones be left out."""
    found = list(dict.fromkeys(_clean_ids(chain.from_iterable(map(_ID.findall, values)))))
    return tuple(found if len(found) <= MAX_REFERENCES + 1 else found[:1] + found[-MAX_REFERENCES:])


def _clean_ids(tokens: Iterable[bytes]) -> list[str]:
    return [token.decode("ascii") for token in tokens if _ID.fullmatch(token) and b"@" in token[2:-2]]


def _thai_date(raw: bytes) -> str:
    """A Date with Thai month names, as some office programs write it, in the form of RFC 5322."""
    text = ascii_digits(tidy(header_text(raw)[0], _DATE_LIMIT))
    found = _THAI_DATE.search(text)
    if found is None:
        return text
    year = found[3] if len(found[3]) == 4 else str(2500 + int(found[3]))
    rest = _DAYTIME.sub(lambda t: f"{t[1]}:{t[2]}{t[3].replace('.', ':')} ", found[4], count=1)
    return f"{found[1]} {_MONTH_OF[found[2].replace('.', '')]} {year} {rest}"
