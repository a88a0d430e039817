"""How a citizen wants the answer (annex item 4), and that a letter is confidential: noted by a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailgate.core.paper_wish import is_proposed
from mailgate.edges.store.database import Row
from mailgate.errors import UsageError
from mailgate.jobs import decisions, letters
from mailgate.model import Receipt
from mailgate.model_dispatch import Paper
from mailgate.office import Office


@dataclass(frozen=True, slots=True)
class Wished:
    """What is to be noted. ``paper``: None leaves it as it is; secrecy is only ever added."""

    paper: bool | None = None
    postal_address: str = ""
    confidential: bool = False

    @property
    def says_something(self) -> bool:
        return self.paper is not None or bool(self.postal_address) or self.confidential


def note(office: Office, receipt: Receipt, wished: Wished) -> Row:
    """Note it; nobody is written to. Raises MailgateError, with nothing changed."""
    checked(wished)
    with office.store.db.immediate("wish"):
        apply(office, letters.not_void(office, receipt), wished, office.clock.now())
    return letters.existing(office, receipt)


def checked(wished: Wished) -> str:
    """The postal address as it is kept. Raises UsageError for what cannot be meant."""
    where = decisions.words(wished.postal_address, "--post-to", several=True)
    if wished.postal_address and not where:
        raise UsageError("--post-to needs an address")
    if wished.paper is False and where:
        raise UsageError("--post-to goes with --paper: without paper nothing is posted")
    return where


def apply(office: Office, letter: Row, wished: Wished, now: datetime) -> None:
    """The same inside a transaction. What is so already is no change."""
    where, paper = checked(wished), letter["paper"]
    if wished.paper is not None:
        paper = Paper.YES if wished.paper else Paper.NO
    if paper != letter["paper"] or where not in ("", letter["postal_address"]):
        office.store.cases.wish(letter["id"], paper, where, now)
    if wished.confidential and not letter["confidential"]:
        office.store.cases.restrict(letter["id"], now)


def heard(office: Office, letter: Row, text: str, now: datetime) -> None:
    """Words of the citizen that seem to ask for paper are a proposal, unless a person has decided; in a transaction."""
    if letter["paper"] == Paper.UNSAID and letter["state"] == "open" and is_proposed(text):
        office.store.cases.wish(letter["id"], Paper.PROPOSED, "", now)
