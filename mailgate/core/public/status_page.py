"""What the page of a letter shows: three states with their dates. No number, no name, no service (laws 8 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from mailgate.config import Config
from mailgate.core import thai
from mailgate.core.letterhead import office_values

TEMPLATE = "public/status.html"
_SHOWN = {
    "received": ("ได้รับแล้ว", "Received"),
    "in_hand": ("อยู่ระหว่างดำเนินการ", "In hand"),
    "answered": ("แจ้งผลแล้ว", "Answered"),
    "void": ("ยกเลิกเลขรับ", "Number cancelled"),
}
_SINCE = {"in_hand": ("ตั้งแต่วันที่", "since")}
_ON = ("เมื่อวันที่", "on")


def values(config: Config, steps: Sequence[tuple[str, date]]) -> dict[str, Any]:
    """The values of the template: each state so far with the day it began, the last one being that of now."""
    shown = [_step(config, name, day, n == len(steps)) for n, (name, day) in enumerate(steps, 1)]
    return {"office": office_values(config), "steps": shown}


def sample(config: Config) -> dict[str, Any]:
    """Values that try the template."""
    day = date(2026, 1, 1)
    return values(config, [(name, day) for name in _SHOWN])


def _step(config: Config, name: str, day: date, here: bool) -> dict[str, Any]:
    thai_word, english = _SHOWN[name]
    on_thai, on_english = _SINCE.get(name, _ON)
    return {
        "thai": thai_word,
        "english": english,
        "on_thai": f"{on_thai} {thai.long_date(day, thai_digits=config.office.thai_digits)}",
        "on_english": f"{on_english} {day:%-d %B %Y}",
        "here": here,
    }
