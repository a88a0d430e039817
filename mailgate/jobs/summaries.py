"""Numbers that a limit kept back are told in one reply when there is room again."""

from __future__ import annotations

from functools import partial

from mailgate.core import compose_more
from mailgate.jobs import deciding, pausing
from mailgate.model import Draft, Receipt, State
from mailgate.office import Office

_PER_STEP = 50


def step(office: Office) -> bool:
    """Tell some of those that are due; False if none is left. Runs on the registry's thread."""
    now = office.clock.now()
    due = office.store.contacts.due_addresses(now)[:_PER_STEP]
    for address in due:
        over = deciding.over(office, address)
        if over is not None:
            office.store.contacts.postpone(address, over.until)
        elif office.store.contacts.braked(address, now):
            office.store.contacts.postpone(address, now + office.config.limits.loop_pause)
        else:
            _tell(office, address)
    return bool(due)


def _tell(office: Office, address: str) -> None:
    now, held = office.clock.now(), pausing.hold(office)
    with office.store.db.immediate("summary"):
        rows = office.store.contacts.waiting(address)
        if not rows:
            return  # another program has told them meanwhile
        receipts, recipient = [Receipt(r["number"], r["year"]) for r in rows], rows[0]["recipient"]
        compose = partial(_summary, office, receipts, recipient)
        state = State.HELD if held else State.QUEUED
        item = office.store.cases.send("summary", None, compose, now, state, held)
        office.store.cases.tell_deferred([r["id"] for r in rows], item, recipient, now)


def _summary(office: Office, receipts: list[Receipt], recipient: str, item: int) -> Draft:
    return compose_more.summary(office.head, receipts, recipient, item, office.clock.now())
