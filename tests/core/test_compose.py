"""The acknowledgement: says what the order asks, repeats nothing of the sender, and is safe on any wire."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from datetime import date, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Config, Service
from mailgate.core import tokens
from mailgate.core.compose import Letterhead, acknowledgement, context
from mailgate.core.parse import headers
from mailgate.edges.templates import Templates
from mailgate.model import Draft, Enclosures, Kind, Receipt, Receiving, Screening, Stub
from mailgate.model_entry import Entry
from tests import builders

ZONE = ZoneInfo("Asia/Bangkok")
KEY = b"k" * 32
RENDER = Templates(None).render
CVE_2024_6923 = "=?utf-8?q?hi=0D=0ABcc=3A_evil=40x?="
CANARY = re.compile(r"canary\d+", re.IGNORECASE)
TIMES = Receiving(
    datetime(2026, 11, 21, 7, 5, tzinfo=ZONE),
    datetime(2026, 11, 23, 8, 30, tzinfo=ZONE),
    datetime(2026, 11, 23, 9, 0, 1, tzinfo=ZONE),
    date(2026, 12, 23),
)
EXPECTED = (
    "From To Subject Date Message-ID In-Reply-To References Auto-Submitted Precedence X-Auto-Response-Suppress "
    "X-Mailgate-Loop MIME-Version Content-Type Content-Transfer-Encoding"
).split()
Make = Callable[..., Draft]


def config(office: dict[str, object] | None = None, **replies: object) -> Config:
    plain = builders.tables()
    return builders.config(Path("/nowhere"), office=plain["office"] | (office or {}), replies=replies)


def entry(*lines: str, to: str = "a@b.test", sha256: str = "ab" * 32, sizes: tuple[int, ...] = ()) -> Entry:
    raw = "\r\n".join([*lines, "", "body"]).encode()
    screening = Screening(Kind.LETTER, True, "answer", "x", "", to)
    stub = Stub(1, 1, len(raw), TIMES.arrived)
    return Entry(
        "INBOX", stub, TIMES.registered, headers(raw), screening, sha256, "cd" * 32, len(raw), Enclosures(sizes), TIMES
    )


def make(made_for: Entry, settings: Config | None = None, service: Service | None = None, number: int = 123) -> Draft:
    head = Letterhead(settings or config(), KEY, RENDER)
    return acknowledgement(head, made_for, Receipt(number, 2569), 7, service)


def read(draft: Draft) -> EmailMessage:
    parsed = BytesParser(policy=email.policy.default).parsebytes(draft.raw)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(draft: Draft, subtype: str = "plain") -> str:
    body = read(draft).get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def assert_fit_for_the_wire(raw: bytes, *, ascii_only: bool = True) -> None:
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw), "a bare CR or LF"
    assert b"\0" not in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    if ascii_only:
        assert raw.isascii()


def names_of(raw: bytes) -> list[str]:
    """The header names as a reader finds them, by the plainest reading there is."""
    block = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    return [line.partition(b":")[0].decode() for line in block.split(b"\r\n")]


# -- what it says ---------------------------------------------------------------------------------------------------


def test_it_names_number_both_times_due_date_officer_hash_and_enclosures() -> None:
    homeschool = config().services[0]
    text = text_of(make(entry(sizes=(1234, 5)), service=homeschool))
    for wanted in (
        "เลขรับ: ๑๒๓/๒๕๖๙",
        "เข้าสู่ระบบเมื่อ: ๒๑ พฤศจิกายน ๒๕๖๙ เวลา ๐๗.๐๕ น.",
        "ถือว่าได้รับเมื่อ: ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๐๘.๓๐ น.",
        "ภายในวันที่ ๒๓ ธันวาคม ๒๕๖๙",
        "เรื่อง: การขอจัดการศึกษาโดยครอบครัว",
        "ผู้รับผิดชอบ: นางสาวตัวอย่าง ใจดี",
        "เอกสารแนบ: ๒ รายการ (๑,๒๓๔, ๕ ไบต์)",
        "ab" * 32,
        "Receipt number: 123/2569",
        "Arrived: 21 November 2026, 07:05",
        "Counts as received: 23 November 2026, 08:30",
        "To be completed by: 23 December 2026",
        "Attachments: 2",
    ):
        assert wanted in text, wanted


def test_arabic_digits_where_the_office_wants_them() -> None:
    draft = make(entry(sizes=(1234,)), config({"thai_digits": False}), config().services[0])
    text = text_of(draft)
    assert "เลขรับ: 123/2569" in text
    assert "23 พฤศจิกายน 2569 เวลา 08.30 น." in text
    assert not re.search("[๐-๙]", text.replace("พ.ศ. ๒๕๖๕", "").replace("มาตรา ๑๐", ""))
    assert "123/2569" in str(read(draft)["Subject"])


def test_the_subject_is_the_offices_and_bears_the_number() -> None:
    assert str(read(make(entry()))["Subject"]) == "แจ้งเลขรับ ๑๒๓/๒๕๖๙ สำนักงานตัวอย่าง"


def test_times_are_shown_in_the_offices_zone() -> None:
    utc = Receiving(*(t.astimezone(ZoneInfo("UTC")) for t in (TIMES.arrived, TIMES.legally_received, TIMES.registered)))
    shown = context(config(), Receipt(1, 2569), utc, Enclosures(), "", None)
    assert shown["received"].endswith("เวลา ๐๘.๓๐ น.")
    assert shown["en"]["received"] == "23 November 2026, 08:30"


def test_without_a_service_the_clerk_is_named_and_no_date_is_promised() -> None:
    text = text_of(make(entry()))
    assert "ผู้รับผิดชอบ: เจ้าหน้าที่สารบรรณกลาง" in text
    assert "ตามระยะเวลาในขั้นตอน" in text
    assert "To be completed by" not in text
    assert "๒๓ ธันวาคม" not in text


def test_a_confidential_service_is_acknowledged_like_an_unknown_one() -> None:
    """Law 9: only number, dates and hash differ, so the reply shows nobody what the letter is about."""
    settings = config(html=True)
    corruption = settings.services[1]
    assert corruption.confidential
    secret, unknown = (make(entry(), settings, service) for service in (corruption, None))
    assert secret.raw == unknown.raw
    other = make(entry(sha256="ef" * 32), settings, corruption, number=124)
    masked = [re.sub(r"[๐-๙0-9]+/๒?2?[๐-๙0-9]+|[0-9a-f]{64}", "#", text_of(d)) for d in (other, unknown)]
    assert masked[0] == masked[1]
    for hidden in (corruption.title, corruption.officers[0].name, "ทุจริต", "ปกปิด"):
        assert hidden not in text_of(secret) + text_of(secret, "html") + str(read(secret).items())


# -- nothing of the sender's ----------------------------------------------------------------------------------------

POISONED = (
    'From: "canary1 win https://canary1.test" <canary2@b.test>',
    "Reply-To: canary3@evil.test",
    "To: canary4 <saraban@example.go.th>",
    "Cc: canary5@evil.test",
    "Subject: canary6 click https://canary6.test",
    "Message-ID: <canary7@b.test>",
    "In-Reply-To: <canary8@b.test>",
    "References: <canary8@b.test> <canary9@b.test>",
    "Date: Mon, 23 Nov 2026 08:00:00 +0700 (canary10)",
    "Comments: canary11",
    "Content-Type: multipart/mixed; boundary=canary12; name=canary13",
)


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("service", [None, 0, 1])
def test_nothing_the_sender_wrote_appears_anywhere(html: bool, service: int | None) -> None:
    settings = config(html=html)
    chosen = None if service is None else settings.services[service]
    draft = make(entry(*POISONED, to="canary2@b.test", sizes=(1,)), settings, chosen)
    message = read(draft)
    for name, value in message.items():
        found = set(CANARY.findall(str(value)))
        allowed = {"to": {"canary2"}, "in-reply-to": {"canary7"}, "references": {"canary7", "canary8", "canary9"}}
        assert found <= allowed.get(name.lower(), set()), name
    for part in message.walk():
        if not part.is_multipart():
            assert not CANARY.search(str(part.get_content()))
            assert not part.get_filename()
    assert not CANARY.search(draft.sender + draft.envid + draft.message_id)


def test_the_display_name_of_the_sender_is_not_in_to() -> None:
    assert str(read(make(entry(*POISONED, to="canary2@b.test")))["To"]) == "canary2@b.test"


# -- headers --------------------------------------------------------------------------------------------------------


def test_it_says_that_it_is_automatic_and_asks_for_no_automatic_answer() -> None:
    message = read(make(entry("Message-ID: <1@b.test>")))
    assert message.get_all("Auto-Submitted") == ["auto-replied"]
    assert message["Precedence"] == "bulk"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply, DR, RN, NRN"
    assert message["X-Mailgate-Loop"] == tokens.loop_mark(KEY, builders.OFFICE)
    assert message["From"].addresses[0].addr_spec == builders.OFFICE
    raw_from = email.message_from_bytes(make(entry()).raw)["From"]  # policy.default keeps a space between words
    assert str(make_header(decode_header(raw_from))) == f"สำนักงานตัวอย่าง <{builders.OFFICE}>"
    assert message["Reply-To"] is None
    assert message["Cc"] is None
    assert message["Date"].datetime == TIMES.registered.replace(microsecond=0)
    assert len(message["To"].addresses) == 1


def test_message_id_envelope_and_envid_carry_the_token() -> None:
    draft = make(entry())
    token = tokens.token(KEY, "acknowledgement", 7, "123/2569", "a@b.test")
    assert draft.message_id == f"<r.7.{token}@example.go.th>" == str(read(draft)["Message-ID"])
    assert draft.sender == f"saraban+b.7.{token}@example.go.th"
    assert draft.envid == f"7.{token}"
    assert draft.recipient == "a@b.test"


@pytest.mark.parametrize(("setting", "sender"), [("plain", builders.OFFICE), ("null", "")])
def test_the_envelope_sender_can_be_plain_or_null(setting: str, sender: str) -> None:
    assert make(entry(), config(return_path=setting)).sender == sender


def test_it_threads_to_the_mail_it_answers() -> None:
    message = read(
        make(entry("Message-ID: <2@b.test>", "References: <0@b.test>\r\n <1@b.test>", "In-Reply-To: <1@b.test>"))
    )
    assert message["In-Reply-To"] == "<2@b.test>"
    assert message["References"].split() == ["<0@b.test>", "<1@b.test>", "<2@b.test>"]


def test_one_in_reply_to_stands_in_for_missing_references() -> None:
    assert read(make(entry("Message-ID: <2@b.test>", "In-Reply-To: <1@b.test>")))["References"].split() == [
        "<1@b.test>",
        "<2@b.test>",
    ]
    two = make(entry("Message-ID: <2@b.test>", "In-Reply-To: <0@b.test> <1@b.test>"))
    assert read(two)["References"].split() == ["<2@b.test>"]


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "2@b.test",
        "<2 b.test>",
        "<@b.test>",
        "<2@>",
        f"<{'a' * 250}@b.test>",
        "<ก@b.test>",
        "<a\tb@c.test>",
        "<a\0b@c.test>",
    ],
)
def test_an_identifier_that_is_none_is_not_copied(identifier: str) -> None:
    message = read(make(entry(f"Message-ID: {identifier}", "References: <1@b.test>")))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


def test_long_threads_are_cut_to_the_first_and_the_last() -> None:
    before = [f"<{n}@b.test>" for n in range(40)]
    message = read(make(entry("Message-ID: <now@b.test>", "References: " + "\r\n ".join(before))))
    assert message["References"].split() == [before[0], *before[-9:], "<now@b.test>"]


def test_the_longest_identifiers_still_make_short_lines() -> None:
    before = [f"<{n:02d}{'x' * 240}@b.te>" for n in range(40)]
    draft = make(entry(f"Message-ID: {before[0]}", "References: " + "\r\n ".join(before)))
    assert_fit_for_the_wire(draft.raw)
    assert len(read(draft)["References"].split()) == 11


# -- bytes ----------------------------------------------------------------------------------------------------------

INJECTIONS = (
    f"Subject: {CVE_2024_6923}",
    f"From: {CVE_2024_6923} <a@b.test>",
    f"Message-ID: <{CVE_2024_6923}@b.test>",
    f"References: <{CVE_2024_6923}@b.test> <1@b.test>\rBcc: evil@x",
    "In-Reply-To: <1@b.test>\r Bcc: evil@x",
    "Message-ID: <1\rBcc: evil@b.test>",
)


@pytest.mark.parametrize("line", INJECTIONS)
@pytest.mark.parametrize("html", [False, True])
def test_no_header_can_be_added_by_what_the_sender_wrote(line: str, html: bool) -> None:
    """CVE-2024-6923: the standard library wrote an encoded word's line break as one."""
    draft = make(entry(line), config(html=html))
    assert_fit_for_the_wire(draft.raw)
    assert set(names_of(draft.raw)) <= set(EXPECTED)
    for policy in (email.policy.default, email.policy.SMTP, email.policy.compat32):
        message = email.message_from_bytes(draft.raw, policy=policy)  # type: ignore[arg-type]
        assert message.keys() == names_of(draft.raw)
        assert "Bcc" not in message
    again = email.message_from_bytes(read(draft).as_bytes(policy=email.policy.SMTP), policy=email.policy.default)
    assert set(again.keys()) <= set(EXPECTED)


def test_headers_stand_once_and_in_order() -> None:
    found = names_of(make(entry("Message-ID: <1@b.test>")).raw)
    assert found == EXPECTED


@pytest.mark.parametrize("html", [False, True])
def test_it_is_seven_bit_short_lined_and_the_same_every_time(html: bool) -> None:
    settings = config(html=html)
    draft = make(entry(*POISONED), settings, settings.services[0])
    assert_fit_for_the_wire(draft.raw)
    assert max(len(line) for line in draft.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 78 + len("X-Mailgate-Loop")
    assert draft == make(entry(*POISONED), settings, settings.services[0])
    assert not read(draft).defects
    assert all(not part.defects for part in read(draft).walk())


def test_html_is_an_alternative_that_comes_last_and_says_the_same() -> None:
    draft = make(entry(sizes=(5,)), config(html=True), config().services[0])
    message = read(draft)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    html = text_of(draft, "html")
    for wanted in ("๑๒๓/๒๕๖๙", "๒๓ ธันวาคม ๒๕๖๙", "ab" * 32, "การขอจัดการศึกษาโดยครอบครัว"):
        assert wanted in html
    assert "<script" not in html
    assert "http" not in html.replace(config().website.url or "-", "")


def test_what_the_config_says_is_escaped_in_html() -> None:
    draft = make(entry(), config({"name": 'A & B <b>"x"</b>'}, html=True))
    assert "<b>" not in text_of(draft, "html")
    assert "A &amp; B &lt;b&gt;" in text_of(draft, "html")
    assert 'A & B <b>"x"</b>' in text_of(draft)


@pytest.mark.parametrize(
    "name",
    ["Plain Office", 'Office "of" \\ things', "Office, Inc. <x@y>", "ก" * 300, "Office =?utf-8?q?x?=", "a" * 120],
)
def test_any_name_of_an_office_makes_one_well_formed_from(name: str) -> None:
    draft = make(entry(), config({"name": name}))
    assert_fit_for_the_wire(draft.raw)
    message = read(draft)
    assert [a.addr_spec for a in message["From"].addresses] == [builders.OFFICE]
    assert set(message.keys()) <= set(EXPECTED)


def test_a_thai_local_part_goes_out_as_utf8_with_its_domain_in_ascii() -> None:
    draft = make(entry(to="ประชาชน@ตัวอย่าง.ไทย"))
    assert draft.recipient.startswith("ประชาชน@xn--")
    assert_fit_for_the_wire(draft.raw, ascii_only=False)
    assert f"To: {draft.recipient}\r\n".encode() in draft.raw
    assert set(names_of(draft.raw)) <= set(EXPECTED)


def test_a_thai_domain_alone_stays_seven_bit() -> None:
    draft = make(entry(to="a@ตัวอย่าง.ไทย"))
    assert draft.recipient == "a@xn--72c1a1bt4awk9o.xn--o3cw4h"
    assert_fit_for_the_wire(draft.raw)


@given(st.lists(st.binary(max_size=120), max_size=4))
def test_whatever_the_headers_were_the_reply_is_clean(values: list[bytes]) -> None:
    raw = b"".join(
        name + b": " + value + b"\r\n"
        for name, value in zip((b"Message-ID", b"References", b"In-Reply-To", b"Subject"), values, strict=False)
    )
    base = entry()
    made_for = Entry(
        base.mailbox, base.stub, base.seen_at, headers(raw), base.screening, base.sha256, "", 0, Enclosures(), TIMES
    )
    draft = make(made_for)
    assert_fit_for_the_wire(draft.raw)
    assert set(names_of(draft.raw)) <= set(EXPECTED)
