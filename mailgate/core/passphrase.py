"""The passphrase of a case on the website: 24 digits, easy to copy by hand and to type on any phone.

80 bits of chance, so that whoever has stolen the registry does not find it by trying either.
"""

from __future__ import annotations

import unicodedata

DIGITS = 24
_GROUP = 4


def from_chance(chance: bytes) -> str:
    """The passphrase made of 16 random bytes or more, in groups: ``4821-0937-…``."""
    digits = str(int.from_bytes(chance, "big") % 10**DIGITS).zfill(DIGITS)
    return "-".join(digits[n : n + _GROUP] for n in range(0, DIGITS, _GROUP))


def typed(text: str) -> str:
    """What a person typed as the passphrase's digits alone, Thai ones too; "" if it cannot be one."""
    if len(text) > 200:
        return ""
    values = [unicodedata.decimal(c, None) for c in text]
    digits = "".join(str(v) for v in values if v is not None)
    return digits if len(digits) == DIGITS else ""
