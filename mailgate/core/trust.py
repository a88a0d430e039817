"""What the office's own mail server found out about the sender (RFC 8601), and what the clerk is told of it.

Of the Authentication-Results only one counts: with the configured authserv-id, the topmost of those, and above the
first Received line of another organisation's host, for what is below came with the mail. Servers differ in where they
put theirs: above their own Received, or (Gmail, many milters) right below it. So a line of our own organisation, of the
organisation that wrote the topmost one, or of a host without a public name does not end the search.

What this cannot tell: a field that the sender wrote at the very top of a mail brought straight to our server, if that
server added none of its own to this mail and let the sender's pass. RFC 8601 section 5 demands that it removes such;
where it does not, authserv_id must stay empty. A result for another domain than the one our reader finds in From
(header.from) is no pass, so that a server which reads From differently confirms nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from mailgate.core import trust_signs
from mailgate.core.address import wire_domain
from mailgate.core.known import Known as Known
from mailgate.core.known import ours
from mailgate.core.lookalike import within
from mailgate.model import Mail

_RESULT = re.compile(r"(?:^|;)\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,12})", re.IGNORECASE)
_POLICY = re.compile(
    r"\bp\s*=\s*(reject|quarantine|none)|policy\.published-domain-policy=(reject|quarantine|none)", re.I
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)')
_FROM = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;]+)", re.IGNORECASE)
# RFC 8601 2.2: the id, and a version, of which there is one.
_SERVER = re.compile(r"\s*([^\s;]+)(?:\s+1)?\s*")
_INTERNAL = re.compile(r"[^.]*|.*\.(?:local|internal|lan|localdomain|corp|home|arpa)|[\d.]+|.*:.*|\[.*")
_CAP = 8192
_FORGED = "เครื่องให้บริการของสำนักงานตรวจพบว่าที่อยู่ผู้ส่งอาจถูกปลอมแปลง"


@dataclass(frozen=True, slots=True)
class Authentication:
    """Results by method, lower case ("" where not stated), and the sender domain's published DMARC policy."""

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    policy: str = ""

    @property
    def confirmed(self) -> bool:
        """The From domain is aligned and passes."""
        return self.dmarc == "pass"

    @property
    def forged(self) -> bool:
        """The domain's owner asks that such mail be refused, or neither path nor signature vouches for it."""
        refused = self.dmarc == "fail" and self.policy in ("reject", "quarantine")
        return refused or (self.spf == "fail" and self.dkim in ("", "none", "fail"))


def authentication(mail: Mail, authserv_id: str) -> Authentication:
    """Read the Authentication-Results of our own server; empty results if there is none or no id is set."""
    found = _own_results(mail, authserv_id)
    if found is None:
        return Authentication()
    results, domain = _read(";" + found)
    sender = wire_domain(mail.sender.address).rpartition("@")[2] if mail.sender else ""
    if results.confirmed and domain and sender and not within(sender, wire_domain("x@" + domain).rpartition("@")[2]):
        return replace(results, dmarc="")
    return results


def _own_results(mail: Mail, authserv_id: str) -> str | None:
    """What follows the id in the one field that counts; None if there is none."""
    topmost = ""
    for name, value in mail.fields:
        if name == "received":
            host = _writer(value[:_CAP].decode("latin-1"))
            topmost = topmost or host
            if _foreign(host, authserv_id, topmost):
                return None
        elif name == "authentication-results":
            server, _, results = value[:_CAP].decode("latin-1").partition(";")
            named = _SERVER.fullmatch(server)
            if authserv_id and named and named[1] == authserv_id:
                return results
    return None


def _writer(received: str) -> str:
    """The host that wrote a Received line (RFC 5321 4.4, "by"); comments hold what the client said."""
    named = _BY.findall(_without_comments(received))[:1] or _BY.findall(received)[-1:]
    return str(named[0]).lower().rstrip(".") if named else ""


def _foreign(host: str, *own: str) -> bool:
    """Whether it is surely not ours: a public name of another organisation than all of our own."""
    return not _INTERNAL.fullmatch(host) and _organisation(host) not in map(_organisation, own)


def _organisation(host: str) -> str:
    """About its registered domain: the last two labels, or three where the second is a class such as go or co."""
    labels = host.lower().split(".")
    classed = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if classed else labels[-2:])


def _read(results: str) -> tuple[Authentication, str]:
    """The results, and the domain that the one of DMARC is about ("" if it does not say)."""
    plain = _without_comments(results)
    found = {m[1].lower(): m[2].lower() for m in reversed(list(_RESULT.finditer(plain)))}
    own = _dmarc_result(results)
    policy, about = _POLICY.search(own), _FROM.search(_without_comments(own))
    stated = next((g for g in policy.groups() if g), "").lower() if policy else ""
    read = Authentication(found.get("spf", ""), found.get("dkim", ""), found.get("dmarc", ""), stated)
    return read, about[1].lower().rpartition("@")[2] if about else ""


def _dmarc_result(results: str) -> str:
    """The words of the dmarc result itself; what stands in the others may be the sender's."""
    found = re.search(r";\s*dmarc\s*=[^;]*", _without_comments(results), re.IGNORECASE)
    return _unquoted(results)[found.start() : found.end()] if found else ""


def _without_comments(text: str) -> str:
    """Blanks for comments and quoted strings: they are the sender's words, or may be; results stand outside."""
    depth, kept = 0, []
    for char in _unquoted(text):
        depth += char == "("
        kept.append(" " if depth else char)
        depth = max(0, depth - (char == ")"))
    return "".join(kept)


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)


class Trust(StrEnum):
    """What the office may think of the sender."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class Trusted:
    """The verdict on a sender, with reasons for the clerk (Thai). It never changes a number."""

    trust: Trust
    reasons: tuple[str, ...] = ()


def verdict(mail: Mail, results: Authentication, known: Known) -> Trusted:
    """Whether the sender is confirmed by our own mail server, or suspicious: a look-alike may well pass DMARC."""
    suspicions = tuple(trust_signs.found(mail, known, confirmed=results.confirmed))
    if results.forged:
        suspicions = (_FORGED, *suspicions)
    if suspicions:
        return Trusted(Trust.SUSPICIOUS, suspicions)
    if results.confirmed:
        return Trusted(Trust.CONFIRMED)
    return Trusted(Trust.UNCONFIRMED, tuple(_shortcomings(mail, results, known)))


def _shortcomings(mail: Mail, results: Authentication, known: Known) -> Iterator[str]:
    """What is missing. A Return-Path in another domain is usual (RFC 7208 2.4: it is the envelope's)."""
    if mail.sender and ours(mail.sender.address, known):
        yield "ใช้ที่อยู่ของสำนักงานหรือของเจ้าหน้าที่ แต่เครื่องให้บริการยังไม่ได้ยืนยันว่าส่งจากที่อยู่นั้นจริง"
    if results.dmarc == "fail":
        yield "ผลการตรวจสอบโดเมนของผู้ส่ง (DMARC) ไม่ผ่าน"
    elif results.dmarc:
        yield "โดเมนของผู้ส่งยังยืนยันด้วย DMARC ไม่ได้"
