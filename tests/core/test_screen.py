"""The screening table, row by row of the requirements' table of 80 mails.

Rows that no header decides are not here: 2-4, 25 (nothing to see), 56, 57, 59 (what is written or enclosed), 60-62
(officers' tokens), 63, 64 (a complaint is answered like any letter), 65 and 66 inside a multipart, 67, 68, 70 (content
and size), 71, 73, 74 and 79 (rates), 76-78 (duplicates), 80 (a date of the office's).
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.parse import headers
from mailgate.core.screen import RULES, screen
from mailgate.core.screen_signs import Facts
from mailgate.core.trust import Authentication, authentication
from mailgate.model import Kind, Screening

OURS = frozenset({"saraban@example.go.th", "office@example.go.th"})
AUTHORITY = "mx.example.go.th"
REPORT = "multipart/report; report-type={}; boundary=b"
LETTER, AUTO, BOUNCE, LIST, OWN = Kind.LETTER, Kind.AUTO, Kind.BOUNCE, Kind.LIST, Kind.OWN

PERSON = {"Return-Path": "<a@b.test>", "From": "A <a@b.test>", "To": "saraban@example.go.th", "Subject": "hello"}
NULL = {"Return-Path": "<>"}


def mail(changed: dict[str, str | list[str] | None] | None = None) -> bytes:
    """An ordinary citizen's mail with these headers changed; None takes one away, a list repeats it."""
    fields = PERSON | (changed or {})
    lines = [
        f"{name}: {value}"
        for name, values in fields.items()
        if values is not None
        for value in (values if isinstance(values, list) else [values])
    ]
    return "\r\n".join([*lines, "", "body", ""]).encode()


def judged(changed: dict[str, str | list[str] | None] | None = None, **facts: object) -> Screening:
    read = headers(mail(changed))
    known = {"authentication": authentication(read, AUTHORITY)} | facts
    return screen(read, Facts(OURS, **known))  # type: ignore[arg-type]


class Row(NamedTuple):
    """A row of the table: its number, what is changed, the kind and answer, whether a token of ours is referred to."""

    number: int
    changed: dict[str, str | list[str] | None]
    kind: Kind
    answer: bool
    to_ours: bool = False


TABLE = [
    Row(1, {"Authentication-Results": f"{AUTHORITY}; spf=pass; dkim=pass; dmarc=pass"}, LETTER, True),
    Row(5, {"Message-ID": None}, LETTER, True),
    Row(6, {"Date": None}, LETTER, True),
    Row(6, {"Date": "Mon, 10 Sep 2567 09:00:00 +0700"}, LETTER, True),
    Row(6, {"Date": "Thu, 1 Jan 1970 00:00:00 +0000"}, LETTER, True),
    Row(6, {"Date": "Thu, 1 Jan 2099 00:00:00 +0000"}, LETTER, True),
    Row(6, {"Date": "yesterday"}, LETTER, True),
    Row(7, {"From": None}, LETTER, True),
    Row(8, {"From": None, "Return-Path": None}, LETTER, False),
    Row(9, {"From": "a@b.test, c@d.test"}, LETTER, False),
    Row(10, {"From": ["a@b.test", "c@d.test"]}, LETTER, False),
    Row(10, {"From": ["a@b.test", "a@b.test"]}, LETTER, False),
    Row(11, {"From": "undisclosed-recipients:;", "Return-Path": None}, LETTER, False),
    Row(12, {"From": "ไทย@example.com", "Return-Path": "<ไทย@example.com>"}, LETTER, True),
    Row(13, {"From": "a@ไทย.ไทย", "Return-Path": "<a@ไทย.ไทย>"}, LETTER, True),
    Row(14, {"Auto-Submitted": "no"}, LETTER, True),
    Row(14, {"Auto-Submitted": "NO"}, LETTER, True),
    Row(15, {"Auto-Submitted": "No (by hand)"}, LETTER, True),
    Row(15, {"Auto-Submitted": "no; owner=a"}, LETTER, True),
    Row(16, {"Auto-Submitted": "auto-generated; x-p=1"}, LETTER, False),
    Row(17, {"Auto-Submitted": "AUTO-REPLIED (vacation)"}, LETTER, False),
    Row(17, {"Auto-Submitted": "AUTO-REPLIED (vacation)"}, AUTO, False, to_ours=True),
    Row(18, {"Auto-Submitted": ""}, LETTER, False),
    Row(18, {"Auto-Submitted": "(no)"}, LETTER, False),
    Row(18, {"Auto-Submitted": "perhaps"}, LETTER, False),
    Row(19, {"Auto-Submitted": ["no", "auto-replied"]}, LETTER, False),
    Row(20, {"Precedence": "bulk"}, LETTER, False),
    Row(21, {"Precedence": "first-class"}, LETTER, True),
    Row(22, {"List-Id": "<news.example.org>"}, LETTER, False),
    Row(23, {"List-Unsubscribe": "<mailto:x@y.test>"}, LETTER, True),
    Row(
        24,
        {
            "Feedback-ID": "1:2:3",
            "List-Unsubscribe": "<https://y>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        LETTER,
        False,
    ),
    Row(26, {"X-Auto-Response-Suppress": "DR"}, LETTER, True),
    Row(26, {"X-Auto-Response-Suppress": "DR, RN, NRN"}, LETTER, True),
    Row(27, {"X-Auto-Response-Suppress": "OOF, AutoReply"}, LETTER, False),
    Row(27, {"X-Auto-Response-Suppress": "DR, autoreply"}, LETTER, False),
    Row(27, {"X-Auto-Response-Suppress": "All"}, LETTER, False),
    Row(28, {"From": "noreply@agency.go.th", "Return-Path": "<noreply@agency.go.th>"}, LETTER, False),
    Row(28, {"Return-Path": "<do-not-reply@agency.go.th>"}, LETTER, False),
    Row(29, {"From": "no-reply+x@b.test", "Return-Path": "<no-reply+x@b.test>"}, LETTER, False),
    Row(30, {"From": "postmaster@b.test", "Return-Path": "<postmaster@b.test>"}, LETTER, True),
    Row(31, {"From": "owner-list@b.test", "Return-Path": "<owner-list@b.test>"}, LETTER, False),
    Row(31, {"From": "list-request@b.test", "Return-Path": "<list-request@b.test>"}, LETTER, False),
    Row(32, {"Return-Path": "<SRS0=HHH=TT=b.test=a@forwarder.test>"}, LETTER, True),
    Row(33, {"Return-Path": "<prvs=0123456789=a@b.test>"}, LETTER, True),
    Row(34, NULL, LETTER, False),
    Row(35, {**NULL, "Content-Type": REPORT.format("delivery-status")}, BOUNCE, False, to_ours=True),
    Row(36, {"From": "MAILER-DAEMON@b.test", "Return-Path": "<MAILER-DAEMON@b.test>"}, BOUNCE, False),
    Row(37, {"Subject": "Undelivered Mail Returned to Sender"}, LETTER, False),
    Row(38, {**NULL, "Content-Type": REPORT.format('"delivery-status"')}, BOUNCE, False),
    Row(42, {"Content-Type": REPORT.format("Delivery-Status")}, BOUNCE, False),
    Row(44, {"Content-Type": REPORT.format("disposition-notification")}, Kind.READ, False, to_ours=True),
    Row(45, {"Disposition-Notification-To": "a@b.test"}, LETTER, True),
    Row(46, {"Auto-Submitted": "auto-replied"}, AUTO, False, to_ours=True),
    Row(47, {"Subject": "Automatic reply: เลขรับ"}, AUTO, False, to_ours=True),
    Row(47, {"Subject": "ตอบกลับอัตโนมัติ: เลขรับ"}, AUTO, False, to_ours=True),
    Row(48, {"Subject": "Out of office"}, LETTER, False),
    Row(48, {"Auto-Submitted": "auto-replied"}, LETTER, False),
    Row(49, {"Subject": "ตอบกลับอัตโนมัติ"}, LETTER, False),
    Row(53, {"From": "saraban@example.go.th", "Return-Path": "<saraban@example.go.th>"}, LETTER, False),
    Row(53, {"From": "Office@Example.GO.TH"}, LETTER, False),
    Row(54, {"Auto-Submitted": "auto-replied", "Precedence": "bulk"}, AUTO, False, to_ours=True),
    Row(58, {"Subject": "Re: แจ้งเลขรับ"}, LETTER, True, to_ours=True),
    Row(65, {"Content-Type": "text/calendar; method=REQUEST"}, LETTER, True),
    Row(66, {"Content-Type": "text/calendar; charset=utf-8; method=REPLY"}, AUTO, False),
    Row(72, {"Subject": "ขอข้อมูล".encode("cp874").decode("latin-1")}, LETTER, True),
    Row(75, {"To": "others@elsewhere.test"}, LETTER, False),
    Row(75, {"To": "undisclosed-recipients:;"}, LETTER, False),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda r: f"row{r.number}")
def test_a_row_of_the_table(row: Row) -> None:
    found = judged(row.changed, answers_ours=row.to_ours)
    assert (found.kind, found.answer) == (row.kind, row.answer), found.rule
    assert bool(found.destination) is row.answer
    assert found.reason
    if not row.answer:
        assert found.rule != "answer"


def test_our_own_mail_come_back_is_ours_rows_51_and_52() -> None:
    assert judged(is_ours=True).kind is OWN
    assert judged({"Auto-Submitted": "auto-generated"}, is_ours=True).kind is OWN


# Where the rules are finer than the table: two marks of a list are no letter unless it is meant
# for the office, and so is an automatic mail that nobody
# can answer. One mark, or an answerable one, stays a letter as the table says.
@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"List-Id": "<n.test>", "List-Unsubscribe": "<mailto:x@y>"}, LIST),
        ({"List-Id": "<n.test>", "List-Post": "<mailto:x@y>", "To": "news@n.test"}, LIST),
        ({"List-Id": "<n.test>", "Precedence": "list"}, LIST),
        ({"List-Id": "<n.test>", "List-Post": "<mailto:x@y>"}, LETTER),  # posted, and to the office by name
        ({"List-Id": "<n.go.th>", "Precedence": "list", "From": "a@moi.go.th"}, LETTER),  # a circular
        ({"List-Post": "<mailto:x@y>"}, LETTER),
        ({"List-Unsubscribe": "<mailto:x@y>", "Precedence": "bulk"}, LETTER),
        ({"Auto-Submitted": "auto-replied", "X-Spam-Flag": "YES"}, Kind.SPAM),
        ({**NULL, "Subject": "Delivery Status Notification"}, BOUNCE),
        ({**NULL, "From": "postmaster@b.test"}, BOUNCE),
        ({"From": "postmaster@b.test", "Subject": "Undeliverable: x"}, BOUNCE),
        ({"X-Failed-Recipients": "x@y.test"}, BOUNCE),
        ({"Content-Type": REPORT.format("feedback-report")}, Kind.FEEDBACK),
        ({"X-Spam-Flag": "YES"}, Kind.SPAM),
        ({"X-Spam-Status": "Yes, score=9"}, Kind.SPAM),
        ({"X-Virus-Status": "Infected (x)"}, Kind.MALWARE),
        ({"Content-Type": "message/delivery-status"}, BOUNCE),
    ],
)
def test_what_is_no_letter_and_never_answered(changed: dict[str, str | list[str] | None], kind: Kind) -> None:
    found = judged(changed)
    assert (found.kind, found.answer) == (kind, False)


# reliability 3.3: any one of these is reason enough for silence
@pytest.mark.parametrize(
    "changed",
    [
        *({"From": f"{local}@b.test", "Return-Path": f"<{local}@b.test>"} for local in (
            "nobody bounce bounces listserv majordomo mailman daemon auto autoreply autoresponder notification "
            "notifications alert alerts bot list-bounces list-owner list-errors donotreply NoReply prvs=12345=noreply"
        ).split()),
        *({name: "x"} for name in (
            "X-Autoreply X-Autorespond X-Autoresponder X-Autogenerated X-AutoReply-From X-Mail-Autoreply X-Vacation "
            "X-Loop X-RT-Loop-Prevention X-OTRS-Loop X-Jira-FingerPrint X-FC-MachineGenerated "
            "List-Post List-Help List-Subscribe List-Owner List-Archive Mailing-List X-Mailing-List X-ML-Name"
        ).split()),
        *({"Precedence": value} for value in ("bulk", "Junk", " list", "auto_reply")),
        {"Delivered-To": "Autoresponder"},
        {"Return-Path": "<bounces+1-a=b.test@sender.test>"},
        {"Return-Path": "<SRS0=HHH=TT=b.test=noreply@forwarder.test>"},
        {"Received": ["from a by b"] * 26},
        {"Authentication-Results": f"{AUTHORITY}; dmarc=fail (p=reject)"},
        {"Authentication-Results": f"{AUTHORITY}; spf=fail; dkim=none"},
    ],
    ids=str,
)  # fmt: skip
def test_a_never_reply_sign_silences_and_registers(changed: dict[str, str | list[str] | None]) -> None:
    found = judged(changed)
    assert not found.answer
    assert found.kind is LETTER
    assert found.evidence


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Zammad-Ticket-Id": "1"},
        {"Content-Type": "multipart/report; boundary=b"},
        {"Content-Type": "multipart/report; report-type=other; boundary=b"},
    ],
    ids=str,
)
def test_other_never_reply_signs_of_the_requirements(changed: dict[str, str | list[str] | None]) -> None:
    assert not judged(changed).answer


@pytest.mark.parametrize(
    "changed",
    [
        {"Received": ["from a by b"] * 25},
        {"X-Spam-Status": "No, score=-1"},
        {"Precedence": "normal"},
        {"From": "robot@b.test", "Return-Path": "<robot@b.test>"},
        {"From": "noreplyhere@b.test", "Return-Path": "<noreplyhere@b.test>"},
        {"Subject": "Re: out of school children"},
        {"Authentication-Results": "evil.test; dmarc=fail (p=reject)"},
        {"Cc": "saraban@example.go.th", "To": "others@elsewhere.test"},
        {"To": "Office@EXAMPLE.go.th"},
        {"Content-Type": "multipart/mixed; boundary=report-type=delivery-status"},
    ],
    ids=str,
)
def test_what_only_looks_like_a_sign_is_answered(changed: dict[str, str | list[str] | None]) -> None:
    found = judged(changed)
    assert found.answer, found.rule


# -- where the answer goes (reliability 3.2) -----------------------------------------------------------------------

PASS = f"{AUTHORITY}; dmarc=pass header.from=b.test"


@pytest.mark.parametrize(
    ("changed", "destination"),
    [
        ({}, "a@b.test"),
        ({"Return-Path": "<A@B.TEST>"}, "a@b.test"),
        ({"Return-Path": "<other@c.test>"}, "other@c.test"),
        ({"Return-Path": "<other@c.test>", "Authentication-Results": PASS}, "a@b.test"),
        ({"Return-Path": "<other@c.test>", "Authentication-Results": "evil.test; dmarc=pass"}, "other@c.test"),
        (
            {"Return-Path": "<other@c.test>", "Authentication-Results": f"{AUTHORITY}; spf=pass; dkim=pass"},
            "other@c.test",
        ),
        (
            {"Return-Path": "<other@c.test>", "Authentication-Results": [f"{AUTHORITY}; dmarc=none", PASS]},
            "other@c.test",
        ),
        (
            {"Return-Path": "<other@c.test>", "Authentication-Results": f"{AUTHORITY}; none (dmarc=pass)"},
            "other@c.test",
        ),
        ({"Return-Path": None}, "a@b.test"),
        ({"Return-Path": "<prvs=0123456789=a@b.test>"}, "a@b.test"),
        ({"Return-Path": "<prvs=0123456789=other@c.test>"}, "prvs=0123456789=other@c.test"),
        ({"Return-Path": "<SRS0=HHH=TT=b.test=a@forwarder.test>"}, "SRS0=HHH=TT=b.test=a@forwarder.test"),
        (
            {"Return-Path": "<SRS0=HHH=TT=b.test=a@forwarder.test>", "Authentication-Results": PASS},
            "a@b.test",
        ),
        ({"Reply-To": "victim@elsewhere.test"}, "a@b.test"),
        ({"Reply-To": "victim@elsewhere.test", "Return-Path": None}, "a@b.test"),
        ({"Reply-To": "victim@elsewhere.test", "From": None}, "a@b.test"),
        ({"From": None, "Return-Path": "<other@c.test>"}, "other@c.test"),
    ],
    ids=str,
)
def test_where_an_answer_goes(changed: dict[str, str | list[str] | None], destination: str) -> None:
    assert judged(changed).destination == destination


@pytest.mark.parametrize(
    "changed",
    [
        {"From": None, "Reply-To": "victim@elsewhere.test", "Return-Path": None},
        {"From": "a@localhost", "Return-Path": "<a@localhost>"},
        {"From": "a@b.test", "Return-Path": "<other@nodots>"},
    ],
    ids=str,
)
def test_without_a_usable_address_nothing_is_answered(changed: dict[str, str | list[str] | None]) -> None:
    found = judged(changed)
    assert (found.kind, found.answer, found.destination) == (LETTER, False, "")


@pytest.mark.parametrize(
    "path",
    ['<"a b"@evil.test>', "<a@[192.0.2.1]>", "<@relay.test:a@evil.test>", "<a@evil.test", "<(c)a@evil.test>"],
)
def test_an_unreadable_return_path_does_not_aim_the_answer_at_an_unconfirmed_from(path: str) -> None:
    """A path that is there but cannot be read is not the same as From, and not the same as none."""
    found = judged({"From": "Victim <victim@elsewhere.test>", "Return-Path": path})
    assert found.destination != "victim@elsewhere.test"


# -- the table as a whole -------------------------------------------------------------------------------------------


def test_every_rule_is_named_once_and_says_why_in_thai() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert all(any("\u0e01" <= c <= "\u0e5b" for c in rule.reason) for rule in RULES)


NAMES = st.sampled_from(
    "From To Subject Return-Path Auto-Submitted Precedence List-Id Content-Type Received References X".split()
)
VALUES = st.one_of(st.binary(max_size=60), st.sampled_from([b"<>", b"no", b"bulk", b"a@b.test", b"multipart/report"]))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=10), st.booleans(), st.booleans())
def test_any_mail_is_judged_and_only_letters_are_answered(
    fields: list[tuple[str, bytes]], answers_ours: bool, is_ours: bool
) -> None:
    raw = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields) + b"\r\nbody"
    found = screen(headers(raw), Facts(OURS, Authentication(), answers_ours, is_ours))
    assert not found.answer or found.kind is LETTER
    assert bool(found.destination) is found.answer
    assert found.rule
    assert found.reason
    assert len(found.evidence) <= 200
