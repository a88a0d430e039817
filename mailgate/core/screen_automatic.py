"""The signs of programs that answer mail, by their own words and by what they answer."""

from __future__ import annotations

import re

from mailgate.core import screen_body as body
from mailgate.core import screen_words as words
from mailgate.core.address import plain_local
from mailgate.core.screen_signs import Facts, auto_submitted, automatic_precedence, null_path, responder_headers
from mailgate.model import Mail

_ANSWERS = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|res|r|rv|odp|ynt|答复|回复|回覆|返信|ตอบ(?:กลับ)?)(?:\[\d+\])? ?[:：]", re.IGNORECASE
)
# Addresses of many hands, or of none: they are the ones that answer by a program.
_ROLE = re.compile(
    r"(?:info|support|services?|help(?:desk)?|service-?desk|contact|kontakt|contacto|contato|sales|admin\w*|system|office|mail"
    r"|web(?:master|mail)?|customer\S*|kunden\S*|abuse|hr|jobs|billing|orders?|crm|tickets?|root|www-?data|apache|wordpress"
    r"|confirm\S*|welcome|team|hello|news\S*|auto\S*)\Z"
)
_FIRST_WORDS = 600
_VERY_FIRST = 300


def machine_answer_to_ours(mail: Mail, facts: Facts) -> str:
    """A program's answer to a mail of ours: the token shows what it answers, so weaker signs do.

    Precedence: bulk and X-Auto-Response-Suppress are no such sign: helpdesks and Exchange put them on people's mail.
    """
    if not facts.answers_ours:
        return ""
    checks = (auto_submitted, responder_headers, automatic_precedence, null_path, automatic_subject)
    return next((found for check in checks if (found := check(mail, facts))), "") or _answers_by_words(mail, facts)


def braked_answer(mail: Mail, facts: Facts) -> str:
    """The loop brake is on for this address, and the mail has the words of a program."""
    if not facts.braked:
        return ""
    found = auto_submitted(mail, facts) or responder_headers(mail, facts) or automatic_subject(mail, facts)
    return found or _answers_by_words(mail, facts)


def automatic_subject(mail: Mail, facts: Facts) -> str:
    found = words.AUTO_SUBJECT.match(mail.subject) or words.AUTO_WITHIN.search(mail.subject)
    return f"Subject: {found[0].strip()}" if found else ""


def away(mail: Mail, facts: Facts) -> str:
    """Subject and text both say that the writer is away: either alone people write too."""
    found = words.AWAY_SUBJECT.match(mail.subject)
    said = _says_so(mail, facts, _FIRST_WORDS) if found else ""
    return f"Subject: {found[0].strip()}; {said}" if found and said else ""


def automatic_words(mail: Mail, facts: Facts) -> str:
    """A text that says that a program wrote it, where the header raises the question."""
    if _answers_something(mail):
        return _says_so(mail, facts, _FIRST_WORDS)
    asks = words.HINT.search(mail.subject) or _ROLE.match(plain_local(mail.from_shown.address)) or not mail.message_id
    if not asks or words.FORWARDED.match(mail.subject):
        return ""
    found = words.AUTO_TEXT.search(body.beginning(mail, facts.begins)[:_FIRST_WORDS])
    return f"text: {found[0].strip()}" if found else ""


def _answers_something(mail: Mail) -> bool:
    return bool(_ANSWERS.match(mail.subject) or mail.in_reply_to or mail.references)


def _answers_by_words(mail: Mail, facts: Facts) -> str:
    """By subject or text alone; not where something is enclosed: programs enclose nothing, people do."""
    if mail.first("content-type").lower().startswith("multipart/mixed"):
        return ""
    found = words.AWAY_SUBJECT.match(mail.subject)
    return f"Subject: {found[0].strip()}" if found else _says_so(mail, facts, _VERY_FIRST)


def _says_so(mail: Mail, facts: Facts, within: int) -> str:
    text = body.beginning(mail, facts.begins)[:within]
    found = words.AUTO_TEXT.search(text) or words.AWAY_TEXT.search(text)
    return f"text: {found[0].strip()}" if found else ""
