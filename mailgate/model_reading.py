"""The words of the full reading: what stands in a message, made in a child process and handed over as JSON.

Nothing in it is trusted: ``READING.validate_json`` checks types, and every text is capped where it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter


class Flag(StrEnum):
    """What is wrong with an attachment. Flagged, never dropped."""

    DANGEROUS = "dangerous"  # a program, script, shortcut or disk image, by name or by content
    MACROS = "macros"
    ENCRYPTED = "encrypted"  # an archive, PDF or office file that needs a password
    MISLABELLED = "mislabelled"  # the content is not what name or label say
    BOMB = "bomb"  # an archive that would unpack to far more than it is
    INFECTED = "infected"  # by the virus scanner; quarantined
    CUT = "cut"  # larger than the limit, or the message ended in the middle of it


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. ``name`` is safe and unique within its message; ``found`` is the type its bytes show."""

    name: str
    declared: str
    found: str
    size: int
    sha256: str
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A message inside the message (message/rfc822): what a person would read of its header."""

    sender: str
    subject: str
    dated: str
    attachments: int


class Delivery(StrEnum):
    """What a report says became of a mail (RFC 3464 2.3.3 actions, RFC 8098, RFC 5965)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    READ = "read"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of a report; ``status`` is an enhanced code such as 5.1.1 or empty."""

    address: str
    action: Delivery
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report, read receipt or feedback report, as far as it could be read.

    ``formal``: it came in the parts of RFC 3464, 8098 or 5965; else it was made out from the text.
    ``envelope_id`` is case-sensitive; ``message_ids`` are those named in it, the mail reported on among them.
    """

    action: Delivery
    formal: bool
    envelope_id: str
    message_ids: tuple[str, ...]
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of a message.

    ``text``: NFC, lines ended by LF, quoted history included; ``quoted_from`` is where that begins (len(text) if none).
    ``summary``: one line made from the text, for a letter without a subject.
    ``repairs``: what had to be mended; ``complete``: False where a limit was reached.
    """

    text: str
    quoted_from: int
    summary: str
    attachments: tuple[Attachment, ...] = ()
    forwarded: tuple[Forwarded, ...] = ()
    report: Report | None = None
    repairs: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of the MIME tree for readers of reports: type in lower case, its raw label, the first decoded bytes."""

    kind: str
    declared: bytes
    body: bytes


READING = TypeAdapter(Reading)
