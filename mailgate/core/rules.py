"""The office's own rules for certain mail ([[rules]])."""

from __future__ import annotations

from collections.abc import Sequence

from mailgate.config_answers import Rule
from mailgate.core.thai import fold
from mailgate.model import Mail


def match(mail: Mail, rules: Sequence[Rule], *, confirmed: bool) -> Rule | None:
    """The first rule whose every condition holds. ``confirmed``: our own mail server vouches for the sender."""
    return next((rule for rule in rules if _fits(mail, rule, confirmed)), None)


def _fits(mail: Mail, rule: Rule, confirmed: bool) -> bool:
    if rule.confirmed and not confirmed:
        return False
    if rule.sender and not _is_from(mail, rule.sender.lower()):
        return False
    if rule.subject and fold(rule.subject) not in fold(mail.subject):
        return False
    name, _, words = rule.header.partition(":")
    values = mail.all(name.strip().lower())
    return not rule.header or any(words.strip().lower() in value.lower() for value in values)


def _is_from(mail: Mail, wanted: str) -> bool:
    """Only the strict reading of From counts: a rule is not to be opened by a From with two readings."""
    address = mail.sender.address.lower() if mail.sender else ""
    return address.endswith(wanted) if wanted.startswith("@") else address == wanted
