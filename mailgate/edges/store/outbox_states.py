"""Which arrows of an outbox item a report or a person may take; they are drawn in ARCHITECTURE.md."""

from __future__ import annotations

from mailgate.model import State
from mailgate.model_reading import Delivery

REPORTED = {Delivery.FAILED: State.BOUNCED, Delivery.DELIVERED: State.DELIVERED}
# An unsure item that is reported on did reach the next server.
MAY_BE_REPORTED = {
    State.BOUNCED: (State.ACCEPTED, State.DELIVERED, State.UNSURE),
    State.DELIVERED: (State.ACCEPTED, State.UNSURE),
}
BY_HAND = {
    "hold": ({State.QUEUED}, State.HELD),
    "release": ({State.HELD}, State.QUEUED),
    "cancel": ({State.QUEUED, State.HELD}, State.CANCELLED),
    "retry": ({State.QUEUED, State.UNSURE, State.REFUSED, State.EXPIRED, State.BOUNCED}, State.QUEUED),
    "resolve as sent": ({State.UNSURE}, State.ACCEPTED),
    "send again": ({State.UNSURE}, State.QUEUED),
}
HINTS = {
    "hold": "Only a queued item can be held",
    "release": "Only a held item can be released",
    "cancel": "Only a queued or held item can be cancelled; what was sent cannot be unsent",
    "resolve as sent": "Only an unsure item needs a word on whether it was sent",
    "send again": "Only an unsure item needs a word on whether it was sent",
    "retry": "Only a queued, unsure, refused, expired or bounced item can be tried again; release a held one",
}
