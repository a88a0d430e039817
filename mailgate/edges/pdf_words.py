"""Thai words in a page that becomes a PDF: copied out rightly, and never broken in the middle.

Left whole, the shaper takes SARA AM apart itself, and every SARA AA is copied out of the PDF as SARA AM. And the fonts
swap a vowel below and the mark above it, so that from then on the one is copied out as the other. So SARA AM is taken
apart, and a joiner that is not seen keeps vowel and mark where they are. Then the word is in no dictionary, and Pango
would break it anywhere: so Pango is asked before, and each such word is held together. A space of no width stands where
it begins and ends, for across elements WeasyPrint sees no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SARA_AM = re.compile("([\u0e48-\u0e4b]?)\u0e33")
_SWAPPED = re.compile("([\u0e38-\u0e3a])([\u0e47-\u0e4e])")  # SARA U, SARA UU, PHINTHU; what stands above
_JOINER = "\u200c"
_TAGS = re.compile(r"(<[^>]*>)")
_RUN = re.compile("[\u0e00-\u0e7f]+")
_TOUCHED = re.compile(f"\u0e33|{_SWAPPED.pattern}")
_HELD = "\u200b<span style='white-space: nowrap'>{}</span>\u200b"


def held(html: str) -> str:
    """The page with these words held together. Raises ImportError or OSError where WeasyPrint cannot be loaded."""
    head, body, rest = html.partition("<body>")
    if not body:
        head, rest = "", html
    pieces = [piece if piece.startswith("<") else _RUN.sub(_run, piece) for piece in _TAGS.split(rest)]
    return head + body + "".join(pieces)


def _run(found: re.Match[str]) -> str:
    if not _TOUCHED.search(found[0]):
        return found[0]
    return "".join(_HELD.format(_apart(w)) if _TOUCHED.search(w) else w for w in _words(found[0]))


def _apart(word: str) -> str:
    """SARA AM as NIKHAHIT and SARA AA, its tone mark between, as the shaper draws it; vowel and mark kept apart."""
    return _SWAPPED.sub(f"\\1{_JOINER}\\2", _SARA_AM.sub("\u0e4d\\1\u0e32", word))


def _words(run: str) -> Iterator[str]:
    """What Pango would not break."""
    from weasyprint.text.line_break import get_log_attrs

    attributes, start = get_log_attrs(run, "th"), 0
    for at in range(1, len(run)):
        if attributes[at].is_line_break:
            yield run[start:at]
            start = at
    yield run[start:]
