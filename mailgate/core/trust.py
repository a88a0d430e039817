"""What the office's own mail server found out about the sender (RFC 8601, Authentication-Results).

Only a header with the configured authserv-id counts, and of those only the topmost: anybody can write one below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from mailgate.model import Mail

_RESULT = re.compile(r"(?:^|;)\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,12})", re.IGNORECASE)
_POLICY = re.compile(
    r"\bp\s*=\s*(reject|quarantine|none)|policy\.published-domain-policy=(reject|quarantine|none)", re.I
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)')
_CAP = 8192


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
    """Read the topmost Authentication-Results of our own server; empty results if there is none or no id is set."""
    for value in mail.all("authentication-results"):
        server, _, results = value[:_CAP].partition(";")
        if authserv_id and server.split()[:1] == [authserv_id]:
            return _read(";" + results)
    return Authentication()


def _read(results: str) -> Authentication:
    plain = _without_comments(results)
    found = {m[1].lower(): m[2].lower() for m in reversed(list(_RESULT.finditer(plain)))}
    policy = _POLICY.search(_dmarc_result(results))
    stated = next((g for g in policy.groups() if g), "").lower() if policy else ""
    return Authentication(found.get("spf", ""), found.get("dkim", ""), found.get("dmarc", ""), stated)


def _dmarc_result(results: str) -> str:
    """The words of the dmarc result itself; what stands in the others may be the sender's."""
    found = re.search(r";\s*dmarc\s*=[^;]*", _QUOTED.sub(" ", results), re.IGNORECASE)
    return found[0] if found else ""


def _without_comments(text: str) -> str:
    """Comments and quoted strings are the sender's words, or may be: only what stands outside them is a result."""
    depth, kept = 0, []
    for char in _QUOTED.sub(" ", text):
        depth += char == "("
        if depth == 0:
            kept.append(char)
        depth = max(0, depth - (char == ")"))
    return "".join(kept)


class Trust(StrEnum):
    """What the office may think of the sender."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the office knows: (name, address) of staff, its own addresses, its name."""

    staff: tuple[tuple[str, str], ...]
    own_addresses: frozenset[str]
    office: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """The verdict on a sender, with reasons for the clerk (Thai). It never changes a number."""

    trust: Trust
    reasons: tuple[str, ...] = ()


def verdict(mail: Mail, results: Authentication, known: Known) -> Trusted:
    """Whether the sender is confirmed by our own mail server, or suspicious."""
    return Trusted(Trust.CONFIRMED if results.confirmed else Trust.UNCONFIRMED)
