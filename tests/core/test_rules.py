"""The office's own rules, follow-ups, and receipt numbers that are quoted."""

from __future__ import annotations

import pytest

from mailgate.config_answers import Rule
from mailgate.core import followups, quoted, rules
from mailgate.core.parse import headers
from mailgate.model import Kind, Receipt, Screening
from tests.builders import raw_mail

SYSTEM = headers(
    raw_mail("From: e-Office <a@system.moe.go.th>", "Subject: หนังสือราชการ ที่ ศธ 1", "X-Mailer: e-Saraban 2")
)


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"sender": "a@system.moe.go.th"}, True),
        ({"sender": "@system.moe.go.th"}, True),
        ({"sender": "@moe.go.th"}, False),
        ({"sender": "b@system.moe.go.th"}, False),
        ({"subject": "หนังสือราชการ"}, True),
        ({"subject": "จดหมายข่าว"}, False),
        ({"header": "X-Mailer: e-saraban"}, True),
        ({"header": "X-Mailer"}, True),
        ({"header": "X-Other: e-saraban"}, False),
        ({"sender": "@system.moe.go.th", "subject": "จดหมายข่าว"}, False),
        ({"sender": "@system.moe.go.th", "confirmed": True}, False),
    ],
)
def test_every_condition_of_a_rule_must_hold(conditions: dict[str, object], fits: bool) -> None:
    rule = Rule.model_validate({"name": "ก"} | conditions)
    assert (rules.match(SYSTEM, [rule], confirmed=False) is rule) is fits


def test_a_rule_for_confirmed_senders_needs_the_word_of_our_own_server() -> None:
    rule = Rule(name="ก", sender="@system.moe.go.th", confirmed=True)
    assert rules.match(SYSTEM, [rule], confirmed=True) is rule


def test_a_sender_with_two_readings_opens_no_rule() -> None:
    mail = headers(raw_mail("From: a@system.moe.go.th, b@evil.test"))
    assert rules.match(mail, [Rule(name="ก", sender="a@system.moe.go.th")], confirmed=True) is None


def test_the_first_rule_that_fits_decides() -> None:
    first, second = Rule(name="ก", subject="หนังสือ"), Rule(name="ข", sender="@system.moe.go.th")
    assert rules.match(SYSTEM, [first, second], confirmed=False) is first


LETTER = Screening(Kind.LETTER, True, "answer", "", "", "a@b.test")


@pytest.mark.parametrize(
    ("policy", "documents", "own"),
    [
        ("documents", True, True), ("documents", False, False), ("always", True, True), ("always", False, True),
        ("never", True, False), ("never", False, False),
    ],
)  # fmt: skip
def test_when_an_answer_is_a_letter_of_its_own(policy: str, documents: bool, own: bool) -> None:
    found = followups.judge(LETTER, policy, documents)  # type: ignore[arg-type]
    assert (found is LETTER) is own
    assert own or (found.kind, found.answer) == (Kind.FOLLOW_UP, False)


def test_what_is_no_letter_is_no_follow_up() -> None:
    automatic = Screening(Kind.AUTO, False, "x", "")
    assert followups.judge(automatic, "documents", False) is automatic


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("ตามเลขรับ 123/2569 นั้น", [123]),
        ("เลขรับ ๑๒๓/๒๕๖๙", [123]),
        ("1/2569, 2 / 2569 และ 1/2569", [1, 2]),
        ("ที่ ศธ 04059/123/2569", []),
        ("10/9/2569", []),
        ("0/2569 12345678/2569 5/2469 5/25690", []),
        ("", []),
    ],
)
def test_receipt_numbers_that_are_quoted(text: str, numbers: list[int]) -> None:
    assert list(quoted.receipts(text)) == [Receipt(n, 2569) for n in numbers]


def test_a_long_list_of_numbers_makes_few_remarks() -> None:
    assert len(list(quoted.receipts(" ".join(f"{n}/2569" for n in range(1, 1000))))) == 5
