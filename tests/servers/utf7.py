"""Names of IMAP folders in their modified UTF-7 (RFC 3501, 5.1.3)."""

from __future__ import annotations

import re


def to_utf7(name: str) -> bytes:
    """A folder name in the encoding of RFC 3501, 5.1.3."""

    def shifted(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        return "&" + match[0].encode("utf-7")[1:].rstrip(b"-").decode().replace("/", ",") + "-"

    return re.sub(r"&|[^\x20-\x7e]+", shifted, name).encode()


def from_utf7(name: bytes) -> str:
    """The reverse of `to_utf7`."""

    def plain(match: re.Match[str]) -> str:
        return ("+" + match[1].replace(",", "/") + "-").encode().decode("utf-7") if match[1] else "&"

    return re.sub(r"&([^-]*)-", plain, name.decode())
