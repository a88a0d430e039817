"""The page of a case: opened by number and passphrase, with the office's answers; more can be sent in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mailgate.config import Config
from mailgate.core import passphrase, submission
from mailgate.edges import sealing
from mailgate.edges.passphrase import private_key
from mailgate.model import Receipt
from mailgate.model_dispatch import ENGLISH_RESULTS, THAI_RESULTS, Result
from mailgate.web import answers
from mailgate.web.counter import Counter, RefusedError
from mailgate.web.forms import TRAP
from mailgate.web.handing import Hands
from mailgate.web.pages import HEADERS, Pages, lang_of
from mailgate.web.tokens import COOKIE, Tokens, Visit, cookie_of
from mailgate.web.upload import Received

_HASHING = 2  # passphrases worked on at the same time: each takes 19 MiB and a core
_SEALED = "answer.eml.age"


class Cases:
    """Cases of one office."""

    def __init__(self, config: Config, pages: Pages, hands: Hands, tokens: Tokens, counter: Counter) -> None:
        self._config = config
        self._pages = pages
        self._hands = hands
        self._tokens = tokens
        self._counter = counter
        self._hashing = asyncio.Semaphore(_HASHING)

    def login(self, request: Request, what: str = "", status: int = 200, number: str = "") -> Response:
        cookie = cookie_of(request.cookies.get(COOKIE, ""))
        token = self._tokens.form(cookie)
        return self._pages.page(request, "login.html", status, cookie, token=token, what=what, number=number)

    async def opened(self, request: Request, received: Received) -> Response:
        """Show the case whose number and passphrase were typed. Raises MailgateError where nobody answers."""
        fields = received.fields
        if not self._tokens.number(fields.get("token", ""), request.cookies.get(COOKIE, "")):
            return self.login(request, "stale", 403, fields.get("number", "")[:40])
        receipt, digits = _receipt(fields.get("number", "")), passphrase.typed(fields.get("passphrase", ""))
        if receipt is None or not digits:
            return self.login(request, "refused", 403, fields.get("number", "")[:40])
        return await self._shown(request, Visit(receipt, digits))

    async def added(self, request: Request, received: Received) -> Response:
        """File more with a case, and show it again."""
        fields = received.fields
        visit = self._tokens.visited(fields.get("visit", ""))
        number = self._tokens.number(fields.get("token", ""), request.cookies.get(COOKIE, ""))
        if visit is None or not number or fields.get(TRAP):
            return self.login(request, "stale", 403)
        text = submission.clean(fields.get("text", ""), several=True)
        if not text and not received.files:
            return await self._shown(request, visit, wrong="missing", status=422)
        if len(text) > submission.LONGEST["text"]:
            return await self._shown(request, visit, wrong="long", status=422)
        try:
            private, found = await self._found(visit)
        except RefusedError as e:
            return self._refused(request, e)
        service = next((s for s in self._config.services if s.key == found["service_key"]), None)
        if service is None:
            return self._pages.problem(request, "closed_service", 503)
        uncleaned = await self._hands.add(
            service, number, visit, sealing.public_of(private), text, received, "clean" in fields
        )
        return await self._shown(request, visit, done=True, uncleaned=uncleaned)

    async def file(self, request: Request, received: Received) -> Response:
        """A file of an answer, for whoever has opened the case."""
        fields = received.fields
        visit = self._tokens.visited(fields.get("visit", ""))
        place = [fields.get(name, "") for name in ("dispatch", "position", "inner")]
        if visit is None or not all(p.isascii() and p.isdigit() and len(p) < 9 for p in place):
            return self.login(request, "stale", 403)
        dispatch, position, inner = map(int, place)
        try:
            private, found = await self._found(visit)
        except RefusedError as e:
            return self._refused(request, e)
        content = await self._content(visit, private, dispatch, position)
        name = next(a["files"][position]["name"] for a in found["answers"] if a["dispatch"] == dispatch)
        if name == _SEALED:
            name, content = answers.file(answers.opened(content, private), inner)
        return Response(content, headers=HEADERS | answers.attachment_headers(name))

    async def _shown(self, request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
        try:
            private, found = await self._found(visit)
        except RefusedError as e:
            return self._refused(request, e)
        cookie = cookie_of(request.cookies.get(COOKIE, ""))
        values = {
            "case": await self._described(request, visit, private, found),
            "visit": self._tokens.visit(visit),
            "token": self._tokens.form(cookie),
            "trap": TRAP,
            "clean": self._config.website.strip_metadata,
            "longest": submission.LONGEST,
            "done": False,
            "wrong": "",
            "uncleaned": [],
        } | more
        return self._pages.page(request, "case.html", status, cookie, **values)

    def _refused(self, request: Request, refused: RefusedError) -> Response:
        return self.login(request, "later" if refused.kind == "later" else "refused", 403)

    async def _found(self, visit: Visit) -> tuple[str, dict[str, Any]]:
        """The private key that the passphrase makes, and the case. Raises RefusedError, MailgateError."""
        who = {"number": visit.receipt.number, "year": visit.receipt.year}
        salt, _ = await self._counter.ask({"do": "salt"} | who)
        async with self._hashing:
            private = await asyncio.to_thread(private_key, visit.digits, bytes.fromhex(salt["salt"]))
        recipient = sealing.public_of(private)
        found, _ = await self._counter.ask({"do": "case", "recipient": recipient} | who)
        return private, found

    async def _content(self, visit: Visit, private: str, dispatch: int, position: int) -> bytes:
        asked = {"do": "file", "number": visit.receipt.number, "year": visit.receipt.year, "dispatch": dispatch}
        asked |= {"position": position, "recipient": sealing.public_of(private)}
        return (await self._counter.ask(asked))[1]

    async def _described(
        self, request: Request, visit: Visit, private: str, found: dict[str, Any]
    ) -> Mapping[str, Any]:
        """The case as the page shows it."""
        lang, pages = lang_of(request), self._pages
        results = THAI_RESULTS if lang == "th" else ENGLISH_RESULTS
        shown = []
        for one in found["answers"]:
            text, files, readable = await self._read(visit, private, one)
            shown.append(
                one
                | {
                    "book_no": pages.digits(one["book_no"], lang),
                    "dated": pages.day(date.fromisoformat(one["dated"]), lang),
                }
                | {
                    "result": results[Result(one["result"])] if one["result"] else "",
                    "text": text,
                    "readable": readable,
                }
                | {"files": [f | {"shown": pages.size(f["size"], lang)} for f in files]}
            )
        state = "waiting" if found["state"] == "open" and found["waiting"] else found["state"]
        return {
            "receipt": pages.digits(visit.receipt, lang),
            "service": found["service"],
            "state": state,
            "arrived": pages.moment(datetime.fromisoformat(found["arrived"]), lang),
            "received": pages.moment(datetime.fromisoformat(found["received"]), lang),
            "due": pages.day(date.fromisoformat(found["due_on"]), lang) if found["due_on"] else "",
            "answers": shown,
            "added": [pages.moment(datetime.fromisoformat(at), lang) for at in found["added"]],
        }

    async def _read(self, visit: Visit, private: str, answer: dict[str, Any]) -> tuple[str, list[dict[str, Any]], bool]:
        """Text and files of an answer, decrypted with the visitor's own key where it is sealed."""
        files = [f | {"position": n, "inner": 0} for n, f in enumerate(answer["files"])]
        if not files or files[0]["name"] != _SEALED:
            return answer["text"], files, True
        content = await self._content(visit, private, answer["dispatch"], 0)
        message = answers.opened(content, private)
        return answers.text(message), answers.files(message), True


def _receipt(typed: str) -> Receipt | None:
    """``123/2569`` as a person types it, with Thai digits too."""
    number, _, year = typed.replace(" ", "").partition("/")
    if number.isdecimal() and year.isdecimal() and len(number) < 9 and len(year) == 4:
        return Receipt(int(number), int(year))
    return None
