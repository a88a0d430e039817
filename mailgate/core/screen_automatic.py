"""The signs of programs that answer mail, by their own words and by what they answer."""

from __future__ import annotations

import re

from mailgate.core import screen_body as body
from mailgate.core import screen_words as words
from mailgate.core.screen_signs import (
    Facts,
    auto_submitted,
    null_path,
    precedence,
    responder_headers,
    response_suppressed,
)
from mailgate.model import Mail

_ANSWERS = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|res|r|rv|odp|ynt|答复|回复|回覆|返信|ตอบ(?:กลับ)?)(?:\[\d+\])? ?[:：]", re.IGNORECASE
)
_FIRST_WORDS = 600


def machine_answer_to_ours(mail: Mail, facts: Facts) -> str:
    """A program's answer to a mail of ours: the token shows what it answers, so weaker signs do."""
    if not facts.answers_ours:
        return ""
    checks = (auto_submitted, responder_headers, precedence, response_suppressed, null_path, automatic_subject, away)
    return next((found for check in checks if (found := check(mail, facts))), "") or _says_so(mail, facts)


def automatic_subject(mail: Mail, facts: Facts) -> str:
    found = words.AUTO_SUBJECT.match(mail.subject) or words.AUTO_WITHIN.search(mail.subject)
    return f"Subject: {found[0].strip()}" if found else ""


def away(mail: Mail, facts: Facts) -> str:
    """People write such subjects too: this counts only with another sign."""
    found = words.AWAY_SUBJECT.match(mail.subject)
    return f"Subject: {found[0].strip()}" if found else ""


def away_in_words(mail: Mail, facts: Facts) -> str:
    """Subject and text both say that the writer is away, or that nobody wrote it."""
    subject = away(mail, facts)
    said = _says_so(mail, facts) if subject else ""
    return f"{subject}; {said}" if said else ""


def automatic_words(mail: Mail, facts: Facts) -> str:
    """An answer to something, whose text says that it was made by a program."""
    if not (_ANSWERS.match(mail.subject) or mail.in_reply_to or mail.references):
        return ""
    found = words.AUTO_TEXT.search(body.beginning(mail, facts.begins)[:_FIRST_WORDS])
    return f"text: {found[0]}" if found else ""


def _says_so(mail: Mail, facts: Facts) -> str:
    text = body.beginning(mail, facts.begins)[:_FIRST_WORDS]
    found = words.AUTO_TEXT.search(text) or words.AWAY_TEXT.search(text)
    return f"text: {found[0]}" if found else ""
