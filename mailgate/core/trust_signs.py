"""Signs that a sender is not who a person would take them for; each is a reason for the clerk, in Thai.

None quotes what the sender wrote: reasons go to officers by mail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mailgate.core import known as names
from mailgate.core.address import wire_domain
from mailgate.core.address_shown import addresses
from mailgate.core.known import Known
from mailgate.core.lookalike import GOVERNMENT, decoded, imitated, mixed, within
from mailgate.model import Mail

# The brackets keep a search from starting anew at every letter.
_ADDRESS = re.compile(
    r"(?<![^\s<>()\[\]\"',;:])([^\s<>()\[\]\"',;:@]{1,64}@[^\s<>()\[\]\"',;:@.]{1,63}\.[^\s<>()\[\]\"',;:@]{1,253})"
)
_SPACED_AT = re.compile(r"\s*@\s*")


def found(mail: Mail, known: Known, *, confirmed: bool) -> Iterator[str]:
    """Every sign, the plainest first. ``confirmed``: our server vouches for the domain, not for who that is."""
    yield from _form(mail)
    address = mail.sender.address if mail.sender else mail.from_shown.address
    yield from _name(mail.from_shown.name, address, known, confirmed)
    if address:
        yield from _address(address, known)
        yield from _reply(mail, address)


def _form(mail: Mail) -> Iterator[str]:
    """RFC 5322 3.6: one From field; more than one mailbox in it would need a Sender, and has two readings."""
    count = len(mail.all("from"))
    if count > 1:
        yield "มีช่องผู้ส่ง (From) มากกว่าหนึ่งช่อง"
    elif count == 0:
        yield "ไม่มีช่องผู้ส่ง (From)"
    elif mail.sender is None:
        yield "ช่องผู้ส่ง (From) ไม่ได้ระบุที่อยู่เดียวที่ชัดเจน"


def _name(name: str, address: str, known: Known, confirmed: bool) -> Iterator[str]:
    if any(not _same(other, address) for other in _written(name)):
        yield "ชื่อผู้ส่งที่แสดงมีที่อยู่อีเมลอื่น ซึ่งไม่ใช่ที่อยู่ที่ใช้ส่ง"
    if names.ours(address, known) or (confirmed and names.in_own_domain(address, known)):
        return
    if whose := names.namesake(name, address, known):
        yield f"ชื่อผู้ส่งตรงหรือคล้ายกับ “{whose}” แต่ไม่ใช่ที่อยู่ที่สำนักงานรู้จัก"


def _address(address: str, known: Known) -> Iterator[str]:
    local, _, domain = address.rpartition("@")
    if (whose := imitated(domain, names.marks(known).domains)) == GOVERNMENT:
        yield "โดเมนของผู้ส่งดูคล้ายหน่วยงานราชการ (.go.th) แต่ไม่ใช่"
    elif whose:
        yield f"โดเมนของผู้ส่งคล้ายกับ {whose} แต่ไม่ใช่"
    if not names.ours(address, known) and (other := names.double(address, known)):
        yield f"ที่อยู่ผู้ส่งคล้ายกับ {other} แต่ไม่ใช่"
    if mixed(local) or any(map(mixed, decoded(domain).split("."))):
        yield "ที่อยู่ผู้ส่งมีอักษรหลายภาษาปนกัน หรือมีอักษรที่หน้าตาเหมือนอักษรอื่น"


def _reply(mail: Mail, address: str) -> Iterator[str]:
    """An answer would go elsewhere; ours never does (see Where an answer goes), but a person's would."""
    sender = _domain(address)
    fields = [value for name, value in mail.fields if name == "reply-to"]
    others = [_domain(a) for value in fields[:5] for a in addresses(value, 10)]
    if any(not within(other, sender) and not within(sender, other) for other in others):
        yield "ที่อยู่สำหรับตอบกลับ (Reply-To) อยู่คนละโดเมนกับผู้ส่ง"


def _written(name: str) -> list[str]:
    """Addresses in a display name, also with a wide @ or spaces around it."""
    if "@" not in name and name.isascii():
        return []
    plain = unicodedata.normalize("NFKC", name)
    return _ADDRESS.findall(_SPACED_AT.sub("@", plain)) if "@" in plain else []


def _same(one: str, other: str) -> bool:
    return wire_domain(one.strip(".")).lower() == wire_domain(other).lower()


def _domain(address: str) -> str:
    return wire_domain(address).rpartition("@")[2].lower()
