"""The words of the website: what a visitor writes in a form, and what is handed to the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Wanted = Literal["page", "email", "paper"]


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the fields of a form, as a person typed it; "" where nothing does.

    ``wanted``: how the answer is to come: on the page of the case, by e-mail, on paper.
    """

    subject: str = ""
    facts: str = ""
    persons: str = ""
    place: str = ""
    when: str = ""
    name: str = ""
    contact: str = ""
    wanted: Wanted = "page"
    email: str = ""
    postal: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """A submission as it is handed to the registry, beside its bytes.

    ``form``: SHA-256 of the form's own number, in hex. ``salt`` and ``recipient`` are made of the passphrase.
    ``sealed``: the bytes are encrypted, and the names, subject and addresses here are "".
    """

    form: str
    service: str
    sealed: bool
    salt: str
    recipient: str
    name: str = ""
    email: str = ""
    subject: str = ""
    wanted: Wanted = "page"
    postal: str = ""
    files: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as a visitor named it, and its size in bytes."""

    name: str
    size: int
