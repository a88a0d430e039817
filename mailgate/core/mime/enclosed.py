"""The attachments of a message: kept piece by piece, named safely, looked at for what they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Protocol

from mailgate.core.mime import dangers, sniff, tnef
from mailgate.core.mime.filenames import Names, safe
from mailgate.core.mime.transfer import pieces
from mailgate.core.source import Source
from mailgate.core.thai import tidy
from mailgate.model_reading import Attachment, Flag

MAX_ATTACHMENTS = 500
_SPARE = 1024 * 1024
_DEEPEST_TNEF = 3
_DEFAULT_NAME = "เอกสารแนบ"
_TYPE_LIMIT = 100
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_ENDINGS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
    "image/heif": ".heic", "image/tiff": ".tif", "image/bmp": ".bmp", "image/svg+xml": ".svg", "text/plain": ".txt",
    "text/html": ".html", "text/csv": ".csv", "text/calendar": ".ics", "text/vcard": ".vcf", "application/zip": ".zip",
    "application/rtf": ".rtf", "application/msword": ".doc", "application/vnd.ms-excel": ".xls", "audio/mpeg": ".mp3",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx", "video/mp4": ".mp4",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx", "message/rfc822": ".eml",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx", "text/rfc822-headers": ".txt",
    "application/pgp-signature": ".asc", "application/pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m",
}  # fmt: skip


class Kept(Source, Protocol):
    """An attachment that was written down, and can be read again."""

    @property
    def sha256(self) -> str: ...


class Keeper(Protocol):
    """Where attachments go."""

    def keep(self, pieces: Iterable[bytes]) -> Kept:
        """Write one down, piece by piece, as the next of the message."""
        ...


class Shelf:
    """The attachments found so far. All together are at most twice as large as the message itself."""

    def __init__(self, keeper: Keeper, size: int) -> None:
        self.found: list[Attachment] = []
        self.limits: list[str] = []
        self._keeper = keeper
        self._room = 2 * size + _SPARE
        self._names = Names()

    def add(
        self, body: Iterable[bytes], name: str, declared: str, notes: list[str], *, whole: bool = True
    ) -> Kept | None:
        """Keep a file under its name, and what a winmail.dat holds besides; None if there is no room for it."""
        return self._add(body, name, declared, notes, whole=whole, depth=0)

    def _add(
        self, body: Iterable[bytes], name: str, declared: str, notes: list[str], *, whole: bool, depth: int
    ) -> Kept | None:
        if len(self.found) >= MAX_ATTACHMENTS or self._room <= 0:
            self.limits.append("more attachments than are kept")
            return None
        limits = len(self.limits)
        kept = self._keeper.keep(self._fitting(body))
        self._describe(kept, name, declared, notes, whole=whole and len(self.limits) == limits)
        if tnef.is_tnef(kept) and depth < _DEEPEST_TNEF:
            for file in tnef.files(kept):
                content = pieces(kept, file.start, file.end)
                self._add(content, file.name, "", ["from winmail.dat"], whole=True, depth=depth + 1)
        return kept

    def _fitting(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """As much as there is room for."""
        for piece in body:
            if len(piece) > self._room:
                self.limits.append("attachments larger than are kept")
                piece = piece[: self._room]
            self._room -= len(piece)
            yield piece
            if self._room <= 0:
                return

    def _describe(self, kept: Kept, name: str, declared: str, notes: list[str], *, whole: bool) -> None:
        # A message is not made out by its bytes: those who sent it say that it is one.
        found = declared if declared.startswith("message/") else sniff.found(kept)
        chosen = self._names.unique(safe(name) or _DEFAULT_NAME + (_ENDINGS.get(declared) or _ENDINGS.get(found, "")))
        flags, remarks = dangers.flags(kept, chosen, declared, found)
        if _BIDI & set(name):
            remarks.append("the name was written to be misread")
            flags = sorted({*flags, Flag.MISLABELLED}, key=list(Flag).index)
        elif any(unicodedata.category(char) in ("Cc", "Cf") for char in name[:1000]):
            remarks.append("the name had invisible characters")
        if not whole:
            flags.append(Flag.CUT)
        self.found.append(
            Attachment(
                chosen, tidy(declared, _TYPE_LIMIT), found, kept.size, kept.sha256, tuple(flags), (*notes, *remarks)
            )
        )
