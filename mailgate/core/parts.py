"""Attachments counted and measured from the structure of a message alone: nothing decoded, nothing held in memory.

One pass from boundary line to boundary line. A message inside a message is one attachment and is not entered.
uuencoded files inside a text body are text here. Lines end with LF or CRLF; a bare CR ends none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mailgate.core import parse
from mailgate.core.encoded import parameter, raw_parameter
from mailgate.core.source import CHUNK, Source, base64_size, quoted_size
from mailgate.model import Enclosures

MAX_DEPTH = 30
MAX_PARTS = 1000
MAX_DASHED_LINES = 500_000
_FIRST_LOOK = 8192
_PART_HEADER = 16 * 1024
_PART_FIELDS = 100
# RFC 2046 s.5.1.1 allows 70 characters; real ones are longer, but not much.
_BOUNDARY_LINE = 1000
_BODY_TYPES = ("text/plain", "text/html")


def enclosures(source: Source) -> Enclosures:
    """Sizes of the attachments, decoded, in order. Never raises for any bytes.

    ``complete`` is False where the structure is deeper or larger than the limits, or the message is cut off.
    """
    return _Walk(source).run()


@dataclass(slots=True)
class _Part:
    """What the header of one part says."""

    kind: str
    start: int
    encoding: str = ""
    boundary: bytes = b""
    attached: bool = False
    file_name: bool = False
    type_name: bool = False

    def counts(self, first: bool, alone: bool) -> bool:
        """Whether this leaf is an attachment; the first text of a message is its body, even if it has a name."""
        if self.attached or self.file_name or self.kind == "message/rfc822":
            return True
        if alone and not self.kind.startswith("text/"):
            return True
        return self.type_name and not (first and self.kind in _BODY_TYPES)


@dataclass(slots=True)
class _Walk:
    """The way through one message: the boundaries open around the current part, and what was counted."""

    source: Source
    stack: list[tuple[bytes, str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    parts: int = 0
    leaves: int = 0
    complete: bool = True
    leaf: _Part | None = None
    window: bytes = b""
    base: int = 0

    def run(self) -> Enclosures:
        """Walk to the last closing boundary or to the end of the data."""
        position = self._enter(0)
        alone = not self.stack
        for _ in range(MAX_DASHED_LINES):
            line = self._dashed_line(position - 1) if self.stack else None
            if line is None:
                break
            if self.parts > MAX_PARTS:
                self.leaf = None
                break
            start, position, name = line
            level, closing = self._level(name)
            if level >= 0:
                self._leave(start)
                del self.stack[level + (not closing) :]
                position = position if closing else self._enter(position)
        # Boundaries still open: the message is cut off, or has more parts or dashed lines than are looked at.
        self.complete = self.complete and not self.stack
        self._leave(self.source.size, alone=alone)
        return Enclosures(tuple(self.sizes), self.complete)

    def _level(self, name: bytes) -> tuple[int, bool]:
        """(index in the stack of the boundary a line stands for or -1, is it the closing one)."""
        for level in range(len(self.stack) - 1, -1, -1):
            boundary = self.stack[level][0]
            if name == boundary:
                return level, False
            if name == boundary + b"--":
                return level, True
        return -1, False

    def _enter(self, start: int) -> int:
        """Read the header of a part: a multipart opens its boundary, anything else is the current leaf."""
        self.parts += 1
        part = self._described(start)
        if not part.kind.startswith("multipart/"):
            self.leaf = part
        elif not part.boundary or len(self.stack) >= MAX_DEPTH:
            self.complete = False
        else:
            self.stack.append((part.boundary, part.kind))
        return part.start

    def _leave(self, end: int, *, alone: bool = False) -> None:
        """The current leaf ends here: count it if it is an attachment."""
        part, self.leaf = self.leaf, None
        if part is None:
            return
        self.leaves += 1
        if part.counts(first=self.leaves == 1, alone=alone):
            self.sizes.append(self._measured(part, end))

    def _described(self, start: int) -> _Part:
        body, fields = self._header(start)
        declared, disposition = fields.get("content-type", b""), fields.get("content-disposition", b"")
        return _Part(
            kind=_token(declared) or self._default_kind(),
            start=start + body,
            encoding=_token(fields.get("content-transfer-encoding", b"")).partition(" ")[0],
            boundary=_boundary(declared),
            attached=_token(disposition) == "attachment",
            file_name=bool(parameter(disposition, "filename")),
            type_name=bool(parameter(declared, "name")),
        )

    def _default_kind(self) -> str:
        """RFC 2046 s.5.1.5: the parts of a digest are messages unless they say otherwise."""
        return "message/rfc822" if self.stack and self.stack[-1][1] == "multipart/digest" else "text/plain"

    def _header(self, start: int) -> tuple[int, dict[str, bytes]]:
        """Length of all before the body of a part, and its fields; a boundary line ends both."""
        fields: dict[str, bytes] = {}
        for length in (_FIRST_LOOK, _PART_HEADER if self.stack else parse.MAX_BLOCK):
            raw = self._until_boundary(self.source.read(start, length))
            _, body, found = parse.scan(raw, _PART_FIELDS if self.stack else parse.MAX_FIELDS)
            fields = dict(reversed(found))
            if body < len(raw) or len(raw) < length:
                break
        return body, fields

    def _until_boundary(self, raw: bytes) -> bytes:
        """Up to the first boundary line of an enclosing multipart, for parts without a body."""
        end = len(raw)
        for boundary, _ in self.stack:
            line = b"--" + boundary
            at = 0 if raw.startswith(line) else raw.find(b"\n" + line, 0, end) + 1
            if at or raw.startswith(line):
                end = min(end, at)
        return raw[:end]

    def _dashed_line(self, position: int) -> tuple[int, int, bytes] | None:
        """(start, start of the next line, text behind the dashes) of the next line that begins with ``--``."""
        if position < 0:
            return self._read_line(0) if self.source.read(0, 2) == b"--" else self._dashed_line(0)
        while True:
            end = self.base + len(self.window)
            # A line may begin in the last two bytes of a window, so these are read again with the next.
            if not self.base <= position < end - 2:
                self.window, self.base = self.source.read(position, max(CHUNK, 8)), position
                end = self.base + len(self.window)
            found = self.window.find(b"\n--", position - self.base)
            if found >= 0:
                return self._read_line(self.base + found + 1)
            if end >= self.source.size or len(self.window) < 3:
                return None
            position = end - 2

    def _read_line(self, start: int) -> tuple[int, int, bytes]:
        offset = start - self.base
        line = self.window[offset : offset + _BOUNDARY_LINE]
        if len(line) < _BOUNDARY_LINE:
            line = self.source.read(start, _BOUNDARY_LINE)
        end = line.find(b"\n")
        text = line if end < 0 else line[:end]
        return start, start + (len(line) if end < 0 else end + 1), text[2:].rstrip(b" \t\r")

    def _measured(self, part: _Part, end: int) -> int:
        """Decoded size of the body of a part that ends before ``end``, without the line end of a boundary line."""
        if end < self.source.size:
            tail = self.source.read(max(end - 2, 0), min(end, 2))
            end -= 2 if tail == b"\r\n" else int(tail.endswith(b"\n"))
        if end <= part.start:
            return 0
        if part.encoding == "base64":
            return base64_size(self.source, part.start, end)
        if part.encoding == "quoted-printable":
            return quoted_size(self.source, part.start, end)
        return end - part.start


def _token(value: bytes) -> str:
    """The value before its parameters, in lower case."""
    return value[:200].partition(b";")[0].strip().decode("latin-1").lower()


def _boundary(declared: bytes) -> bytes:
    found = raw_parameter(declared, "boundary") or parameter(declared, "boundary").encode("utf-8", "replace")
    found = found.rstrip()
    return found if len(found) <= _BOUNDARY_LINE - 10 else b""
