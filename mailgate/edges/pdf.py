"""PDFs for the file, made from our own HTML by WeasyPrint: Pango breaks Thai lines, and the fonts are embedded."""

from __future__ import annotations

import logging

from mailgate.edges import pdf_words
from mailgate.errors import MailgateError


def render(html: str) -> bytes:
    """A PDF of a page of ours; nothing is fetched for it. Raises MailgateError where a library is missing."""
    return counted(html)[0]


def counted(html: str) -> tuple[bytes, int]:
    """The same, and how many pages it has."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        from weasyprint import HTML  # loads Pango, which a daemon that makes no PDF does not need
    except (ImportError, OSError) as e:
        raise MailgateError(
            f"PDFs cannot be made here: {e}",
            "Install libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0 and fonts-thai-tlwg, or take --html",
        ) from None
    laid_out = HTML(string=pdf_words.held(html), url_fetcher=_refuse).render()
    return bytes(laid_out.write_pdf() or b""), len(laid_out.pages)


def _refuse(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"our pages refer to nothing outside: {url}")
