"""The texts of IMAP: mailbox names, UID sets, FETCH answers, dates (RFC 3501, 9051)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

_FETCH = re.compile(rb"[0-9]+ FETCH \(", re.IGNORECASE)
_UID = re.compile(rb"\bUID ([0-9]{1,10})", re.IGNORECASE)
_SIZE = re.compile(rb"RFC822\.SIZE ([0-9]{1,19})", re.IGNORECASE)
_DATE = re.compile(rb'INTERNALDATE "([^"]{1,40})"', re.IGNORECASE)
# A body that needs no literal may come as a string, as an empty one does. NIL is no body: the message is gone.
_INLINE_BODY = re.compile(rb'BODY\[\](?:<[0-9]+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ORIGIN = re.compile(rb"BODY\[\]<([0-9]{1,19})>", re.IGNORECASE)
_LITERAL_BODY = re.compile(rb"BODY\[\](?:<[0-9]+>)? \{[0-9]+\}\Z", re.IGNORECASE)


def modified_utf7(name: str) -> str:
    """A mailbox name as IMAP4rev1 writes it (RFC 3501 5.1.3)."""
    parts, run = [], ""
    for char in [*name, ""]:
        if char and not " " <= char <= "~":
            run += char
            continue
        if run:
            packed = base64.b64encode(run.encode("utf-16-be")).decode("ascii").rstrip("=")
            parts.append(f"&{packed.replace('/', ',')}-")
            run = ""
        parts.append("&-" if char == "&" else char)
    return "".join(parts)


def quoted(text: str) -> str:
    """A quoted string. Raises ValueError for line breaks and NUL, which would be a second command."""
    if re.search(r"[\x00\r\n]", text):
        raise ValueError("line breaks and NUL cannot stand in an IMAP string")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def mailbox_name(name: str, prefix: str = "", separator: str = "/") -> str:
    """A name of the configuration ("/" between levels) as an argument for this server."""
    local = name.replace("/", separator)
    if local.upper() == "INBOX":
        return quoted("INBOX")
    encoded = modified_utf7(local)  # as the prefix is, which comes from the server
    return quoted(encoded if encoded.upper().startswith(prefix.upper()) else prefix + encoded)


def uid_set(uids: Iterable[int]) -> str:
    """UIDs as a sequence set with runs: ``1:3,7``."""
    runs: list[list[int]] = []
    for uid in sorted(set(uids)):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in runs)


@dataclass(slots=True)
class Fetched:
    """One FETCH answer: its protocol text, and the body if it came."""

    text: bytes
    body: bytes | bytearray | None = None

    @property
    def uid(self) -> int | None:
        found = _UID.search(self.text)
        return int(found[1]) if found and int(found[1]) < 1 << 32 else None  # nz-number of 32 bits, RFC 3501 9

    @property
    def size(self) -> int:
        found = _SIZE.search(self.text)
        return min(int(found[1]), (1 << 63) - 1) if found else 0

    @property
    def origin(self) -> int | None:
        """Where a piece of the body begins; None for a whole body."""
        found = _ORIGIN.search(self.text)
        return int(found[1]) if found else None

    def arrived(self, otherwise: datetime) -> datetime:
        """INTERNALDATE, or ``otherwise`` from a server that sends none."""
        found = _DATE.search(self.text)
        try:
            when = datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z") if found else otherwise
        except ValueError:
            return otherwise
        return when if 1970 <= when.year <= 2200 else otherwise


def fetched(lines: Iterable[bytes | bytearray]) -> Iterator[Fetched]:
    """The FETCH answers among the lines of a response, in the server's order; to be matched by UID, never by place."""
    current: Fetched | None = None
    for line in lines:
        if isinstance(line, bytearray):
            if current is not None and _LITERAL_BODY.search(current.text):
                current.body = line
        elif _FETCH.match(line):
            if current is not None:
                yield _finished(current)
            current = Fetched(bytes(line))
        elif current is not None and (line[:1] in (b" ", b")") or current.text.endswith(b"}")):
            current.text += b" " + line
    if current is not None:
        yield _finished(current)


def _finished(answer: Fetched) -> Fetched:
    inline = _INLINE_BODY.search(answer.text) if answer.body is None else None
    if inline is not None:
        answer.body = re.sub(rb"\\(.)", rb"\1", inline[1])
        answer.text = answer.text[: inline.start(1)] + answer.text[inline.end(1) :]  # its words are no protocol
    return answer


def searched(lines: Iterable[bytes | bytearray]) -> list[int]:
    """UIDs of a SEARCH answer, ascending."""
    words = [w for line in lines if bytes(line[:7]).strip().upper() == b"SEARCH" for w in bytes(line).split()[1:]]
    return sorted({int(w) for w in words if w.isdigit() and len(w) <= 10 and int(w) < 1 << 32})


def code(lines: Iterable[bytes | bytearray], name: str) -> str:
    """The argument of a response code such as ``[UIDVALIDITY 3]``, or an empty string."""
    wanted = re.compile(rb"\[" + re.escape(name.encode("ascii")) + rb" ([^\]]*)\]", re.IGNORECASE)
    found = (wanted.search(bytes(line)) for line in lines)
    return next((m[1].decode("ascii", "replace") for m in found if m), "")


def personal_namespace(lines: Iterable[bytes | bytearray]) -> tuple[str, str]:
    """Prefix and separator of a NAMESPACE answer's first personal namespace (RFC 2342)."""
    pattern = re.compile(rb'NAMESPACE \(\("([^"]*)" "(\\?.)"', re.IGNORECASE)
    found = next((m for line in lines if (m := pattern.match(bytes(line)))), None)
    if found is None:
        return "", "/"
    return found[1].decode("ascii", "replace"), found[2].decode("ascii", "replace")[-1]


def list_separator(lines: Iterable[bytes | bytearray]) -> str:
    """The hierarchy separator of a LIST answer, or an empty string."""
    pattern = re.compile(rb'LIST \([^)]*\) "(\\?.)"', re.IGNORECASE)
    found = next((m for line in lines if (m := pattern.match(bytes(line)))), None)
    return found[1].decode("ascii", "replace")[-1] if found else ""
