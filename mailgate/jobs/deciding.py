"""What is decided of a mail before its transaction: what it is, whether it is answered, who handles it, the times.

Runs on the registry's thread, right before the transaction, so that what it asks the registry still holds then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from mailgate.config import Service
from mailgate.config_answers import Rule
from mailgate.core import compose, followups, limits, quoted, rules, services, tokens, trust
from mailgate.core.parse import headers
from mailgate.core.screen import screen
from mailgate.core.screen_signs import Facts
from mailgate.core.trust import Authentication
from mailgate.edges.store.contacts import key_of
from mailgate.edges.store.receipts import Compose
from mailgate.jobs import forgeries
from mailgate.jobs.reading import Examined
from mailgate.jobs.threads import Thread, thread_of, verified_item
from mailgate.model import Draft, Enclosures, Kind, Mail, Receipt, Receiving, Screening, Stub
from mailgate.model_entry import Entry, Over
from mailgate.office import Office

Mode = Literal["screen", "letter", "silent"]
_WITH_OTHERS = "แจ้งรวมกับเลขรับอื่นของผู้ส่งรายนี้"
_SILENT = "ผู้ดูแลสั่งให้ลงทะเบียนรับโดยไม่แจ้งเลขรับ"


def decide(
    office: Office, examined: Examined, started: datetime, mode: Mode = "screen", takes_up: int | None = None
) -> Entry:
    """Everything but the number. ``mode``: as the screening says, a letter because a person says so, or unanswered.

    ``started``: when the check began; what waited then cannot answer what it sends.
    """
    mail, kept, now = examined.mail, examined.kept, office.clock.now()
    results = trust.authentication(mail, office.config.trust.authserv_id)
    thread = thread_of(office, mail)
    rule = rules.match(mail, office.config.rules, confirmed=results.confirmed)
    screening = _screened(office, examined, results, thread, rule, mode)
    service = _service_of(office, mail, rule, thread)
    returned = screening.answer and _returned(office, examined.stub.arrived, started, screening.destination)
    verdict = trust.verdict(mail, results, office.known)
    return Entry(
        mailbox=office.config.imap.mailbox,
        stub=examined.stub,
        seen_at=now,
        mail=mail,
        screening=screening,
        sha256=kept.sha256,
        content_digest=examined.content_digest,
        size=kept.size,
        enclosures=examined.enclosures,
        receiving=times(office, examined.stub, service),
        service=service.key if service else None,
        officer=officers(office, service),
        confidential=bool((service and service.confidential) or (thread.case and thread.case["confidential"])),
        answers_item=thread.case["id"] if thread.case else None,
        over=_over(office, screening.destination, returned) if screening.answer else None,
        returned=returned,
        takes_up=takes_up,
        trust=verdict.trust,
        trust_reasons=verdict.reasons,
        remarks=tuple(mentions(office, mail.subject)) if thread.case is None else (),
        forged=forgeries.in_headers(office, mail, screening.kind, results, thread),
    )


def unread(office: Office, stub: Stub, rule: str = "not-fetched") -> Entry:
    """An entry for a mail whose bytes could not or shall not be had: it is journaled, not registered."""
    now, nothing = office.clock.now(), headers(b"")
    times = Receiving(stub.arrived, stub.arrived, now)
    screening = Screening(Kind.LETTER, False, rule, "")
    return Entry(office.config.imap.mailbox, stub, now, nothing, screening, "", "", stub.size, Enclosures(), times)


def composer(office: Office) -> Compose:
    """How the register's transaction makes the acknowledgement once the number is known."""
    return partial(_compose, office)


def times(office: Office, stub: Stub, service: Service | None) -> Receiving:
    """The times of a letter that arrived then."""
    received = office.workdays.legal_receipt(stub.arrived)
    due = office.workdays.due(received, service.days, service.counted_in) if service and service.days else None
    return Receiving(stub.arrived, received, office.clock.now(), due)


def officers(office: Office, service: Service | None) -> str:
    """Names of those responsible, for the register."""
    return ", ".join(p.name for p in office.config.officers_of(service))


def service_by_key(office: Office, key: str | None) -> Service | None:
    return next((s for s in office.config.services if s.key == key), None)


def mentions(office: Office, text: str) -> Iterable[str]:
    """Remarks about receipt numbers that a text quotes without a token of ours."""
    for receipt in quoted.receipts(text):
        if office.store.reports.letter(receipt) is not None:
            yield f"อาจเกี่ยวกับเลขรับ {receipt}"


def _compose(office: Office, entry: Entry, receipt: Receipt, item: int) -> Draft | None:
    return compose.acknowledgement(office.head, entry, receipt, item, service_by_key(office, entry.service))


def _screened(
    office: Office, examined: Examined, results: Authentication, thread: Thread, rule: Rule | None, mode: Mode
) -> Screening:
    mail = examined.mail
    wanted = mode != "screen" or (rule is not None and rule.treat_as == "letter")
    found = screen(mail, _facts(office, examined, results, thread), as_letter=wanted)
    if mode == "silent" and found.kind is Kind.LETTER:
        return replace(found, answer=False, rule="adopted", reason=_SILENT)
    if mode == "screen" and rule is not None:
        found = _as_ruled(found, rule)
    if mode == "screen" and thread.case is not None:
        return followups.judge(found, office.config.replies.follow_ups, bool(examined.enclosures.sizes))
    return found


def _as_ruled(found: Screening, rule: Rule) -> Screening:
    if rule.treat_as == "journal" and found.kind is Kind.LETTER:
        return Screening(Kind.AUTO, False, "rule", f"ตามกฎของสำนักงาน: {rule.name}")
    if found.answer and not rule.answer:
        return replace(found, answer=False, rule="rule", reason=f"ตามกฎของสำนักงาน: {rule.name}")
    return found


def _facts(office: Office, examined: Examined, results: Authentication, thread: Thread) -> Facts:
    config, mail = office.config, examined.mail
    mark = tokens.loop_mark(office.head.key, config.office.address)
    marked = any(tokens.same(value.strip(), mark) for value in mail.all("x-mailgate-loop") if value.isascii())
    own_id = any(verified_item(office, *found) for found in tokens.candidates([mail.message_id]))
    return Facts(
        config.own_addresses,
        results,
        answers_ours=thread.item is not None,
        is_ours=marked or own_id,
        staff=frozenset(p.email.lower() for p in config.staff),
        officer_token=thread.officer,
        braked=_braked(office, mail, thread),
        begins=examined.begins,
        spam_is_letter=config.screening.spam == "register",
    )


def _braked(office: Office, mail: Mail, thread: Thread) -> bool:
    """Whether the sender gets no automatic mail for a while; begun here if this mail makes a loop (RFC 3834 2)."""
    contacts, address, now = office.store.contacts, mail.from_shown.address, office.clock.now()
    if not address:
        return False
    if thread.item is not None:
        key, settings = key_of(address)[0], office.config.limits
        if limits.is_loop(settings, lambda _, n: contacts.nth_last("echo", n, address=key), now):
            contacts.brake(address, now + settings.loop_pause, now)
    return contacts.braked(address, now)


def over(office: Office, destination: str, *, returned: bool = False) -> Over | None:
    """The limit that one more reply to this address would break. ``returned``: it is for what answers one of ours."""
    now, (address, domain) = office.clock.now(), key_of(destination)
    last = office.store.contacts.nth_last("return", 1, address=address)
    returned = returned or (last is not None and last > now - limits.DAY)
    usual = office.store.contacts.busiest_hour(now)
    return limits.over(office.config.limits, domain, usual, _answers_to(office, destination), now, returned=returned)


def _over(office: Office, destination: str, returned: bool) -> Over | None:
    """As ``over``; and where numbers for this address are kept back already, this one is told with them."""
    waits = office.store.contacts.deferred_until(key_of(destination)[0])
    if waits is not None and waits > office.clock.now():
        return Over(_WITH_OTHERS, waits)
    return over(office, destination, returned=returned)


def _returned(office: Office, arrived: datetime, started: datetime, destination: str) -> bool:
    # A server's clock shows whole seconds (RFC 3501 2.3.3): an answer within the same second is one all the same.
    before = min(arrived + timedelta(seconds=1), started)
    answered = office.store.contacts.last_answer(key_of(destination)[0], before)
    return limits.is_return(office.config.limits, arrived, answered)


def _answers_to(office: Office, destination: str) -> limits.NthLast:
    contacts = office.store.contacts
    address, domain = key_of(destination)

    def nth_last(scope: limits.Scope, n: int) -> datetime | None:
        match scope:
            case "address":
                return contacts.nth_last("answer", n, address=address)
            case "domain":
                return contacts.nth_last("answer", n, domain=domain)
            case "all":
                return contacts.nth_last("answer", n)

    return nth_last


def _service_of(office: Office, mail: Mail, rule: Rule | None, thread: Thread) -> Service | None:
    """By rule, by the words of the subject line, or the service of the case it belongs to."""
    if rule is not None and rule.service:
        return service_by_key(office, rule.service)
    found = services.find(mail.subject, office.config.services)
    return found or (service_by_key(office, thread.case["service"]) if thread.case else None)
