"""The demo's post: some twenty-five mails as a Thai government office really gets them, from people and from machines.

What they say stands in ``samples/*.toml``; here the wire form is made, as the office's own mail server would leave it.
All people, agencies and schools are invented, addresses are under example.com and the like.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cached_property
from importlib.resources import files
from string import Template
from typing import Any

from mailgate.core.thai import buddhist_year, long_date
from mailgate.demo import mime, papers
from mailgate.model import Kind

_BANGKOK = timezone(timedelta(hours=7))
_CHILDREN = ("เด็กชายภูผา", "เด็กหญิงข้าวหอม", "เด็กชายต้นน้ำ", "เด็กหญิงใบบัว", "เด็กชายตะวัน", "เด็กหญิงฟ้าใส", "เด็กหญิงน้ำอิง")
_MEDIA = {"pdf": "application/pdf", "jpeg": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail: its bytes, what it shows (Thai), when it arrived, what it is and whether it should be answered."""

    name: str
    raw: bytes
    note: str
    arrived: datetime
    kind: Kind = Kind.LETTER
    answer: bool = True


def samples(run: int, now: datetime, office: str = "mkarea3@mkarea3.go.th", *, reply_to: str = "") -> list[Sample]:
    """The post of one demo run, oldest first; the same for the same arguments, and new letters for another run.

    ``reply_to``: Message-ID of an acknowledgement of an earlier run, which the follow-up and the out-of-office answer.
    """
    post = _Post(run, now, office, reply_to, _plans())
    return [post.sample(plan) for plan in sorted(post.plans.values(), key=lambda p: -p.at)]


@dataclass(frozen=True, slots=True)
class Plan:
    """A letter as it stands in the data: who writes what, and with how good a mail program."""

    name: str
    note: str
    at: int  # minutes before now that it arrived
    address: str
    kind: str = "letter"
    answer: bool = True
    display: str = ""
    subject: str = ""
    body: str = ""
    subtype: str = "plain"
    label: str = "utf-8"
    codec: str = ""
    words: str = "b"
    transfer: str = "base64"
    claims: str = ""  # the transfer encoding it claims instead
    cut: int = 0  # bytes lost at its end, with the last boundary
    headers: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    return_path: str | None = None
    attach: list[dict[str, Any]] = field(default_factory=list)
    report: str = ""
    parts: list[dict[str, str]] = field(default_factory=list)
    replies_to: str = ""  # a letter of this run, or "office": something the office sent
    child_of: str = ""  # the letter whose family this one is about
    same_as: str = ""  # the letter this one is a second delivery of


def _plans() -> dict[str, Plan]:
    folder = files("mailgate.demo") / "samples"
    texts = [f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".toml")]
    plans = [Plan(**letter) for text in texts for letter in tomllib.loads(text)["letter"]]
    return {plan.name: plan for plan in plans}


@dataclass(frozen=True)
class _Post:
    """What all letters of a run share."""

    run: int
    now: datetime
    office: str
    reply_to: str
    plans: Mapping[str, Plan]

    def sample(self, plan: Plan) -> Sample:
        letter = _Letter(self, self.plans[plan.same_as] if plan.same_as else plan)
        raw = self._trace(plan) + letter.content()
        return Sample(plan.name, raw, plan.note, self.when(plan), Kind(plan.kind), plan.answer)

    def when(self, plan: Plan) -> datetime:
        return (self.now - timedelta(minutes=plan.at)).replace(microsecond=0)

    def key(self, name: str) -> str:
        """Hex digits that belong to one letter of one run."""
        return hashlib.sha256(f"{self.run}/{self.now.isoformat()}/{name}".encode()).hexdigest()

    def message_id(self, name: str) -> str:
        if name == "office":
            return self.reply_to.strip("<> ") or f"{self.key(name)[:24]}@{_domain(self.office)}"
        return f"{self.key(name)[:24]}@mail.{_domain(self.plans[name].address)}"

    def date(self, plan: Plan, seconds: int = 0) -> str:
        return format_datetime(self.when(plan).astimezone(_BANGKOK) - timedelta(seconds=seconds))

    def _trace(self, plan: Plan) -> bytes:
        """Return-Path and Received, as the final server of the office puts them on top."""
        sender = plan.address if plan.return_path is None else plan.return_path
        host, key = f"mail.{_domain(plan.address)}", self.key(plan.name)
        address = f"192.0.2.{1 + int(key[:2], 16) % 250}"
        lines = (
            f"Return-Path: <{sender}>",
            f"Delivered-To: {self.office}",
            f"Received: from {host} ({host} [{address}])",
            f"\tby mail.{_domain(self.office)} (Postfix) with ESMTPS id 4D{key[2:14].upper()}",
            f"\tfor <{self.office}>; {self.date(plan)}",
            f"Received: from sender ([198.51.100.{int(key[14:16], 16)}])",
            f"\tby {host} with ESMTPSA id {key[16:32]}; {self.date(plan, 4)}",
        )
        return "".join(line + "\r\n" for line in lines).encode("ascii")


@dataclass(frozen=True)
class _Letter:
    """One letter being written."""

    post: _Post
    plan: Plan

    def content(self) -> bytes:
        """Everything the sender's own program wrote: headers and body."""
        raw = b"".join(self._headers()) + self._entity()
        if self.plan.claims:
            real, claimed = (f"Transfer-Encoding: {x}\r\n".encode() for x in (self.plan.transfer, self.plan.claims))
            raw = raw.replace(real, claimed, 1)
        return raw[: len(raw) - self.plan.cut]

    @cached_property
    def _words(self) -> dict[str, object]:
        family = hashlib.sha256((self.plan.child_of or self.plan.name).encode()).digest()[0] % 90
        number, today = 1 + (family + self.post.run) % 6, self.post.now.astimezone(_BANGKOK).date()
        return {
            "run": self.post.run,
            "child": _CHILDREN[(family + self.post.run) % len(_CHILDREN)],
            "house": 10 + family + 7 * self.post.run,
            "number": number,
            "grade": f"ป.{number}",
            "class": f"ประถมศึกษาปีที่ {number}",
            "year": buddhist_year(today),
            "day": long_date(today, thai_digits=False),
            "date": self.post.date(self.plan, 60),
            "office": self.post.office,
            "sent": self.post.message_id("office"),
        }

    def _filled(self, text: str) -> str:
        return Template(text).substitute(self._words)

    @cached_property
    def _writing(self) -> mime.Writing:
        return mime.Writing(self.plan.label, self.plan.codec, self.plan.words)

    def _headers(self) -> list[bytes]:
        plan, sender = self.plan, f"<{self.plan.address}>".encode()
        shown = self._writing.header(plan.display) + b" " if plan.display else b""
        fields = {
            "From": shown + sender,
            "To": self.post.office.encode(),
            "Subject": self._writing.header(self._filled(plan.subject)),
            "Date": self.post.date(plan, 9).encode(),
            "Message-ID": f"<{self.post.message_id(plan.name)}>".encode(),
        }
        lines = [mime.line(name, value) for name, value in fields.items() if name not in plan.without]
        extra = [self._filled(header).encode("ascii") + mime.CRLF for header in plan.headers]
        return [*lines, *self._threading(), *extra, mime.line("MIME-Version", b"1.0")]

    def _threading(self) -> list[bytes]:
        """In-Reply-To and References; an acknowledgement of the office, if there is one, is what people reply to."""
        if not self.plan.replies_to:
            return []
        parent = self.post.message_id("office" if self.post.reply_to else self.plan.replies_to)
        return [mime.line(name, f"<{parent}>".encode()) for name in ("In-Reply-To", "References")]

    def _entity(self) -> bytes:
        plan, boundary = self.plan, f"=_{self.post.key(self.plan.name)[32:56]}"
        if plan.report:
            parts = [self._part(part) for part in plan.parts]
            return mime.multipart(parts, f"report; report-type={plan.report}", boundary)
        text = mime.text_part(self._filled(plan.body.lstrip("\n")), self._writing, plan.subtype, plan.transfer)
        if not plan.attach:
            return text
        return mime.multipart([text, *map(self._attached, plan.attach)], "mixed", boundary, closed=not plan.cut)

    def _part(self, part: Mapping[str, str]) -> bytes:
        text = self._filled(part["text"].lstrip("\n")).encode("ascii").replace(b"\n", mime.CRLF)
        return mime.line("Content-Type", part["type"].encode()) + mime.CRLF + text

    def _attached(self, item: Mapping[str, Any]) -> bytes:
        paper, caption = item.get("paper", "pdf"), self._filled(item["words"])
        content = papers.pdf(caption, item.get("padding", 0)) if paper == "pdf" else papers.jpeg(caption)
        name = self._filled(item["file"])
        return mime.attachment(content, _MEDIA[paper], name, item.get("form", "rfc2231"), self._writing)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
