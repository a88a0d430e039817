"""Addresses: a strict reading for whom to trust and whom to write to, a tolerant one for what a person sees.

The two are kept apart on purpose. Parsers disagree about malformed From values, and that is how officers are forged
(CVE-2023-27043); so whatever has two readings has no strict one.
"""

from __future__ import annotations

import re
import unicodedata
from encodings import idna

from mailgate.core import charset

MAX_LENGTH = 1000
MAX_NESTING = 30

# RFC 5322 s.3.2.3 atext, and RFC 6532 s.3.2 for everything beyond ASCII.
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]"
_DOT_ATOM = rf"{_ATEXT}++(?:\.{_ATEXT}++)*+"
_ADDR_SPEC = re.compile(rf"({_DOT_ATOM})@({_DOT_ATOM})")
_QUOTED = r'"(?:[^"\\]|\\[ -~\t])*+"'
# A dot in a display name is obs-phrase (RFC 5322 s.4.1), but has one reading only, and "ด.ช." needs it.
_PHRASE = rf"(?:(?:{_ATEXT}|\.)++|{_QUOTED}|[ \t])*+"
_SAME_TWICE = re.compile(rf"('?)({_ATEXT}[^\s<>'\"]*)\1[ \t]*+<([^<>\s]*)>")
_PIECE = re.compile(rf'{_QUOTED}|[()"]|[^()"]++')
_NAME_ADDR = re.compile(rf"({_PHRASE})<[ \t]*+([^<>\s]*+)[ \t]*+>[ \t]*+")

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
    twice = _SAME_TWICE.fullmatch(bare)
    if twice and twice[2].lower() == twice[3].lower():
        bare = twice[3]  # the name is the address again, unquoted: whoever reads it finds the same one
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
