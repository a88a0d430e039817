"""Encryption to the officers (age, age-encryption.org/v1): what is sealed is opened by their private keys alone.

A public key is text that begins with ``age1``, a private one with ``AGE-SECRET-KEY-1``; files are age's binary format,
so that any age program opens them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage

from mailgate.errors import MailgateError


class WrongKeyError(MailgateError):
    """None of the keys is one that this was sealed to."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """``private`` is a secret of the officer: it is written to one file and kept nowhere."""

    private: str
    public: str


def new_key() -> KeyPair:
    identity = pyrage.x25519.Identity.generate()
    return KeyPair(str(identity), str(identity.to_public()))


class Target(Protocol):
    """Where the encrypted bytes go."""

    def write(self, piece: bytes, /) -> int: ...

    def flush(self) -> None: ...


def seal(source: BinaryIO, target: Target, recipients: Sequence[str]) -> None:
    """Encrypt a stream to each of these public keys, in pieces: memory does not grow with it.

    Raises MailgateError for a key that is none; OSError as the streams do.
    """
    pyrage.encrypt_io(source, target, [_public(r) for r in recipients])


def unseal(source: BinaryIO, target: BinaryIO, private: Sequence[str]) -> None:
    """Decrypt a stream with any of these private keys. Raises WrongKeyError if none fits, MailgateError if the bytes
    were changed, OSError as the streams do.

    What stands in ``target`` then is not to be trusted.
    """
    try:
        pyrage.decrypt_io(source, target, [_private(p) for p in private])
    except pyrage.DecryptError as e:
        raise _refused(e) from e
    except OSError as e:
        if e.errno is not None:  # a stream's own
            raise
        raise MailgateError(f"cannot be opened: {e}", "Its bytes were changed: run mailgate verify") from e


def _refused(error: pyrage.DecryptError) -> MailgateError:
    kind = WrongKeyError if "No matching keys" in str(error) else MailgateError
    return kind(f"cannot be opened with this key: {error}", "Use the key of the officer it was sealed to")


def read_key(path: Path) -> list[str]:
    """The private keys in a file as ``mailgate officer key`` or age-keygen writes it. Raises MailgateError."""
    try:
        lines = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as e:
        raise MailgateError(f"cannot read the key file {path}: {e}") from None
    keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if not keys:
        raise MailgateError(f"{path} holds no age key", "It has a line that begins with AGE-SECRET-KEY-1")
    return keys


def write_key(path: Path, key: KeyPair, comment: str) -> None:
    """A private key as age reads it, for its owner alone; never over another file. Raises MailgateError."""
    text = f"# {comment}\n# public key: {key.public}\n{key.private}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as e:
        raise MailgateError(f"cannot write the key to {path}: {e.strerror}", "Name a new file with --out") from None


def check_public(public: str) -> None:
    """Raises MailgateError for what is no public key."""
    _public(public)


def public_of(private: str) -> str:
    """The public key that belongs to a private one. Raises MailgateError."""
    return str(_private(private).to_public())


def _public(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise MailgateError(f"{text} is no public age key", "See: mailgate officer key") from None


def _private(text: str) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        raise MailgateError("a private age key is damaged", "It begins with AGE-SECRET-KEY-1") from None
