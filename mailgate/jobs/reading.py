"""From raw bytes to an entry ready for the register: keep, read the headers, screen, route, reckon the times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from mailgate.config import Service
from mailgate.core import compose, identity, services, tokens, trust
from mailgate.core.parse import header_block, headers
from mailgate.core.parts import enclosures
from mailgate.core.screen import screen
from mailgate.core.screen_signs import Facts
from mailgate.core.source import BytesSource
from mailgate.edges.archive import Incoming, Kept
from mailgate.edges.store.receipts import Compose
from mailgate.model import Draft, Enclosures, Mail, Receipt, Receiving, Screening, Stub
from mailgate.model_entry import Entry
from mailgate.office import Office

HEADER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Arrived:
    """A fetched message: small ones in memory, large ones already in a file of the archive."""

    stub: Stub
    raw: bytes | None
    incoming: Incoming | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A message that is safely kept, and all that can be known of it without asking the registry."""

    stub: Stub
    kept: Kept
    mail: Mail
    content_digest: str
    enclosures: Enclosures


def examine(office: Office, batch: list[Arrived]) -> list[Examined]:
    """Make the raw bytes durable (law 1), then read them. Runs beside the registry. Raises ArchiveError only."""
    incoming = [arrived.incoming or _written(office, arrived.raw or b"") for arrived in batch]
    return [_examined(arrived, kept) for arrived, kept in zip(batch, office.archive.keep_all(incoming), strict=True)]


def _written(office: Office, raw: bytes) -> Incoming:
    incoming = office.archive.begin()
    try:
        incoming.write(raw)
    except BaseException:
        incoming.abandon()
        raise
    return incoming


def _examined(arrived: Arrived, kept: Kept) -> Examined:
    raw = arrived.raw if arrived.raw is not None else kept.read(0, HEADER_BYTES)
    mail, start = headers(raw[:HEADER_BYTES]), header_block(raw[:HEADER_BYTES])[1]
    whole = arrived.raw is not None
    digest = identity.content_digest(mail, (raw[start:],) if whole else kept.chunks(start))
    return Examined(arrived.stub, kept, mail, digest, enclosures(BytesSource(raw) if whole else kept))


def decide(office: Office, examined: Examined) -> Entry:
    """Everything that is decided before the transaction: what it is, who handles it, the times."""
    mail, kept = examined.mail, examined.kept
    answers = _answered_item(office, mail)
    service = services.find(mail.subject, office.config.services)
    return Entry(
        mailbox=office.config.imap.mailbox,
        stub=examined.stub,
        seen_at=office.clock.now(),
        mail=mail,
        screening=screen(mail, _facts(office, mail, answers is not None)),
        sha256=kept.sha256,
        content_digest=examined.content_digest,
        size=kept.size,
        enclosures=examined.enclosures,
        receiving=_times(office, examined.stub, service),
        service=service.key if service else None,
        officer=_officers(office, service),
        confidential=bool(service and service.confidential),
        answers_item=answers,
    )


def unread(office: Office, stub: Stub) -> Entry:
    """An entry for a mail whose bytes could not be had: it is journaled, not registered."""
    now = office.clock.now()
    nothing = Screening(screen(headers(b""), Facts(frozenset())).kind, False, "not-fetched", "")
    times = Receiving(stub.arrived, stub.arrived, now)
    return Entry(office.config.imap.mailbox, stub, now, headers(b""), nothing, "", "", stub.size, Enclosures(), times)


def composer(office: Office) -> Compose:
    """How the register's transaction makes the acknowledgement once the number is known."""
    return partial(_compose, office)


def _compose(office: Office, entry: Entry, receipt: Receipt, item: int) -> Draft | None:
    return compose.acknowledgement(office.head, entry, receipt, item, _service(office, entry.service))


def _service(office: Office, key: str | None) -> Service | None:
    return next((s for s in office.config.services if s.key == key), None)


def _facts(office: Office, mail: Mail, answers_ours: bool) -> Facts:
    config, key = office.config, office.head.key
    mark = tokens.loop_mark(key, config.office.address)
    marked = any(tokens.same(value.strip(), mark) for value in mail.all("x-mailgate-loop") if value.isascii())
    ours = marked or bool(_verified(office, [mail.message_id]))
    return Facts(config.own_addresses, trust.authentication(mail, config.trust.authserv_id), answers_ours, ours)


def _answered_item(office: Office, mail: Mail) -> int | None:
    """The outbox item this mail answers: only a token proves it (law 8)."""
    found = _verified(office, [*mail.in_reply_to, *mail.references])
    return found[-1] if found else None


def _verified(office: Office, identifiers: Iterable[str]) -> list[int]:
    verified = []
    for item, token in tokens.candidates(identifiers):
        row = office.store.reports.item_of_message(item)
        if row is None:
            continue
        letter = f"{row['number']}/{row['year']}" if row["number"] else ""
        right = tokens.token(office.head.key, row["kind"], item, letter, row["recipient"])
        if tokens.same(token, right):
            verified.append(item)
    return verified


def _times(office: Office, stub: Stub, service: Service | None) -> Receiving:
    received = office.workdays.legal_receipt(stub.arrived)
    due = office.workdays.due(received, service.days, service.counted_in) if service and service.days else None
    return Receiving(stub.arrived, received, office.clock.now(), due)


def _officers(office: Office, service: Service | None) -> str:
    people = service.officers if service and service.officers else (office.config.office.clerk,)
    return ", ".join(p.name for p in people)
