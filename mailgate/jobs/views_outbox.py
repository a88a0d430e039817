"""Outbox items as the documents of the contract, and the bytes of one as they go out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError
from mailgate.jobs import views
from mailgate.jobs.outbox import whole
from mailgate.jobs.views import MASK
from mailgate.model import State
from mailgate.office import Office

_PAGE = 1000
_CODE = "code"
# What nobody needs to think of any more.
_DONE_WITH = (State.ACCEPTED, State.DELIVERED, State.CANCELLED)
NOT_DONE_WITH = tuple(state for state in State if state not in _DONE_WITH)


def pages(office: Office, states: Sequence[str] = (), newest: int = -1) -> Iterator[list[dict[str, Any]]]:
    """The items in these states, or all, in order, some at a time; at most so many, the newest."""
    ids = office.store.reports.item_ids(states, newest)
    for at in range(0, len(ids), _PAGE):
        yield items(office, ids[at : at + _PAGE])


def items(office: Office, ids: Sequence[int]) -> list[dict[str, Any]]:
    """These items in order, as ``outbox list --json`` shows them."""
    return [views.outbox_item(row, office.config.zone) for row in office.store.reports.items(ids)]


def shown(office: Office, item: int) -> dict[str, Any]:
    """``outbox show --json``: the item as in the list, with its dispatch, every attempt and every report.

    Raises MailgateError if there is no such item.
    """
    office.store.outbox.get(item)
    [row] = office.store.reports.items([item])
    dispatch = office.store.dispatches.by_id(row["dispatch_id"]) if row["dispatch_id"] else None
    return views.outbox_item(row, office.config.zone) | {
        "dispatch": f"{dispatch['number']}/{dispatch['year']}" if dispatch else None,
        "book_no": dispatch["book_no"] if dispatch else None,
        "is_written": bool(row["size"]),
        "envelope_from": row["sender"],
        "envelope_id": row["envid"],
        "files": [{"sha256": c.sha256, "kept_in": c.shelf} for c in office.store.outbox.carried(item)],
        "tried": _tried(office, row),
        "reports": _reports(office, row),
    }


def _tried(office: Office, row: Row) -> list[dict[str, Any]]:
    found = views.attempts(office.store.dispatches.attempts(row["id"]), office.config.zone)
    return [one | {"text": views.without(one["text"], row)} for one in found]


def _reports(office: Office, row: Row) -> list[dict[str, Any]]:
    found = views.reports(office.store.dispatches.reports(row["id"]), office.config.zone)
    masked = {"recipient": MASK} if row["confidential"] else {}
    return [one | {"diagnostic": views.without(one["diagnostic"], row)} | masked for one in found]


def raw(office: Office, item: int) -> bytes:
    """The mail as it goes out, or went. Raises MailgateError where there is none, or none to be seen."""
    row = office.store.outbox.get(item)
    if not row["raw"]:
        raise MailgateError(f"item {item} is a decision that is not written yet", "See: mailgate outbox release")
    [about] = office.store.reports.items([item])
    if about["confidential"] and row["kind"] == "referral":
        raise MailgateError(f"item {item} hands on a confidential letter, which only its officer reads")
    if row["kind"] == _CODE:
        raise MailgateError(f"item {item} bears a one-time code, which only its recipient sees")
    return whole(office, row["raw"], office.store.outbox.carried(item))
