"""PDFs for the file, made from our own HTML by WeasyPrint: Pango breaks Thai lines, and the fonts are embedded."""

from __future__ import annotations

import logging
import re

from mailgate.errors import MailgateError

_SARA_AM = re.compile("([\u0e48-\u0e4b]?)\u0e33")


def render(html: str) -> bytes:
    """A PDF of a page of ours; nothing is fetched for it. Raises MailgateError where a library is missing."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        from weasyprint import HTML  # loads Pango, which a daemon that makes no PDF does not need
    except (ImportError, OSError) as e:
        raise MailgateError(
            f"PDFs cannot be made here: {e}",
            "Install libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0 and fonts-thai-tlwg, or take --html",
        ) from None
    return bytes(HTML(string=_taken_apart(html), url_fetcher=_refuse).write_pdf() or b"")


def _taken_apart(text: str) -> str:
    """SARA AM as NIKHAHIT and SARA AA, the tone mark between them, as the shaper draws it.

    Left whole, the shaper takes it apart itself, and every SARA AA is copied out of the PDF as SARA AM.
    """
    return _SARA_AM.sub("\u0e4d\\1\u0e32", text)


def _refuse(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"our pages refer to nothing outside: {url}")
