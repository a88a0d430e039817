"""Unicode's tables of what looks alike (UTS #39) and of scripts (UAX #24), as confusable-homoglyphs carries them.

Only its data files are used. Its functions know no skeleton, its loader imports urllib and listens to an environment
variable, and its module holds 15 MB; the small table made here holds 1 MB and is read, in 20 ms, when the first
character comes that is neither ASCII nor Thai.
"""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from importlib.resources import files
from typing import Any

_PACKAGE = "confusable_homoglyphs"
_MARK = "\u200e"  # stands around right-to-left examples in Unicode's file, and was taken over with them


def prototype(char: str) -> str:
    """The character or characters a reader would take it for; itself if it looks like nothing else."""
    return _prototypes().get(char, char)


def script(char: str) -> str:
    """Its script, such as LATIN, or COMMON, INHERITED or UNKNOWN."""
    starts, ends, names = _scripts()
    at = bisect_right(starts, ord(char)) - 1
    return names[at] if at >= 0 and ord(char) <= ends[at] else "UNKNOWN"


@lru_cache(maxsize=1)
def _prototypes() -> dict[str, str]:
    """The file lists every pair under both of its characters; which of the two is the prototype is made out again."""
    pairs = {key.replace(_MARK, ""): [e["c"].replace(_MARK, "") for e in found] for key, found in _read("confusables")}
    found = {}
    for char, alike in pairs.items():
        if len(char) == 1 and len(alike) == 1 and (target := _prototype_of(char, alike[0], pairs)) != char:
            found[char] = target
    return found


def _prototype_of(char: str, other: str, pairs: dict[str, list[str]]) -> str:
    """Whatever has several look-alikes is a prototype, and so is every sequence; of a lone pair, the first in order."""
    if len(other) > 1 or len(pairs.get(other, ())) > 1:
        return other
    return min(char, other)


@lru_cache(maxsize=1)
def _scripts() -> tuple[list[int], list[int], list[str]]:
    data = dict(_read("categories"))
    ranges = sorted(data["code_points_ranges"])
    names = data["iso_15924_aliases"]
    return [r[0] for r in ranges], [r[1] for r in ranges], [names[r[2]] for r in ranges]


def _read(name: str) -> Any:
    """A data file of the package, read as its code is."""
    return json.loads(files(_PACKAGE).joinpath(f"{name}.json").read_text("utf-8")).items()


def digit_script(char: str) -> str:
    """Digits count as common to all scripts (UAX #24), but a Thai zero among Latin letters is a trick."""
    return unicodedata.name(char, "UNKNOWN").split()[0]
