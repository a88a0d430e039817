"""A letter of the register, for what a person does with it."""

from __future__ import annotations

from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError
from mailgate.model import Receipt
from mailgate.office import Office


def existing(office: Office, receipt: Receipt) -> Row:
    """Raises MailgateError if there is none."""
    letter = office.store.reports.letter(receipt)
    if letter is None:
        raise MailgateError(f"there is no letter {receipt}", "See: mailgate letter list")
    return letter


def not_void(office: Office, receipt: Receipt) -> Row:
    """Raises MailgateError if there is none, or its number is void."""
    letter = existing(office, receipt)
    if letter["state"] == "void":
        raise MailgateError(f"letter {receipt} is void")
    return letter
