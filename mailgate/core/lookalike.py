"""What looks like what: skeletons of names and addresses, mixed scripts, domains that imitate others.

The skeleton is that of UTS #39 section 4, and coarser: case, accents, digits that stand for letters and "rn" for "m"
are one to a reader in a hurry. Nothing is shown or stored from it; equal skeletons mean "resembles", never "is".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from mailgate.core.confusables import digit_script, prototype, script
from mailgate.core.thai import fold

GOVERNMENT = ".go.th"
# THNIC registers names here for such institutions only, so one that resembles another is hardly ever a trick.
VETTED = (GOVERNMENT, ".ac.th", ".mi.th")
MOST = 320

_USUAL = re.compile(r"[\x00-\x7f\u0e00-\u0e7f]*+")
# No two digits share a letter: offices are numbered (kkn1.go.th, kkn2.go.th).
_LATIN = {"0": "o", "1": "l", "2": "z", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "$": "s"}
_LATIN |= {"i": "l", "|": "l", "!": "l", "q": "g", "m": "rn", "w": "vv", "d": "cl"}
# UTS #39's, and four pairs that differ in the length of a stroke or in a loop.
_THAI = dict(zip("ฃดตซฏฑฆฦๅฝฟปถ", "ขคคชฎทมภาผพบภ", strict=True))
_TABLE = str.maketrans(_LATIN | _THAI)
# The same mark typed twice is drawn once.
_DOUBLE_MARK = re.compile(r"([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\1+")
# Drawn as nothing, though they are no format characters (UAX #44, Default_Ignorable_Code_Point).
_NOTHING = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_GOVERNMENT_TRICK = re.compile(r"(?:^|[.-])gov?[.-]th(?=[.-]|$)")
_DOTS = "\u3002\uff0e\uff61"  # IDNA 2003 (RFC 3490 3.1) takes them for dots, and so do some readers
_SHORT = 5
# Writing systems that use several scripts (UTS #39 5.1, as "highly restrictive").
_TOGETHER = (
    {"LATIN", "HAN", "HIRAGANA", "KATAKANA"},
    {"LATIN", "HAN", "BOPOMOFO"},
    {"LATIN", "HAN", "HANGUL"},
)


def skeleton(text: str) -> str:
    """A key under which whatever looks alike is equal."""
    plain = fold(text[:MOST])
    if not _USUAL.fullmatch(plain):
        plain = fold("".join(map(_plain, _NOTHING.sub("", plain))))
    return _DOUBLE_MARK.sub(r"\1", plain).translate(_TABLE)


def mixed(word: str) -> bool:
    """Whether letters of different scripts stand in one word, or such as only dress up ASCII ones."""
    if word.isascii():
        return False
    scripts = {_script(char) for char in word if char.isalnum()} - {"COMMON", "INHERITED"}
    several = len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER)
    return several or any(not c.isascii() and unicodedata.normalize("NFKC", c).isascii() for c in word)


def decoded(domain: str) -> str:
    """The domain as it is shown: its A-labels (xn--) as what they stand for. An undecodable one stays."""
    return ".".join(map(_unicode, domain.lower().split(".")))


def within(domain: str, parent: str) -> bool:
    """Whether it is that domain or below it."""
    return domain == parent or domain.endswith("." + parent)


def imitated(domain: str, protected: Iterable[str]) -> str:
    """Which of the protected domains, or ".go.th", this one could be mistaken for; "" if none or if it is one."""
    shown, ours = decoded(domain), [decoded(p) for p in protected]
    if any(within(shown, one) for one in ours):
        return ""
    vetted = shown.isascii() and shown.endswith(VETTED)
    for one in ours:
        if _resembles(shown, one, vetted) or (not vetted and _contains(shown, one)):
            return one
    return "" if shown.endswith(VETTED) or not _government_trick(shown) else GOVERNMENT


def _resembles(shown: str, one: str, vetted: bool) -> bool:
    """The same number of last labels with the same skeleton."""
    end = ".".join(shown.split(".")[-(one.count(".") + 1) :])
    if _domain_skeleton(end) != _domain_skeleton(one):
        return False
    # moi.go.th and mol.go.th are two ministries; a long name with one letter changed is a trick.
    namesakes = vetted and end.replace("i", "l") == one.replace("i", "l") and len(one.partition(".")[0]) < _SHORT
    return not namesakes


def _contains(shown: str, one: str) -> bool:
    """Its labels, with other separators or none: example.go.th.x.com, example-go-th.com, examplegoth.com."""
    words, wanted = _words(shown), "".join(_words(one))
    ends = range(1, len(words) + 1)
    return any("".join(words[max(0, end - n) : end]) == wanted for end in ends for n in range(1, 9))


def _government_trick(shown: str) -> bool:
    plain = _domain_skeleton(shown)
    return plain.endswith(GOVERNMENT) or bool(_GOVERNMENT_TRICK.search(plain))


@lru_cache(maxsize=512)  # the office's own are asked for with every mail
def _domain_skeleton(domain: str) -> str:
    return ".".join(map(skeleton, re.split(f"[.{_DOTS}]", domain)))


def _words(domain: str) -> list[str]:
    return [word for word in re.split(r"[.-]", _domain_skeleton(domain)) if word]


def _plain(char: str) -> str:
    """One character as UTS #39 sees it, without accents; Cyrillic "в" and the like by the look of their capitals."""
    if _USUAL.fullmatch(char):
        return char
    if unicodedata.category(char) == "Pd" or char in _DOTS:
        return "." if char in _DOTS else "-"
    parts = "".join(prototype(part) for part in unicodedata.normalize("NFKD", char))
    if not parts.isascii() and (capital := prototype(char.upper())).isascii():
        parts = capital
    bare = unicodedata.normalize("NFKD", parts)
    return "".join(c for c in bare if c != "'" and (_USUAL.fullmatch(c) or not unicodedata.combining(c)))


def _script(char: str) -> str:
    if "\u0e00" <= char <= "\u0e7f" or (char.isdigit() and not char.isascii()):
        return digit_script(char)
    return ("LATIN" if char.isalpha() else "COMMON") if char.isascii() else script(char)


def _unicode(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
