"""Receipt numbers that somebody quotes. A number is not a key (law 8): it only makes a remark for the clerk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailgate.core.thai import ascii_digits
from mailgate.model import Receipt

_NUMBER = re.compile(r"(?<![0-9/])([1-9][0-9]{0,6}) ?/ ?(25[0-9]{2})(?![0-9/])")
_MOST = 5
_SEARCHED = 5_000  # characters


def receipts(text: str) -> Iterator[Receipt]:
    """The first few different receipt numbers in a text, such as 123/2569 or ๑๒๓/๒๕๖๙."""
    found = dict.fromkeys(Receipt(int(m[1]), int(m[2])) for m in _NUMBER.finditer(ascii_digits(text[:_SEARCHED])))
    yield from list(found)[:_MOST]
