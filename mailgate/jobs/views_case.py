"""A case as its visitor sees it: how far it is, what the office has answered, what was sent in later."""

from __future__ import annotations

from typing import Any

from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError
from mailgate.jobs import clocks, deciding, views
from mailgate.model import Receipt
from mailgate.model_dispatch import Result, Way
from mailgate.office import Office


def case(office: Office, letter_id: int) -> dict[str, Any]:
    """State and answers of a letter; texts only of what was answered on this page."""
    letter = office.store.reports.letter_by_id(letter_id)
    assert letter is not None
    service, zone = deciding.service_by_key(office, letter["service"]), office.config.zone
    answers = [row for row in office.store.dispatches.of_letter(letter_id) if row["state"] == "open"]
    return {
        "number": letter["number"],
        "year": letter["year"],
        "service": service.title if service else "",
        "service_key": letter["service"],
        "sealed": bool(letter["sealed"]),
        "state": letter["state"],
        "waiting": clocks.is_stopped(office, letter) or _asks(answers, letter),
        "arrived": views.local(letter["arrived_at"], zone),
        "received": views.local(letter["legally_received_at"], zone),
        "due_on": letter["due_on"],
        "answers": [_answer(office, row) for row in answers],
        "added": [views.local(row["arrived_at"], zone) for row in office.store.website.added(letter_id)],
    }


def file(office: Office, letter_id: int, dispatch: int, position: int) -> bytes:
    """A file of an answer on this page. Raises MailgateError if it is none of this letter's."""
    for row in office.store.dispatches.of_letter(letter_id):
        files = office.store.dispatches.files(row["id"])
        if row["number"] == dispatch and _is_here(row) and 0 <= position < len(files):
            return office.attachments.read(files[position].sha256)
    raise MailgateError(f"letter {letter_id} has no such file")


def _asks(answers: list[Row], letter: Row) -> bool:
    return bool(answers) and answers[-1]["result"] == Result.MORE_DOCUMENTS and letter["state"] == "open"


def _is_here(row: Row) -> bool:
    return bool(row["way"] == Way.WEBSITE and row["state"] == "open")


def _answer(office: Office, row: Row) -> dict[str, Any]:
    files = office.store.dispatches.files(row["id"]) if _is_here(row) else []
    return {
        "dispatch": row["number"],
        "receipt": str(Receipt(row["number"], row["year"], "dispatch")),
        "book_no": row["book_no"],
        "dated": row["dated"],
        "result": row["result"],
        "way": row["way"],
        "text": row["text"] if _is_here(row) else "",
        "files": [{"name": f.name, "size": f.size} for f in files],
    }
