"""Lines of text made from the elements of HTML: paragraphs, rows of tables, lists, quotations, links."""

from __future__ import annotations

import re

_CELL, _BREAK = "\x1f", "\x1e"
_MARKS = re.compile(r"[\x1e\x1f]")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_SPACES = re.compile(" {2,}")
_HOST = re.compile(r"(?:[^\s.@/:\\<>\"'()]+\.)+[^\s.@/:\\<>\"'(),;!?#]{2,}")
_WEB = re.compile(r"https?:[/\\]*(?:[^/?#\\@]*@)*([^/?#\\:@]+)", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:([^?&\s]{3,100})", re.IGNORECASE)
_LONGEST_URL = 300
_DEEPEST_ROWS = 10
_DEEPEST_QUOTE = 10
_DEEPEST_LIST = 10


class Writer:
    """Collects text; ``block`` ends a line, ``row`` and ``cell`` make lines such as "a | b"."""

    def __init__(self) -> None:
        self.pre = 0
        self._lines: list[str] = []
        self._current: list[str] = []
        self._quotes: list[bool] = []
        self._lists: list[int | None] = []
        self._rows: list[int] = []
        self._row_depth = 0
        self._links: list[tuple[str, list[str]]] = []

    def text(self, text: str) -> None:
        text = _MARKS.sub(" ", text)
        if self._links:
            self._links[-1][1].append(text)
        if not self.pre:
            self._current.append(_SPACE.sub(" ", text))
            return
        for number, line in enumerate(text.expandtabs(8).replace("\r\n", "\n").split("\n")):
            if number:
                self.line_break()
            self._current.append(line.replace(" ", "\xa0") if line.startswith(" ") else line)

    def block(self, *, gap: bool) -> None:
        """A line ends here; with ``gap`` an empty one follows."""
        if self._rows:
            self._current.append(_BREAK)
        else:
            self._flush()
            if gap and self._lines and self._lines[-1]:
                self._lines.append("")

    def line_break(self) -> None:
        if self._rows:
            self._current.append(_BREAK)
        else:
            self._flush(empty=True)

    def row(self) -> None:
        """Rows in rows are layout; beyond a depth they are only blocks."""
        self._row_depth += 1
        if self._row_depth <= _DEEPEST_ROWS:
            self._rows.append(len(self._current))

    def cell(self) -> None:
        self._current.append(_CELL if self._rows else " ")

    def end_row(self) -> None:
        if self._row_depth <= _DEEPEST_ROWS and self._rows:
            start = self._rows.pop()
            self._current[start:] = [_row("".join(self._current[start:])), _BREAK]
        self._row_depth -= 1

    def enter_list(self, *, numbered: bool) -> None:
        self._lists.append(0 if numbered else None)

    def leave_list(self) -> None:
        if self._lists:
            self._lists.pop()

    def item(self) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            number = self._lists[-1] = number + 1
        depth = min(len(self._lists), _DEEPEST_LIST)
        self._current.append("\xa0\xa0" * max(depth - 1, 0) + (f"{number}. " if number is not None else "- "))

    def enter_quote(self, *, cited: bool) -> None:
        self._quotes.append(cited)

    def leave_quote(self) -> None:
        if self._quotes:
            self._quotes.pop()

    def link(self, href: str) -> None:
        self._links.append((re.sub(r"[\x00-\x20]+", "", href[:2000]), []))

    def end_link(self) -> None:
        """Say where a link leads unless its text does."""
        if not self._links:
            return
        href, label = self._links.pop()
        shown = "".join(label)
        if self._links:
            self._links[-1][1].append(shown[:_LONGEST_URL])
        if target := _target(href, shown):
            self._current.append(f" <{target}>" if shown.strip() else f"<{target}>")

    def finish(self) -> str:
        while self._rows:
            self.end_row()
        self._flush()
        return "\n".join(self._lines).replace("\xa0", " ").strip("\n")

    def _flush(self, *, empty: bool = False) -> None:
        """Write out the current line; an empty one only if it was asked for."""
        if not self._current and not empty:
            return
        text, self._current = "".join(self._current), []
        prefix = "> " * min(sum(self._quotes), _DEEPEST_QUOTE)
        for line in text.replace(_CELL, " ").split(_BREAK):
            line = _squeezed(line)
            if line or (empty and not text):
                self._lines.append((prefix + line).rstrip(" "))


def _row(text: str) -> str:
    """Cells on one line if each has one; else one below the other."""
    cells = [[line for line in map(_squeezed, cell.split(_BREAK)) if line] for cell in text.split(_CELL)]
    cells = [cell for cell in cells if cell]
    if all(len(cell) == 1 for cell in cells):
        return " | ".join(cell[0] for cell in cells)
    return _BREAK.join(line for cell in cells for line in cell)


def _squeezed(line: str) -> str:
    return _SPACES.sub(" ", line).strip(" ")


def _target(href: str, label: str) -> str:
    """Where a link leads, if its text does not say so; nothing but web and mail addresses."""
    if mail := _MAILTO.match(href):
        return "" if mail[1].lower() in label.lower() else mail[1]
    web = _WEB.match(href)
    if web is None:
        return ""
    named = {_bare(host) for host in _HOST.findall(label[:_LONGEST_URL].lower())}
    return "" if named == {_bare(web[1].lower())} else href[:_LONGEST_URL]


def _bare(host: str) -> str:
    return host.removeprefix("www.").rstrip(".")
