"""Attachments counted and measured from the structure of a message alone: nothing decoded, nothing held in memory.

A message inside a message is one attachment. uuencoded files inside a text body are text here.
"""

from __future__ import annotations

from mailgate.core.encoded import parameter
from mailgate.core.mime.structure import Part, Walk
from mailgate.core.source import Source, base64_size, quoted_size
from mailgate.model import Enclosures

_BODY_TYPES = ("text/plain", "text/html")


def enclosures(source: Source) -> Enclosures:
    """Sizes of the attachments, decoded, in order. Never raises for any bytes.

    ``complete`` is False where the structure is deeper or larger than the limits, or the message is cut off.
    """
    walk = Walk(source)
    leaves = (part for part in walk.parts() if not part.kind.startswith("multipart/"))
    sizes = tuple(_measured(source, part) for n, part in enumerate(leaves) if is_attachment(part, first=n == 0))
    return Enclosures(sizes, walk.complete)


def is_attachment(part: Part, *, first: bool) -> bool:
    """Whether a leaf counts; the first text of a message is its body, even if it has a name."""
    if part.attached or part.kind == "message/rfc822" or parameter(part.disposition, "filename"):
        return True
    if not part.inside and not part.kind.startswith("text/"):
        return True
    return bool(parameter(part.declared, "name")) and not (first and part.kind in _BODY_TYPES)


def _measured(source: Source, part: Part) -> int:
    """Decoded size of the body of a part."""
    if part.encoding == "base64":
        return base64_size(source, part.start, part.end)
    if part.encoding == "quoted-printable":
        return quoted_size(source, part.start, part.end)
    return part.end - part.start
