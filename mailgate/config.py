"""The configuration: config.toml read into one frozen, validated value.

Every key is described here once; ``mailgate init`` writes these descriptions as the comments of config.toml.
Nothing about one office is in code. Secrets are never keys of this file (see ``edges/secrets.py``).
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from mailgate.config_amss import Amss
from mailgate.config_answers import Limits, Referrals, Replies, Rule, Scan, Screening, Trust
from mailgate.config_decisions import Decisions, Reminders, Signing
from mailgate.config_duty import Alarm, Backup, Calendar, Checks, Metrics
from mailgate.config_public import Digests, Publish
from mailgate.config_servers import Imap, Smtp
from mailgate.config_types import Email, Hours, Line, Recipient, Table, Words, Zone
from mailgate.config_website import Website
from mailgate.model_dispatch import Result


class Person(Table):
    name: Words = Field(description="Name as it is written in letters.", examples=["นางสาวตัวอย่าง ใจดี"])
    email: Email = Field(description="Address that gets the letters.", examples=["officer@example.go.th"])
    key: Recipient = Field(
        "", description="Public age key that confidential letters are encrypted to; see `mailgate officer key`."
    )


class Office(Table):
    """The office, as citizens know it."""

    name: Words = Field(description="Official name in Thai.", examples=["สำนักงานเขตพื้นที่การศึกษาตัวอย่าง"])
    name_en: Line = Field("", description="Official name in English, for citizens who need it.")
    address: Email = Field(
        description="The e-mail address announced to the public.", examples=["saraban@example.go.th"]
    )
    aliases: tuple[Email, ...] = Field((), description="Other addresses that end in the same mailbox.")
    phone: Line = Field("", description="Telephone number given in replies; empty leaves the line out.")
    letter_code: Line = Field("", description="Code before the number of outgoing letters, such as ศธ ๐๔๐๕๙.")
    timezone: Zone = Field("Asia/Bangkok", description="Time zone of the office.", examples=["Asia/Bangkok"])
    hours: Hours = Field(
        "08:30-16:30",
        description="Office hours. A letter outside them counts as received at the next opening (Act B.E. 2565, s.10).",
        examples=["08:30-16:30"],
    )
    thai_digits: bool = Field(True, description="Thai digits in texts for people.")
    clerk: Person = Field(description="The central records clerk: gets what has no officer of its own.")

    @property
    def opening(self) -> tuple[time, time]:
        """When the office opens and closes."""
        opens, _, closes = self.hours.partition("-")
        return time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())


class Registry(Table):
    """Where the registers and the raw mail are kept. Relative paths start at this file's folder."""

    path: Path = Field(Path("registry.db"), description="The registry, one SQLite file.")
    archive: Path = Field(Path("archive"), description="Folder of the raw mails, named by their SHA-256.")
    key_file: Path = Field(
        Path("token.key"),
        description="Key of the reply tokens, made when missing; back it up with the registry.",
    )


class Service(Table):
    """One subject of the order's annex 1."""

    key: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Short name.", examples=["homeschool"])
    title: Words = Field(description="Subject as the order names it.", examples=["การขอจัดการศึกษาขั้นพื้นฐานโดยครอบครัว"])
    channel: Literal["email", "website", "amss"] = Field("email", description="Where it comes in by the order.")
    keywords: tuple[Words, ...] = Field((), description="Words in a subject line that show this service.")
    days: int | None = Field(
        None, ge=1, le=3650, description="Service time in days; leave out if none is set.", examples=[30]
    )
    counted_in: Literal["calendar", "working"] = Field("calendar", description="Kind of days.")
    legal_basis: Line = Field("", description="Law or announcement the days come from.")
    confidential: bool = Field(False, description="Subject and sender are shown to the officer only.")
    results: tuple[Result, ...] = Field(
        tuple(Result),
        min_length=1,
        description="What may be decided: approved, refused, more-documents, forwarded, information.",
        examples=[["information", "forwarded"]],
    )
    appeal: Line = Field("", description="How to appeal or object; stands in the decision if it was refused.")
    appeal_en: Line = Field("", description="The same in English.")
    officers: tuple[Person, ...] = Field((), description="Responsible officers.")


class Config(Table):
    """All of config.toml."""

    office: Office
    checks: Checks = Checks()
    calendar: Calendar = Calendar()
    imap: Imap
    smtp: Smtp
    registry: Registry = Registry()
    replies: Replies = Replies()
    limits: Limits = Limits()
    screening: Screening = Screening()
    scan: Scan = Scan()
    referrals: Referrals = Referrals()
    decisions: Decisions = Decisions()
    reminders: Reminders = Reminders()
    digests: Digests = Digests()
    signing: Signing = Signing()
    trust: Trust = Trust()
    alarm: Alarm = Alarm()
    backup: Backup = Backup()
    metrics: Metrics = Metrics()
    website: Website = Website()
    amss: Amss = Amss()
    publish: Publish = Publish()
    services: tuple[Service, ...] = ()
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _half_days_have_hours(self) -> Self:
        if self.calendar.half_day_ends <= self.office.opening[0]:
            raise ValueError("calendar.half_day_ends: a half day must end after the office opens")
        return self

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        keys = [s.key for s in self.services]
        double = sorted({k for k in keys if keys.count(k) > 1})
        if double:
            raise ValueError(f"services: key used twice: {', '.join(double)}")
        return self

    @model_validator(mode="after")
    def _rules_name_services(self) -> Self:
        known = {s.key for s in self.services} | {""}
        for rule in self.rules:
            if rule.service not in known:
                raise ValueError(f"rules: {rule.name}: there is no service {rule.service!r}")
        return self

    def officers_of(self, service: Service | None) -> tuple[Person, ...]:
        """Who is responsible: the officers of a service, or the clerk."""
        return service.officers if service and service.officers else (self.office.clerk,)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.office.timezone)

    @property
    def sender(self) -> str:
        """Address that replies come from."""
        return self.smtp.from_ or self.office.address

    @property
    def staff(self) -> tuple[Person, ...]:
        """The clerk and every officer, each address once."""
        people = [self.office.clerk, *(o for s in self.services for o in s.officers)]
        return tuple({p.email.lower(): p for p in reversed(people)}.values())

    @property
    def own_addresses(self) -> frozenset[str]:
        """Addresses whose mail is our own come back, lower case."""
        ours: list[Any] = [self.office.address, self.sender, *self.office.aliases]
        return frozenset(a.lower() for a in ours)
