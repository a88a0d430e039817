"""What a person does with a letter: register a mail as one, assign it, pass it on to another agency, void it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from mailgate.config import Person, Service
from mailgate.core import compose_more
from mailgate.core.identity import judge
from mailgate.edges.store.cases import Route
from mailgate.edges.store.database import Row, moment
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import deciding, letters, pausing, reading, routing, wishes, withdrawing
from mailgate.jobs.wishes import Wished
from mailgate.model import Draft, Receipt, Stub
from mailgate.model_entry import Judgement, Twins
from mailgate.office import Office


def register(office: Office, mail_id: int, *, answer: bool) -> Receipt:
    """Give a mail that was only journaled a number, and all that a letter gets. Raises MailgateError."""
    row = _unregistered(office, mail_id)
    stub = Stub(row["uidvalidity"], row["uid"], row["size"], _moment(row["arrived_at"]))
    examined = reading.of_archive(office, row["sha256"], stub)
    entry = deciding.decide(office, examined, office.clock.now(), "letter" if answer else "silent", takes_up=mail_id)
    hold = pausing.hold(office)
    entered = office.store.receipts.enter(entry, _as_letter, deciding.composer(office), hold=hold)
    if entered is None or entered.receipt is None:
        raise MailgateError(f"mail {mail_id} could not be registered", "See: mailgate mail list")
    read = office.store.readings.of_mail(mail_id)
    if read is not None and read["state"] != "waiting":  # else it is handed on when it is read
        _hand_on(office, entered.receipt)
    return entered.receipt


def _hand_on(office: Office, receipt: Receipt) -> None:
    letter = letters.existing(office, receipt)
    known = routing.stored(office, letter)
    with office.store.db.immediate("read"):
        routing.route_letter(office, letter, known, office.clock.now())


def assign(
    office: Office, receipt: Receipt, *, service: str = "", officer: str = "", wished: Wished | None = None
) -> Row:
    """Hand a letter to a service, or to one officer; the letter is mailed to them. Raises MailgateError.

    ``wished`` is noted with it; alone, it is noted and nobody is written to.
    """
    wished = wished or Wished()
    if wished.says_something and not (service or officer):
        return wishes.note(office, receipt, wished)
    letter, now = letters.not_void(office, receipt), office.clock.now()
    wishes.checked(wished)
    route = _route(office, letter, service, officer)
    known = routing.stored(office, letter)
    with office.store.db.immediate("assign"):
        wishes.apply(office, letter, wished, now)
        office.store.cases.route(letter["id"], route, "by hand", now)
        routing.refer(office, letters.existing(office, receipt), known, now)
    return letters.existing(office, receipt)


def pass_on(office: Office, receipt: Receipt, agency: str) -> Row:
    """Not ours: tell the citizen which agency is responsible, and close the letter (Act s.10 para 2)."""
    letter, now = letters.not_void(office, receipt), office.clock.now()
    if not agency.strip() or not agency.isprintable():
        raise UsageError("the agency's name must be one line of text")
    recipient = office.store.cases.told_to(letter["id"])
    if not recipient:
        raise MailgateError(
            f"letter {receipt} has no address to answer ({letter['answer_reason']})", "Tell the sender on paper"
        )
    compose = partial(_transfer, office, receipt, _moment(letter["legally_received_at"]), agency.strip(), recipient)
    with office.store.db.immediate("pass_on"):
        office.store.cases.send("transfer", letter["id"], compose, now)
        withdrawing.withdraw(office, letter["id"], "แจ้งผู้ส่งหนังสือให้ติดต่อหน่วยงานอื่นแล้ว", now)
        office.store.cases.close(letter, "closed", f"แจ้งผู้ส่งให้ติดต่อ {agency.strip()}", now)
    return letters.existing(office, receipt)


def void(office: Office, receipt: Receipt, reason: str) -> Row:
    """Void a letter: its number stays in the register with the reason (ยกเลิก). Raises MailgateError."""
    letter = letters.not_void(office, receipt)
    if not reason.strip() or not reason.isprintable():
        raise UsageError("a letter is voided with a reason of one line")
    with office.store.db.immediate("void"):
        now = office.clock.now()
        withdrawing.withdraw(office, letter["id"], "เลขรับถูกยกเลิก", now)
        office.store.cases.close(letter, "void", f"ยกเลิก: {reason.strip()}", now)
    return letters.existing(office, receipt)


def _as_letter(twins: Twins) -> Judgement:
    """A person decided: it is no duplicate, whatever it resembles; the remarks stay."""
    resembling = replace(twins, raw=False, raw_letter=None, content_same_id=None)
    return Judgement(False, None, "", judge(resembling).remarks)


def _unregistered(office: Office, mail_id: int) -> Row:
    row = office.store.reports.mail(mail_id)
    if row is None:
        raise MailgateError(f"there is no mail {mail_id}", "See: mailgate mail list")
    if row["fate"] == "registered":
        raise MailgateError(f"mail {mail_id} is letter {row['number']}/{row['year']} already")
    if row["sha256"] is None:
        raise MailgateError(f"mail {mail_id} was not fetched ({row['reason']})", "See: mailgate adopt --help")
    if office.store.sealing.of_raw(row["sha256"]):
        raise MailgateError(
            f"mail {mail_id} is encrypted with letter {row['number']}/{row['year']}",
            f"Its officer can read it: mailgate letter open {row['number']}/{row['year']}",
        )
    other = office.store.reports.letter_of_raw(row["sha256"])
    if other is not None:
        raise MailgateError(f"the same bytes are letter {other['number']}/{other['year']} already")
    return row


def _route(office: Office, letter: Row, key: str, address: str) -> Route:
    service = _service(office, key) if key else deciding.service_by_key(office, letter["service"])
    found = routing.route_to(office, letter, service) if service else None
    if not address:
        if found is None:
            raise UsageError("say to whom: --service, --officer or --agency")
        return found
    person = _person(office, address)
    if found is not None:
        return Route(found.service, person.name, found.due_on, found.confidential)
    return Route(letter["service"], person.name, None, bool(letter["confidential"]))


def _service(office: Office, key: str) -> Service:
    service = deciding.service_by_key(office, key)
    if service is None:
        known = ", ".join(s.key for s in office.config.services) or "none"
        raise UsageError(f"there is no service {key!r}; known: {known}", "Services stand in config.toml")
    return service


def _person(office: Office, address: str) -> Person:
    person = next((p for p in office.config.staff if p.email.lower() == address.lower()), None)
    if person is None:
        known = ", ".join(p.email for p in office.config.staff)
        raise UsageError(f"{address} is no officer of this office; known: {known}", "Officers stand in config.toml")
    return person


def _transfer(office: Office, receipt: Receipt, received: datetime, agency: str, recipient: str, item: int) -> Draft:
    now = office.clock.now()
    return compose_more.transfer(office.head, receipt, received, agency, recipient, item, now)


def _moment(text: str) -> datetime:
    when = moment(text)
    assert when is not None
    return when
