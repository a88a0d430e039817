"""What goes out by a person's decision, and what is said when one is due: [decisions], [reminders], [signing]."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from mailgate.config_types import Duration, MaybeEmail, MaybePath, Table


class Decisions(Table):
    """Answers to letters (annex items 3 to 5 of the order), and officers' answers by e-mail."""

    by_mail: bool = Field(
        True,
        description="Officers may propose a decision by answering the mail that brought them the letter; needs "
        "authserv_id in [trust].",
    )
    release: Literal["clerk", "code"] = Field(
        "clerk",
        description="Second act before a proposed decision goes out: the clerk's `mailgate outbox release`, or the "
        "officer's own by a one-time code that is mailed to the registered address.",
    )
    token_for: Duration = Field(
        timedelta(days=180), description="How long an officer's answer by e-mail counts.", examples=["180d"]
    )
    code_for: Duration = Field(timedelta(hours=24), description="How long a one-time code counts.", examples=["24h"])
    max_size: int = Field(
        10_000_000, ge=10_000, description="Bytes; a larger file does not go out.", examples=[10_000_000]
    )
    retry_for: Duration = Field(
        timedelta(days=2), description="Give up the mail of a decision after this long.", examples=["2d"]
    )
    documents_clock: Literal["resume", "anew"] = Field(
        "resume",
        description="Once the documents that were asked for have come, the service time goes on with the days that "
        "were left, or begins anew.",
    )
    hash_list: bool = Field(False, description="Add a list of the SHA-256 of the files that go out.")


class Reminders(Table):
    """Letters whose service time ends."""

    before: tuple[int, ...] = Field(
        (7, 3, 1), description="Days before the due date on which officer and clerk are reminded; empty for none."
    )
    after: tuple[int, ...] = Field((1, 3, 7, 14), description="The same, after it.")
    citizen_every: int = Field(
        0,
        ge=0,
        le=365,
        description="Days: so often a citizen whose letter is overdue is told so (Facilitation Act B.E. 2558: 7); "
        "0 for never.",
        examples=[7],
    )
    citizen_copy: MaybeEmail = Field(
        None,
        description="Address that gets a copy of each of these notices, except of confidential letters (the same Act: "
        "the Public Sector Development Commission is to be told each time); empty for none.",
        examples=["copy@example.go.th"],
    )


class Signing(Table):
    """S/MIME signatures on decisions."""

    pkcs12_file: MaybePath = Field(
        None,
        description="Certificate and key of the office (PKCS#12); its password is the credential signing-password. "
        "Nothing is signed if empty.",
        examples=["/etc/mailgate/office.p12"],
    )
