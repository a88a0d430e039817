"""A mail with files: they stand behind the text, are kept apart from it, and are put in when it is sent.

headers, text │ file │ behind │ file │ behind          ``behind`` opens the next part, or closes the mail
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from mailgate.core.message import base64_lines, closing, enclosure
from mailgate.model import Carried, Draft
from mailgate.model_dispatch import Enclosed

Sign = Callable[[bytes], bytes]  # a detached CMS signature (DER) of these bytes
_KINDS = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_MIXED = b"\r\nContent-Type: multipart/mixed;"


def enclose(draft: Draft, boundary: str, files: Sequence[Enclosed], hash_list: bool) -> Draft:
    """Close a draft that was left open with these files, and a list of their SHA-256 where it is wanted.

    The names of the files are ours: ASCII, without quotes, ending in .pdf or .xlsx.
    """
    raw = draft.raw + (_hash_list(boundary, files) if hash_list and files else b"")
    heads = [enclosure(boundary, file.name, _KINDS[file.name.rpartition(".")[2]]) for file in files]
    if not heads:
        return replace(draft, raw=raw + closing(boundary))
    behind = [*heads[1:], closing(boundary)]
    carried = tuple(Carried(f.sha256, "base64", b, "attachments") for f, b in zip(files, behind, strict=True))
    return replace(draft, raw=raw + heads[0], carried=carried)


def signed(draft: Draft, boundary: str, contents: Sequence[bytes], sign: Sign) -> Draft:
    """Wrap an enclosed draft in multipart/signed (RFC 8551 3.5.3). ``contents``: of its files, in order."""
    at = draft.raw.index(_MIXED) + 2
    opening = (
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; '
        f'boundary="{boundary}"\r\n\r\n--{boundary}\r\n'
    ).encode("ascii")
    entity = whole(draft.raw[at:], draft.carried, contents)
    # The line break before a boundary belongs to the boundary (RFC 2046 5.1.1), so it is not signed.
    signature = base64_lines(sign(entity.removesuffix(b"\r\n")))
    tail = (
        f'--{boundary}\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
        'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
    ).encode("ascii")
    end = tail + signature + closing(boundary)
    raw = draft.raw[:at] + opening + draft.raw[at:]
    if not draft.carried:
        return replace(draft, raw=raw + end)
    last = replace(draft.carried[-1], behind=draft.carried[-1].behind + end)
    return replace(draft, raw=raw, carried=(*draft.carried[:-1], last))


def whole(raw: bytes, carried: Sequence[Carried], contents: Sequence[bytes]) -> bytes:
    """The bytes of a mail with its files put in."""
    pieces = [raw]
    for file, content in zip(carried, contents, strict=True):
        pieces += [base64_lines(content) if file.encoding == "base64" else content, file.behind]
    return b"".join(pieces)


def _hash_list(boundary: str, files: Sequence[Enclosed]) -> bytes:
    """As ``sha256sum --check`` reads it."""
    text = "".join(f"{file.sha256}  {file.name}\n" for file in files)
    packed = base64.encodebytes(text.encode("ascii")).replace(b"\n", b"\r\n")
    return enclosure(boundary, "SHA256SUMS.txt", "text/plain") + packed


def sha256(raw: bytes, carried: Sequence[Carried], contents: Sequence[bytes]) -> str:
    """SHA-256 (hex) of a mail as it goes out."""
    return hashlib.sha256(whole(raw, carried, contents)).hexdigest()
