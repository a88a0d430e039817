"""A look at one mail in a file, without a registry: what mailgate would make of it. Nothing is kept or sent."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mailgate.config import Config
from mailgate.core import services, trust
from mailgate.core.parse import header_block, headers
from mailgate.core.screen import screen
from mailgate.core.screen_signs import Facts
from mailgate.core.trust import Authentication
from mailgate.edges.parser_cell import Cell
from mailgate.errors import MailgateError, Unreadable
from mailgate.jobs.reading import BEGINS, HEADER_BYTES
from mailgate.model import Mail, Screening
from mailgate.model_reading import Reading
from mailgate.office import known


async def look(config: Config, path: Path, cell: Cell) -> dict[str, Any]:
    """Screening, sender, text and attachments of the mail in a file, as one document. Raises MailgateError."""
    raw = _head(path)
    mail = headers(raw[:HEADER_BYTES])
    start = header_block(raw[:HEADER_BYTES])[1]
    results = trust.authentication(mail, config.trust.authserv_id)
    screening = screen(mail, _facts(config, results, raw[start : start + BEGINS]))
    with tempfile.TemporaryDirectory(prefix="mailgate-look-") as folder:
        try:
            reading, problem = await cell.read(path, Path(folder)), ""
        except Unreadable as e:
            reading, problem = Reading("", 0, "", complete=False), e.what
    return _judged(config, mail, screening, results, reading) | _read(mail, reading, problem)


async def read(path: Path, folder: Path, cell: Cell) -> dict[str, Any]:
    """Sender, text and attachments of the mail in a file; attachments go to ``folder`` as "0", "1", …"""
    try:
        reading, problem = await cell.read(path, folder), ""
    except Unreadable as e:
        reading, problem = Reading("", 0, "", complete=False), e.what
    return _read(headers(_head(path)[:HEADER_BYTES]), reading, problem)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEADER_BYTES + BEGINS)
    except OSError as e:
        raise MailgateError(f"cannot read {path}: {e.strerror}") from None


def _facts(config: Config, results: Authentication, begins: bytes) -> Facts:
    return Facts(
        config.own_addresses,
        results,
        staff=frozenset(p.email.lower() for p in config.staff),
        begins=begins,
        spam_is_letter=config.screening.spam == "register",
    )


def _judged(
    config: Config, mail: Mail, screening: Screening, results: Authentication, reading: Reading
) -> dict[str, Any]:
    verdict = trust.verdict(mail, results, known(config))
    service = services.find(f"{mail.subject}\n{reading.text[: reading.quoted_from]}", config.services)
    return {
        "kind": screening.kind,
        "answered": screening.answer,
        "rule": screening.rule,
        "reason": screening.reason,
        "evidence": screening.evidence,
        "answer_to": screening.destination,
        "trust": verdict.trust,
        "trust_reasons": list(verdict.reasons),
        "service": service.key if service else None,
        "confidential": bool(service and service.confidential),
    }


def _read(mail: Mail, reading: Reading, problem: str) -> dict[str, Any]:
    return {
        "from_name": mail.from_shown.name,
        "from_address": mail.from_shown.address,
        "to": mail.to_shown,
        "subject": mail.subject,
        "dated": mail.dated.isoformat() if mail.dated else None,
        "summary": reading.summary,
        "text": reading.text[: reading.quoted_from],
        "quoted": reading.text[reading.quoted_from :],
        "attachments": [_attachment(a) for a in (asdict(a) for a in reading.attachments)],
        "forwarded": [asdict(f) for f in reading.forwarded],
        "report": asdict(reading.report) if reading.report else None,
        "repairs": [*mail.repairs, *reading.repairs],
        "complete": reading.complete,
        "problem": problem,
    }


def _attachment(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"flags": list(values["flags"]), "notes": list(values["notes"])}
