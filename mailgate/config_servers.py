"""[imap] and [smtp]: the servers mailgate talks to."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from mailgate.config_types import Duration, Email, Host, Line, MaybeDate, MaybePath, Security, Table, Words, is_loopback


class Server(Table):
    """What IMAP and SMTP settings share."""

    host: Host = Field(description="Host name, as in the server's certificate.", examples=["mail.example.go.th"])
    port: int = Field(0, ge=0, le=65535, description="Port; 0 means the usual one for the security chosen.")
    security: Security = Field(
        "tls",
        description="tls (from the first byte), starttls, or none (only for this machine).",
        examples=["tls"],
    )
    ca_file: MaybePath = Field(None, description="Certificate authority to trust instead of the system's.")
    username: Line = Field("", description="Name to log in with.", examples=["saraban@example.go.th"])
    password_file: MaybePath = Field(
        None, description="File with the password; better: a systemd credential (see README, Secrets)."
    )
    token_file: MaybePath = Field(None, description="File with an OAuth2 access token (XOAUTH2).")
    token_command: tuple[str, ...] = Field(
        (),
        description="Command that prints an OAuth2 access token (XOAUTH2).",
        examples=[["oauth2-token", "imap"]],
    )
    password_expires: MaybeDate = Field(
        None,
        description="Date on which the password or its app ends; the alarm warns in time.",
        examples=["2027-06-30"],
    )
    timeout: Duration = Field(timedelta(seconds=60), description="Longest wait for one answer.", examples=["60s"])

    @model_validator(mode="after")
    def _clear_text_stays_home(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(f'security = "none" is refused for {self.host}: only loopback may be clear text')
        return self

    @property
    def xoauth2(self) -> bool:
        return bool(self.token_file or self.token_command)


class Imap(Server):
    """The mailbox that is checked."""

    auth: Literal["auto", "plain", "login"] = Field(
        "auto", description="SASL PLAIN, the LOGIN command, or whichever the server offers."
    )
    mailbox: Words = Field("INBOX", description="Mailbox that citizens' letters arrive in.")
    done: Literal["move", "flag"] = Field(
        "move", description="Mail that is accounted for is moved to done_folder, or only flagged."
    )
    done_folder: Words = Field(
        "Registered/{year}", description="Folder for it; {year} is the Buddhist year. Made if missing."
    )
    anchor_folder: Line = Field(
        "Mailgate/Anchor",
        description="Folder for a signed note of the last number after each check, so that a restored old registry "
        "is noticed; empty for none.",
    )
    max_size: int = Field(
        100_000_000,
        ge=1_000_000,
        description="Bytes; a larger message is set aside for a person.",
        examples=[100_000_000],
    )

    @property
    def real_port(self) -> int:
        return self.port or (993 if self.security == "tls" else 143)


class Smtp(Server):
    """The server that replies go out through."""

    from_: Email | None = Field(
        None, alias="from", description="Sender address of replies; the office's address if empty."
    )
    connections: int = Field(4, ge=1, le=20, description="Connections used at once.", examples=[4])
    local_hostname: Line = Field("localhost", description="Name given in EHLO.")

    @property
    def real_port(self) -> int:
        return self.port or {"tls": 465, "starttls": 587, "none": 25}[self.security]
