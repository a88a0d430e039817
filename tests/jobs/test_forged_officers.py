"""A thousand mails that pretend to be an officer's: nothing is sent, nothing revealed, each with a token is told.

Forty ways of forging, each tried on the mails to officers of twenty-five letters (CVE-2026-47123, CVE-2023-41259 and
CVE-2023-27043 among them).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.header import Header
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mailgate.core import tokens
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import OFFICE, PaperOffice
from tests.jobs.letters import letter, sent, text
from tests.jobs.letters import poll as check
from tests.jobs.officers import AUTHSERV, OFFICER, PASSED

LETTERS = 25
CANARY = "ความลับของผู้ส่ง"
FAILED = f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from=example.go.th"
EVIL = f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from=evil.test"
OTHER_OFFICER = "secret@example.go.th"


class Target(NamedTuple):
    """A mail to an officer that somebody knows of: its Message-ID, item and token; the office's loop mark."""

    message_id: str
    item: str
    token: str
    mark: str


class Way(NamedTuple):
    """Header lines of a forgery, and words before or behind the usual ones. ``told``: it bears or resembles a token."""

    name: str
    head: Callable[[Target], list[str]]
    told: bool = True
    body: Callable[[Target], str] = lambda t: ""


def line(target: Target) -> str:
    return f"In-Reply-To: {target.message_id}"


def like(target: Target, token: str) -> str:
    return f"In-Reply-To: <r.{target.item}.{token}@example.go.th>"


def encoded(address: str) -> str:
    return str(Header(address + " ", "utf-8").encode())


WAYS = [
    Way("no token", lambda t: [FAILED, f"From: {OFFICER}"], told=False),
    Way("no token, domain confirmed", lambda t: [PASSED, f"From: {OFFICER}"], told=False),
    Way("no result of our server", lambda t: [f"From: {OFFICER}", line(t)]),
    Way("refused by our server", lambda t: [FAILED, f"From: {OFFICER}", line(t)]),
    Way("result of another server", lambda t: [PASSED.replace(AUTHSERV, "mx.evil.test"), f"From: {OFFICER}", line(t)]),
    Way("a forged result below ours", lambda t: [FAILED, PASSED, f"From: {OFFICER}", line(t)]),
    Way("a forged result below a foreign host",
        lambda t: ["Received: from b by mx.example.go.th; x", "Received: from a by mx.evil.test; x", PASSED,
                   f"From: {OFFICER}", line(t)]),
    Way("a result in a comment",
        lambda t: [f"Authentication-Results: {AUTHSERV}; dmarc=fail (dmarc=pass)", f"From: {OFFICER}", line(t)]),
    Way("a result about another domain", lambda t: [EVIL, f"From: {OFFICER}", line(t)]),
    Way("from elsewhere, confirmed", lambda t: [EVIL, "From: a@evil.test", line(t)]),
    Way("named like the officer", lambda t: [EVIL, f'From: "{OFFICER}" <a@evil.test>', line(t)]),
    Way("a second From below", lambda t: [PASSED, f"From: {OFFICER}", "From: a@evil.test", line(t)]),
    Way("a second From above", lambda t: [EVIL, "From: a@evil.test", f"From: {OFFICER}", line(t)]),
    Way("two mailboxes in From", lambda t: [PASSED, f"From: {OFFICER}, a@evil.test", line(t)]),
    Way("a group in From", lambda t: [PASSED, f"From: office: {OFFICER};", line(t)]),
    Way("a comment in From", lambda t: [EVIL, f"From: a@evil.test ({OFFICER})", line(t)]),
    Way("an encoded address", lambda t: [EVIL, f"From: {encoded('<' + OFFICER + '>')} <a@evil.test>", line(t)]),
    Way("an address before the mailbox", lambda t: [EVIL, f"From: {OFFICER} <a@evil.test>", line(t)]),
    Way("an address that ends in ours", lambda t: [EVIL, f"From: alice@evil.test){OFFICER}", line(t)]),
    Way("a letter that looks alike", lambda t: [EVIL, "From: оfficer@example.go.th", line(t)]),
    Way("a domain that looks alike", lambda t: [EVIL, "From: officer@examp1e.go.th", line(t)]),
    Way("Sender is the officer", lambda t: [EVIL, "From: a@evil.test", f"Sender: {OFFICER}", line(t)]),
    Way("Reply-To is the officer", lambda t: [EVIL, "From: a@evil.test", f"Reply-To: {OFFICER}", line(t)]),
    Way("the token of a colleague", lambda t: [PASSED, f"From: {OTHER_OFFICER}", line(t)]),
    Way("a token cut short", lambda t: [PASSED, f"From: {OFFICER}", like(t, t.token[:20])]),
    Way("a token in capitals", lambda t: [PASSED, f"From: {OFFICER}", like(t, t.token.upper())]),
    Way("a token that goes on", lambda t: [PASSED, f"From: {OFFICER}", like(t, t.token + "a")]),
    Way("a guess", lambda t: [PASSED, f"From: {OFFICER}", like(t, "a" * 26)]),
    Way("in References", lambda t: [FAILED, f"From: {OFFICER}", f"References: <1@b.test> {t.message_id}"]),
    Way("in the subject", lambda t: [FAILED, f"From: {OFFICER}", f"Subject: Re: [{t.item}.{t.token}]"]),
    Way("in the address", lambda t: [FAILED, f"From: {OFFICER}", f"Cc: saraban+r.{t.item}.{t.token}@example.go.th"]),
    Way("in the text", lambda t: [FAILED, f"From: {OFFICER}"], body=lambda t: t.message_id),
    Way("our own control headers",
        lambda t: [FAILED, f"From: {OFFICER}", line(t), "X-Mailgate-Release: yes", "X-RT-Command: resolve"]),
    Way("the mark of our own mail", lambda t: [FAILED, f"From: {OFFICER}", line(t), f"X-Mailgate-Loop: {t.mark}"]),
    Way("an automatic answer", lambda t: [FAILED, f"From: {OFFICER}", line(t), "Auto-Submitted: auto-replied"]),
    Way("a post of a list",
        lambda t: [FAILED, f"From: {OFFICER}", line(t), "List-Id: <a.b>", "List-Unsubscribe: <mailto:a@b.test>"]),
    Way("marked as spam", lambda t: [FAILED, f"From: {OFFICER}", line(t), "X-Spam-Flag: YES"]),
    Way("marked as infected", lambda t: [FAILED, f"From: {OFFICER}", line(t), "X-Virus-Status: Infected"]),
    Way("a line break in the subject",
        lambda t: [FAILED, f"From: {OFFICER}", line(t), "Subject: =?utf-8?q?a=0D=0AFrom:_x@y.test?="]),
    Way("a report of a server",
        lambda t: [FAILED, f"From: {OFFICER}", line(t), "Return-Path: <>",
                   'Content-Type: multipart/report; report-type=delivery-status; boundary="x"']),
]  # fmt: skip


def forged(way: Way, target: Target, number: int) -> bytes:
    head = way.head(target)
    named = " ".join(head)
    usual = [f"To: {OFFICE}", f"Message-ID: <{number}@forged.test>"]
    usual += [] if "Subject:" in named else ["Subject: Re: case"]
    usual += [] if "Content-Type:" in named else ["Content-Type: text/plain; charset=utf-8"]
    return builders.raw_mail(*head, *usual, body=f"ผล: อนุมัติ\r\n{way.body(target)}\r\n{number}\r\n".encode())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    made = builders.config(tmp_path, referrals={}, trust={"authserv_id": AUTHSERV}, screening={"spam": "journal"})
    with builders.office(made) as opened:
        yield opened
        assert verify(opened).problems == []


async def targets(office: PaperOffice) -> list[Target]:
    """The mails that brought the letters to their officer."""
    words = f"{CANARY}\r\n".encode()
    await check(office, *(letter(n, subject="homeschool", body=words) for n in range(1, LETTERS + 1)))
    mark = tokens.loop_mark(office.head.key, OFFICE)
    found = [re.fullmatch(r"<r\.(\d+)\.(\w+)@.*>", str(m["Message-ID"])) for m in sent(office, "referral")]
    return [Target(m[0], m[1], m[2], mark) for m in found if m]


def rows(office: PaperOffice, sql: str) -> list[Any]:
    return office.store.db.all(sql)


def words_of(mail: EmailMessage) -> str:
    return text(mail) + "".join(base64.b64encode(str(part).encode()).decode() for part in mail.iter_attachments())


async def test_a_thousand_forgeries(office: PaperOffice) -> None:
    known = await targets(office)
    before = [tuple(r) for r in rows(office, "SELECT * FROM letter ORDER BY id")]
    sent_before = len(office.paper_courier.delivered)
    office.paper_clock.advance(timedelta(minutes=10))
    raws = {
        (way.name, n): forged(way, target, n * 100 + w) for w, way in enumerate(WAYS) for n, target in enumerate(known)
    }
    assert len(raws) == 1000
    await check(office, *raws.values())

    assert rows(office, "SELECT 1 FROM dispatch") == []
    assert rows(office, "SELECT 1 FROM outbox WHERE kind IN ('decision', 'code')") == []
    after = [tuple(r) for r in rows(office, f"SELECT * FROM letter ORDER BY id LIMIT {LETTERS}")]
    assert after == before

    staff = {p.email for p in office.config.staff}
    new = office.paper_courier.delivered[sent_before:]
    assert {a.recipient for a in new} <= staff
    assert {a.kind for a in new} <= {"referral", "notice"}
    warnings = [m for m in sent(office, "notice") if m["To"] == OFFICER]
    assert 0 < len(warnings) <= 10
    assert not [m for m in warnings if CANARY in words_of(m)]

    mails = {r["sha256"]: r["id"] for r in rows(office, "SELECT id, sha256 FROM mail WHERE sha256 IS NOT NULL")}
    told = {r["mail_id"] for r in rows(office, "SELECT mail_id FROM suspicion")}
    expected = {way.name: way.told for way in WAYS}
    wrong = {name for (name, _), raw in raws.items()
             if (mails[hashlib.sha256(raw).hexdigest()] in told) != expected[name]}  # fmt: skip
    assert wrong == set()
    assert len(rows(office, "SELECT 1 FROM event WHERE kind = 'forgery'")) == LETTERS * sum(w.told for w in WAYS)
