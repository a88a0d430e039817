"""A form as it comes over the wire, piece by piece: fields in memory, files behind a veil on the disk.

Nothing of it grows with what a visitor sends: what is over a limit is read to its end and thrown away, so that the
browser gets a page that says so instead of a broken line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from mailgate.config_website import Website
from mailgate.core.submission import file_name
from mailgate.edges.veil import Veil
from mailgate.model_website import Shown

_FIELDS, _FIELD_BYTES = 40, 100_000
_BOUNDARY = 200


class FormError(Exception):
    """The body is no form that can be read."""


@dataclass
class Received:
    """What a form brought. ``over``: the limit that was broken: "files", "file", "total" or "fields"; "" if none."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[tuple[Shown, Veil]] = field(default_factory=list)
    over: str = ""

    def close(self) -> None:
        for _, veil in self.files:
            veil.close()


async def receive(content_type: str, body: AsyncIterator[bytes], limits: Website) -> Received:
    """Read a form to its end. Raises FormError, or what the stream raises; what was received is closed then."""
    reader = _Reader(_boundary(content_type), limits)
    try:
        async for piece in body:
            reader.feed(piece)
        return reader.finish()
    except BaseException:
        reader.received.close()
        raise


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise FormError("no form")
    if not boundary.isascii() or not 0 < len(boundary) <= _BOUNDARY:
        raise FormError("no boundary")
    return boundary.encode("ascii")


class _Reader:
    """Feeds the parser; each part is a field or a file, by whether its header has a file name."""

    def __init__(self, boundary: bytes, limits: Website) -> None:
        self.received = Received()
        self._limits = limits
        self._total = 0
        self._ended = False
        self._names = (bytearray(), bytearray())
        self._header = Message()
        self._name = ""
        self._text: bytearray | None = None
        self._veil: Veil | None = None
        self._shown = ""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._names[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._names[1].extend(data[start:end]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def feed(self, piece: bytes) -> None:
        self._total += len(piece)
        if self._total > self._limits.max_total:
            self._over("total")
        try:
            self._parser.write(piece)
        except FormParserError as e:
            raise FormError(str(e)) from None

    def finish(self) -> Received:
        if not self._ended:
            raise FormError("cut off")
        return self.received

    def _begin(self) -> None:
        self._header, self._name, self._shown = Message(), "", ""
        self._text = self._veil = None

    def _header_end(self) -> None:
        name, value = (bytes(part).decode("utf-8", "replace") for part in self._names)
        if name.lower() == "content-disposition":
            with suppress(ValueError):
                self._header[name] = value.replace("\r", " ").replace("\n", " ")
        for part in self._names:
            part.clear()

    def _headers_finished(self) -> None:
        name = self._header.get_param("name", "", "content-disposition")
        shown = self._header.get_filename()
        self._name = name if isinstance(name, str) else ""
        if shown is None and self._header.get_param("filename", None, "content-disposition") is None:
            self._text = bytearray()
        elif shown:
            self._begin_file(shown)

    def _begin_file(self, shown: str) -> None:
        self._shown = file_name(shown)
        if len(self.received.files) >= self._limits.max_files:
            self._over("files")
        elif not self.received.over:
            self._veil = Veil()
            self.received.files.append((Shown(self._shown, 0), self._veil))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._veil is not None and not self.received.over:
            self._veil.write(memoryview(data)[start:end])
            if self._veil.size > self._limits.max_file:
                self._over("file")
        elif self._text is not None:
            self._text += data[start:end]
            if len(self._text) > _FIELD_BYTES:
                self._over("fields")
                self._text.clear()

    def _part_end(self) -> None:
        if self._text is not None:
            if len(self.received.fields) >= _FIELDS:
                self._over("fields")
            else:
                self.received.fields.setdefault(self._name, bytes(self._text).decode("utf-8", "replace"))
        elif self._veil is not None and not self.received.over:
            self.received.files[-1] = (Shown(self._shown, self._veil.size), self._veil)

    def _end(self) -> None:
        self._ended = True

    def _over(self, limit: str) -> None:
        """From here on nothing more is kept; what was, is given up at once."""
        if not self.received.over:
            self.received.over = limit
            self.received.close()
            self.received.files.clear()
            self._veil = None
