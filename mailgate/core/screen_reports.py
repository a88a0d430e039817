"""The signs of reports: what mail servers and mail programs say about a mail that somebody sent."""

from __future__ import annotations

import re

from mailgate.core import screen_body as body
from mailgate.core import screen_words as words
from mailgate.core.address import plain_local
from mailgate.core.screen_signs import Facts, present, starts
from mailgate.model import Mail

_STATUS_PARTS = (b"message/delivery-status", b"message/global-delivery-status")
_READ_PARTS = (b"message/disposition-notification", b"message/global-disposition-notification")
_FEEDBACK_PARTS = (b"message/feedback-report",)
_ACTION = re.compile(rb"^action[ \t]*:[ \t]*([a-z]{1,20})", re.IGNORECASE | re.MULTILINE)
_PROGRESS = frozenset(("delayed", "delivered", "relayed", "expanded"))
_METHOD = re.compile(rb"method[ \t]*=[ \t]*\"?reply\b")
_DAEMON = re.compile(r"(?:mailer|mail|m)[-_.]?daemon\Z")
_POSTMASTER = re.compile(r"post[-_.]?master\Z")
# Roles that people have as well: it takes more than the name.
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
    found = _ACTION.findall(body.part_after(facts.begins, _STATUS_PARTS))
    stated = {value.lower().decode() for value in found}
    progress = words.DELAY.search(mail.subject) or words.DELIVERED.search(mail.subject)
    if stated - _PROGRESS or not (stated or progress):
        return ""
    seen = f"Action: {min(stated)}" if stated else f"Subject: {mail.subject}"
    by = delivery_report(mail, facts) or mailer_daemon(mail, facts) or returned(mail, facts)
    return f"{by}; {seen}" if by else ""


def delivery_report(mail: Mail, facts: Facts) -> str:
    """RFC 3464 2, RFC 6533 3."""
    return _report(mail, facts, "delivery-status", _STATUS_PARTS) or _report(mail, facts, "global-delivery-status", ())


def failed_recipients(mail: Mail, facts: Facts) -> str:
    return present(mail, ("x-failed-recipients",))


def mailer_daemon(mail: Mail, facts: Facts) -> str:
    """A mail server's own address; one that may be a person's counts with other signs."""
    shown = mail.from_shown
    local = plain_local(shown.address)
    if _DAEMON.match(local):
        return f"From: {shown.address}"
    second = _of_postmaster(mail, facts) if _POSTMASTER.match(local) else ""
    if not second and (_MASTER.match(local) or words.DAEMON_NAME.search(shown.name) or not shown.address):
        subject, text = _returned_subject(mail), _returned_text(mail, facts)
        second = f"{subject}; {text}" if subject and text else (subject or text) if _from_nobody(mail) else ""
    return f"From: {shown.name} <{shown.address}>; {second}" if second else ""


def returned(mail: Mail, facts: Facts) -> str:
    """A report in free words: from the null path, about a mail that could not be delivered."""
    if mail.return_path != "":
        return ""
    found = _returned_subject(mail) or _returned_text(mail, facts)
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
    """The words of a server in the text, where subject or sender raise the question. A person may quote them."""
    subject = _returned_subject(mail)
    if words.FORWARDED.match(mail.subject) or not (subject or _MASTER.match(plain_local(mail.from_shown.address))):
        return ""
    text = body.beginning(mail, facts.begins)
    found = words.RETURNED.search(text) if subject else None
    return f"{subject}; text: {found[0]}" if found else _returned_text(mail, facts)


def _of_postmaster(mail: Mail, facts: Facts) -> str:
    """RFC 5230 5.8: "postmaster" is often a person."""
    path = mail.return_path == "" and "Return-Path: <>"
    return path or _returned_subject(mail) or _returned_text(mail, facts)


def _from_nobody(mail: Mail) -> bool:
    """The null path, or what stands for it where a server may not write it."""
    return mail.return_path == "" or mail.first("return-path").lower().startswith(("<mailer-daemon", "mailer-daemon"))


def _returned_subject(mail: Mail) -> str:
    found = words.BOUNCE_SUBJECT.search(mail.subject)
    return f"Subject: {found[0]}" if found else ""


def _returned_text(mail: Mail, facts: Facts) -> str:
    """A server's words with a second sign beside them: its code, or the mail that it returns."""
    text = body.beginning(mail, facts.begins)
    code = _CODE.search(text)
    found = words.BOUNCE_TEXT.search(text) if code else words.RETURNED.search(text)
    if not found:
        return ""
    lowered = facts.begins.lower()
    enclosed = any(part in lowered for part in (b"message/rfc822", b"text/rfc822-headers", b"\nmessage-id:"))
    return f"text: {found[0]}" if code or enclosed else ""


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
