"""What becomes of one request of AMSS++ in the registers; steps of the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailgate.core import amss, decision, thai
from mailgate.core.parse import headers
from mailgate.edges.archive import Kept
from mailgate.edges.store.database import Row
from mailgate.edges.store.dispatches import BookNo, Mailed
from mailgate.jobs import deciding, dispatching
from mailgate.model import Address, CheckReport, Draft, Enclosures, Kind, Receipt, Receiving, Screening, Stub
from mailgate.model_amss import Outcome, Request, Source
from mailgate.model_dispatch import Numbered, Outbound, Result, Way
from mailgate.model_entry import Entry, Judgement, Twins
from mailgate.office import Office

TOLD = "แจ้งผลในระบบ AMSS++"
_UNANSWERED = "ผู้ขอติดตามผลได้ในระบบ AMSS++"
_RESULTS = {Outcome.GRANTED: Result.APPROVED, Outcome.REFUSED: Result.REFUSED}
_SAID = {Outcome.GRANTED: "อนุญาต", Outcome.REFUSED: "ไม่อนุญาต"}
_EDITED = "มีการแก้ไขคำขอใน AMSS++"
_GONE = "คำขอถูกลบใน AMSS++ แล้ว"


def enter(office: Office, request: Request, kept: Kept, since: datetime, report: CheckReport) -> None:
    """Register a new request; one decided before our time is only remembered. Inside a transaction."""
    now = office.clock.now()
    request_id = office.store.amss.add(request, now)
    if amss.is_old(request, since):
        office.store.amss.decide(request_id, request)
        return
    entry = _entry(office, request, request_id, kept, now)
    entered = office.store.receipts.enter_within(entry, _as_letter, _unanswered)
    assert entered is not None
    report.requests += 1
    report.receipts.append(str(entered.receipt))
    letter = office.store.amss.became(request_id, request.source)
    if request.outcome is not None:
        _decided(office, letter, request, request_id, report)


def change(office: Office, requests: Sequence[Request], report: CheckReport) -> list[str]:
    """Requests that were edited or decided there; in one transaction. Returns what needs a person."""
    problems = []
    with office.store.db.immediate("requests"):
        for request in requests:
            problems += _changed(office, request, office.clock.now(), report)
    return problems


def _changed(office: Office, request: Request, now: datetime, report: CheckReport) -> list[str]:
    known = office.store.amss.get(request)
    office.store.amss.update(request, now)
    letter = office.store.reports.letter_by_id(known["letter_id"]) if known["letter_id"] else None
    if letter is None:
        return []
    if request.outcome is not None and not known["outcome"]:
        if letter["state"] == "open":
            _decided(office, letter, request, known["id"], report)
            return []
        said = f"AMSS++: {_SAID[request.outcome]} แต่เลขรับนี้ดำเนินการแล้วก่อนหน้า"
        office.store.amss.decide(known["id"], request)
    elif (request.outcome or "") != known["outcome"]:
        shown = _SAID[request.outcome] if request.outcome else "ยกเลิกผลการพิจารณา"
        said = f"ผลใน AMSS++ เปลี่ยนเป็น {shown} โปรดตรวจสอบ"
        office.store.amss.decide(known["id"], request)
    else:
        office.store.amss.note(letter, "amss changed", _EDITED, now)
        return []
    office.store.amss.note(letter, "amss changed", said, now)
    return [f"letter {letter['number']}/{letter['year']}: {said}"]


def vanish(office: Office, gone: Sequence[tuple[Source, str]]) -> None:
    """Requests that are no longer there: the letter stays, with a remark."""
    if not gone:
        return
    with office.store.db.immediate("requests"):
        for source, key in gone:
            letter = office.store.amss.vanish(source, key, office.clock.now())
            if letter is not None:
                office.store.amss.note(letter, "amss changed", _GONE, office.clock.now())


def _decided(office: Office, letter: Row, request: Request, request_id: int, report: CheckReport) -> None:
    """What was decided there enters the dispatch register, and ends the letter."""
    assert request.outcome is not None
    now, out = office.clock.now(), _outbound(office, letter, request)
    receipt = office.store.dispatches.enter(out, office.config.office.name, _book_no(office), _no_mail, now)
    office.store.amss.decide(request_id, request)
    dispatching.note_answer(office, out, dispatching.existing(office, receipt), now)
    report.outcomes += 1


def _outbound(office: Office, letter: Row, request: Request) -> Outbound:
    assert request.outcome is not None
    on = request.outcome_on
    digits = office.config.office.thai_digits
    day = f"พิจารณาเมื่อวันที่ {thai.long_date(on, thai_digits=digits)}" if on else ""
    return Outbound(
        way=Way.AMSS,
        addressee=request.school,
        subject=f"แจ้งผล{letter['subject']}",
        text="\n".join(filter(None, (TOLD, request.comment))),
        files=(),
        addresses=(),
        decided_by=letter["officer"],
        result=_RESULTS[request.outcome],
        letter=Receipt(letter["number"], letter["year"]),
        letter_id=letter["id"],
        confidential=bool(letter["confidential"]),
        remarks=day,
    )


def _entry(office: Office, request: Request, request_id: int, kept: Kept, now: datetime) -> Entry:
    service = deciding.service_by_key(office, office.config.amss.tables[request.source].service)
    arrived = request.requested if request.requested and request.requested <= now else now
    stub = Stub(1, request_id, kept.size, arrived)
    times: Receiving = deciding.times(office, stub, service)
    content = f"{request.source}\0{request.key}\0{request.fingerprint}".encode()
    nothing = headers(b"")
    return Entry(
        mailbox=f"(amss) {request.source}",
        stub=stub,
        seen_at=now,
        mail=replace(nothing, from_shown=Address(request.school, ""), subject=request.subject, repairs=()),
        screening=Screening(Kind.LETTER, False, "amss", _UNANSWERED),
        sha256=kept.sha256,
        content_digest=hashlib.sha256(content).hexdigest(),
        size=kept.size,
        enclosures=Enclosures(),
        receiving=times,
        service=service.key if service else None,
        officer=deciding.officers(office, service),
        confidential=bool(service and service.confidential),
        remarks=request.repairs,
        channel="amss",
    )


def _book_no(office: Office) -> BookNo:
    return lambda number, circular: decision.book_no(office.config, number, circular)


def _no_mail(address: str, item: int, number: Numbered) -> Mailed:
    raise AssertionError("what is told in AMSS++ is not mailed")


def _as_letter(twins: Twins) -> Judgement:
    """Its key there is what it is known by; two requests of the same words are two."""
    return Judgement(False, None, "")


def _unanswered(entry: Entry, receipt: Receipt, item: int) -> Draft | None:
    return None
