"""Where a letter goes once it is read: its service, its officers, and the mail that hands it to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from mailgate.config import Person, Service
from mailgate.core import referral, services
from mailgate.core.message import transfer_encoding
from mailgate.core.referral import Matter, Original
from mailgate.edges.store.cases import Route
from mailgate.edges.store.database import Row, moment
from mailgate.jobs import clocks, deciding, hearing, views, wishes
from mailgate.jobs.hearing import Heard
from mailgate.jobs.sealing import SEARCHED, Sealed, own_words
from mailgate.model import Draft, Fate, Kind, Receipt
from mailgate.model_dispatch import Paper
from mailgate.model_reading import Attachment, Flag, Reading
from mailgate.office import Office

_INFECTED = "พบไวรัสในเอกสารแนบ จึงกักกันไว้"
_CONFIDENTIAL = "เป็นเรื่องปกปิดที่ยังไม่มีเจ้าหน้าที่ผู้รับผิดชอบ โปรดมอบหมายด้วยคำสั่ง mailgate letter assign --officer"
_ANOTHERS = (
    "เข้ารหัสไว้ถึงเจ้าหน้าที่ผู้รับผิดชอบรายอื่น ท่านเปิดอ่านเองมิได้ โปรดขอรับจากเจ้าหน้าที่ผู้นั้น "
    "ซึ่งเปิดด้วยคำสั่ง mailgate letter open แล้วเข้ารหัสถึงท่านใหม่ (age -r กุญแจสาธารณะของท่าน)"
)
_IN_AMSS = "คำขออยู่ในระบบ AMSS++"
_TOO_LARGE = "มีขนาดใหญ่เกินที่กำหนดให้แนบ"


@dataclass(frozen=True, slots=True)
class Understood:
    """A reading with what the scanner found, and how the original can be carried."""

    reading: Reading
    viruses: Mapping[int, str]
    original: Original
    unreadable: str = ""
    heard: Heard | None = None
    sealed: Sealed | None = None


async def prepare(
    office: Office,
    row: Row,
    reading: Reading,
    viruses: Mapping[int, str],
    unreadable: str = "",
    sealed: Sealed | None = None,
) -> Understood:
    """Mark what is infected, and look how the original can be sent on, before the transaction begins."""
    marked = tuple(
        replace(a, flags=(*a.flags, Flag.INFECTED)) if n in viruses else a for n, a in enumerate(reading.attachments)
    )
    known = replace(reading, attachments=marked)
    if sealed is not None:
        original = sealed_original(office, sealed.sha256, sealed.size, infected=bool(viruses), to=sealed.to)
        heard = await hearing.prepare(office, row, replace(known, attachments=()))  # of which none is kept
        return Understood(known, viruses, original, unreadable, heard, sealed)
    original = await office.disk(original_of, office, row["sha256"], bool(viruses))
    return Understood(known, viruses, original, unreadable, await hearing.prepare(office, row, known))


def original_of(office: Office, sha256: str, infected: bool) -> Original:
    """How the raw letter can be carried. Raises ArchiveError if it cannot be read."""
    kept = office.archive.kept(sha256)
    if infected:
        return Original(why_not=_INFECTED)
    if kept.size > office.config.referrals.attach_up_to:
        return Original(why_not=_TOO_LARGE)
    return Original(sha256, transfer_encoding(kept.read(0, kept.size)))


def sealed_original(
    office: Office, sha256: str, size: int, *, infected: bool = False, to: Sequence[str] = ()
) -> Original:
    """How an encrypted letter can be carried. ``to``: the keys that open it, none if that is not known."""
    if infected:
        return Original(why_not=_INFECTED, sealed=True, to=tuple(to))
    if size > office.config.referrals.attach_up_to:
        return Original(why_not=_TOO_LARGE, sealed=True, to=tuple(to))
    return Original(sha256, "base64", sealed=True, to=tuple(to))


def route(office: Office, row: Row, understood: Understood, now: datetime) -> None:
    """Hand a letter, or more about one, to the people responsible; inside the reading's transaction."""
    letter = office.store.reports.letter_by_id(row["letter_id"]) if row["letter_id"] else None
    if letter is None:
        return
    if row["fate"] == Fate.REGISTERED:
        _resume(office, row, letter["follows"], understood, _receipt(letter), now)
        route_letter(office, letter, understood, now)
    elif row["kind"] == Kind.FOLLOW_UP:
        wishes.heard(office, letter, own_words(understood.reading), now)
        _resume(office, row, letter["id"], understood, None, now)
        refer(office, _as_it_is(office, letter), understood, now, follow_up=True)


def _resume(
    office: Office, row: Row, case: int | None, understood: Understood, receipt: Receipt | None, now: datetime
) -> None:
    """Documents that come with our token start the clock of the case they belong to; words alone do not."""
    letter = office.store.reports.letter_by_id(case) if case else None
    if letter is not None and clocks.brings_documents(understood.reading):
        clocks.documents_came(office, letter, row["id"], receipt, now)


def route_letter(office: Office, letter: Row, understood: Understood, now: datetime) -> None:
    """Describe a letter that was read, find its service, and refer it; inside a transaction."""
    refer(office, _described(office, letter, understood.reading, now), understood, now)


def refer(office: Office, letter: Row, understood: Understood, now: datetime, *, follow_up: bool = False) -> None:
    """Queue a mail to each officer responsible, or to the clerk; inside a transaction."""
    if not office.config.referrals.enabled:
        return
    service = deciding.service_by_key(office, letter["service"])
    for person in recipients(office, letter):
        matter, original = _matter(office, letter, service, understood, follow_up), understood.original
        if letter["confidential"] and not _may_know(office, service, letter, person):
            matter, original = _masked(matter), Original(why_not=_CONFIDENTIAL)
        elif original.sealed:
            matter = _masked(matter)
            if not opens(original, person):
                original = Original(why_not=_ANOTHERS)
        compose = partial(_composed, office, matter, person, original, now)
        office.store.cases.send("referral", letter["id"], compose, now)


def opens(original: Original, person: Person) -> bool:
    """Whether this officer has a key that a sealed letter was encrypted to, as far as that is known."""
    return person.key in original.to if original.to else bool(person.key)


def recipients(office: Office, letter: Row) -> Iterator[Person]:
    """Those the register names; the clerk where it names nobody whose address is known."""
    named = letter["officer"].split(", ")
    found = [p for p in office.config.staff if p.name in named]
    yield from found or [office.config.office.clerk]


def _may_know(office: Office, service: Service | None, letter: Row, person: Person) -> bool:
    """Law 9: the officers of the service, and whom a person assigned it to; the clerk only as one of these."""
    if service is not None and person in service.officers:
        return True
    return person.name in letter["officer"].split(", ") and person.email != office.config.office.clerk.email


def _masked(matter: Matter) -> Matter:
    """That there is a restricted letter, and nothing of it."""
    return replace(
        matter, from_name="", from_address=views.MASK, subject=views.MASK, summary="", remarks="", trust="",
        trust_reasons=(), attachments=(), text="", unreadable="", paper=Paper.UNSAID,
    )  # fmt: skip


def _composed(office: Office, matter: Matter, person: Person, original: Original, now: datetime, item: int) -> Draft:
    return referral.referral(office.head, matter, person, original, item, now)


def _described(office: Office, letter: Row, reading: Reading, now: datetime) -> Row:
    """Add to the register what the text shows: a summary, receipts it quotes, the service it asks for."""
    new_text = own_words(reading)
    quoted = deciding.mentions(office, new_text) if letter["follows"] is None else ()
    remark = "; ".join(r for r in quoted if r not in letter["remarks"])
    summary = reading.summary if not letter["subject"].strip() else ""
    if summary or remark:
        office.store.cases.describe(letter["id"], summary, remark)
    found = services.find(f"{letter['subject']}\n{new_text[:SEARCHED]}", office.config.services)
    if found is not None and found.key != letter["service"] and (letter["service"] is None or found.confidential):
        office.store.cases.route(letter["id"], route_to(office, letter, found), "words in the text", now)
    wishes.heard(office, letter, f"{letter['subject']}\n{new_text}", now)
    return _as_it_is(office, letter)


def _as_it_is(office: Office, letter: Row) -> Row:
    """The letter after what the transaction has done to it."""
    changed = office.store.reports.letter_by_id(letter["id"])
    assert changed is not None
    return changed


def _receipt(letter: Row) -> Receipt:
    return Receipt(letter["number"], letter["year"], letter["register"])


def route_to(office: Office, letter: Row, service: Service) -> Route:
    """A letter under this service: its officers, its secrecy, its due date from the legal receipt."""
    due = clocks.due(office, letter, service)
    return Route(service.key, deciding.officers(office, service), due, service.confidential)


def _matter(office: Office, letter: Row, service: Service | None, understood: Understood, follow_up: bool) -> Matter:
    case = office.store.reports.letter_by_id(letter["follows"]) if letter["follows"] else None
    reading = understood.reading
    arrived, received = moment(letter["arrived_at"]), moment(letter["legally_received_at"])
    assert arrived is not None
    assert received is not None
    return Matter(
        receipt=_receipt(letter),
        from_name=letter["from_name"],
        from_address=letter["from_address"],
        subject=letter["subject"],
        summary=letter["summary"],
        arrived=arrived,
        received=received,
        service=service.title if service else "",
        due=_due(letter),
        remarks=letter["remarks"],
        trust=letter["trust"],
        trust_reasons=[r for r in letter["trust_reasons"].split("; ") if r],
        confidential=bool(letter["confidential"]),
        attachments=reading.attachments,
        text=own_words(reading),
        unreadable=understood.unreadable,
        follow_up=follow_up,
        paper=Paper(letter["paper"]),
        case=_receipt(case) if case else None,
        case_due=_due(case) if case else None,
        channel=letter["channel"],
    )


def _due(letter: Row) -> date | None:
    return date.fromisoformat(letter["due_on"]) if letter["due_on"] else None


def stored(office: Office, letter: Row) -> Understood:
    """What was read of a letter earlier, as far as it was; for handing it on again. Raises ArchiveError."""
    reading = office.store.readings.of_letter(letter["id"])
    files = office.store.readings.attachments(reading["mail_id"]) if reading else []
    attachments = tuple(_attachment(f) for f in files)
    text, until = (reading["text"], reading["quoted_from"]) if reading else ("", 0)
    if letter["channel"] == "amss":  # its evidence is shared with the others of its reading
        return Understood(Reading("", 0, ""), {}, Original(why_not=_IN_AMSS))
    if letter["sealed"]:
        return Understood(Reading("", 0, ""), {}, _sealed(office, letter))
    infected = any(Flag.INFECTED in a.flags for a in attachments)
    problem = reading["problem"] if reading and reading["state"] == "unreadable" else ""
    known = Reading(text, until, letter["summary"], attachments)
    return Understood(known, {}, original_of(office, letter["sha256"], infected), problem)


def _sealed(office: Office, letter: Row) -> Original:
    """The encrypted file of a letter; one that came by the website was encrypted to the officers of its service."""
    kept = office.archive.kept(office.store.sealing.file_of(letter))
    known = office.store.sealing.sealed_as(letter["id"])
    service = deciding.service_by_key(office, letter["service"])
    to = known.get("to", [p.key for p in office.config.officers_of(service) if p.key])
    return sealed_original(office, kept.sha256, kept.size, infected=known.get("infected", False), to=to)


def _attachment(row: Row) -> Attachment:
    flags = tuple(Flag(f) for f in row["flags"].split())
    return Attachment(row["name"], row["declared"], row["found"], row["size"], row["sha256"], flags)
