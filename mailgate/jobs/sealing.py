"""A confidential letter that came by mail is encrypted to its officers once it is read; what was in clear goes.

read in the child ─▶ is it confidential? has an officer a key? ─▶ ciphertext into the archive, fsynced
─▶ ONE transaction: reading without words, register without names, event, referral with the ciphertext
─▶ the raw file is removed; what a crash leaves of that is done before the next reading
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailgate.config import Person, Service
from mailgate.core import services
from mailgate.edges import sealing
from mailgate.edges.archive import Incoming, Kept
from mailgate.edges.store.database import Row
from mailgate.jobs import deciding
from mailgate.model import Fate
from mailgate.model_reading import Reading
from mailgate.office import Office

SEARCHED = 5_000  # characters of the text looked through for a service's words
_OURS = (Fate.REGISTERED, Fate.FOLLOW_UP, Fate.DUPLICATE)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A raw mail's encrypted file: SHA-256 and bytes; the public keys it was encrypted to just now."""

    sha256: str
    size: int
    to: tuple[str, ...] = ()


async def prepare(office: Office, row: Row, reading: Reading) -> Sealed | None:
    """Encrypt the mail that was read, if that is to be; None if it is not. Raises ArchiveError or RegistryError."""
    recipients, before = await office.registry(_wanted, office, row, reading)
    if before:
        return Sealed(before, office.archive.path(before).stat().st_size)
    if not recipients:
        return None
    kept = await office.disk(_encrypt, office, row["sha256"], recipients)
    return Sealed(kept.sha256, kept.size, tuple(recipients))


def apply(office: Office, row: Row, sealed: Sealed, now: datetime, *, infected: bool = False) -> None:
    """Forget what was in clear; inside the reading's transaction, after the letter was handed on."""
    office.store.sealing.put(row["sha256"], sealed.sha256, row["id"])
    letter = office.store.reports.letter_by_id(row["letter_id"])
    if letter is not None and row["fate"] == Fate.REGISTERED and not letter["sealed"]:
        office.store.sealing.forget(letter, sealed.sha256, sealed.to, infected, now)


async def remove_left(office: Office) -> None:
    """Remove raw mails that have an encrypted file. Raises ArchiveError; the next reading tries again.

    So it does where somebody reads in the registry just now, and the write-ahead log cannot be emptied.
    """
    left = [row["sha256"] for row in await office.registry(office.store.sealing.left)]
    if left:
        await office.disk(office.archive.remove, left)
        if await office.registry(office.store.sealing.forget_log):
            await office.registry(office.store.sealing.removed, left, office.clock.now())


def path_of(office: Office, sha256: str) -> Path:
    """Where the bytes of a mail are: the raw ones, or the encrypted file in their place."""
    return office.archive.path(office.store.sealing.of_raw(sha256) or sha256)


def raw_path(office: Office, sha256: str) -> Path | None:
    """The raw bytes of a mail; None if only the encrypted file is left."""
    path = office.archive.path(sha256)
    return path if path.exists() or not office.store.sealing.of_raw(sha256) else None


def keys(office: Office, service: Service | None, named: str) -> dict[str, Person]:
    """The officers who may know a confidential letter, by their public keys: of its service, or named by a person."""
    people = [*(service.officers if service else ()), *_named(office, named)]
    return {p.key: p for p in people if p.key}


def _named(office: Office, named: str) -> list[Person]:
    clerk = office.config.office.clerk.email
    return [p for p in office.config.staff if p.name in named.split(", ") and p.email != clerk]


def _wanted(office: Office, row: Row, reading: Reading) -> tuple[list[str], str]:
    """To whom it is to be encrypted, and the file in which it has been already."""
    before = office.store.sealing.of_raw(row["sha256"])
    letter = office.store.reports.letter_by_id(row["letter_id"]) if row["letter_id"] else None
    if before or letter is None or row["fate"] not in _OURS:
        return [], before
    if row["fate"] == Fate.DUPLICATE and not letter["sealed"]:  # the letter itself has these bytes in clear
        return [], ""
    service = deciding.service_by_key(office, letter["service"])
    found = services.find(f"{letter['subject']}\n{own_words(reading)[:SEARCHED]}", office.config.services)
    if found is not None and found.confidential and row["fate"] == Fate.REGISTERED:
        service = found
    if not letter["confidential"] and not (service and service.confidential):
        return [], ""
    return list(keys(office, service, letter["officer"])), ""


def own_words(reading: Reading) -> str:
    """The text without the history it quotes."""
    return reading.text[: reading.quoted_from]


def _encrypt(office: Office, sha256: str, recipients: list[str]) -> Kept:
    incoming = office.archive.begin()
    with incoming, office.archive.path(sha256).open("rb") as raw:
        sealing.seal(raw, _Into(incoming), recipients)
        return office.archive.keep(incoming)


class _Into:
    """A file being written to the archive, as age wants it."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    def write(self, piece: bytes) -> int:
        self._incoming.write(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing waits here."""


def without_words(reading: Reading) -> Reading:
    """What may be kept of the reading of a sealed mail: nothing, but whether it was whole."""
    return Reading("", 0, "", complete=reading.complete)
