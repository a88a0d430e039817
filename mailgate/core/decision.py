"""The mail that tells a citizen what was decided: what it says, and its bytes.

It is a person's act, and yet nothing stands in it that the sender of the letter wrote (law 9): the office's words,
those of whoever decided, numbers and dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mailgate.config import Config, Service
from mailgate.core import thai, tokens
from mailgate.core.enclosing import Sign, enclose, signed
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values, thread
from mailgate.model import Draft
from mailgate.model_dispatch import ENGLISH_RESULTS, THAI_RESULTS, Enclosed, Numbered, Outbound, Result


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of the letter that a dispatch answers; ``message_id`` threads the answer with it."""

    received: datetime | None = None
    service: Service | None = None
    message_id: str = ""


def book_no(config: Config, number: int, circular: bool) -> str:
    """ที่ of an outgoing letter: the office's code, "/", ว for a circular, the number of the dispatch register."""
    own = f"ว {number}" if circular else str(number)
    code = config.office.letter_code
    return thai.ascii_digits(f"{code}/{own}" if code else own)


def mail(
    head: Letterhead,
    out: Outbound,
    matter: Matter,
    address: str,
    item: int,
    numbered: Numbered,
    now: datetime,
    contents: Sequence[bytes],
    sign: Sign | None,
) -> Draft:
    """The mail to one address under its item; every one but the first is a copy. ``contents``: of the files."""
    shown = values(head.config, out, matter, numbered, copy=address != out.addresses[0])
    files = named(out.files, numbered)
    boundary = "=_" + tokens.token(head.key, "boundary", item, str(numbered.receipt), address)
    is_open = bool(files) or sign is not None
    made = draft(
        head,
        Outgoing(
            kind="decision",
            item=item,
            letter=str(out.letter or ""),
            recipient=address,
            subject=head.render("decision.subject.txt", shown).strip(),
            text=head.render("decision.txt", shown),
            made="by hand",
            now=now,
            replies_to=thread(matter.message_id, (), ()) if address == out.addresses[0] else (),
        ),
        boundary=boundary if is_open else "",
    )
    if not is_open:
        return made
    enclosed = enclose(made, boundary, files, head.config.decisions.hash_list)
    return signed(enclosed, boundary + ".s", contents, sign) if sign else enclosed


def named(files: Sequence[Enclosed], numbered: Numbered) -> list[Enclosed]:
    """The files under the names they go out with: a stranger's never becomes one of ours."""
    stem = f"{numbered.receipt.number}-{numbered.receipt.year}"
    return [replace(f, name=f"{stem}{f'-{n}' if n > 1 else ''}.pdf") for n, f in enumerate(files, 1)]


def values(config: Config, out: Outbound, matter: Matter, numbered: Numbered, *, copy: bool) -> Mapping[str, Any]:
    """The values of decision.txt and paper.html."""
    office = config.office
    digits = thai.digits if office.thai_digits else str
    received = matter.received.astimezone(config.zone) if matter.received else None
    service = matter.service
    return {
        "office": office_values(config),
        "book_no": digits(numbered.book_no),
        "dated": thai.long_date(numbered.dated, thai_digits=office.thai_digits),
        "greeting": out.greeting,
        "addressee": out.addressee,
        "postal_address": out.postal_address.splitlines(),
        "subject": out.subject,
        "copy": copy,
        "receipt": digits(out.letter) if out.letter else "",
        "received": thai.long_date(received, thai_digits=office.thai_digits) if received else "",
        "service": service.title if service else "",
        "result": out.result or "",
        "result_shown": THAI_RESULTS[out.result] if out.result else "",
        "text": out.text,
        "files": [{"name": f.name, "sha256": f.sha256} for f in named(out.files, numbered)],
        "count": digits(len(out.files)),
        "appeal": service.appeal if service and out.result is Result.REFUSED else "",
        "on_paper": not out.addresses,
        "signed": config.signing.pkcs12_file is not None,
        "en": _english(out, numbered, service),
    }


def _english(out: Outbound, numbered: Numbered, service: Service | None) -> Mapping[str, Any]:
    return {
        "receipt": str(out.letter or ""),
        "book_no": numbered.book_no,
        "dated": f"{numbered.dated:%-d %B %Y}",
        "result": ENGLISH_RESULTS[out.result] if out.result else "",
        "files": len(out.files),
        "appeal": service.appeal_en if service and out.result is Result.REFUSED else "",
    }
