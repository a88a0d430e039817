"""Names of attachments that are safe to show and to save under. A name that is safe stays as it is."""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 180
_READ = 1000
_EXTENSION_BYTES = 20
# Windows forbids these, and a colon opens a hidden stream there; "/" and "\" make paths.
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
# Invisible though no format character: grapheme joiner, Hangul fillers, variation selectors, Mongolian selectors.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)[ ]*(\..*)?", re.I | re.S)
# A dot hides a file, a dash makes it an option of a command, a tilde a home.
_LEADING = " .-~"


def safe(name: str, default: str = "") -> str:
    """The name without paths, tricks and what cannot be a file's name; ``default`` if nothing is left."""
    made = name[:_READ]
    while (once := _once(made)) != made:
        made = once
    return made or default


def _once(name: str) -> str:
    name = _INVISIBLE.sub("", "".join(map(_plain, unicodedata.normalize("NFC", name))))
    name = re.sub(r"[ \t]+", " ", _FORBIDDEN.sub("_", name)).lstrip(_LEADING)
    name = _cut(_stripped(name))
    if _RESERVED.fullmatch(name):
        name = "_" + name
    return unicodedata.normalize("NFC", name)


def _stripped(name: str) -> str:
    """Windows drops trailing dots and spaces, so that "a.exe." would be run as "a.exe"."""
    return name.rstrip(". ").strip()


def _plain(char: str) -> str:
    match unicodedata.category(char):
        case "Cc" | "Cf":
            return "" if char not in "\t\n\r\x0b\x0c" else " "
        case "Cs" | "Cn":
            return "\ufffd"
        case "Zl" | "Zp":
            return " "
    return char


def _cut(name: str) -> str:
    """At most ``MAX_BYTES`` in UTF-8, the extension kept."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, extension = split(name)
    room = MAX_BYTES - len(extension.encode())
    return _stripped(stem.encode()[:room].decode("utf-8", "ignore")) + extension


def split(name: str) -> tuple[str, str]:
    """(stem, extension with its dot); an extension that is too long or has spaces is none."""
    stem, dot, extension = name.rpartition(".")
    if not stem or " " in extension or not extension or len(extension.encode()) > _EXTENSION_BYTES:
        return name, ""
    return stem, dot + extension


class Names:
    """Names of one message: no two are the same, also where upper and lower case are."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """The safe name, with a number in brackets if it is taken."""
        stem, extension = split(name)
        key, chosen = _key(name), name
        number = self._next.get(key, 2)
        while _key(chosen) in self._taken:
            suffix = f" ({number}){extension}"
            room = MAX_BYTES - len(suffix.encode())
            chosen = _stripped(stem.encode()[:room].decode("utf-8", "ignore")) + suffix
            number += 1
        self._next[key] = number
        self._taken.add(_key(chosen))
        return chosen


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
