"""The words of mailgate: the values that floors hand to each other. No behaviour beyond what a value knows of itself.

Times are timezone-aware ``datetime`` everywhere; sizes are bytes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal


class Kind(StrEnum):
    """What a mail is (design: screening)."""

    LETTER = "letter"
    FOLLOW_UP = "follow_up"
    OFFICER = "officer"
    AUTO = "auto"
    BOUNCE = "bounce"
    DELIVERY = "delivery"
    READ = "read_receipt"
    FEEDBACK = "feedback"
    LIST = "list"
    OWN = "own"
    SPAM = "spam"
    MALWARE = "malware"
    TEST = "test"


class Fate(StrEnum):
    """Where a mail ended. Law 5: the fates of all mails seen add up to the mails seen."""

    REGISTERED = "registered"
    DUPLICATE = "duplicate"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    LIST = "list"
    FOLLOW_UP = "follow_up"
    SET_ASIDE = "set_aside"


class State(StrEnum):
    """Life of an outbox item; the arrows are drawn in ARCHITECTURE.md."""

    QUEUED = "queued"
    TRYING = "trying"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNSURE = "unsure"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    HELD = "held"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Verdict(StrEnum):
    """What one delivery attempt came to."""

    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Stub:
    """A message in the mailbox, before it is fetched. ``arrived`` is the server's INTERNALDATE."""

    uidvalidity: int
    uid: int
    size: int
    arrived: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """A display name as a person reads it, and an addr-spec."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What the header block of a message says, decoded and capped. Made by ``core.parse.headers``; never raises.

    ``fields``: every header in order, name in lower case, value unfolded, raw bytes.
    ``sender``: the one mailbox of the one From header under a strict RFC 5322 reading, else None ("nobody").
    ``from_shown``: what a person would read as the sender, even where ``sender`` is None.
    ``return_path``: the envelope sender recorded by the final server; "" is the null path ``<>``, None is no header.
    ``named``: addresses in To and Cc; ``delivered``: in Delivered-To, X-Original-To and Envelope-To.
    ``repairs``: what had to be mended to read it, for the register's remarks.
    """

    fields: tuple[tuple[str, bytes], ...]
    sender: Address | None
    from_shown: Address
    return_path: str | None
    to_shown: str
    named: tuple[str, ...]
    delivered: tuple[str, ...]
    subject: str
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    dated: datetime | None
    repairs: tuple[str, ...] = ()

    def all(self, name: str) -> list[str]:
        """Every value of a header, as text (latin-1 for stray bytes), in order."""
        return [v.decode("latin-1") for n, v in self.fields if n == name]

    def first(self, name: str) -> str:
        """The topmost value of a header, or an empty string."""
        return next((v.decode("latin-1") for n, v in self.fields if n == name), "")


@dataclass(frozen=True, slots=True)
class Enclosures:
    """Attachments of a mail, counted from its structure without decoding: decoded sizes in bytes, in order."""

    sizes: tuple[int, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Screening:
    """What a mail is and whether it is answered; the rule, why (Thai, for the clerk), the header that showed it."""

    kind: Kind
    answer: bool
    rule: str
    reason: str
    evidence: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A number of a register: ``123/2569``."""

    number: int
    year: int
    register: str = "receive"

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to: verdict, SMTP stage, reply code (0 if there was none), the server's own line."""

    verdict: Verdict
    stage: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that an outgoing mail carries: it stands behind ``raw`` when it is sent, and ``behind`` follows it.

    ``encoding``: "7bit" or "8bit" as it is, or "base64". ``shelf``: a mail of the archive, or a file kept beside it.
    """

    sha256: str
    encoding: str
    behind: bytes
    shelf: Literal["archive", "attachments"] = "archive"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An outbox item claimed for one delivery: everything the courier needs, frozen."""

    item_id: int
    letter_id: int | None
    created: datetime
    number: int
    sender: str
    recipient: str
    envid: str
    raw: bytes
    carried: tuple[Carried, ...] = ()
    kind: str = "acknowledgement"


@dataclass(frozen=True, slots=True)
class Settled:
    """What an attempt came to and what follows for its item; ``goes_on``: its sender takes the next that is due."""

    attempt: Attempt
    outcome: Outcome
    state: State
    next_at: datetime
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Receiving:
    """The three times of a letter that clocks run from (Act s.10), and when it is due."""

    arrived: datetime
    legally_received: datetime
    registered: datetime
    due_on: date | None = None


@dataclass(slots=True)
class CheckReport:
    """One check of the mailbox, as ``poll --json`` prints it."""

    slot: datetime | None = None
    seen: int = 0
    registered: int = 0
    duplicates: int = 0
    automatic: int = 0
    bounces: int = 0
    lists: int = 0
    follow_ups: int = 0
    set_aside: int = 0
    failed: int = 0
    acknowledged: int = 0
    deferred: int = 0
    held: int = 0
    read: int = 0
    unreadable: int = 0
    requests: int = 0
    outcomes: int = 0
    balance: int = 0
    receipts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The contract's document."""
        return asdict(self) | {"slot": self.slot.isoformat() if self.slot else None}


@dataclass(frozen=True, slots=True)
class Draft:
    """An outgoing mail, composed and from then on frozen."""

    sender: str
    recipient: str
    message_id: str
    envid: str
    raw: bytes
    carried: tuple[Carried, ...] = ()
