"""The words of registering: what is known of a mail when its transaction begins, what that did; a check's end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailgate.model import Enclosures, Fate, Mail, Receipt, Receiving, Screening, Stub

Channel = Literal["email", "website", "amss"]


@dataclass(frozen=True, slots=True)
class Twins:
    """Receipts of letters already registered that share something with a new mail."""

    raw: bool = False
    raw_letter: Receipt | None = None
    content: Receipt | None = None
    content_same_id: Receipt | None = None
    message_id: Receipt | None = None
    referred: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a mail is one we have, and what the register remarks about it (Thai)."""

    duplicate: bool
    of: Receipt | None
    why: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Over:
    """A limit of replies that is reached: why (Thai), and when there is room again."""

    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Forged:
    """A mail uses, or tries to use, the token of a mail to an officer, and is not that officer's for all we know.

    ``referral``: the outbox item of that mail, and the row of the letter it is about; ``why`` in Thai.
    """

    referral: int
    letter_id: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A fetched mail, read and decided upon, ready for the one transaction that registers it.

    ``answers_item``: the outbox item whose token it bears. ``over``: the limit that defers its answer.
    ``returned``: it came soon after an automatic mail of ours to the same address.
    ``takes_up``: the journal's row of a mail that was seen before without becoming a letter, and now is.
    ``sealed``: its bytes are encrypted to the officers, so nobody reads it here. ``case``: the row of the letter that
    a submission of the website belongs to. ``reply_to``, ``paper``, ``postal_address``: how the answer is wanted.
    """

    mailbox: str
    stub: Stub
    seen_at: datetime
    mail: Mail
    screening: Screening
    sha256: str
    content_digest: str
    size: int
    enclosures: Enclosures
    receiving: Receiving
    service: str | None = None
    officer: str = ""
    confidential: bool = False
    answers_item: int | None = None
    over: Over | None = None
    returned: bool = False
    takes_up: int | None = None
    trust: str = ""
    trust_reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    forged: Forged | None = None
    channel: Channel = "email"
    sealed: bool = False
    case: int | None = None
    reply_to: str = ""
    paper: str = ""
    postal_address: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What the transaction did: the fate, the number given or the letter it is a duplicate of."""

    fate: Fate
    receipt: Receipt | None = None
    answered: bool = False
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """What came of a mandated check: "done", "late" or "missed", and for the last two why (Thai)."""

    due: datetime
    state: str
    reason: str
