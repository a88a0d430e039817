"""The big red switch: replies are held while registering goes on."""

from __future__ import annotations

from datetime import datetime

from mailgate.edges.store.outbox import PAUSED
from mailgate.office import Office

NOTE = "replies_paused"


def hold(office: Office) -> str:
    """Why new replies are held, "" if they are not."""
    if office.store.cases.noted(NOTE):
        return PAUSED
    return "" if office.config.replies.enabled else "[replies] enabled = false"


def pause(office: Office, why: str, now: datetime) -> int:
    """Hold all replies, those queued now and those to come. Returns how many were held."""
    with office.store.db.immediate("pause"):
        office.store.cases.note(NOTE, why or "-", "replies paused", now)
        return office.store.outbox.pause(now)


def resume(office: Office, now: datetime) -> int:
    """Let replies go again, those held by the pause too. Returns how many."""
    with office.store.db.immediate("resume"):
        office.store.cases.note(NOTE, "", "replies resumed", now)
        return office.store.outbox.resume(now)
