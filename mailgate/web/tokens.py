"""What a page hands to the browser and gets back: signed, so that nobody makes one up; no other state is kept.

A form bears a number of its own. It comes back beside a cookie of the same visit (SameSite=Strict), so that another
site cannot send it from a visitor's browser. The number makes the passphrase: the same form sent twice is one case.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from itsdangerous import BadData, URLSafeTimedSerializer

from mailgate.core import passphrase, submission
from mailgate.model import Receipt

COOKIE = "form"
_FORM_SECONDS = 24 * 3600
_VISIT_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class Visit:
    """Who has opened a case: its number, and the digits of the passphrase. Never printed: it is a secret."""

    receipt: Receipt
    digits: str

    def __repr__(self) -> str:
        return f"Visit({self.receipt})"


class Tokens:
    """``key``: 32 bytes that outlive a restart, or every form that is open then could not be sent."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._forms = URLSafeTimedSerializer(key, salt="form", signer_kwargs={"digest_method": hashlib.sha256})
        self._visits = Fernet(Fernet.generate_key())

    def form(self, cookie: str) -> str:
        """A new form for the browser that has this cookie."""
        number = submission.from_chance(secrets.token_bytes(18))
        return self._forms.dumps([number, _digest(cookie)])

    def number(self, token: str, cookie: str) -> str:
        """The number of a form that came back; "" if it is not ours, too old, or of another browser."""
        try:
            number, owner = self._forms.loads(token, max_age=_FORM_SECONDS)
        except (BadData, ValueError, TypeError):
            return ""
        return number if cookie and hmac.compare_digest(owner, _digest(cookie)) else ""

    def passphrase(self, number: str) -> str:
        """The passphrase of the case that a form becomes."""
        return passphrase.from_chance(self._made("passphrase", number))

    def salt(self, number: str) -> bytes:
        return self._made("salt", number)[:16]

    def visit(self, visit: Visit) -> str:
        """A case that is open in this browser, encrypted: for half an hour, and until we are started anew."""
        said = [visit.receipt.number, visit.receipt.year, visit.digits]
        return self._visits.encrypt(json.dumps(said).encode()).decode("ascii")

    def visited(self, token: str) -> Visit | None:
        try:
            number, year, digits = json.loads(self._visits.decrypt(token.encode(), ttl=_VISIT_SECONDS))
        except (InvalidToken, ValueError):
            return None
        return Visit(Receipt(number, year), digits)

    def _made(self, what: str, number: str) -> bytes:
        return hmac.digest(self._key, f"{what} {number}".encode(), "sha256")


def cookie_of(value: str) -> str:
    """The browser's cookie, or a new one."""
    return value if len(value) == 24 and value.isascii() else submission.from_chance(secrets.token_bytes(18))


def hashed(number: str) -> str:
    """A form's number as the registry keeps it, in hex: the passphrase cannot be made of it."""
    return hashlib.sha256(number.encode()).hexdigest()


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()[:32]
