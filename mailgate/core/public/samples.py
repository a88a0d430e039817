"""Values that try the public pages' templates when mailgate starts: every branch that the office may have broken."""

from __future__ import annotations

from typing import Any

from mailgate.config import Config
from mailgate.core.letterhead import office_values
from mailgate.core.public import status_page

_CELL = {"text": "-", "thai": True}
_TABLE = {
    "caption": "-",
    "columns": ["-", "-"],
    "rows": [{"head": _CELL, "cells": [_CELL], "total": True}],
    "lines": "-",
}
_LINK = {"href": "-", "label": "-", "here": True}
_YEAR = {
    "name": "-",
    "figures": [{"label": "-", "told": "-"}],
    "running": "-",
    "href": "-",
    "permissions": "-",
    "permitted": "-",
}


def samples(config: Config) -> dict[str, dict[str, Any]]:
    """By template."""
    shared = {
        "lang": "en",
        "root": "",
        "title": "-",
        "office": office_values(config),
        "nav": [_LINK],
        "other": {"lang": "th", "href": "-"},
    }
    index = {"as_of": "-", "years": [_YEAR], "smallest": "-", "so_far": False, "events": "-", "chain_head": "-"}
    tables = dict.fromkeys(("months", "channels", "results", "speed", "slots", "confidential"), _TABLE)
    charts = dict.fromkeys(("months_chart", "services_chart", "slots_chart"), "-")
    measures = dict.fromkeys(("received", "acknowledged", "decided"), "-")
    states = dict.fromkeys(("done", "late", "missed"), "-")
    year = {"measures": measures, "states": states, "complete": True, "services": [_TABLE], **tables, **charts}
    files = [{"name": "-", "links": [{"href": "-", "label": "-"}]}]
    return {
        "public/style.css": {},
        "public/index.html": shared | index,
        "public/year.html": shared | year,
        "public/permissions.html": shared | {"list": _TABLE, "pages": [_LINK, _LINK]},
        "public/data.html": shared | {"licence": "-", "licence_url": "-", "files": files, "dictionary": _TABLE},
        status_page.TEMPLATE: status_page.sample(config),
    }
