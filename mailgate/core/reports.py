"""What a report says: RFC 3464 delivery status, RFC 8098 read receipts, RFC 5965 complaints; and bounces in free words.

A report may be forged as easily as any mail (RFC 3464 4.1): what is read here changes nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mailgate.core.address import plain_local
from mailgate.core.parse import split
from mailgate.core.thai import tidy
from mailgate.model import Mail
from mailgate.model_reading import Delivery, Leaf, Recipient, Report

MOST_RECIPIENTS = 100
MOST_IDS = 20
_MOST_TEXT = 64 * 1024
_LONG, _SHORT = 300, 250

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_READ = ("message/disposition-notification", "message/global-disposition-notification")
_FEEDBACK = ("message/feedback-report",)
_RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
)

_GROUP = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"\b([45])[0-7]\d(?=[ -])")
_ADDRESS = re.compile(
    r"(?<![^\s<>(\[\"':;,=])([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24})\b"
)
_ID = re.compile(r"<[!-;=?-~]{3,248}>")
_DAEMON = re.compile(r"(?:mailer|mail|m)?[-_.]?daemon\Z|post[-_.]?master\Z|mail[-_.]?(?:delivery|system)\S*\Z")
_DELAY = re.compile(r"delay|still being retried|not yet been|will be retried|ล่าช้า|遅延|延迟", re.IGNORECASE)
_ARRIVED = re.compile(r"success|relayed|has been delivered|delivery receipt|ส่งสำเร็จ|ส่งถึงแล้ว", re.IGNORECASE)
_ACTIONS = {
    a.value: a for a in (Delivery.FAILED, Delivery.DELAYED, Delivery.DELIVERED, Delivery.RELAYED, Delivery.EXPANDED)
}
# Of several recipients the one that needs a person decides.
_WORST = (Delivery.FAILED, Delivery.DELAYED, Delivery.DELIVERED, Delivery.RELAYED, Delivery.EXPANDED)

Fields = dict[str, str]


def report(mail: Mail, leaves: Sequence[Leaf]) -> Report | None:
    """The report a mail is, or None. ``leaves``: its parts, decoded, each cut to 64 KiB. Never raises."""
    for kinds, read in ((_STATUS, _delivery_status), (_READ, _read_receipt), (_FEEDBACK, _complaint)):
        for leaf in leaves:
            if leaf.kind in kinds:
                return read(leaf, _identifiers(leaves))
    return _in_words(mail, leaves) if _is_from_a_server(mail) else None


def _delivery_status(leaf: Leaf, identifiers: tuple[str, ...]) -> Report:
    """RFC 3464 2.1: fields about the message, then a group for each recipient."""
    groups = [_fields(group) for group in _GROUP.split(leaf.body.strip())[: MOST_RECIPIENTS + 1]]
    about = groups[0] if groups else {}
    recipients = tuple(r for r in map(_recipient, groups) if r is not None)[:MOST_RECIPIENTS]
    action = next((a for a in _WORST if any(r.action is a for r in recipients)), Delivery.FAILED)
    return Report(action, True, about.get("original-envelope-id", "")[:_SHORT].strip(), identifiers, recipients)


def _recipient(group: Fields) -> Recipient | None:
    address = _typed(group.get("original-recipient", "")) or _typed(group.get("final-recipient", ""))
    code = _CODE.search(group.get("status", ""))
    status = code[1] if code else ""
    if not address and not status and "action" not in group:
        return None
    stated = _COMMENT.sub("", group.get("action", "")).strip().lower()
    action = _ACTIONS.get(stated) or _by_class(status)
    return Recipient(address, action, status, tidy(_typed(group.get("diagnostic-code", "")), _LONG))


def _by_class(status: str) -> Delivery:
    """RFC 3463 2: the first digit tells success, a passing and a lasting failure."""
    return {"2": Delivery.DELIVERED, "4": Delivery.DELAYED}.get(status[:1], Delivery.FAILED)


def _read_receipt(leaf: Leaf, identifiers: tuple[str, ...]) -> Report:
    """RFC 8098 3.2; what was done with the mail does not matter, it was reached."""
    fields = _fields(leaf.body)
    named = tuple(_ID.findall(fields.get("original-message-id", "")))
    address = _typed(fields.get("final-recipient", "")) or _typed(fields.get("original-recipient", ""))
    recipient = Recipient(address, Delivery.READ, "", tidy(fields.get("disposition", ""), _LONG))
    return Report(Delivery.READ, True, "", (*named, *identifiers)[:MOST_IDS], (recipient,))


def _complaint(leaf: Leaf, identifiers: tuple[str, ...]) -> Report:
    """RFC 5965 3."""
    fields = _fields(leaf.body)
    address = fields.get("original-rcpt-to", "").strip(" \t<>")[:_SHORT]
    recipient = Recipient(tidy(address, _SHORT), Delivery.COMPLAINT, "", tidy(fields.get("feedback-type", ""), 50))
    return Report(Delivery.COMPLAINT, True, fields.get("original-envelope-id", "")[:_SHORT], identifiers, (recipient,))


def _in_words(mail: Mail, leaves: Sequence[Leaf]) -> Report:
    """A bounce without any report part, as nearly half of the real ones: what can be made out of its text."""
    text = "\n".join(leaf.body.decode("latin-1") for leaf in leaves if leaf.kind.startswith("text/"))[:_MOST_TEXT]
    code, reply = _CODE.search(text), _REPLY_CODE.search(text)
    status = code[1] if code else f"{reply[1]}.0.0" if reply else ""
    action = _action(mail.subject, status)
    named = mail.first("x-failed-recipients")[:1000] or text
    # The office's own addresses stand in the text too, in the mail returned: the first other one is meant.
    own = {a.lower() for a in mail.named}
    found = [
        a for a in dict.fromkeys(_ADDRESS.findall(named)) if a.lower() not in own and not _DAEMON.match(plain_local(a))
    ]
    recipients = tuple(Recipient(a, action, status, "") for a in found[:1])
    identifiers = (*mail.in_reply_to, *mail.references, *_ID.findall(text), *_identifiers(leaves))
    return Report(action, False, "", tuple(dict.fromkeys(i for i in identifiers if "@" in i))[:MOST_IDS], recipients)


def _action(subject: str, status: str) -> Delivery:
    if _DELAY.search(subject):
        return Delivery.DELAYED
    return Delivery.DELIVERED if _ARRIVED.search(subject) and status[:1] not in ("4", "5") else Delivery.FAILED


def _is_from_a_server(mail: Mail) -> bool:
    """Nothing else is read for a bounce: a citizen may well quote one."""
    daemon = _DAEMON.match(plain_local(mail.from_shown.address)) and not mail.first("auto-submitted").startswith("no")
    report = mail.first("content-type")[:200].lower().startswith("multipart/report")
    return bool(mail.all("x-failed-recipients") or report or (daemon and mail.return_path in ("", None)))


def _identifiers(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """Message-IDs of the mails that came back with the report."""
    found = (i for leaf in leaves if leaf.kind in _RETURNED for i in _returned_ids(leaf.body))
    return tuple(dict.fromkeys(found))[:MOST_IDS]


def _returned_ids(raw: bytes) -> Iterator[str]:
    for name, value in split(raw[:_MOST_TEXT]):
        if name in ("message-id", "original-message-id", "resent-message-id"):
            yield from _ID.findall(value.decode("latin-1"))[:MOST_IDS]


def _fields(group: bytes) -> Fields:
    """The fields of a group, names in lower case; of repeated ones the first."""
    return {name: value.decode("utf-8", "replace") for name, value in reversed(split(group))}


def _typed(value: str) -> str:
    """What stands behind the type of a field: ``rfc822; a@b`` (RFC 3464 2.1.2); x-unix and others have none else."""
    kind, separator, rest = value.partition(";")
    return tidy(_COMMENT.sub("", rest if separator else kind).strip(" \t<>"), _LONG)
