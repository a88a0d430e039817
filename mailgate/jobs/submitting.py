"""A submission of the website is registered: kept, numbered in one transaction, handed to its officers.

    the bytes, sealed or not → archive, fsynced → ONE transaction: number, letter, journal, event, referral

As for mail (laws 1, 2, 7), and on its own: neither mailbox nor mail server is needed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailgate.config import Service
from mailgate.core.parse import headers
from mailgate.edges.archive import Kept
from mailgate.edges.store.database import Row, moment
from mailgate.errors import MailgateError
from mailgate.jobs import clocks, deciding, routing
from mailgate.jobs.routing import Understood
from mailgate.model import Address, Draft, Enclosures, Kind, Mail, Receipt, Screening, Stub
from mailgate.model_dispatch import Paper
from mailgate.model_entry import Entry, Judgement, Twins
from mailgate.model_reading import Reading
from mailgate.model_website import Handed
from mailgate.office import Office

MAILBOX = "(website)"
_TOLD = "แจ้งเลขรับบนหน้าเว็บไซต์แล้ว"
_ADDED = "ข้อมูลเพิ่มเติมทางเว็บไซต์"


def registered(office: Office, handed: Handed) -> Row | None:
    """The letter that this form has become already: a button pressed twice registers once."""
    return office.store.website.submitted(handed.form)


def register(office: Office, handed: Handed, kept: Kept) -> Row:
    """Give a submission its number. A step of the registry. Raises MailgateError, with nothing done."""
    service = _service(office, handed)
    with office.store.db.immediate("submitted"):
        done = registered(office, handed)
        if done is not None:
            return done
        entry = _entry(office, handed, kept, service)
        office.store.receipts.enter_within(entry, _as_letter, _unanswered)
        office.store.website.note(handed, MAILBOX, entry.stub.uid)
        row = registered(office, handed)
        assert row is not None
        if handed.sealed:
            _refer(office, row["id"], kept, entry.seen_at, follow_up=False)
    return row


def add(office: Office, handed: Handed, kept: Kept, letter_id: int) -> Row:
    """File what a visitor sends in later with the letter; its time runs on if it was waited for."""
    with office.store.db.immediate("submitted"):
        done = registered(office, handed)
        if done is not None:
            return done
        letter = office.store.reports.letter_by_id(letter_id)
        assert letter is not None
        entry = _added(office, handed, kept, letter)
        office.store.receipts.enter_within(entry, _as_letter, _unanswered)
        office.store.website.note(handed, MAILBOX, entry.stub.uid)
        if handed.sealed:
            _refer(office, letter_id, kept, entry.seen_at, follow_up=True)
            _resume(office, letter, handed, entry.seen_at)
        row = registered(office, handed)
    assert row is not None
    return row


def _resume(office: Office, letter: Row, handed: Handed, now: datetime) -> None:
    """What nobody here can read may be what was asked for: files start the clock, as they do in a mail."""
    mail = office.store.db.value("SELECT mail_id FROM submission WHERE form = ?", (handed.form,))
    if handed.files:
        clocks.documents_came(office, letter, mail, None, now)


def _refer(office: Office, letter_id: int, kept: Kept, now: datetime, *, follow_up: bool) -> None:
    letter = office.store.reports.letter_by_id(letter_id)
    assert letter is not None
    original = routing.sealed_original(office, kept.sha256, kept.size)
    routing.refer(office, letter, Understood(Reading("", 0, ""), {}, original), now, follow_up=follow_up)


def _service(office: Office, handed: Handed) -> Service:
    service = deciding.service_by_key(office, handed.service)
    if service is None or service.channel != "website":
        raise MailgateError(f"{handed.service!r} is no service of the website", "See [[services]] channel")
    if service.confidential and not handed.sealed:
        raise MailgateError(f"a submission for {service.key} is not encrypted")
    return service


def _entry(office: Office, handed: Handed, kept: Kept, service: Service) -> Entry:
    """A letter of its own, with how its answer is wanted."""
    return replace(
        _came(office, handed, kept, service, Screening(Kind.LETTER, False, "website", _TOLD)),
        service=service.key,
        officer=deciding.officers(office, service),
        confidential=service.confidential,
        reply_to=handed.email if handed.wanted == "email" else "",
        paper=Paper.YES if handed.wanted == "paper" else Paper.UNSAID,
        postal_address=handed.postal,
    )


def _added(office: Office, handed: Handed, kept: Kept, letter: Row) -> Entry:
    """More for a letter, without a number."""
    service = deciding.service_by_key(office, letter["service"])
    came = _came(office, handed, kept, service, Screening(Kind.FOLLOW_UP, False, "website", _ADDED))
    return replace(came, confidential=bool(letter["confidential"]), case=letter["id"])


def _came(office: Office, handed: Handed, kept: Kept, service: Service | None, screening: Screening) -> Entry:
    """What all submissions have: the next place in the journal, the moment, the bytes."""
    now = office.clock.now()
    stub = Stub(1, office.store.website.next_uid(MAILBOX), kept.size, now)
    return Entry(
        mailbox=MAILBOX,
        stub=stub,
        seen_at=now,
        mail=_mail(handed),
        screening=screening,
        sha256=kept.sha256,
        content_digest=kept.sha256,
        size=kept.size,
        enclosures=Enclosures((0,) * handed.files),
        receiving=deciding.times(office, stub, service),
        channel="website",
        sealed=handed.sealed,
    )


def _mail(handed: Handed) -> Mail:
    """A submission as the journal takes it; of a sealed one there is nothing to say."""
    return replace(headers(b""), from_shown=Address(handed.name, handed.email), subject=handed.subject, repairs=())


def _as_letter(twins: Twins) -> Judgement:
    """No two forms are one letter, whatever stands in them."""
    return Judgement(False, None, "")


def _unanswered(entry: Entry, receipt: Receipt, item: int) -> Draft | None:
    return None


def received(row: Row) -> datetime:
    """The legal receipt of a submission's letter."""
    when = moment(row["legally_received_at"])
    assert when is not None
    return when
