"""The pages and what their buttons do.

/                 what can be sent, and the way to a case
/form/KEY         a form; sent, it becomes a case
/case             number and passphrase open a case; more can be sent in, files of answers fetched
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from mailgate.config import Config, Service
from mailgate.edges.templates import Templates, shipped
from mailgate.errors import MailgateError
from mailgate.web.cases import Cases
from mailgate.web.cleaning import Cleaner
from mailgate.web.counter import Counter
from mailgate.web.forms import Forms
from mailgate.web.handing import Hands
from mailgate.web.limits import Limits
from mailgate.web.pages import HEADERS, Pages
from mailgate.web.tokens import Tokens
from mailgate.web.upload import FormError, Received, receive

log = logging.getLogger("mailgate.web")

_AT_ONCE = 64  # forms being received; more wait at the web server before us
_SILENCE, _WHOLE = 30.0, 1200.0  # seconds: without a byte, and for a whole form


def app(config: Config, counter: Counter, key: bytes) -> Starlette:
    """The service. ``key``: 32 bytes that outlive a restart. Raises ConfigError for a template that is broken."""
    made = Site(config, counter, key)
    routes = [
        Route(prefix + path, action, methods=[method])
        for prefix in ("", "/en")
        for path, action, method in made.routes()
    ]
    routes += [Route("/style.css", made.style), Route("/healthz", made.healthz), Route("/en", made.home)]
    return Starlette(routes=routes, exception_handlers={HTTPException: made.not_there, Exception: made.broken})


class Site:
    """One office's pages."""

    def __init__(self, config: Config, counter: Counter, key: bytes) -> None:
        self._config = config
        self._pages = Pages(config, Templates(config.replies.templates))
        self._limits = Limits(config.website.per_visitor_hour, config.website.per_minute)
        self._receiving = asyncio.Semaphore(_AT_ONCE)
        tokens = Tokens(key)
        hands = Hands(config, counter, tokens, Cleaner())
        self._forms = Forms(config, self._pages, hands, tokens)
        self._cases = Cases(config, self._pages, hands, tokens, counter)

    def routes(self) -> list[tuple[str, Callable[[Request], Awaitable[Response]], str]]:
        return [
            ("/", self.home, "GET"),
            ("/form/{key}", self.form, "GET"),
            ("/form/{key}", self.send, "POST"),
            ("/case", self.case, "GET"),
            ("/case", self.open, "POST"),
            ("/case/add", self.add, "POST"),
            ("/case/file", self.file, "POST"),
        ]

    async def home(self, request: Request) -> Response:
        return self._pages.page(request, "home.html", services=offered(self._config))

    async def form(self, request: Request) -> Response:
        return self._forms.empty(request, self._service(request))

    async def send(self, request: Request) -> Response:
        service = self._service(request)
        return await self._guarded(request, lambda received: self._forms.sent(request, service, received))

    async def case(self, request: Request) -> Response:
        return self._cases.login(request)

    async def open(self, request: Request) -> Response:
        return await self._guarded(request, lambda received: self._cases.opened(request, received))

    async def add(self, request: Request) -> Response:
        return await self._guarded(request, lambda received: self._cases.added(request, received))

    async def file(self, request: Request) -> Response:
        return await self._guarded(request, lambda received: self._cases.file(request, received))

    async def style(self, request: Request) -> Response:
        return FileResponse(shipped("templates") / "web/style.css", headers=HEADERS | {"Cache-Control": "max-age=3600"})

    async def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def not_there(self, request: Request, error: Exception) -> Response:
        return self._pages.problem(request, "not_found", getattr(error, "status_code", 404))

    async def broken(self, request: Request, error: Exception) -> Response:
        return self._pages.problem(request, "away", 500)

    async def _guarded(self, request: Request, act: Callable[[Received], Awaitable[Response]]) -> Response:
        """Receive a form within all limits, act on it, and answer whatever goes wrong with a kind page."""
        if not _is_ours(request):
            return self._pages.problem(request, "stale", 403)
        if not self._limits.allows(request.client.host if request.client else ""):
            return self._pages.problem(request, "busy", 429)
        try:
            async with self._receiving, asyncio.timeout(_WHOLE):
                received = await receive(request.headers.get("content-type", ""), _body(request), self._config.website)
        except FormError:
            return self._pages.problem(request, "broken", 400)
        except TimeoutError:
            return self._pages.problem(request, "slow", 408)
        except ClientDisconnect:
            return Response(status_code=400)
        except OSError as e:
            log.error("a form cannot be received: %s", e.strerror)
            return self._pages.problem(request, "away", 503)
        try:
            return await self._acted(request, received, act)
        finally:
            received.close()

    async def _acted(
        self, request: Request, received: Received, act: Callable[[Received], Awaitable[Response]]
    ) -> Response:
        if received.over:
            return self._pages.problem(request, f"over_{received.over}", 413)
        try:
            return await act(received)
        except (MailgateError, OSError) as e:
            log.error("a form was not registered: %s", e)
            return self._pages.problem(request, "away", 503)

    def _service(self, request: Request) -> Service:
        key = request.path_params["key"]
        found = next((s for s in offered(self._config) if s.key == key), None)
        if found is None:
            raise HTTPException(404)
        return found


def offered(config: Config) -> list[Service]:
    """What can be sent by the website: a confidential service only if one of its officers has a key."""
    ours = [s for s in config.services if s.channel == "website"]
    return [s for s in ours if not s.confidential or any(p.key for p in config.officers_of(s))]


def _is_ours(request: Request) -> bool:
    """A browser says where a form comes from; what says so must be of this site. The token decides besides."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


async def _body(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises TimeoutError where nothing comes for a while."""
    pieces = request.stream().__aiter__()
    while True:
        try:
            yield await asyncio.wait_for(anext(pieces), _SILENCE)
        except StopAsyncIteration:
            return
