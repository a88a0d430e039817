"""The form of a service: shown, sent, shown again with what is to be mended, and thanks with number and passphrase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mailgate.config import Config, Service
from mailgate.core import submission
from mailgate.model_website import Written
from mailgate.web.handing import Given, Hands
from mailgate.web.pages import Pages, lang_of
from mailgate.web.tokens import COOKIE, Tokens, cookie_of
from mailgate.web.upload import Received

TRAP = "website"  # a field that people do not see and programs fill in
_MESSAGES = {"email": "bad_email"}


class Forms:
    """Forms of one office."""

    def __init__(self, config: Config, pages: Pages, hands: Hands, tokens: Tokens) -> None:
        self._config = config
        self._pages = pages
        self._hands = hands
        self._tokens = tokens

    def empty(self, request: Request, service: Service) -> Response:
        return self._shown(request, service, Written(), {})

    async def sent(self, request: Request, service: Service, received: Received) -> Response:
        """Register what was sent, or show it again. Raises MailgateError where it cannot be registered now."""
        fields, said = received.fields, submission.written(received.fields)
        number = self._tokens.number(fields.get("token", ""), request.cookies.get(COOKIE, ""))
        if not number:
            return self._shown(request, service, said, {"": "stale"}, bool(received.files), 403)
        if fields.get(TRAP):
            return self._shown(request, service, said, {TRAP: "empty_trap"}, bool(received.files), 422)
        wrong = submission.problems(said, len(received.files))
        if wrong:
            shown = {name: _MESSAGES.get(what, what) for name, what in wrong.items()}
            return self._shown(request, service, said, shown, bool(received.files), 422)
        given = await self._hands.hand_in(service, number, said, received, "clean" in fields)
        return self._thanks(request, service, given)

    def _shown(
        self,
        request: Request,
        service: Service,
        said: Written,
        wrong: Mapping[str, str],
        had_files: bool = False,
        status: int = 200,
    ) -> Response:
        cookie = cookie_of(request.cookies.get(COOKIE, ""))
        values: dict[str, Any] = {
            "service": service,
            "said": said,
            "wrong": wrong,
            "had_files": had_files,
            "token": self._tokens.form(cookie),
            "trap": TRAP,
            "longest": submission.LONGEST,
            "limits": self._limits(request),
            "clean": self._config.website.strip_metadata,
        }
        return self._pages.page(request, "form.html", status, cookie, **values)

    def _limits(self, request: Request) -> dict[str, str]:
        site, lang = self._config.website, lang_of(request)
        sizes = {"file": self._pages.size(site.max_file, lang), "total": self._pages.size(site.max_total, lang)}
        return {"files": self._pages.digits(site.max_files, lang)} | sizes

    def _thanks(self, request: Request, service: Service, given: Given) -> Response:
        lang = lang_of(request)
        return self._pages.page(
            request,
            "thanks.html",
            receipt=self._pages.digits(f"{given.number}/{given.year}", lang),
            receipt_plain=f"{given.number}/{given.year}",
            passphrase=given.passphrase,
            arrived=self._pages.moment(given.arrived, lang),
            received=self._pages.moment(given.received, lang),
            later=given.received > given.arrived,
            service=service,
            uncleaned=given.uncleaned,
        )
