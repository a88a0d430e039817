"""Addresses as a person sees them: a tolerant reading of From, To and Cc, for the register and for display only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from mailgate.core import charset
from mailgate.core.address import MAX_LENGTH
from mailgate.core.encoded import header_text
from mailgate.core.thai import tidy
from mailgate.model import Address

_TOKEN = re.compile(rb'=\?[^?\s]{1,64}+\?[BbQq]\?[^?\s]*+\?=|\\.|["(),:;<>]|[^\\"(),:;<>=]++|[=\\]', re.DOTALL)
# The look-behind lets a search start once per word only.
_LOOSE = re.compile(r"(?<![^\s<>()\[\]\",;:@\\])[^\s<>()\[\]\",;:@\\]+@[^\s<>()\[\]\",;:@\\]+")
_SIMPLE = re.compile(rb"[ \t]*+<?([A-Za-z0-9._+-]{1,64}+)@([A-Za-z0-9.-]{1,254}+)>?[ \t]*+")
_NAME_LIMIT = 200


def shown(raw: bytes, repairs: list[str] | None = None) -> Address:
    """The first mailbox as a person would read it; the address is empty if there is none. Never raises.

    What had to be mended to decode the display name is added to ``repairs``.
    """
    return next(_mailboxes(raw, repairs), Address("", ""))


def addresses(raw: bytes, limit: int = 50) -> list[str]:
    """The addr-specs of a To or Cc value, each once, in order, as far as they can be made out. Never raises."""
    if simple := _SIMPLE.fullmatch(raw):
        return [f"{simple[1].decode('ascii')}@{simple[2].decode('ascii').lower()}"][: max(limit, 0)]
    found: dict[str, None] = {}
    for mailbox in islice(_mailboxes(raw), 10 * max(limit, 0)):
        if len(found) >= limit:
            break
        if mailbox.address:
            found[mailbox.address] = None
    return list(found)


def _mailboxes(raw: bytes, repairs: list[str] | None = None) -> Iterator[Address]:
    """Every mailbox of a value; if a quote or bracket is never closed, the rest is read again without any."""
    reader = _Reader(repairs)
    yield from reader.read(raw)
    if reader.open:
        rest = raw[reader.done :].translate(None, b'"()')
        reader = _Reader(repairs)
        yield from reader.read(rest)
    last = reader.finish() or reader.empty_group()
    if last is not None:
        yield last


class _Reader:
    """One pass over the tokens of an address list."""

    def __init__(self, repairs: list[str] | None) -> None:
        self.repairs = repairs
        self.done = 0
        self.quoted = self.angle = self.filled = False
        self.depth = 0
        self.group = b""
        self._clear()

    def _clear(self) -> None:
        self.phrase, self.spec, self.comment = list[bytes](), list[bytes](), list[bytes]()
        self.angle = self.had_angle = False

    @property
    def open(self) -> bool:
        """True in the middle of a quoted string or comment."""
        return self.quoted or self.depth > 0

    def read(self, raw: bytes) -> Iterator[Address]:
        """The mailboxes that a comma or semicolon ends; ``done`` is where the last one did."""
        for found in _TOKEN.finditer(raw):
            token = found[0]
            if self.open:
                self._inside(token)
            elif token in (b",", b";") and not self._in_route():
                mailbox = self._ended(token)
                self.done = found.end()
                if mailbox is not None:
                    yield mailbox
            else:
                self._outside(token)

    def _inside(self, token: bytes) -> None:
        if self.quoted and token == b'"':
            self.quoted = False
        elif self.depth and token in (b"(", b")"):
            self.depth += 1 if token == b"(" else -1
        else:
            text = token[1:] if token[:1] == b"\\" and len(token) == 2 else token
            (self.phrase if self.quoted else self.comment).append(text)

    def _outside(self, token: bytes) -> None:
        if token in (b'"', b"("):
            self.quoted, self.depth = token == b'"', int(token == b"(")
        elif token == b"<":
            self.angle = self.had_angle = True
            self.spec.clear()
        elif token == b">":
            self.angle = False
        elif token == b":" and not self.had_angle:
            self.group, self.filled = b"".join(self.phrase), False
            self.phrase.clear()
        else:
            (self.spec if self.angle else self.phrase).append(token)

    def _in_route(self) -> bool:
        """An obsolete source route, ``<@a,@b:c@d>`` (RFC 5322 s.4.4), has commas of its own."""
        return self.angle and bool(self.spec) and self.spec[0].startswith(b"@")

    def _ended(self, token: bytes) -> Address | None:
        if not (self.phrase or self.had_angle or self.comment or self.group):
            return None
        mailbox = self.finish()
        self.filled = self.filled or mailbox is not None
        if token == b";":
            mailbox = mailbox or self.empty_group()
            self.group = b""
        self._clear()
        return mailbox

    def empty_group(self) -> Address | None:
        """``undisclosed-recipients:;`` is shown by its name."""
        return Address(self._name(self.group), "") if self.group.strip() and not self.filled else None

    def finish(self) -> Address | None:
        """The mailbox read so far, if it is one."""
        phrase, comment, inner = (b"".join(part) for part in (self.phrase, self.comment, self.spec))
        spec = _spec(inner.rpartition(b":")[2] if self.had_angle else phrase)
        if self.had_angle:
            name = self._name(phrase) or self._name(comment) or ("" if spec else self._name(inner))
        else:
            name = self._name(comment if spec else phrase)
        return Address(name, spec) if name or spec else None

    def _name(self, raw: bytes) -> str:
        if not raw.strip():
            return ""
        text, notes = header_text(raw)
        if self.repairs is not None:
            self.repairs.extend(notes)
        return tidy(text, _NAME_LIMIT).strip("'\" ")


def _spec(raw: bytes) -> str:
    """The first thing in the bytes that looks like an addr-spec."""
    if b"@" not in raw:
        return ""
    raw = raw[:MAX_LENGTH].strip()
    text = raw.decode("ascii") if raw.isascii() else charset.decode(raw)[0]
    found = _LOOSE.search(tidy(text, MAX_LENGTH))
    if found is None or len(found[0]) > 320:
        return ""
    local, _, domain = found[0].rpartition("@")
    return f"{local}@{domain.lower()}"
