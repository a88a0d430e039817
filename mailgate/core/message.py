"""An outgoing message as bytes: 7-bit clean, CRLF only, short lines, so that it is stored once and sent as it is.

Written out directly: the standard library's refolding of Thai headers costs more than everything else of a letter.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from email.header import Header
from functools import lru_cache

_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")


def build(headers: Sequence[tuple[str, str]], parts: Sequence[tuple[str, str]], *, utf8: bool = False) -> bytes:
    """A message of text parts (subtype, text); several are alternatives, the best last (RFC 2046 5.1.4).

    ``utf8`` leaves headers unencoded (RFC 6532), which only an SMTPUTF8 transaction may carry.
    Raises ValueError for a header with a control character: nothing may add a header line.
    """
    head = [_header(name, value, utf8) for name, value in headers]
    head.append("MIME-Version: 1.0")
    if len(parts) == 1:
        return "\r\n".join([*head, *_part(*parts[0])]).encode("utf-8")
    boundary = "=_" + hashlib.sha256("".join(text for _, text in parts).encode()).hexdigest()[:32]
    lines = [*head, f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for subtype, text in parts:
        lines += [f"--{boundary}", *_part(subtype, text)]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("utf-8")


def encoded(text: str, name: str = "") -> str:
    """Header text as it may stand in a header called ``name``: RFC 2047 words where it is not ASCII, folded."""
    return text if text.isascii() else _words(text, name)


@lru_cache(maxsize=256)  # the office's name is in every letter
def _words(text: str, name: str) -> str:
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def _header(name: str, value: str, utf8: bool) -> str:
    if _BREAKS.search(value.replace("\r\n ", " ")):
        raise ValueError(f"a control character in {name}")
    return f"{name}: {value if utf8 else encoded(value, name)}"


def _part(subtype: str, text: str) -> list[str]:
    body = "\r\n".join(text.splitlines()) + "\r\n"
    packed = base64.encodebytes(body.encode("utf-8")).decode("ascii").replace("\n", "\r\n")
    return [f'Content-Type: text/{subtype}; charset="utf-8"', "Content-Transfer-Encoding: base64", "", packed]
