"""Bounces without any report part, nearly half of the real ones: what can be made out of their words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailgate.core import charset
from mailgate.core import screen_words as words
from mailgate.core.address import plain_local
from mailgate.core.encoded import parameter
from mailgate.core.screen_body import plain
from mailgate.core.thai import tidy
from mailgate.model import Mail
from mailgate.model_reading import Delivery, Leaf, Recipient, Report

MOST_RECIPIENTS = 100
MOST_IDS = 20
MOST_TEXT = 64 * 1024
_LONG = 300

CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
ID = re.compile(r"<[!-;=?-~]{3,248}>")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])[0-7]\d(?=[ -](?:#|<|[A-Za-z]))")
_FAILURE_CODE = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
# Plainer than RFC 5322: what stands in front as "SMTP=" or "'" is not part of it.
_A = r"([A-Za-z0-9!#$%&*+/?^_{|}~.-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24})"
_ADDRESS = re.compile(rf"(?<![A-Za-z0-9!#$%&*+/?^_{{|}}~.@-]){_A}(?![A-Za-z0-9@-])")
# Where servers name the recipient: alone on a line, or with its name for it.
_ALONE = re.compile(
    rf"^[ \t>*-]{{0,20}}(?:\d{{1,3}}[.)] ?)?[<\"'(\[]?{_A}[>\"')\]]?[ \t]{{0,4}}:?[ \t]{{0,20}}(?:\r?$|\(|:)", re.M
)
_NAMED = re.compile(
    rf"(?:\b(?:rcpt to|recipients?(?: address)?|to|user|address|mailbox|for|an|à|a)|ถึง|ผู้รับ|宛先)"
    rf"(?:[ \t]{{0,4}}:[ \t]{{0,4}}|[ \t]{{1,4}}|(?=[<\"'(\[])|(?<=[ก-๙先]))[<\"'(\[]{{0,2}}(?:smtp[:=])?{_A}",
    re.IGNORECASE,
)
_LABELLED_ID = re.compile(r"message[- ]id[ \t]*:?\s{0,4}(<[!-;=?-~]{3,248}>)", re.IGNORECASE)
_LONG_ID = re.compile(r"<[!-;=?A-~]{16,200}@[!-;=?A-~]{1,100}>")
# What follows is the mail that came back: its addresses are not the ones that failed.
_COPY = re.compile(
    r"^(?:[-=_* \t>]{0,40}(?:below this line|this is a copy|included is|copy of (?:your|the) message"
    r"|(?:the )?(?:original|returned|unsent) message (?:follows|header|below|[-=])"
    r"|(?:original|returned|unsent) (?:mail|message)\b)|(?:return-path|received|x-[a-z-]{1,30}): )",
    re.IGNORECASE | re.MULTILINE,
)
_CODE_LINE = re.compile(r"^.{0,200}(?<![\d.])(?:[45]\.\d{1,3}\.\d{1,3}|[45][0-7]\d[ -]).{0,300}$", re.MULTILINE)
# What stands before is about the mail as it was sent.
_FAILED_ARE = re.compile(
    r"did not reach[^\n]{0,60}|following (?:recipient|address|user|destination|mailbox)[^\n]{0,80}"
    r"|(?:not|unable to|fehlgeschlagen|échoué|no se) [^\n]{0,40}(?:deliver|zugestellt|remis|entreg)[^\n]{0,60}:"
    r"[ \t]{0,9}\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_CERTAIN = re.compile(r"(?:mailer|mail|m)[-_.]?daemon\Z")
_DAEMON = re.compile(r"(?:(?:mailer|mail|m)?[-_.]?daemon|post[-_.]?master|mail[-_.]?(?:delivery|system)\S*)\Z")


def tells(mail: Mail, leaves: Sequence[Leaf]) -> bool:
    """Whether a server wrote this about a mail. A citizen may well quote one, so words alone do not do."""
    if mail.all("x-failed-recipients") or mail.first("content-type")[:200].lower().startswith("multipart/report"):
        return True
    shown, path = mail.from_shown, mail.first("return-path").lower()
    if _CERTAIN.match(plain_local(shown.address)):
        return True
    from_server = _DAEMON.match(plain_local(shown.address)) or words.DAEMON_NAME.search(shown.name)
    from_nobody = mail.return_path == "" or not shown.address or path.startswith(("<mailer-daemon", "mailer-daemon"))
    subject = words.BOUNCE_SUBJECT.search(mail.subject)
    if not (from_server or from_nobody or words.BOUNCE_START.match(mail.subject)):
        return False
    if from_server and subject:
        return True
    text = _text(leaves)
    code = _FAILURE_CODE.search(text) or _REPLY_CODE.search(text)
    return bool(words.BOUNCE_TEXT.search(text) if code or subject else words.RETURNED.search(text))


def read(mail: Mail, leaves: Sequence[Leaf], identifiers: tuple[str, ...]) -> Report:
    """What a bounce in free words says."""
    text = _text(leaves)
    copy = _COPY.search(text)
    own = text[: copy.start()] if copy and copy.start() > 0 else text
    status = _status(own) or _status(text)
    action = _action(mail.subject, own, status)
    addresses = _recipients(mail, own, text)
    said = _line_with_code(own)
    recipients = tuple(Recipient(a, action, status, said) for a in addresses[:MOST_RECIPIENTS])
    named = [*identifiers, *_LABELLED_ID.findall(text), *_LONG_ID.findall(text)]
    unique = tuple(dict.fromkeys(i for i in named if "@" in i and i[1:-1] not in addresses))[:MOST_IDS]
    return Report(action, False, "", unique, recipients)


def _text(leaves: Sequence[Leaf]) -> str:
    """The words of all text parts, in order, capped."""
    kept, room = [], MOST_TEXT
    for leaf in leaves:
        if leaf.kind.startswith("text/") and "rfc822" not in leaf.kind and room > 0:
            text = charset.decode(leaf.body[:room], parameter(leaf.declared, "charset"))[0]
            kept.append(plain(text) if leaf.kind == "text/html" else text)
            room -= len(leaf.body)
    return "\n".join(kept)[:MOST_TEXT]


def _status(text: str) -> str:
    code, reply = _FAILURE_CODE.search(text), _REPLY_CODE.search(text)
    return code[1] if code else f"{reply[1]}.0.0" if reply else ""


def _action(subject: str, text: str, status: str) -> Delivery:
    first = text[:2000]
    if words.DELAY.search(subject) or (words.DELAY.search(first) and status[:1] != "5"):
        return Delivery.DELAYED
    arrived = words.DELIVERED.search(subject) and not status
    return Delivery.DELIVERED if arrived else Delivery.FAILED


def _recipients(mail: Mail, own: str, text: str) -> list[str]:
    """Those of the header made for it; else from the plainest way of naming them that is found."""
    office = {a.lower() for a in mail.named} | {mail.from_shown.address.lower()}
    header = " ".join(mail.all("x-failed-recipients"))[:8000]
    failed = _FAILED_ARE.search(own)
    after = own[failed.end() :] if failed else ""
    tried = (
        (_ADDRESS, header),
        (_ALONE, after),
        (_NAMED, after),
        (_ADDRESS, after[:300]),
        (_ALONE, own),
        (_NAMED, own),
    )
    for pattern, where in (*tried, (_ADDRESS, own), (_ADDRESS, text)):
        found = dict.fromkeys(a.lower() for a in pattern.findall(where))
        others = [a for a in found if a not in office and not _DAEMON.match(plain_local(a))]
        if others:
            # One address somewhere in the text may be any; where servers name them, all are meant.
            return others[:1] if pattern is _ADDRESS and where is not header else others
    return []


def _line_with_code(text: str) -> str:
    """The line with the server's code, for a person to read."""
    found = _CODE_LINE.search(text)
    return tidy(found[0], _LONG) if found else ""
