"""The digest: its values made readable, and the mail. What a sender wrote stands in it only as plain, harmless text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mailgate.config import Config, Person
from mailgate.core import thai, tokens
from mailgate.core.enclosing import enclose
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values
from mailgate.model import Draft
from mailgate.model_dispatch import Enclosed

KIND = "digest"
SUBJECT, TEXT, HTML = "digest.subject.txt", "digest.txt", "digest.html"
_LONGEST = 120
# A mail program makes a link of anything like one; a stranger's is not to be one click away from the clerk. Thai stands
# right before it without a space, so only ASCII letters end a word here. An address stays as it is.
_LINK = re.compile(
    r"(?i)(?<![a-z0-9])(h)tt(ps?)(?=://)"
    r"|(?<![a-z0-9])(ftp|mailto|file|data|javascript):(?!//)"
    r"|(?<![a-z0-9@.\-])((?:[a-z0-9-]+\.)+[a-z]{2,})(?![a-z0-9@.\-]*@)"
)
_COMMAND = "→"  # begins what the administrator is to type


def harmless(text: str) -> str:
    """A stranger's words for a list: one line, short, nothing that becomes a link or looks like a command of ours."""
    return _LINK.sub(_unlinked, thai.tidy(text.replace(_COMMAND, " "), _LONGEST)).replace("://", "[:]//")


def number(config: Config, value: object) -> str:
    """A number as the office writes it."""
    return thai.digits(value) if config.office.thai_digits else str(value)


def sample(config: Config) -> dict[str, Any]:
    """Values of every kind of line, to try the templates with."""
    line = dict.fromkeys(_FIELDS, "-")
    lists = {name: {"count": "1", "rows": [line], "more": "1"} for name in LISTS}
    return {
        "office": office_values(config), "to": "-", "personal": True, "period": "-", "now": "-", "quiet": False,
        "news": True,
        "counts": [{"name": "-", "count": "1"}], "confidential": {"count": "1", "receipts": ["1/2569"], "more": ""},
        "slots": {"kept": "4", "all": "4", "late": [line]}, "balance": "0", "is_balanced": True, "outbox": "-",
        "registers": "-", "head": "1 " + "0" * 64, "warnings": ["-"], "attached": True, **lists,
    }  # fmt: skip


_FIELDS = (
    "receipt", "sender", "subject", "service", "officer", "due", "remark", "why", "said", "evidence", "do", "book_no",
    "result", "state", "left", "kind", "recipient", "at",
)  # fmt: skip
LISTS = (
    "letters", "follow_ups", "decided", "waiting", "failed", "unanswered", "set_aside", "automatic", "unreadable",
    "suspicious", "overdue", "due_soon",
)  # fmt: skip


def mail(
    head: Letterhead, to: Person, values: Mapping[str, Any], item: int, now: datetime, files: Sequence[Enclosed] = ()
) -> Draft:
    """The digest under its item, as plain text and HTML."""
    boundary = "=_" + tokens.token(head.key, "boundary", item, "", to.email) if files else ""
    made = draft(
        head,
        Outgoing(
            kind=KIND,
            item=item,
            letter="",
            recipient=to.email,
            subject=head.render(SUBJECT, values).strip(),
            text=head.render(TEXT, values),
            html=head.render(HTML, values),
            made="auto-generated",
            now=now,
            threaded=False,
        ),
        boundary=boundary,
    )
    return enclose(made, boundary, files, hash_list=False) if files else made


def _unlinked(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1]}xx{found[2]}"
    return f"{found[3]}[:]" if found[3] else found[4].replace(".", "[.]")
