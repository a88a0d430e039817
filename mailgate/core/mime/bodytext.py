"""The text of a message out of its text parts: decoded, the best of alternatives chosen, HTML made readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from mailgate.core import charset
from mailgate.core.encoded import parameter
from mailgate.core.mime.htmltext import text_of, without_data
from mailgate.core.mime.plaintext import clean, unflowed
from mailgate.core.mime.structure import Part

MAX_RAW = 4 * 1024 * 1024
MAX_HTML = 1_000_000
_HTML = ("text/html", "application/xhtml+xml")
_META = re.compile(
    rb"""<meta\b[^>]{0,300}?charset\s{0,10}=\s{0,10}["']?\s{0,10}([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE
)
_META_WITHIN = 4096
_WEAK = frozenset(("", "ascii", "cp1252"))
_LETTER = re.compile(r"[^\W_]")
# "Your program cannot show HTML" and the like.
_STUB = re.compile(r"html|browser|mime|เบราว์เซอร์|โปรแกรมอีเมล", re.IGNORECASE)
_STUB_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Text:
    """A text part, decoded to characters. ``group``: the multipart/alternative it stands in, 0 if in none."""

    html: bool
    text: str
    group: int


def decoded(part: Part, raw: bytes, repairs: list[str]) -> Text:
    """The characters of a text part."""
    html = part.kind in _HTML
    label = parameter(part.declared, "charset")
    if html:
        label = _label_of_html(raw, label, repairs)
    text, note = charset.decode(raw, label)
    if note:
        repairs.append(note)
    if html:
        text = without_data(text)
    elif parameter(part.declared, "format").lower() == "flowed":
        text = unflowed(text, delsp=parameter(part.declared, "delsp").lower() == "yes")
    group = next((m.number for m in part.inside if m.kind == "multipart/alternative"), 0)
    return Text(html, text, group)


def _label_of_html(raw: bytes, label: str, repairs: list[str]) -> str:
    """The label in the page itself counts where that of the part says nothing, or hardly anything."""
    found = _META.search(raw[:_META_WITHIN])
    own = found[1].decode("ascii") if found else ""
    # Who can read the word "charset" in single bytes does not read UTF-16.
    if not charset.codec_of(own) or charset.codec_of(own).startswith(("utf_16", "utf_32")):
        return label
    if label and charset.codec_of(own) != charset.codec_of(label):
        repairs.append(f"HTML says {own}, its label says another charset")
    return own if charset.codec_of(label) in _WEAK else label


def joined(texts: Sequence[Text], limits: list[str]) -> str:
    """One text: of each multipart/alternative the best, all else in order."""
    found: list[str] = []
    for group, members in groupby(texts, key=lambda t: t.group):
        for text in _best(list(members), limits) if group else _each(members, limits):
            # Some programs send the same text as two parts that are no alternatives.
            if text and _squeezed(text) not in map(_squeezed, found[-1:]):
                found.append(text)
    return clean("\n\n".join(found), limits)


def _each(texts: Iterable[Text], limits: list[str]) -> Iterator[str]:
    for text in texts:
        yield clean(text_of(text.text, limits) if text.html else text.text, limits)


def _best(texts: Sequence[Text], limits: list[str]) -> Iterator[str]:
    """Plain text as its writer made it, unless it is a stub: then the HTML."""
    plain = "\n\n".join(_each((t for t in texts if not t.html), limits))
    pages = [t for t in texts if t.html]
    if pages and len(plain) <= _STUB_LENGTH:
        page = "\n\n".join(_each(pages, limits))
        plain = page if _is_stub(plain, page) else plain
    yield plain


def _is_stub(plain: str, page: str) -> bool:
    if not _LETTER.search(plain):
        return True
    if not _LETTER.search(page):
        return False
    return len(page) > len(plain) and (bool(_STUB.search(plain)) or len(page) > 10 * len(plain) + 100)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text[:10_000])
