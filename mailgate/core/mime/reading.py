"""The full reading of a message: its text, its attachments, the messages inside it, and what it reports.

Made for a child process with limits, but without I/O of its own: attachments go to a ``Keeper``. Never raises for any
bytes; where a limit is reached, what was read until then is handed over as not complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mailgate.core import charset, parse, reports
from mailgate.core.encoded import parameter
from mailgate.core.mime import bodytext, quoting, transfer, uu
from mailgate.core.mime.bodytext import Text
from mailgate.core.mime.enclosed import Keeper, Shelf
from mailgate.core.mime.plaintext import clean
from mailgate.core.mime.structure import Part, Walk
from mailgate.core.parts import is_attachment
from mailgate.core.source import Source
from mailgate.core.thai import tidy
from mailgate.model import Mail
from mailgate.model_reading import Forwarded, Leaf, Reading

MAX_MESSAGE_DEPTH = 5
MAX_FORWARDED = 100
MAX_LEAF = 64 * 1024
MAX_LEAVES = 1024 * 1024
MAX_REPAIRS = 30

_MESSAGES = ("message/rfc822", "message/global", "message/news")
_BODIES = ("text/plain", "text/html", "text/enriched", "text/richtext")
_OF_REPORTS = (
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "message/global-disposition-notification", "message/feedback-report", "text/rfc822-headers",
    "message/global-headers", *_MESSAGES,
)  # fmt: skip
_ENDING_OF_MESSAGE = ".eml"
_FORWARDED = "---------- ข้อความที่ส่งต่อ ----------"


def read(source: Source, keeper: Keeper) -> Reading:
    """Read a message; its attachments go to ``keeper`` in the order of ``Reading.attachments``."""
    return _Reader(Shelf(keeper, source.size)).read(source)


@dataclass(slots=True)
class _Message:
    """One message of those inside each other: what is being collected of it."""

    source: Source
    mail: Mail
    depth: int
    texts: list[Text] = field(default_factory=list)
    leaves: int = 0


@dataclass(slots=True)
class _Reader:
    """What was found so far in the message and in those inside it."""

    shelf: Shelf
    forwarded: list[Forwarded] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    leaf_room: int = MAX_LEAVES
    text_room: int = bodytext.MAX_RAW
    html_room: int = bodytext.MAX_HTML

    def read(self, source: Source) -> Reading:
        message = self._message(source, 0)
        own = bodytext.joined(message.texts, self.limits)
        quoted = quoting.quoted_from(own)
        text = clean("\n\n".join(filter(None, [own, *self.history])), self.limits)
        limits = self.limits + self.shelf.limits
        return Reading(
            text=text,
            quoted_from=min(quoted, len(text)),
            summary=quoting.summary(own[:quoted]) or self._summary_of_old(own, text),
            attachments=tuple(self.shelf.found),
            forwarded=tuple(self.forwarded),
            report=reports.report(message.mail, self.leaves),
            repairs=tuple(dict.fromkeys(self.repairs + limits))[:MAX_REPAIRS],
            complete=not limits,
        )

    def _summary_of_old(self, own: str, text: str) -> str:
        """For a mail that says nothing new: what it quotes, or the subject of what it forwards."""
        subjects = (message.subject for message in self.forwarded)
        return (
            quoting.summary(own)
            or tidy(next(filter(None, subjects), ""), quoting.SUMMARY_LIMIT)
            or quoting.summary(text)
        )

    def _message(self, source: Source, depth: int) -> _Message:
        """Go through the parts of one message."""
        message = _Message(source, parse.headers(source.read(0, parse.MAX_BLOCK)), depth)
        walk = Walk(source)
        for part in walk.parts():
            self._part(message, part)
            message.leaves += 1
        if not message.leaves and source.size:
            self._without_parts(message)
        if not walk.complete:
            self.limits.append("structure broken or larger than is read")
        return message

    def _without_parts(self, message: _Message) -> None:
        """The boundary that was announced never comes: all there is, is shown as text."""
        start = parse.header_block(message.source.read(0, parse.MAX_BLOCK))[1]
        part = Part("text/plain", b"", b"", "", b"", start, (), message.source.size)
        self._text(message, part)

    def _part(self, message: _Message, part: Part) -> None:
        reporting = any(m.kind == "multipart/report" for m in part.inside)
        if message.depth == 0:
            self._leaf(message, part)
        if reporting and part.kind in _OF_REPORTS:
            return
        if part.kind in _MESSAGES:
            self._embedded(message, part)
        elif _is_text(part, first=message.leaves == 0):
            self._text(message, part)
        else:
            self._attachment(message, part)
            if part.kind in _BODIES and not part.attached and not message.texts:
                # Some programs give the text of the message a file name: it is both then.
                self._text(message, part)

    def _leaf(self, message: _Message, part: Part) -> None:
        """The beginning of each part, for the reader of delivery reports."""
        body = self._begin(message, part, min(MAX_LEAF, self.leaf_room))
        self.leaf_room -= len(body)
        self.leaves.append(Leaf(part.kind, part.declared, body))

    def _begin(self, message: _Message, part: Part, length: int) -> bytes:
        """The first decoded bytes of a part."""
        body, end = b"", min(part.end, part.start + 4 * length)
        for piece in transfer.decoded(message.source, part.start, end, part.encoding, []):
            body += piece
            if len(body) >= length:
                break
        return body[:length]

    def _body(self, message: _Message, part: Part, notes: list[str]) -> Iterator[bytes]:
        return transfer.decoded(message.source, part.start, part.end, part.encoding, notes)

    def _text(self, message: _Message, part: Part) -> None:
        """Take a text, and out of it the files that are uuencoded in it."""
        body = self._body(message, part, self.repairs)
        raw = bytearray()
        for piece in body if part.kind == "text/html" else uu.without_files(body, self._uuencoded):
            raw += piece[: max(self.text_room - len(raw), 0)]
        self.text_room -= len(raw)
        if self.text_room <= 0:
            self.limits.append("text longer than is read")
        if raw.strip():
            message.texts.append(self._fitting(bodytext.decoded(part, bytes(raw), self.repairs)))

    def _fitting(self, text: Text) -> Text:
        """All HTML of a mail together has a limit: it takes far more time than plain text."""
        if not text.html:
            return text
        cut = text.text[: self.html_room]
        self.html_room -= len(cut)
        if len(cut) < len(text.text):
            self.limits.append("HTML longer than is read")
        return replace(text, text=cut)

    def _uuencoded(self, name: bytes, body: Iterator[bytes]) -> None:
        self.shelf.add(body, charset.decode(name)[0], "", ["uuencoded"])
        for _ in body:  # to the end, also if there was no room
            pass

    def _attachment(self, message: _Message, part: Part) -> None:
        name = parameter(part.disposition, "filename") or parameter(part.declared, "name")
        notes: list[str] = []
        body = self._body(message, part, notes)
        if "uu" in part.encoding:
            body = uu.without_files(body, self._uuencoded)
        self.shelf.add(body, name, part.kind, notes, whole=part.whole)

    def _embedded(self, message: _Message, part: Part) -> None:
        """Keep a message inside the message, and read it as well."""
        notes: list[str] = []
        before = len(self.shelf.found)
        name = (
            parameter(part.disposition, "filename") or parameter(part.declared, "name") or self._subject(message, part)
        )
        kept = self.shelf.add(self._body(message, part, notes), name, part.kind, notes, whole=part.whole)
        if kept is None:
            return
        if message.depth >= MAX_MESSAGE_DEPTH or len(self.forwarded) >= MAX_FORWARDED:
            self.limits.append("more messages inside each other than are read")
            return
        place = len(self.history)
        inner = self._message(kept, message.depth + 1)
        self.forwarded.append(_shown(inner.mail, len(self.shelf.found) - before - 1))
        text = bodytext.joined(inner.texts, self.limits)
        self.history.insert(place, "\n".join([_FORWARDED, *_head(self.forwarded[-1]), "", text]))

    def _subject(self, message: _Message, part: Part) -> str:
        """A name for a message that has none: its subject."""
        subject = parse.headers(self._begin(message, part, parse.MAX_BLOCK)).subject
        return subject + _ENDING_OF_MESSAGE if subject else ""


def _is_text(part: Part, *, first: bool) -> bool:
    """A multipart that cannot be entered is shown as it stands."""
    return part.kind.startswith("multipart/") or (part.kind in _BODIES and not is_attachment(part, first=first))


def _shown(mail: Mail, attachments: int) -> Forwarded:
    sender = f"{mail.from_shown.name} <{mail.from_shown.address}>" if mail.from_shown.name else mail.from_shown.address
    dated = mail.dated.isoformat() if mail.dated else tidy(mail.first("date"), 60)
    return Forwarded(tidy(sender, 300), mail.subject, dated, attachments)


def _head(message: Forwarded) -> list[str]:
    shown = (("จาก", message.sender), ("วันที่", message.dated), ("เรื่อง", message.subject))
    return [f"{name}: {value}" for name, value in shown if value]
