"""What words are looked up by: phrases of an index of trigrams, and for short words the characters and pairs of a text.

A trigram index finds nothing of one or two characters, and says so by an empty answer. Thai words are short.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from mailgate.core import thai

_MOST_WORDS = 20
_WORD = re.compile(r'"([^"]*)"?|([^\s"]+)')


def words(query: str) -> tuple[str, ...]:
    """The words of a query, folded, each once; what stands in double quotes is one word."""
    found = (thai.fold(m[1] if m[1] is not None else m[2]) for m in _WORD.finditer(query))
    return tuple(dict.fromkeys(w for w in found if w))[:_MOST_WORDS]


def grams(texts: Iterable[str]) -> str:
    """Every character and every pair of characters of folded texts, each once, apart; pairs across a space are none."""
    found: set[str] = set()
    for text in texts:
        found.update(text)
        found.update(map("".join, pairwise(text)))
    return " ".join(gram for gram in found if not gram.isspace() and " " not in gram)
