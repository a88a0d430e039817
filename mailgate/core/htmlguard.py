"""Whether a parser of HTML can be trusted with a text, and a plain way to read those it cannot.

Building a tree takes quadratic time or memory for some constructions: open formatting elements that are repeated in
each paragraph, lists in lists by the ten thousand, a tag with thousands of attributes. Those are measured beforehand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})([^<>]*+)", re.IGNORECASE)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
# Without an end, or ended by the next of their kind.
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd td th tr option".split()
)
_MOST_DEPTH = 6000
_MOST_REPEATED = 500_000
_MOST_SQUARES = 4_000_000_000

_SILENT = re.compile(r"<!--|<(script|style|head|title|template)\b", re.IGNORECASE)
_BREAK = re.compile(r"</?(?:p|div|br|tr|li|h[1-6]|table|ul|ol|blockquote|pre|hr)\b[^>]*+>", re.IGNORECASE)
_ANY = re.compile(r"</?[a-z!?][^>]*+>", re.IGNORECASE)


def is_tame(source: str) -> bool:
    """Whether the tree of this text is built in little time and memory. A little too strict, never slow."""
    tags = depth = deepest = formatting = most_formatting = squares = 0
    for found in _TAG.finditer(source):
        name, step = found[2].lower(), -1 if found[1] else 1
        tags += 1
        squares += len(found[3]) ** 2
        if name in _FLAT:
            continue
        depth = max(depth + step, 0)
        deepest = max(deepest, depth)
        if name in _FORMATTING:
            formatting = max(formatting + step, 0)
            most_formatting = max(most_formatting, formatting)
    return deepest <= _MOST_DEPTH and most_formatting * tags <= _MOST_REPEATED and squares <= _MOST_SQUARES


def crude(source: str) -> str:
    """The text without its tags, each block on a line of its own. What is hidden shows; nothing is left out."""
    return html.unescape(_ANY.sub(" ", _BREAK.sub("\n", "".join(_audible(source)))))


def _audible(source: str) -> Iterator[str]:
    """What is outside of comments, scripts and styles. An end that is not there is looked for once only."""
    endless, position = set[str](), 0
    for found in _SILENT.finditer(source):
        end_mark = f"</{found[1].lower()}" if found[1] else "-->"
        if found.start() < position or end_mark in endless:
            continue
        end = re.compile(re.escape(end_mark), re.IGNORECASE).search(source, found.end())
        if end is None:
            endless.add(end_mark)
            continue
        yield source[position : found.start()]
        position = end.start() if found[1] else end.end()
    yield source[position:]
