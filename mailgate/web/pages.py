"""Pages from templates, with the headers that keep them to themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailgate.config import Config
from mailgate.core import thai
from mailgate.edges.templates import Templates
from mailgate.web.tokens import COOKIE
from mailgate.web.words import Lang, words

# Nothing from elsewhere, no script, no frame, no store of what a visitor wrote; and no address of ours to other sites.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}
NAMES = ("base", "parts", "home", "form", "thanks", "login", "case", "problem")
_UNITS = ((1_000_000, "MB"), (1_000, "kB"))


class Pages:
    """Renders the templates of ``web/``, which the office can replace one by one as all others."""

    def __init__(self, config: Config, templates: Templates) -> None:
        self._config = config
        templates.compiles(f"web/{name}.html" for name in NAMES)
        self._templates = templates
        self._base = urlsplit(config.website.forms_url).path.rstrip("/")
        self._secure = config.website.forms_url.startswith("https://")

    def page(self, request: Request, name: str, status: int = 200, cookie: str = "", /, **values: Any) -> HTMLResponse:
        """One page in the language of its address. ``cookie``: what the browser is to bring back with the form."""
        text = self._templates.render(f"web/{name}", self._common(request) | values)
        response = HTMLResponse(text, status, HEADERS)
        if cookie:
            response.set_cookie(
                COOKIE, cookie, path=self._base or "/", secure=self._secure, httponly=True, samesite="strict"
            )
        return response

    def problem(self, request: Request, what: str, status: int, /) -> HTMLResponse:
        """A page that says kindly that nothing was registered, and why."""
        made = self.page(request, "problem.html", status, what=what)
        if status in (429, 503):
            made.headers["Retry-After"] = "60"
        return made

    def moment(self, when: datetime, lang: Lang) -> str:
        if lang == "th":
            return thai.long_moment(when, thai_digits=self._config.office.thai_digits)
        return when.strftime("%-d %B %Y, %H:%M")

    def day(self, when: date, lang: Lang) -> str:
        if lang == "th":
            return thai.long_date(when, thai_digits=self._config.office.thai_digits)
        return when.strftime("%-d %B %Y")

    def digits(self, value: object, lang: Lang) -> str:
        return thai.digits(value) if lang == "th" and self._config.office.thai_digits else str(value)

    def size(self, count: int, lang: Lang) -> str:
        unit, name = next((u for u in _UNITS if count >= u[0]), (1, "B"))
        return f"{self.digits(f'{count / unit:.3g}', lang)} {name}"

    def _common(self, request: Request) -> dict[str, Any]:
        lang, office = lang_of(request), self._config.office
        path = request.url.path.removeprefix("/en")
        other = path if lang == "en" else f"/en{path}"
        return {
            "t": words(lang),
            "lang": lang,
            "root": f"{self._base}/en" if lang == "en" else self._base,
            "base": self._base,
            "other": {"lang": "th" if lang == "en" else "en", "href": f"{self._base}{other}"},
            "office": {
                "name": office.name,
                "name_en": office.name_en,
                "address": office.address,
                "phone": office.phone,
            },
        }


def lang_of(request: Request) -> Lang:
    """Thai, unless the address says English."""
    return "en" if request.url.path == "/en" or request.url.path.startswith("/en/") else "th"
