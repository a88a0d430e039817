"""HTML as a person would read it: without what is hidden or would be loaded; links show where they lead."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from mailgate.core.mime.htmlguard import crude, tame
from mailgate.core.mime.htmlstyle import Look, within
from mailgate.core.mime.htmlwriter import Writer

MAX_NODES = 120_000

# What else is silent is left out before the tree is built.
_SILENT = frozenset("head title".split())
_GAPS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre figure".split())
_BLOCKS = frozenset(
    "div section article header footer main aside nav address center form fieldset dt dd li tr hr body html caption "
    "thead tbody tfoot figcaption details summary".split()
)
_DATA = re.compile(r"""=\s*(["'])data:[^"']*\1""", re.IGNORECASE)


def without_data(source: str) -> str:
    """HTML without the pictures that are written into it, which may be most of it."""
    return _DATA.sub('=""', source)


def text_of(source: str, notes: list[str]) -> str:
    """The readable text. Never raises; ``notes`` says where a limit was reached."""
    simple = tame(source)
    if simple is None:
        notes.append("HTML too intricate, read without its structure")
        return crude(source)
    try:
        root = LexborHTMLParser(simple).root
        return _Reader(notes).read(root) if root is not None else ""
    except (SelectolaxError, ValueError, RuntimeError):
        notes.append("HTML that the library cannot read")
        return crude(source)


@dataclass(slots=True)
class _Reader:
    """The way through a tree, without recursion: 20,000 elements may lie in each other."""

    notes: list[str]
    writer: Writer = field(default_factory=Writer)
    looks: list[Look] = field(default_factory=lambda: [Look()])

    def read(self, root: LexborNode) -> str:
        node: LexborNode | None = root
        for _ in range(MAX_NODES):
            if node is None:
                return self.writer.finish()
            node = self._down(node) or self._onward(node)
        self.notes.append("HTML with more elements than are read")
        return self.writer.finish()

    def _down(self, node: LexborNode) -> LexborNode | None:
        """Write a text, or enter an element and return its first child if anything in it can be seen."""
        tag = node.tag
        if tag == "-text":
            if not self.looks[-1].hidden:
                self.writer.text(node.text_content or "")
            return None
        if not node.is_element_node or tag in _SILENT:
            return None
        attributes = node.attributes
        look = within(self.looks[-1], attributes) if attributes else self.looks[-1]
        if look is None:
            return None
        self._open(tag or "", attributes)
        child = node.first_child
        if child is None:
            self._close(tag or "")
            return None
        self.looks.append(look)
        return child

    def _onward(self, node: LexborNode) -> LexborNode | None:
        """The next node behind this one, closing the elements that end here."""
        following, place = node.next, node
        while following is None:
            parent = place.parent
            if parent is None or len(self.looks) == 1:
                return None
            self.looks.pop()
            self._close(parent.tag or "")
            following, place = parent.next, parent
        return following

    def _open(self, tag: str, attributes: dict[str, str | None]) -> None:
        writer = self.writer
        if tag in _GAPS or tag in _BLOCKS:
            writer.block(gap=tag in _GAPS)
        match tag:
            case "br":
                writer.line_break()
            case "hr":
                writer.text("-" * 10)
            case "a":
                writer.link(attributes.get("href") or "")
            case "td" | "th":
                writer.cell()
            case "tr":
                writer.row()
            case "ul" | "ol":
                writer.enter_list(numbered=tag == "ol")
            case "li":
                writer.item()
            case "pre" | "textarea":
                writer.pre += 1
            case "blockquote":
                writer.enter_quote(cited=_cited(attributes))

    def _close(self, tag: str) -> None:
        writer = self.writer
        match tag:
            case "a":
                writer.end_link()
            case "tr":
                writer.end_row()
            case "ul" | "ol":
                writer.leave_list()
            case "pre" | "textarea":
                writer.pre -= 1
        if tag in _GAPS or tag in _BLOCKS:
            writer.block(gap=tag in _GAPS)
        if tag == "blockquote":
            writer.leave_quote()


def _cited(attributes: dict[str, str | None]) -> bool:
    """A quotation and not an indentation."""
    return attributes.get("type") == "cite" or "quote" in (attributes.get("class") or "")
