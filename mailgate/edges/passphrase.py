"""A passphrase becomes an age key by Argon2id: the registry keeps its public part only.

So the same two numbers do both: who knows the passphrase is let in (the public key is the same), and what was
encrypted to it can be read by that person alone. RFC 9106 4; memory and passes as OWASP advises for Argon2id.
"""

from __future__ import annotations

import secrets

from argon2.low_level import Type, hash_secret_raw
from bech32 import bech32_encode, convertbits

SALT_BYTES = 16
_MEMORY_KIB, _PASSES = 19_456, 2
_PREFIX = "age-secret-key-"


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def private_key(digits: str, salt: bytes) -> str:
    """The private age key of a passphrase; about 30 ms of work and 19 MiB."""
    raw = hash_secret_raw(
        digits.encode("ascii"),
        salt,
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )
    five = convertbits(raw, 8, 5)
    assert five is not None  # bytes always convert
    return str(bech32_encode(_PREFIX, five)).upper()
