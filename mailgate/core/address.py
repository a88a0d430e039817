"""Addresses: a strict reading for whom to trust and whom to write to, a tolerant one for what a person sees.

The two are kept apart on purpose. Parsers disagree about malformed From values, and that is how officers are forged
(CVE-2023-27043); so whatever has two readings has no strict one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from encodings import idna
from itertools import islice

from mailgate.core import charset
from mailgate.core.encoded import header_text
from mailgate.core.thai import tidy
from mailgate.model import Address

MAX_LENGTH = 1000
MAX_NESTING = 30
_NAME_LIMIT = 200

# RFC 5322 s.3.2.3 atext, and RFC 6532 s.3.2 for everything beyond ASCII.
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]"
_DOT_ATOM = rf"{_ATEXT}++(?:\.{_ATEXT}++)*+"
_ADDR_SPEC = re.compile(rf"({_DOT_ATOM})@({_DOT_ATOM})")
_QUOTED = r'"(?:[^"\\]|\\[ -~\t])*+"'
# A dot in a display name is obs-phrase (RFC 5322 s.4.1), but has one reading only, and "ด.ช." needs it.
_PHRASE = rf"(?:(?:{_ATEXT}|\.)++|{_QUOTED}|[ \t])*+"
_PIECE = re.compile(rf'{_QUOTED}|[()"]|[^()"]++')
_NAME_ADDR = re.compile(rf"({_PHRASE})<[ \t]*+([^<>\s]*+)[ \t]*+>[ \t]*+")

_TOKEN = re.compile(rb'=\?[^?\s]{1,64}+\?[BbQq]\?[^?\s]*+\?=|\\.|["(),:;<>]|[^\\"(),:;<>=]++|[=\\]', re.DOTALL)
# The look-behind lets a search start once per word only.
_LOOSE = re.compile(r"(?<![^\s<>()\[\]\",;:@\\])[^\s<>()\[\]\",;:@\\]+@[^\s<>()\[\]\",;:@\\]+")
_SIMPLE = re.compile(rb"[ \t]*+<?([A-Za-z0-9._+-]{1,64}+)@([A-Za-z0-9.-]{1,254}+)>?[ \t]*+")
_BATV = re.compile(r"(?:prvs=[^=@]{1,64}=|btv1==[^=@]{1,64}==|msprvs1=[^=@]{1,64}=)(.+)", re.IGNORECASE)
_SRS0 = re.compile(r"srs0[=+-][^=]+=[^=]+=[^=]+=(.+)", re.IGNORECASE)
_SRS1 = re.compile(r"srs1[=+-][^=]+=[^=]+=[=+-][^=]+=[^=]+=[^=]+=(.+)", re.IGNORECASE)
_LDH = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
# IDNA 2003, which Python has, maps these to other names than IDNA 2008 does (RFC 5894 s.7.2): no letter is risked.
_DEVIATIONS = frozenset("ßς\u200c\u200d")


def strict_mailbox(raw: bytes | str) -> str | None:
    """The addr-spec (domain in lower case) of the one mailbox in a From value, or None if there is any doubt.

    No groups, routes, obsolete syntax, quoted local parts or domain literals, though RFC 5322 allows the last two.
    """
    if len(raw) > MAX_LENGTH:
        return None
    text, clean = (raw, True) if isinstance(raw, str) else _readable(raw)
    if text is None or _has_controls(text):
        return None
    bare = _without_comments(text)
    if bare is None:
        return None
    bare = bare.strip(" \t")
    named = _NAME_ADDR.fullmatch(bare)
    return addr_spec(named[2] if named else bare, only_ascii=not clean)


def addr_spec(text: str, *, only_ascii: bool = False) -> str | None:
    """A dot-atom addr-spec, its domain in lower case, or None."""
    found = _ADDR_SPEC.fullmatch(text)
    if found is None or not text.isprintable() or (only_ascii and not text.isascii()):
        return None
    return f"{found[1]}@{found[2].lower()}"


def valid_recipient(address: str) -> bool:
    """Whether the address may be written into an SMTP command: dot-atom, real domain, within RFC 5321 s.4.5.3.1."""
    local, at, domain = address.rpartition("@")
    if not at or len(address) > 254 or not local or "." not in domain:
        return False
    if not _ADDR_SPEC.fullmatch(address) or not all(map(_letter, local)) or _leading_mark(local):
        return False
    labels = [_a_label(label) for label in domain.split(".")]
    if None in labels or (labels[-1] or "").isdigit():
        return False
    wire = f"{local}@{'.'.join(filter(None, labels))}"
    return len(local.encode()) <= 64 and max(len(wire), len(address.encode())) <= 254


def wire_domain(address: str) -> str:
    """The address with its domain as A-labels; the local part is never touched (RFC 6531 s.3.7.1).

    An address whose domain has no A-label comes back as it was.
    """
    local, at, domain = address.rpartition("@")
    labels = [_a_label(label) for label in domain.split(".")] if len(domain) <= 254 else [None]
    if not at or None in labels:
        return address
    return f"{local}@{'.'.join(filter(None, labels))}"


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


def unwrap(address: str) -> str:
    """The address inside a BATV one; SRS addresses stay, because only the forwarder that made them can use them."""
    local, at, domain = address.rpartition("@")
    found = _BATV.fullmatch(local)
    return f"{found[1]}{at}{domain}" if found else address


def plain_local(address: str) -> str:
    """The local part for matching rules: without BATV, SRS and +tag, in lower case."""
    local = unwrap(address).rpartition("@")[0] or address
    found = _SRS0.fullmatch(local) or _SRS1.fullmatch(local)
    if found:
        local = found[1]
    return (local.partition("+")[0] or local).lower()


def _readable(raw: bytes) -> tuple[str | None, bool]:
    """(text, is it UTF-8). Old Thai systems put raw cp874 into names, where no byte can be taken for ASCII."""
    for codec, clean in (("utf-8", True), (charset.THAI, False)):
        try:
            return raw.decode(codec), clean
        except UnicodeDecodeError:
            continue
    return None, False


def _has_controls(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") and c != "\t" for c in text)


def _without_comments(text: str) -> str | None:
    """Each comment replaced by a space; None if one is unbalanced, too deep, or holds what others might read."""
    depth, kept = 0, list[str]()
    for piece in _PIECE.findall(text):
        if piece == "(":
            depth += 1
            kept.append(" ")
        elif piece == ")":
            depth -= 1
        elif piece == '"' or (depth and any(char in piece for char in '@<>"\\')):
            return None
        elif not depth:
            kept.append(piece)
        if not 0 <= depth <= MAX_NESTING:
            return None
    return None if depth else "".join(kept)


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


def _leading_mark(text: str) -> bool:
    """A vowel or tone mark with no letter before it would be drawn on the character in front of the word."""
    return any(unicodedata.category(part[0]).startswith("M") for part in text.split("."))


def _letter(char: str) -> bool:
    """ASCII as the grammar has it; beyond, letters, marks and digits that are not ASCII in disguise."""
    if char.isascii():
        return True
    category = unicodedata.category(char)
    if category[0] not in "LM" and category != "Nd":
        return False
    return char not in _DEVIATIONS and not any(c.isascii() for c in unicodedata.normalize("NFKC", char))


def _a_label(label: str) -> str | None:
    """A domain label as it goes over the wire, or None."""
    if label.isascii():
        return label.lower() if _LDH.fullmatch(label) else None
    if (
        len(label) > 63
        or _leading_mark(label)
        or not all(c.isalnum() or c == "-" if c.isascii() else _letter(c) for c in label)
    ):
        return None
    try:
        encoded = idna.ToASCII(label).decode("ascii")
    except UnicodeError:
        return None
    return encoded if encoded.startswith("xn--") and _LDH.fullmatch(encoded) else None
