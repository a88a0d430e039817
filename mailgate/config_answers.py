"""What is answered, how, how often, and whose word is believed: [replies], [limits], [screening], [[rules]] and kin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from mailgate.config_types import Duration, Line, MaybeMoment, MaybePath, Table, Words

# Large public providers: what comes from one of them comes from many people.
FREE_MAIL = (
    "gmail.com googlemail.com hotmail.com hotmail.co.th outlook.com outlook.co.th live.com msn.com windowslive.com "
    "yahoo.com yahoo.co.th ymail.com icloud.com me.com proton.me protonmail.com gmx.net mail.com"
).split()


class Replies(Table):
    """The acknowledgement with the receipt number (annex item 2 of the order)."""

    enabled: bool = Field(True, description="false: letters are registered, their replies wait as held.")
    html: bool = Field(False, description="Add an HTML version to the plain text.")
    return_path: Literal["token", "plain", "null"] = Field(
        "token",
        description="Envelope sender: the office's address with our token (name+b.…@), without it, or <>.",
    )
    templates: MaybePath = Field(None, description="Folder whose files replace the shipped templates one by one.")
    retry_for: Duration = Field(timedelta(days=4), description="Give up a reply after this long.", examples=["4d"])
    resend_unsure_after: Duration = Field(
        timedelta(minutes=30),
        description="A reply whose line was lost after the last byte is sent again once, after this long.",
        examples=["30m"],
    )
    go_live: MaybeMoment = Field(
        None,
        description="Mail that arrived before this moment is neither registered nor answered until `mailgate adopt` "
        "says what to do with it; by default a week before the first check: what came since then is new.",
        examples=[datetime(2026, 12, 1, 8, 30)],  # noqa: DTZ001 - TOML's local date-time, in the office's zone
    )
    follow_ups: Literal["documents", "always", "never"] = Field(
        "documents",
        description="When an answer to a mail of ours is a letter of its own: if it brings documents, always, or never "
        "(then it is filed with the case).",
    )
    token_in: tuple[Literal["address", "subject"], ...] = Field(
        (),
        description="Where our token also stands, for mail programs that drop In-Reply-To and References: a Reply-To "
        "address (name+r.…@, the server must accept it), the subject line.",
        examples=[["address", "subject"]],
    )


class Limits(Table):
    """How many automatic replies go out. What is over a limit is registered all the same; its numbers follow in one
    reply when there is room again. 0 means no limit."""

    per_address_hour: int = Field(5, ge=0, description="Replies to one address within an hour.", examples=[5])
    per_address_day: int = Field(20, ge=0, description="Replies to one address within 24 hours.", examples=[20])
    per_domain_hour: int = Field(
        60, ge=0, description="Replies to one domain within an hour, except free_mail.", examples=[60]
    )
    per_hour: int = Field(
        200,
        ge=0,
        description="Replies to all within an hour; and never more than five times the busiest hour of 90 days.",
        examples=[200],
    )
    free_mail: tuple[Words, ...] = Field(
        tuple(FREE_MAIL), description="Domains that many people share.", examples=[["gmail.com"]]
    )
    per_returner_day: int = Field(
        3,
        ge=0,
        description="Replies within 24 hours to an address that wrote soon (return_within) after a reply of ours, as "
        "machines do that answer everything.",
        examples=[3],
    )
    return_within: Duration = Field(timedelta(hours=1), description="See per_returner_day.", examples=["1h"])
    loop_after: int = Field(
        3,
        ge=2,
        description="So many mails of one sender that refer to mails of ours within loop_window are taken for a loop.",
        examples=[3],
    )
    loop_window: Duration = Field(timedelta(minutes=10), description="See loop_after.", examples=["10m"])
    loop_pause: Duration = Field(
        timedelta(hours=24), description="No automatic mail goes to that sender for so long.", examples=["24h"]
    )


class Screening(Table):
    """What is done with mail that another system has marked."""

    spam: Literal["journal", "register"] = Field(
        "journal",
        description="Mail the upstream server marked as spam: kept in the journal without a number (the clerk sees it "
        "and can register it), or registered. It is never answered.",
    )


class Scan(Table):
    """A virus scanner."""

    clamd_socket: MaybePath = Field(
        None, description="Socket of clamd; attachments it finds infected are quarantined.", examples=["/run/clamd.ctl"]
    )
    timeout: Duration = Field(timedelta(seconds=60), description="Longest wait for one attachment.", examples=["60s"])


class Referrals(Table):
    """Handing letters to the officers responsible, by mail."""

    enabled: bool = Field(True, description="false: officers are named in the register only.")
    attach_up_to: int = Field(
        10_000_000, ge=0, description="Bytes; a larger letter is named, not attached.", examples=[10_000_000]
    )


class Rule(Table):
    """A rule of the office for certain mail; the first that fits decides. All conditions given must hold."""

    name: Words = Field(description="Shown where it decided.", examples=["ระบบของกระทรวง"])
    sender: Line = Field(
        "", description="Address, or domain with @ in front, of the sender.", examples=["@system.moe.go.th"]
    )
    subject: Line = Field("", description="Words in the subject line.", examples=["หนังสือราชการ"])
    header: Line = Field("", description="A header and words in it.", examples=["X-Mailer: e-Saraban"])
    confirmed: bool = Field(
        False, description="Only where our own mail server confirmed the sender ([trust] authserv_id)."
    )
    treat_as: Literal["letter", "journal"] = Field(
        "letter", description="letter: registered though it looks automatic; journal: kept without a number."
    )
    answer: bool = Field(True, description="Whether the receipt number is sent.")
    service: Line = Field("", description="Key of the service it belongs to.", examples=["homeschool"])

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.sender or self.subject or self.header):
            raise ValueError("a rule needs sender, subject or header")
        return self


class Trust(Table):
    """Whose word on a sender is believed."""

    authserv_id: Line = Field(
        "",
        description="Name the office's own mail server writes in Authentication-Results; empty believes none.",
    )
