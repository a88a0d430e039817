"""The table of 80 mails of the requirements, row by row, through the whole program on paper: number? answer?

N: a letter with a number · L: journaled without · D: linked to the letter it repeats · Q: set aside, its bytes kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.jobs import poll as polls
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import NOW, OFFICE, PaperOffice
from tests.jobs.letters import poll, sent, with_document

FATES = {
    "registered": "N", "duplicate": "D", "set_aside": "Q",
    "automatic": "L", "bounce": "L", "list": "L", "follow_up": "L",
}  # fmt: skip
OFFICER = "officer@example.go.th"
Headers = dict[str, str | list[str] | None]


@dataclass(frozen=True)
class Row:
    """A row: what is changed in an ordinary mail, and what becomes of it. ``ours``: it answers our acknowledgement."""

    number: int
    fate: str
    answer: bool
    headers: Headers = field(default_factory=dict)
    body: bytes = b"text\r\n"
    ours: bool = False
    files: bool = False
    raw: Callable[[bytes], bytes] | None = None
    config: dict[str, Any] = field(default_factory=dict)


def report(kind: str, action: str = "", envid: str = "") -> tuple[Headers, bytes]:
    """A report of a mail server or program."""
    status = f"Reporting-MTA: dns; mx\r\nOriginal-Envelope-Id: {envid}\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\n"
    status += f"Action: {action}\r\nStatus: {'5.1.1' if action == 'failed' else '4.0.0'}\r\n"
    part = {"delivery-status": status, "disposition-notification": "Disposition: a/MDN; displayed\r\n"}[kind]
    body = f"--b\r\n\r\nreport\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n{part}\r\n--b--\r\n"
    headers: Headers = {"Content-Type": f"multipart/report; report-type={kind}; boundary=b", "Return-Path": "<>"}
    return headers | {"From": "MAILER-DAEMON@mx.test"}, body.encode()


def nested(depth: int) -> bytes:
    """Multiparts inside each other."""
    opened = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (n, n + 1) for n in range(depth)
    )
    return opened + b"--b%d\r\n\r\nx\r\n" % depth


def calendar(method: str) -> tuple[Headers, bytes]:
    body = f"--b\r\n\r\nx\r\n--b\r\nContent-Type: text/calendar; method={method}\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n"
    return {"Content-Type": "multipart/alternative; boundary=b"}, body.encode()


def of(made: tuple[Headers, bytes], **more: Any) -> dict[str, Any]:
    return {"headers": made[0] | more, "body": made[1]}


N, L, D, Q = "NLDQ"
ENVELOPE = b"Content-Type: message/rfc822\r\n\r\nFrom: MAILER-DAEMON@x.test\r\nReturn-Path: <>\r\n\r\nbounced\r\n"
WITH_BOUNCE = b"--b\r\n\r\nplease help\r\n--b\r\n" + ENVELOPE + b"--b--\r\n"
MIXED: Headers = {"Content-Type": "multipart/mixed; boundary=b"}
WORDS = "=?utf-8?B?4LiB?= " * 20_000

ROWS = [
    Row(1, N, True),
    Row(2, N, True, {"Content-Type": "text/html"}, b"<p>html</p>\r\n"),
    Row(3, N, True, body=b"", files=True),
    Row(4, N, True, {"Subject": ""}, b""),
    Row(5, N, True, {"Message-ID": None}),
    Row(6, N, True, {"Date": None}),
    Row(6, N, True, {"Date": "Mon, 23 Nov 2567 09:00:00 +0700"}),
    Row(6, N, True, {"Date": "Thu, 1 Jan 1970 00:00:00 +0000"}),
    Row(6, N, True, {"Date": "Thu, 1 Jan 2099 00:00:00 +0000"}),
    Row(7, N, True, {"From": None}),
    Row(8, N, False, {"From": None, "Return-Path": None}),
    Row(9, N, False, {"From": "a@b.test, c@d.test"}),
    Row(10, N, False, {"From": ["a@b.test", "c@d.test"]}),
    Row(11, N, False, {"From": "undisclosed:;", "Return-Path": None}),
    Row(12, N, True, {"From": "ไทย@b.test", "Return-Path": "<ไทย@b.test>"}),
    Row(13, N, True, {"From": "a@ไทย.ไทย", "Return-Path": "<a@ไทย.ไทย>"}),
    Row(14, N, True, {"Auto-Submitted": "no"}),
    Row(15, N, True, {"Auto-Submitted": "No (by hand)"}),
    Row(16, N, False, {"Auto-Submitted": "auto-generated; x-p=1"}),
    Row(17, N, False, {"Auto-Submitted": "AUTO-REPLIED (vacation)"}),
    Row(17, L, False, {"Auto-Submitted": "AUTO-REPLIED (vacation)"}, ours=True),
    Row(18, N, False, {"Auto-Submitted": ""}),
    Row(18, N, False, {"Auto-Submitted": "junk"}),
    Row(19, N, False, {"Auto-Submitted": ["no", "auto-replied"]}),
    Row(20, N, False, {"Precedence": "bulk", "Subject": "circular"}),
    Row(21, N, True, {"Precedence": "first-class"}),
    Row(22, N, False, {"List-Id": "<news.example.org>"}),
    Row(23, N, True, {"List-Unsubscribe": "<mailto:x@y.test>"}),
    Row(24, N, False, {"Feedback-ID": "1:2", "List-Unsubscribe": "<https://y>", "List-Unsubscribe-Post": "One-Click"}),
    Row(25, N, True, {"Subject": "newsletter"}),
    Row(26, N, True, {"X-Auto-Response-Suppress": "DR"}),
    Row(27, N, False, {"X-Auto-Response-Suppress": "OOF, AutoReply"}),
    Row(28, N, False, {"From": "noreply@eform.go.th", "Return-Path": "<noreply@eform.go.th>"}),
    Row(29, N, False, {"From": "no-reply+x@b.test", "Return-Path": "<no-reply+x@b.test>"}),
    Row(30, N, True, {"From": "postmaster@b.test", "Return-Path": "<postmaster@b.test>"}),
    Row(31, N, False, {"From": "owner-list@b.test", "Return-Path": "<owner-list@b.test>"}),
    Row(31, N, False, {"From": "list-request@b.test", "Return-Path": "<list-request@b.test>"}),
    Row(32, N, True, {"Return-Path": "<SRS0=HH=TT=b.test=a@forwarder.test>"}),
    Row(33, N, True, {"Return-Path": "<prvs=0123456789=a@b.test>"}),
    Row(34, N, False, {"Return-Path": "<>"}),
    Row(35, L, False, **of(report("delivery-status", "failed", "OURS"))),
    Row(36, L, False, {"From": "MAILER-DAEMON@b.test", "Return-Path": "<MAILER-DAEMON@b.test>"}),
    Row(37, N, False, {"Subject": "Undelivered Mail Returned to Sender"}),
    Row(38, L, False, **of(report("delivery-status", "failed", "1.aaaaaaaaaaaaaaaaaaaaaaaaaa"))),
    Row(39, L, False, **of(report("delivery-status", "delivered", "OURS"))),
    Row(40, L, False, **of(report("delivery-status", "delayed", "OURS"))),
    Row(41, L, False, **of(report("delivery-status", "failed", "OURS"))),
    Row(42, L, False, **of(report("delivery-status", "failed"))),
    Row(43, L, False, **of(report("delivery-status", "failed\r\n\r\nFinal-Recipient: rfc822; x@b.test" * 20))),
    Row(44, L, False, **of(report("disposition-notification"))),
    Row(45, N, True, {"Disposition-Notification-To": "a@b.test"}),
    Row(46, L, False, {"Auto-Submitted": "auto-replied"}, ours=True),
    Row(47, L, False, {"Subject": "Automatic reply: x"}, ours=True),
    Row(47, L, False, {"Subject": "Re: x"}, b"I am currently out of the office until Monday.\r\n", ours=True),
    Row(48, N, False, {"Auto-Submitted": "auto-replied", "Return-Path": "<>"}),
    Row(49, N, False, {"Subject": "ตอบกลับอัตโนมัติ: ลา"}),
    Row(53, N, False, {"From": OFFICE, "Return-Path": f"<{OFFICE}>"}),
    Row(54, L, False, {"Auto-Submitted": "auto-replied", "Precedence": "bulk"}, ours=True),
    Row(55, L, False, {"Auto-Submitted": "auto-replied"}, ours=True),
    Row(56, N, True, MIXED, WITH_BOUNCE),
    Row(57, N, True, {"Subject": "your reply"}, files=True),
    Row(58, N, True, {"Subject": "Re: x"}, b"new facts\r\n", ours=True, files=True),
    Row(59, N, True, {"Subject": "Re: x"}, b"thanks\r\n", ours=True, config={"replies": {"follow_ups": "always"}}),
    Row(59, L, False, {"Subject": "Re: x"}, b"thanks\r\n", ours=True),
    Row(61, N, False, {"From": OFFICER, "Return-Path": f"<{OFFICER}>"}),
    Row(63, N, True, {"Subject": "ร้องเรียนทุจริต"}),
    Row(64, N, True, {"Subject": "ร้องเรียนทุจริต"}, "โปรดปกปิดชื่อ\r\n".encode()),
    Row(65, N, True, **of(calendar("REQUEST"))),
    Row(66, L, False, **of(calendar("REPLY"))),
    Row(67, N, True, {"Content-Type": "application/pkcs7-mime"}, b"\x30\x82binary\r\n"),
    Row(67, N, True, {"Content-Type": "multipart/encrypted; boundary=b"}, b"--b\r\n\r\nVersion: 1\r\n--b--\r\n"),
    Row(68, N, True, body=b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 60_000),
    Row(69, L, False, {"X-Spam-Flag": "YES"}),
    Row(69, N, False, {"X-Spam-Flag": "YES"}, config={"screening": {"spam": "register"}}),
    Row(70, Q, False, {"X-Virus-Status": "Infected (Eicar)"}),
    Row(71, N, True, {"Content-Type": "application/ms-tnef; name=winmail.dat"}, b"\x78\x9f\x3e\x22\r\n"),
    Row(72, N, True, raw=lambda raw: raw.replace(b"Subject: s", b"Subject: " + "ขอข้อมูล".encode("cp874"))),
    Row(73, N, True, {"Content-Type": 'multipart/mixed; boundary="b0"'}, nested(1000)),
    Row(73, N, True, {"Subject": WORDS}),
    Row(75, N, False, {"To": "others@elsewhere.test"}),
]


def mail(row: Row, reference: str = "", envid: str = "") -> bytes:
    """The row's mail."""
    ordinary: Headers = {
        "Return-Path": "<a@b.test>", "From": "a@b.test", "To": OFFICE, "Subject": "s",
        "Date": "Mon, 23 Nov 2026 08:00:00 +0700", "Message-ID": f"<row{row.number}@b.test>",
    }  # fmt: skip
    fields = ordinary | row.headers | ({"In-Reply-To": reference} if row.ours else {})
    values = [(k, v) for k, vs in fields.items() for v in (vs if isinstance(vs, list) else [vs]) if v is not None]
    raw = builders.raw_mail(*(f"{k}: {v}" for k, v in values), body=row.body.replace(b"OURS", envid.encode()))
    raw = with_document(raw) if row.files else raw
    return row.raw(raw) if row.raw else raw


@contextmanager
def paper(folder: Path, **changed: Any) -> Iterator[PaperOffice]:
    with builders.office(builders.config(folder, **changed)) as office:
        yield office
        assert verify(office).problems == []


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"row{r.number}")
async def test_a_row(tmp_path: Path, row: Row) -> None:
    with paper(tmp_path, **row.config) as office:
        await poll(office, builders.raw_mail("Return-Path: <a@b.test>", "From: a@b.test", "Subject: before"))
        acknowledgement = sent(office, "acknowledgement")[0]
        envid = office.paper_courier.delivered[0].envid
        report = await poll(office, mail(row, acknowledgement["Message-ID"], envid))
        found = office.store.reports.mail(2)
        assert found
        assert FATES[found["fate"]] == row.fate, found["rule"]
        assert report.acknowledged == int(row.answer), found["rule"]
        assert found["reason"]
        assert report.balance == 0


def state(office: PaperOffice) -> str:
    return str(office.store.outbox.get(1)["state"])


@pytest.mark.parametrize(
    ("number", "expected"), [(35, "bounced"), (38, "accepted"), (39, "delivered"), (40, "accepted")]
)
async def test_what_a_report_does_to_our_reply_rows_35_to_41(tmp_path: Path, number: int, expected: str) -> None:
    with paper(tmp_path) as office:
        await poll(office, builders.raw_mail("Return-Path: <a@b.test>", "From: a@b.test", "Subject: before"))
        row = next(r for r in ROWS if r.number == number)
        await poll(office, mail(row, envid=office.paper_courier.delivered[0].envid))
        assert state(office) == expected


async def test_row_50_the_third_quick_answer_brakes(tmp_path: Path) -> None:
    with paper(tmp_path) as office:
        await poll(office, builders.raw_mail("Return-Path: <a@b.test>", "From: a@b.test", "Subject: before"))
        reference = sent(office, "acknowledgement")[0]["Message-ID"]
        for n in range(3):
            row = Row(50, L, False, {"Message-ID": f"<{n}@b.test>", "Subject": f"Re: {n}"}, ours=True)
            await poll(office, mail(row, reference))
        assert office.store.contacts.braked("a@b.test", NOW + timedelta(hours=23))
        assert not office.store.contacts.braked("a@b.test", NOW + timedelta(hours=25))
        assert office.store.reports.fates() == {"registered": 1, "follow_up": 3}


async def test_rows_51_and_52_our_own_mail_delivered_to_us(tmp_path: Path) -> None:
    with paper(tmp_path, referrals={}) as office:
        await poll(office, builders.raw_mail("Return-Path: <a@b.test>", "From: a@b.test", "Subject: before"))
        for attempt in list(office.paper_courier.delivered):
            report = await poll(office, b"Return-Path: <a@b.test>\r\n" + attempt.raw)
            assert (report.automatic, report.registered, report.acknowledged) == (1, 0, 0)


async def test_rows_60_and_62_an_officers_token(tmp_path: Path) -> None:
    with paper(tmp_path, referrals={}) as office:
        await poll(office, builders.raw_mail("Return-Path: <a@b.test>", "From: a@b.test", "Subject: homeschool"))
        reference = sent(office, "referral")[0]["Message-ID"]
        genuine = Row(60, L, False, {"From": OFFICER, "Return-Path": f"<{OFFICER}>"}, ours=True)
        stolen = Row(62, N, False, {"From": "c@d.test", "Return-Path": "<c@d.test>"}, ours=True)
        assert (await poll(office, mail(genuine, reference))).follow_ups == 1
        report = await poll(office, mail(stolen, reference))
        assert (report.registered, report.acknowledged) == (1, 0)
        assert office.store.reports.mail(3)["rule"] == "officer-token-stranger"  # type: ignore[index]


async def test_row_68_a_mail_over_the_configured_limit_is_set_aside(tmp_path: Path) -> None:
    imap = builders.tables()["imap"] | {"max_size": 1_000_000}
    with paper(tmp_path, imap=imap) as office:
        assert (await poll(office, mail(Row(68, Q, False, body=b"x" * 1_100_000 + b"\r\n")))).set_aside == 1


async def test_rows_74_and_79_many_letters(tmp_path: Path) -> None:
    """In numbers: tests/jobs/test_answers.py; here that registering does not suffer."""
    with paper(tmp_path, limits={}) as office:
        one = [mail(Row(74, N, True, {"Message-ID": f"<{n}@b.test>"}, b"%d" % n)) for n in range(20)]
        report = await poll(office, *one)
        assert (report.registered, report.acknowledged) == (20, 5)
        office.paper_clock.advance(timedelta(hours=1))
        assert (await polls.send(office)).acknowledged == 1


async def test_rows_76_to_78_the_same_again(tmp_path: Path) -> None:
    first = mail(Row(76, N, True))
    with paper(tmp_path) as office:
        await poll(office, first)
        assert (await poll(office, first)).duplicates == 1
        assert (
            await poll(office, b"Received: from other; Mon, 23 Nov 2026 09:00:00 +0700\r\n" + first)
        ).duplicates == 1
        other = await poll(office, first.replace(b"text", b"other"))
        assert (other.registered, other.acknowledged) == (1, 1)
        assert "Message-ID" in office.store.reports.letters()[1]["remarks"]


async def test_row_80_mail_from_before_the_go_live_moment(tmp_path: Path) -> None:
    with paper(tmp_path, replies={"go_live": NOW}) as office:
        report = await poll(office, mail(Row(80, Q, False)))
        assert (report.set_aside, report.registered, report.acknowledged) == (1, 0, 0)


def test_every_row_is_here() -> None:
    apart = {50, 51, 52, 60, 62, 68, 74, 76, 77, 78, 79, 80}
    assert {r.number for r in ROWS} | apart == set(range(1, 81))
