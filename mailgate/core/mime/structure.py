"""The parts of a message, one pass from boundary line to boundary line; nothing decoded, nothing held in memory.

A message inside a message is one part and is not entered. Lines end with LF or CRLF; a bare CR ends none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailgate.core import parse
from mailgate.core.encoded import parameter, raw_parameter
from mailgate.core.source import CHUNK, Source

MAX_DEPTH = 30
MAX_PARTS = 1000
MAX_DASHED_LINES = 500_000
_FIRST_LOOK = 8192
_PART_HEADER = 16 * 1024
_PART_FIELDS = 100
# RFC 2046 s.5.1.1 allows 70 characters; real ones are longer, but not much.
_BOUNDARY_LINE = 1000


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart that is open around a part; ``number`` tells those of one message apart."""

    boundary: bytes
    kind: str
    number: int


@dataclass(slots=True)
class Part:
    """A leaf of the tree: what its header says, and where its body lies.

    ``kind``, ``encoding``: in lower case. ``inside``: the multiparts around it, outermost first.
    ``whole``: False where the message ended before the part did. A multipart that cannot be entered comes as a leaf.
    """

    kind: str
    declared: bytes
    disposition: bytes
    encoding: str
    content_id: bytes
    start: int
    inside: tuple[Multipart, ...]
    end: int = 0
    whole: bool = True

    @property
    def attached(self) -> bool:
        """Marked as an attachment."""
        return _token(self.disposition) == "attachment"


@dataclass(slots=True)
class Walk:
    """The way through one message: the multiparts open around the current part. Never raises for any bytes.

    ``complete`` is known after ``parts``: False where the structure is deeper or larger than the limits, or cut off.
    """

    source: Source
    complete: bool = True
    _stack: list[Multipart] = field(default_factory=list)
    _count: int = 0
    _leaf: Part | None = None
    _window: bytes = b""
    _base: int = 0

    def parts(self) -> Iterator[Part]:
        """The leaves in order, to the last closing boundary or to the end of the data."""
        position = self._enter(0)
        for _ in range(MAX_DASHED_LINES):
            line = self._dashed_line(position - 1) if self._stack else None
            if line is None:
                break
            if self._count > MAX_PARTS:
                self._leaf = None
                break
            start, position, name = line
            level, closing = self._level(name)
            if level >= 0:
                yield from self._left(start)
                del self._stack[level + (not closing) :]
                position = position if closing else self._enter(position)
        # Boundaries still open: the message is cut off, or has more parts or dashed lines than are looked at.
        self.complete = self.complete and not self._stack
        yield from self._left(self.source.size)

    def _level(self, name: bytes) -> tuple[int, bool]:
        """(index in the stack of the boundary a line stands for or -1, is it the closing one)."""
        for level in range(len(self._stack) - 1, -1, -1):
            boundary = self._stack[level].boundary
            if name == boundary:
                return level, False
            if name == boundary + b"--":
                return level, True
        return -1, False

    def _enter(self, start: int) -> int:
        """Read the header of a part: a multipart opens its boundary, anything else is the current leaf."""
        self._count += 1
        part = self._described(start)
        boundary = _boundary(part.declared) if part.kind.startswith("multipart/") else b""
        if boundary and len(self._stack) < MAX_DEPTH:
            self._stack.append(Multipart(boundary, part.kind, self._count))
        else:
            self._leaf = part
            self.complete = self.complete and not part.kind.startswith("multipart/")
        return part.start

    def _left(self, end: int) -> Iterator[Part]:
        """The current leaf ends here, without the line end that belongs to a boundary line (RFC 2046 s.5.1.1)."""
        part, self._leaf = self._leaf, None
        if part is None:
            return
        part.whole = end < self.source.size or not part.inside
        if end < self.source.size:
            tail = self.source.read(max(end - 2, 0), min(end, 2))
            end -= 2 if tail == b"\r\n" else int(tail.endswith(b"\n"))
        part.end = max(end, part.start)
        yield part

    def _described(self, start: int) -> Part:
        body, fields = self._header(start)
        declared = fields.get("content-type", b"")
        return Part(
            kind=_token(declared) or self._default_kind(),
            declared=declared,
            disposition=fields.get("content-disposition", b""),
            encoding=_token(fields.get("content-transfer-encoding", b"")).partition(" ")[0],
            content_id=fields.get("content-id", b""),
            start=start + body,
            inside=tuple(self._stack),
        )

    def _default_kind(self) -> str:
        """RFC 2046 s.5.1.5: the parts of a digest are messages unless they say otherwise."""
        return "message/rfc822" if self._stack and self._stack[-1].kind == "multipart/digest" else "text/plain"

    def _header(self, start: int) -> tuple[int, dict[str, bytes]]:
        """Length of all before the body of a part, and its fields; a boundary line ends both."""
        fields: dict[str, bytes] = {}
        for length in (_FIRST_LOOK, _PART_HEADER if self._stack else parse.MAX_BLOCK):
            raw = self._until_boundary(self.source.read(start, length))
            _, body, found = parse.scan(raw, _PART_FIELDS if self._stack else parse.MAX_FIELDS)
            fields = dict(reversed(found))
            if body < len(raw) or len(raw) < length:
                break
        return body, fields

    def _until_boundary(self, raw: bytes) -> bytes:
        """Up to the first boundary line of an enclosing multipart, for parts without a body."""
        end = len(raw)
        for multipart in self._stack:
            line = b"--" + multipart.boundary
            at = 0 if raw.startswith(line) else raw.find(b"\n" + line, 0, end) + 1
            if at or raw.startswith(line):
                end = min(end, at)
        return raw[:end]

    def _dashed_line(self, position: int) -> tuple[int, int, bytes] | None:
        """(start, start of the next line, text behind the dashes) of the next line that begins with ``--``."""
        if position < 0:
            return self._read_line(0) if self.source.read(0, 2) == b"--" else self._dashed_line(0)
        while True:
            end = self._base + len(self._window)
            # A line may begin in the last two bytes of a window, so these are read again with the next.
            if not self._base <= position < end - 2:
                self._window, self._base = self.source.read(position, max(CHUNK, 8)), position
                end = self._base + len(self._window)
            found = self._window.find(b"\n--", position - self._base)
            if found >= 0:
                return self._read_line(self._base + found + 1)
            if end >= self.source.size or len(self._window) < 3:
                return None
            position = end - 2

    def _read_line(self, start: int) -> tuple[int, int, bytes]:
        offset = start - self._base
        line = self._window[offset : offset + _BOUNDARY_LINE]
        if len(line) < _BOUNDARY_LINE:
            line = self.source.read(start, _BOUNDARY_LINE)
        end = line.find(b"\n")
        text = line if end < 0 else line[:end]
        return start, start + (len(line) if end < 0 else end + 1), text[2:].rstrip(b" \t\r")


def _token(value: bytes) -> str:
    """The value before its parameters, in lower case."""
    return value[:200].partition(b";")[0].strip().decode("latin-1").lower()


def _boundary(declared: bytes) -> bytes:
    found = raw_parameter(declared, "boundary") or parameter(declared, "boundary").encode("utf-8", "replace")
    found = found.rstrip()
    return found if len(found) <= _BOUNDARY_LINE - 10 else b""
