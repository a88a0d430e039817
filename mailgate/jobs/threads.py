"""Which mail of ours a mail answers. A receipt number is no key and a From address is nobody: only a token counts."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mailgate.core import tokens
from mailgate.edges.store.database import Row
from mailgate.model import Mail
from mailgate.office import Office

# Mails to officers, whose tokens are theirs alone: a letter handed to them, and a one-time code.
TO_OFFICERS = ("referral", "code")


class Thread(NamedTuple):
    """The mail of ours that a mail answers, as its token proves; and whether that token was an officer's."""

    item: Row | None
    officer: Literal["", "valid", "stranger"] = ""

    @property
    def case(self) -> Row | None:
        """What it belongs to: an officer's token in a stranger's hand opens nothing."""
        return None if self.officer == "stranger" else self.item


def thread_of(office: Office, mail: Mail) -> Thread:
    """By a token in References, or where the office's config puts it besides (law 8)."""
    found = tokens.candidates([*mail.in_reply_to, *mail.references])
    if "address" in office.config.replies.token_in:
        found += tokens.in_addresses([*mail.named, *mail.delivered])
    if "subject" in office.config.replies.token_in:
        found += tokens.in_subject(mail.subject)
    verified = [row for item, token in found if (row := verified_item(office, item, token)) is not None]
    officers = [row for row in verified if row["kind"] in TO_OFFICERS]
    if officers:
        sender = mail.sender.address.lower() if mail.sender else ""
        known = sender == officers[-1]["recipient"].lower()
        return Thread(officers[-1], "valid" if known else "stranger")
    return Thread(verified[-1] if verified else None)


def verified_item(office: Office, item: int, token: str) -> Row | None:
    """The outbox item, if the token is the one we gave it."""
    row = office.store.reports.item_of_message(item)
    if row is None:
        return None
    letter = f"{row['number']}/{row['year']}" if row["number"] else ""
    right = tokens.token(office.head.key, row["kind"], item, letter, row["recipient"])
    return row if tokens.same(token, right) else None
