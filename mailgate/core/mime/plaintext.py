"""Text as it is kept: NFC, lines ended by LF, nothing that deceives the eye. And wrapped text, unwrapped."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 1_000_000
_LINE_END = re.compile("\r{0,3}\n|\r|\x85|\u2028|\u2029|\x0b|\x0c")
# Bidirectional controls, invisible operators, tag characters, byte order marks; joiners and ZWSP are part of writing.
_DECEIVING = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_MARKS = 30


def clean(text: str, notes: list[str]) -> str:
    """Text fit to be kept; idempotent. At most ``MAX_TEXT`` characters, which ``notes`` then says."""
    if len(text) > MAX_TEXT:
        notes.append("text longer than is kept")
        text = text[:MAX_TEXT]
    text = _SURROGATE.sub("\ufffd", _DECEIVING.sub("", _LINE_END.sub("\n", text)))
    text = unicodedata.normalize("NFC", _fewer_marks(text))
    lines = [line.rstrip(" \t\xa0") for line in text.split("\n")]
    return re.sub("\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n")


def _fewer_marks(text: str) -> str:
    """Sorting a long run of combining marks takes quadratic time in ``normalize``; no writing has so many."""
    marks = "".join(c for c in set(text) if unicodedata.combining(c))
    if not marks:
        return text
    run = f"[{re.escape(marks)}]"
    return re.sub(f"({run}{{{_MOST_MARKS}}}){run}++", r"\1", text)


def unflowed(text: str, *, delsp: bool) -> str:
    """Paragraphs of format=flowed put together again (RFC 3676 s.4.2, s.4.5)."""
    made: list[str] = []
    open_depth = -1
    for line in _LINE_END.sub("\n", text).split("\n"):
        depth, body = _unquoted(line)
        signature = body == "-- "
        if open_depth == depth and not signature:
            made.append(body)
        else:
            made.append(("\n" if made else "") + (">" * depth + " " if depth else "") + body)
        open_depth = -1
        if body.endswith(" ") and not signature:
            open_depth = depth
            made[-1] = made[-1][:-1] if delsp else made[-1]
    return "".join(made)


def _unquoted(line: str) -> tuple[int, str]:
    """(depth of the quotation, the line without its marks and without the space it was stuffed with)."""
    depth = len(line) - len(line.lstrip(">"))
    return depth, line[depth:].removeprefix(" ")
