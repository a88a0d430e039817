"""The desk: the one door between the website and the registry.

``mailgate web`` asks, and learns no more than a visitor may know: what it hands in gets a number; a case is shown to
whoever brings its number and the key that only its passphrase makes. It never sees a register.

    done    has this form been handed in?                     case   state and answers of a case
    submit  a form with its bytes becomes a letter            file   one file of an answer
    salt    what a passphrase is to be mixed with             add    more for a case
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from mailgate.edges.archive import Incoming
from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError
from mailgate.jobs import submitting, views_case
from mailgate.model import Receipt
from mailgate.model_website import Handed
from mailgate.office import Office

Answer = tuple[dict[str, Any], bytes]
_GUESSES, _WITHIN = 10, timedelta(hours=1)


class RefusedError(MailgateError):
    """What is asked is not given: ``kind`` is "unknown" (no such number and passphrase) or "later"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Guesses:
    """How often a case was asked for with a wrong passphrase; kept in memory only, for an hour."""

    def __init__(self) -> None:
        self._wrong: defaultdict[Receipt, list[datetime]] = defaultdict(list)

    def check(self, receipt: Receipt, now: datetime) -> None:
        """Raises RefusedError if there were too many."""
        kept = {r: [t for t in times if now - t < _WITHIN] for r, times in self._wrong.items()}
        self._wrong = defaultdict(list, {r: times for r, times in kept.items() if times})
        if len(self._wrong.get(receipt, [])) >= _GUESSES:
            raise RefusedError("later")

    def wrong(self, receipt: Receipt, now: datetime) -> None:
        self._wrong[receipt].append(now)


class Desk:
    """Answers what the website asks.

    ``office``: asked for anew each time, for the daemon may have reloaded it. ``handed_in`` is called after each
    submission, so that whoever reads and sends need not wait.
    """

    def __init__(self, office: Callable[[], Office], handed_in: Callable[[], None] = lambda: None) -> None:
        self._office = office
        self._handed_in = handed_in
        self._guesses = Guesses()

    def begin(self) -> Incoming:
        """Where the bytes that come with a question are written to."""
        return self._office().archive.begin()

    async def ask(self, asked: dict[str, Any], incoming: Incoming | None = None) -> Answer:
        """One question; what came with it is kept only if it is registered. Raises MailgateError."""
        office = self._office()
        steps: dict[str, Callable[[], Awaitable[Answer]]] = {
            "done": lambda: self._done(office, asked),
            "submit": lambda: self._submit(office, asked, incoming),
            "salt": lambda: self._salt(office, asked),
            "case": lambda: self._case(office, asked),
            "file": lambda: self._file(office, asked),
            "add": lambda: self._add(office, asked, incoming),
        }
        if asked.get("do") not in steps:
            raise MailgateError(f"the website asks for {asked.get('do')!r}", "Use the same version for both")
        return await steps[asked["do"]]()

    async def _done(self, office: Office, asked: dict[str, Any]) -> Answer:
        row = await office.registry(office.store.website.submitted, asked["form"])
        return (_numbered(office, row) if row else {}), b""

    async def _submit(self, office: Office, asked: dict[str, Any], incoming: Incoming | None) -> Answer:
        kept = await office.disk(office.archive.keep, _given(incoming))
        row = await office.registry(submitting.register, office, Handed(**asked["handed"]), kept)
        self._handed_in()
        return _numbered(office, row), b""

    async def _salt(self, office: Office, asked: dict[str, Any]) -> Answer:
        """Of a number that opens no case, a salt all the same: which numbers are the website's is not told."""
        receipt = Receipt(int(asked["number"]), int(asked["year"]))
        row = await office.registry(office.store.website.visitor, receipt)
        salt = row["salt"] if row else hmac.digest(office.head.key, f"salt {receipt}".encode(), "sha256")[:16]
        return {"salt": salt.hex()}, b""

    async def _case(self, office: Office, asked: dict[str, Any]) -> Answer:
        letter_id = await self._entitled(office, asked)
        return await office.registry(views_case.case, office, letter_id), b""

    async def _file(self, office: Office, asked: dict[str, Any]) -> Answer:
        letter_id = await self._entitled(office, asked)
        return {}, await office.registry(views_case.file, office, letter_id, asked["dispatch"], asked["position"])

    async def _add(self, office: Office, asked: dict[str, Any], incoming: Incoming | None) -> Answer:
        letter_id = await self._entitled(office, asked)
        kept = await office.disk(office.archive.keep, _given(incoming))
        row = await office.registry(submitting.add, office, Handed(**asked["handed"]), kept, letter_id)
        self._handed_in()
        return _numbered(office, row), b""

    async def _entitled(self, office: Office, asked: dict[str, Any]) -> int:
        """The letter, if the key fits its number; else the guess counts."""
        receipt, now = Receipt(int(asked["number"]), int(asked["year"])), office.clock.now()
        self._guesses.check(receipt, now)
        row = await office.registry(office.store.website.visitor, receipt)
        recipient = row["recipient"] if row else ""
        if row is None or not hmac.compare_digest(recipient.encode(), str(asked["recipient"]).encode()):
            self._guesses.wrong(receipt, now)
            raise RefusedError("unknown")
        return int(row["letter_id"])


def _given(incoming: Incoming | None) -> Incoming:
    if incoming is None:
        raise MailgateError("a submission came without its bytes")
    return incoming


def _numbered(office: Office, row: Row) -> dict[str, Any]:
    return {
        "number": row["number"],
        "year": row["year"],
        "received": submitting.received(row).astimezone(office.config.zone).isoformat(),
        "arrived": datetime.fromisoformat(row["arrived_at"]).astimezone(office.config.zone).isoformat(),
    }
