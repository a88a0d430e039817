"""The office's day and its guards: [checks], [calendar], [alarm], [backup], [metrics]."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from mailgate.config_servers import Smtp
from mailgate.config_types import (
    Clock,
    Duration,
    Email,
    Line,
    Listen,
    MaybeDuration,
    MaybeEmail,
    MaybePath,
    Security,
    Table,
    WebAddress,
)


class Checks(Table):
    """When the mailbox is checked (clause 3 of the order)."""

    times: tuple[Clock, ...] = Field(
        (time(9), time(11), time(14), time(16)),
        min_length=1,
        description="Mandated times of every working day.",
        examples=[["09:00", "11:00", "14:00", "16:00"]],
    )
    grace: int = Field(
        10,
        ge=1,
        le=120,
        description="Minutes after which a check that is not done counts as late, and the alarm is raised.",
        examples=[10],
    )
    deadline: Duration = Field(
        timedelta(minutes=30),
        description="A check is broken off after this long; the next goes on.",
        examples=["30m"],
    )
    also_every: MaybeDuration = Field(
        None,
        description="Further checks between the mandated ones, on working days within office hours; empty for none.",
        examples=["10m"],
    )


class Calendar(Table):
    """Corrections to the working days beside those made with `mailgate calendar`, and stronger than they."""

    add: tuple[date, ...] = Field((), description="Further holidays.", examples=[["2026-05-11"]])
    remove: tuple[date, ...] = Field((), description="Holidays on which the office works.", examples=[["2026-12-31"]])
    half_days: tuple[date, ...] = Field((), description="Days that end at half_day_ends.", examples=[["2026-12-31"]])
    half_day_ends: Clock = Field(time(12), description="Closing time of a half day.", examples=["12:00"])


class Alarm(Table):
    """How people are called when the duty is in danger; several ways may be set, each is used.

    Something else than the mail server that is watched: when that is down, an alarm through it does not arrive.
    """

    command: tuple[str, ...] = Field(
        (),
        description="Program that gets the text on standard input, the subject as last argument.",
        examples=[["/usr/local/bin/send-sms", "0812345678"]],
    )
    webhook: WebAddress = Field(
        "",
        description="Address that gets the text by HTTP POST; a token stands in the credential alarm-token.",
        examples=["https://ntfy.example.go.th/mailgate"],
    )
    webhook_style: Literal["ntfy", "line", "json"] = Field(
        "ntfy", description="ntfy: text with a title; line: LINE Messaging API push; json: {subject, text, …}."
    )
    webhook_to: Line = Field("", description="LINE: the user or group that gets it.")
    to: tuple[Email, ...] = Field(
        (),
        description="Addresses that get a mail, through the SMTP server below.",
        examples=[["admin@example.com"]],
    )
    smtp_host: Line = Field("", description="Another SMTP server than [smtp].", examples=["smtp.example.com"])
    smtp_port: int = Field(0, ge=0, le=65535, description="Port; 0 means the usual one for the security chosen.")
    smtp_security: Security = Field("starttls", description="As in [smtp].")
    smtp_username: Line = Field("", description="Name to log in with; the password is the credential alarm-password.")
    smtp_ca_file: MaybePath = Field(None, description="Certificate authority to trust instead of the system's.")
    smtp_from: MaybeEmail = Field(None, description="Sender of alarms; the office's address if empty.")
    disk_free: int = Field(
        1_000_000_000, ge=0, description="Bytes; less free space than this raises the alarm.", examples=[1_000_000_000]
    )
    outbox_age: Duration = Field(timedelta(hours=4), description="A mail that waits longer raises it.", examples=["4h"])
    expiry: Duration = Field(
        timedelta(days=14),
        description="A server's certificate, or a password whose end is set, that ends sooner raises it.",
        examples=["14d"],
    )
    backup_age: Duration = Field(
        timedelta(hours=26), description="An older last backup raises it, where [backup] is set.", examples=["26h"]
    )
    dead_man_file: MaybePath = Field(None, description="File touched after each mandated check that was done.")
    dead_man_url: WebAddress = Field(
        "",
        description="Address fetched after each mandated check that was done, for an outside monitor.",
        examples=["https://hc-ping.example/uuid"],
    )

    @model_validator(mode="after")
    def _mail_has_a_server(self) -> Self:
        if self.to and not self.smtp_host:
            raise ValueError("to needs smtp_host, another server than [smtp]")
        if self.webhook_style == "line" and self.webhook and not self.webhook_to:
            raise ValueError("webhook_style line needs webhook_to, the user or group that gets it")
        if self.smtp_host:
            self.smtp("alarm@example.invalid")
        return self

    def smtp(self, sender: str) -> Smtp:
        """The settings of the alarm's own SMTP server."""
        return Smtp(
            host=self.smtp_host,
            port=self.smtp_port,
            security=self.smtp_security,
            username=self.smtp_username,
            ca_file=self.smtp_ca_file,
            from_=self.smtp_from or sender,
            connections=1,
        )

    @property
    def is_set(self) -> bool:
        """Whether an alarm reaches anybody."""
        return bool(self.command or self.webhook or self.to)


class Backup(Table):
    """Copies of the registry and the archive."""

    directory: MaybePath = Field(
        None, description="Folder for them, better on another disk; none are made if empty.", examples=["/srv/backup"]
    )
    keep: int = Field(14, ge=1, description="Copies of the registry that are kept.", examples=[14])


class Metrics(Table):
    """Figures for Prometheus."""

    listen: Listen = Field(
        "",
        description="Address and port to answer at, on this machine only; empty for none.",
        examples=["127.0.0.1:9177"],
    )
    textfile: MaybePath = Field(
        None,
        description="File for node_exporter's textfile collector, written once a minute.",
        examples=["/var/lib/prometheus/node-exporter/mailgate.prom"],
    )
