"""The signs of reports: what mail servers and mail programs say about a mail that somebody sent."""

from __future__ import annotations

import re

from mailgate.core import screen_body as body
from mailgate.core import screen_words as words
from mailgate.core.address import plain_local
from mailgate.core.screen_signs import Facts, null_path, present, starts
from mailgate.model import Mail

_STATUS_PARTS = (b"message/delivery-status", b"message/global-delivery-status")
_READ_PARTS = (b"message/disposition-notification", b"message/global-disposition-notification")
_FEEDBACK_PARTS = (b"message/feedback-report",)
_ACTION = re.compile(rb"^action[ \t]*:[ \t]*([a-z]{1,20})", re.IGNORECASE | re.MULTILINE)
_METHOD = re.compile(rb"method[ \t]*=[ \t]*\"?reply\b")
_DAEMON = re.compile(r"(?:mailer|mail|m)[-_.]?daemon\Z")
# Roles that people have as well: "postmaster" is often a person (RFC 5230 s.5.8). It takes a second sign.
_MASTER = re.compile(
    r"(?:post[-_.]?master|mail[-_. ]?(?:delivery|system|admin|master|server|gateway|router|service|sweeper)\S*"
    r"|(?:internet|e500_smtp)\S*mail\S*|(?:e-?)?mail|smtp\S*|root|daemon|mmdf|uucp|imss|non-?delivery\S*"
    r"|delivery[-_.]?(?:status|report|failure)\S*|system[-_. ]?admin\S*|admin(?:istrator)?|symantec\S*|\"system)\Z"
)
_CODE = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])|\b5[0-7]\d[ -](?:#?5\.|<|[a-z])", re.IGNORECASE)


def read_receipt(mail: Mail, facts: Facts) -> str:
    """RFC 8098 3: a report of a mail program that a mail was opened, or was not."""
    return _report(mail, facts, "disposition-notification", _READ_PARTS)


def feedback_report(mail: Mail, facts: Facts) -> str:
    """RFC 5965 2; large providers also send complaints with the mail enclosed and nothing else to tell them by."""
    found = words.COMPLAINT.match(mail.subject)
    enclosed = found and b"message/rfc822" in facts.begins.lower()
    return _report(mail, facts, "feedback-report", _FEEDBACK_PARTS) or (f"Subject: {mail.subject}" if enclosed else "")


def progress_report(mail: Mail, facts: Facts) -> str:
    """A report of a delay or of success: no recipient has failed (RFC 3464 2.3.3)."""
    found = delivery_report(mail, facts)
    actions = {value.lower() for value in _ACTION.findall(body.part_after(facts.begins, _STATUS_PARTS))}
    if actions:
        return f"{found}; Action: {actions.pop().decode()}" if found and b"failed" not in actions else ""
    progress = words.DELAY.search(mail.subject) or words.DELIVERED.search(mail.subject)
    bounce = progress and (found or mailer_daemon(mail, facts) or returned(mail, facts))
    return f"{bounce}; Subject: {mail.subject}" if bounce else ""


def delivery_report(mail: Mail, facts: Facts) -> str:
    """RFC 3464 2, RFC 6533 3."""
    return _report(mail, facts, "delivery-status", _STATUS_PARTS) or _report(mail, facts, "global-delivery-status", ())


def failed_recipients(mail: Mail, facts: Facts) -> str:
    return present(mail, ("x-failed-recipients",))


def mailer_daemon(mail: Mail, facts: Facts) -> str:
    """A mail server's own address; one that may be a person's counts with a second sign."""
    shown = mail.from_shown
    local, path = plain_local(shown.address), mail.first("return-path").lower()
    if _DAEMON.match(local):
        return f"From: {shown.address}"
    if _MASTER.match(local) or words.DAEMON_NAME.search(shown.name) or not shown.address:
        second = null_path(mail, facts) or starts(mail, "return-path", ("<mailer-daemon", "mailer-daemon"))
        second = second or _returned_subject(mail) or _returned_text(mail, facts, path == "<>")
        return f"From: {shown.name} <{shown.address}>; {second}" if second else ""
    return ""


def returned(mail: Mail, facts: Facts) -> str:
    """A report in free words: from the null path, about a mail that could not be delivered."""
    if mail.return_path != "":
        return ""
    found = _returned_subject(mail) or _returned_text(mail, facts, True)
    return f"Return-Path: <>; {found}" if found else ""


def calendar_reply(mail: Mail, facts: Facts) -> str:
    """RFC 6047 2.4: the method stands in the Content-Type. Not one inside a mail that is forwarded."""
    kind = mail.first("content-type")[:1000].lower()
    if kind.startswith("text/calendar"):
        return f"Content-Type: {kind[:80]}" if _METHOD.search(kind.encode("latin-1")) else ""
    if not kind.startswith("multipart/"):
        return ""
    lowered = facts.begins.lower()
    at, message = lowered.find(b"content-type: text/calendar"), lowered.find(b"message/rfc822")
    if at < 0 or 0 <= message < at or not _METHOD.search(lowered[at : at + 500]):
        return ""
    return "Content-Type: text/calendar; method=REPLY"


def other_report(mail: Mail, facts: Facts) -> str:
    return starts(mail, "content-type", ("multipart/report",))


def returned_subject(mail: Mail, facts: Facts) -> str:
    """Row 37 of the table: with a person's From this keeps nothing out of the register."""
    found = words.BOUNCE_START.match(mail.subject)
    return f"Subject: {found[0].strip()}" if found else ""


def returned_words(mail: Mail, facts: Facts) -> str:
    """A status code and the words that go with it, where subject or sender raise the question."""
    asks = words.BOUNCE_SUBJECT.search(mail.subject) or _MASTER.match(plain_local(mail.from_shown.address))
    forwarded = re.match(r"\s*(?:fwd?|tr|wg|rv|i|enc|ส่งต่อ)\s*:", mail.subject, re.IGNORECASE)
    return _returned_text(mail, facts, False) if asks and not forwarded else ""


def _returned_subject(mail: Mail) -> str:
    found = words.BOUNCE_SUBJECT.search(mail.subject)
    return f"Subject: {found[0]}" if found else ""


def _returned_text(mail: Mail, facts: Facts, suspected: bool) -> str:
    """Words of a server in the text; without a suspicion from the header also a status code."""
    text = body.beginning(mail, facts.begins)
    found = words.BOUNCE_TEXT.search(text)
    code = _CODE.search(text)
    return f"text: {found[0]}" if found and (code or suspected) else ""


def _report(mail: Mail, facts: Facts, kind: str, parts: tuple[bytes, ...]) -> str:
    """A multipart/report of this type; where it does not say the type (RFC 6522 3), by its parts."""
    value = mail.first("content-type")[:1000]
    flat = value.lower().replace('"', "").replace(" ", "").replace("\t", "")
    if flat.startswith(f"message/{kind}"):
        return f"Content-Type: {value[:80]}"
    if not flat.startswith("multipart/report"):
        return ""
    stated = f"report-type={kind}" in flat
    found = stated or ("report-type=" not in flat and body.part_after(facts.begins, parts))
    return f"Content-Type: multipart/report; {kind}" if found else ""
