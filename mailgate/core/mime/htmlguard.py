"""HTML made fit for a parser: tags rewritten one by one, with the few attributes that matter; or, where that does not
help, text without its tags.

Building a tree takes quadratic time or memory for some constructions: tags with thousands of attributes, choices with
thousands of options, open formatting elements that are repeated in each paragraph, elements in elements by the ten
thousand. The first two are gone after the rewriting; the others are counted in the same pass.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

# The states of https://html.spec.whatwg.org/multipage/parsing.html#tag-open-state, in one linear pattern each.
_TOKEN = re.compile(
    r"(?P<comment><!--(?!-?>))|<(?:[!?]|/(?![A-Za-z]))[^>]*+>?"
    r"|<(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*+)"
    r"""(?P<rest>(?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+)*+)>?"""
)
_ATTRIBUTE = re.compile(r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+""")
_KEPT = frozenset("style href hidden color bgcolor type class".split())
_LONGEST_VALUE = 2000

_RAW = frozenset("script style template iframe noembed noframes title textarea xmp".split())
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_KNOWN = frozenset(
    "html head body p div section article header footer main aside nav address center h1 h2 h3 h4 h5 h6 ul ol li "
    "dl dt dd table caption thead tbody tfoot tr td th blockquote pre hr br figure figcaption".split()
)
_OTHERWISE = {"form": "div", "fieldset": "div", "option": "div", "details": "div", "summary": "div"}
# Without an end, or ended by the next of their kind.
_FLAT = frozenset("br hr p li dt dd td th tr".split())
_NAME = re.compile(r"[a-z][a-z0-9:-]{0,20}")
_MOST_TAGS = 150_000
_MOST_DEPTH = 6000
_MOST_REPEATED = 200_000

_BREAK = re.compile(r"(?:p|div|br|tr|li|h[1-6]|table|ul|ol|blockquote|pre|hr|option)", re.IGNORECASE)


def tame(source: str) -> str | None:
    """The same page in few and simple tags; None if even so its tree would take too long to build."""
    count = _Count()
    made: list[str] = []
    for found in _tokens(source):
        if isinstance(found, str):
            made.append(found.replace("<", "&lt;"))
        elif tag := _rewritten(found, count):
            made.append(tag)
        if count.tags > _MOST_TAGS:
            return None
    return "".join(made) if count.bearable else None


def crude(source: str) -> str:
    """The text without its tags, each block on a line of its own. What is hidden shows; nothing is left out."""
    pieces = (f if isinstance(f, str) else "\n" if _BREAK.fullmatch(f["name"] or "") else " " for f in _tokens(source))
    return html.unescape("".join(pieces))


@dataclass(slots=True)
class _Count:
    """How much a parser would have to do."""

    tags: int = 0
    depth: int = 0
    deepest: int = 0
    formatting: int = 0
    most_formatting: int = 0
    opened: Counter[str] = field(default_factory=Counter)

    @property
    def bearable(self) -> bool:
        return self.deepest <= _MOST_DEPTH and self.most_formatting * self.tags <= _MOST_REPEATED

    def add(self, name: str, step: int) -> None:
        self.tags += 1
        if name in _FLAT:
            return
        self.depth = max(self.depth + step, 0)
        self.deepest = max(self.deepest, self.depth)
        if name in _FORMATTING:
            self.formatting = max(self.formatting + step, 0)
            self.most_formatting = max(self.most_formatting, self.formatting)


def _tokens(source: str) -> Iterator[str | re.Match[str]]:
    """Text and tags in order, without comments and without what is in scripts, styles and the like.

    An end that is not there is looked for once only.
    """
    endless, position = set[str](), 0
    for found in _TOKEN.finditer(source):
        if found.start() < position:
            continue
        if found.start() > position:
            yield source[position : found.start()]
        position = found.end()
        name = (found["name"] or "").lower()
        mark = (
            "--!?>" if found["comment"] else rf"</{name}(?=[\s/>])[^>]*+>?" if name in _RAW and not found["end"] else ""
        )
        if mark and mark not in endless:
            end = re.compile(mark, re.IGNORECASE).search(source, position)
            if end is None:
                endless.add(mark)
            else:
                position = end.end()
        elif name:
            yield found
    if position < len(source):
        yield source[position:]


def _rewritten(found: re.Match[str], count: _Count) -> str:
    """The tag with its attributes that matter; nothing for a tag that changes nothing of the text."""
    name = found["name"].lower()
    name = _OTHERWISE.get(name, name)
    if found["end"]:
        if name not in _KNOWN:
            if not count.opened[name]:
                return ""
            count.opened[name] -= 1
        count.add(name, -1)
        return f"</{name}>"
    attributes = _attributes(found["rest"])
    if name not in _KNOWN:
        # Only its attributes could matter, and those of a name no parser knows are not worth a doubt.
        if not attributes or not _NAME.fullmatch(name):
            return ""
        count.opened[name] += 1
    count.add(name, 1)
    return f"<{name}{attributes}>"


def _attributes(rest: str) -> str:
    if not rest or rest.isspace():
        return ""
    kept: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(rest):
        if name.lower() in _KEPT:
            kept.setdefault(name.lower(), value)
    return "".join(f' {name}="{_quoted(value)}"' for name, value in kept.items())


def _quoted(value: str) -> str:
    inner = value[1:-1] if value[:1] in ("'", '"') else value
    return inner[:_LONGEST_VALUE].replace('"', "&quot;")
