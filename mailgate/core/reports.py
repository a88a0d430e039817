"""What a report says: RFC 3464 delivery status, RFC 8098 read receipts, RFC 5965 complaints; ``report_words`` the rest.

A report may be forged as easily as any mail (RFC 3464 4.1): what is read here changes nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mailgate.core import report_words
from mailgate.core.parse import split
from mailgate.core.report_words import CODE, ID, MOST_IDS, MOST_RECIPIENTS, MOST_TEXT
from mailgate.core.thai import tidy
from mailgate.model import Mail
from mailgate.model_reading import Delivery, Leaf, Recipient, Report

_LONG, _SHORT = 300, 250

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_READ = ("message/disposition-notification", "message/global-disposition-notification")
_FEEDBACK = ("message/feedback-report",)
_RETURNED = (
    "message/rfc822",
    "message/global",
    "message/partial",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/rfc822-headers",
    "message/global-headers",
)

_GROUP = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_NAMES = (b"final-recipient", b"original-recipient", b"action", b"status", b"diagnostic-code", b"reporting-mta")
# Of several recipients the one that needs a person decides.
_WORST = (Delivery.FAILED, Delivery.DELAYED, Delivery.DELIVERED, Delivery.RELAYED, Delivery.EXPANDED)

Fields = dict[str, str]


def report(mail: Mail, leaves: Sequence[Leaf]) -> Report | None:
    """The report a mail is, or None. ``leaves``: its parts, decoded, each cut to 64 KiB. Never raises."""
    identifiers = _identifiers(mail, leaves)
    for kinds, read in ((_STATUS, _delivery_status), (_READ, _read_receipt), (_FEEDBACK, _complaint)):
        for leaf in leaves:
            if leaf.kind in kinds:
                found = read(leaf.body[:MOST_TEXT], identifiers)
                return found or report_words.read(mail, leaves, identifiers)
    return report_words.read(mail, leaves, identifiers) if report_words.tells(mail, leaves) else None


def _delivery_status(body: bytes, identifiers: tuple[str, ...]) -> Report | None:
    """RFC 3464 2.1: fields about the message, then a group for each recipient. None if nothing can be read in it."""
    groups = [_fields(group) for group in _groups(body)]
    # Some programs leave out the empty line in between, so any group may name a recipient.
    recipients = tuple(r for r in map(_recipient, groups) if r is not None)[:MOST_RECIPIENTS]
    envelope = next((e for g in groups if (e := g.get("original-envelope-id", "").strip())), "")
    if not recipients and not envelope:
        return None
    action = next((a for a in _WORST if any(r.action is a for r in recipients)), Delivery.FAILED)
    return Report(action, True, tidy(envelope, _SHORT), identifiers, recipients)


def _groups(body: bytes) -> Iterator[bytes]:
    """At blank lines; more than one recipient in a group begins a new one at each."""
    for group in _GROUP.split(body.strip(), MOST_RECIPIENTS + 1)[: MOST_RECIPIENTS + 1]:
        pieces = re.split(rb"(?mi)^(?=final-recipient[ \t]*:)", group, maxsplit=MOST_RECIPIENTS)
        yield from pieces if len(pieces) > 2 else [group]


def _recipient(group: Fields) -> Recipient | None:
    addresses = [
        _typed(group.get(name, "")) for name in ("original-recipient", "final-recipient", "x-actual-recipient")
    ]
    address = next((a for a in addresses if "@" in a), "") or next(filter(None, addresses), "")
    diagnostic = _diagnostic(group.get("diagnostic-code", ""))
    status = _status(group.get("status", ""), diagnostic)
    if not address and not status and "action" not in group:
        return None
    return Recipient(address, _action(group.get("action", ""), status), status, diagnostic)


def _status(stated: str, diagnostic: str) -> str:
    """RFC 3463 2; where only the class is given, what the server's own words say of the same class."""
    code, words = CODE.search(stated), CODE.search(diagnostic)
    if code is None:
        return words[1] if words else ""
    unspecific = code[1].endswith(".0.0") and words is not None and words[1][0] == code[1][0]
    return words[1] if unspecific and words else code[1]


def _action(stated: str, status: str) -> Delivery:
    """RFC 3464 2.3.3; failing that, by the class of the status (RFC 3463 2)."""
    word = _COMMENT.sub(" ", stated[:200]).strip().lower()
    named = next((a for a in _WORST if word.startswith(a.value[:5])), None)
    return named or {"2": Delivery.DELIVERED, "4": Delivery.DELAYED}.get(status[:1], Delivery.FAILED)


def _read_receipt(body: bytes, identifiers: tuple[str, ...]) -> Report | None:
    """RFC 8098 3.2. "Deleted" by a program is how some servers refuse a mail (RFC 5429 2.2)."""
    fields = _merged(body)
    addresses = [_typed(fields.get(name, "")) for name in ("original-recipient", "final-recipient")]
    address = next(filter(None, addresses), "")
    disposition = fields.get("disposition", "")[:200].lower()
    mode, _, outcome = disposition.partition(";")
    action = Delivery.READ if outcome.strip().startswith("displayed") else Delivery.DELIVERED
    if mode.startswith("automatic-action") and outcome.strip().startswith("deleted"):
        action = Delivery.FAILED
    if not address and not disposition:
        return None
    named = ID.findall(fields.get("original-message-id", "")[:1000])
    recipient = Recipient(address, action, "", tidy(fields.get("disposition", ""), _LONG))
    envelope = tidy(fields.get("original-envelope-id", ""), _SHORT)
    return Report(action, True, envelope, _unique([*named, *identifiers]), (recipient,))


def _complaint(body: bytes, identifiers: tuple[str, ...]) -> Report:
    """RFC 5965 3: the recipient may be named several times, or not at all."""
    fields = [(name, value.decode("utf-8", "replace")) for name, value in split(body)]
    first = dict(reversed(fields))
    kind = tidy(first.get("feedback-type", ""), 50)
    named = [value for name, value in fields if name in ("original-rcpt-to", "removal-recipient")]
    addresses = dict.fromkeys(tidy(value.strip(" \t<>"), _SHORT) for value in named[:MOST_RECIPIENTS])
    recipients = tuple(Recipient(a, Delivery.COMPLAINT, "", kind) for a in addresses or [""])
    envelope = tidy(first.get("original-envelope-id", ""), _SHORT)
    return Report(Delivery.COMPLAINT, True, envelope, identifiers, recipients)


def _identifiers(mail: Mail, leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """Message-IDs of the mails that came back with the report, then what the report's own header refers to."""
    returned = (i for leaf in leaves if leaf.kind in _RETURNED for i in _returned_ids(leaf.body[:MOST_TEXT]))
    original = ID.findall(" ".join(mail.all("x-original-message-id") + mail.all("original-message-id"))[:1000])
    return _unique([*returned, *original, *mail.in_reply_to, *mail.references])


def _returned_ids(raw: bytes) -> Iterator[str]:
    for name, value in split(raw.lstrip()):
        if name in ("message-id", "original-message-id", "resent-message-id", "x-original-message-id"):
            yield from ID.findall(value.decode("latin-1"))[:MOST_IDS]


def _unique(identifiers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i for i in identifiers if "@" in i))[:MOST_IDS]


def _fields(group: bytes) -> Fields:
    """The fields of a group, names in lower case; of repeated ones the first."""
    return {name: value.decode("utf-8", "replace") for name, value in reversed(split(group.lstrip()))}


def _merged(body: bytes) -> Fields:
    """All fields of a part that should be one group."""
    return _fields(_GROUP.sub(b"\r\n", body.strip()))


def _typed(value: str) -> str:
    """What stands behind the type of a field: ``rfc822; a@b`` (RFC 3464 2.1.2), as a person writes it.

    RFC 6533 3 lets characters stand as ``\\x{E01}``. A type that is no address type leaves its words as they are.
    """
    kind, separator, rest = value[:1000].partition(";")
    bare = _COMMENT.sub(" ", rest if separator else kind).strip(" \t<>\"'")
    return tidy(_UNICODE.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)), bare), _LONG)


def _diagnostic(value: str) -> str:
    """The server's words, without the type in front; brackets in them are no comments."""
    kind, separator, rest = value.partition(";")
    return tidy(rest if separator and " " not in kind.strip() else value, _LONG)
