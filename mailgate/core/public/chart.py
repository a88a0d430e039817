"""Charts as SVG of a page: bars in percent of the width and text in pixels, so that a phone shows no tiny letters.

Colours, patterns and fonts come from the site's style sheet; the numbers stand in the table below each chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

_ROW = 26  # pixels
_BAR = 14
_WIDEST = 62  # percent of the width that the longest bar takes; its number follows


class Bar(NamedTuple):
    """``value`` decides on the length, None for a figure that is not shown; ``told`` is written behind it."""

    value: int | None
    told: str
    style: str = "a"


class Group(NamedTuple):
    """Bars that belong together, below one label."""

    label: str
    bars: Sequence[Bar]


def bars(name: str, title: str, description: str, groups: Sequence[Group], *, beside: bool = False) -> str:
    """A chart of horizontal bars. ``beside``: short labels stand to the left. ``name``: unique on the page."""
    longest = max((bar.value or 0 for group in groups for bar in group.bars), default=0) or 1
    parts, y = [], 4
    for group in groups:
        parts.append(_text("0", y + (12 if beside else 14), group.label, "label"))
        y += 0 if beside else _ROW - 4
        for bar in group.bars:
            parts.append(_bar(bar, y, longest, 18 if beside else 0))
            y += _BAR + 4
        y += 8 if beside else 10
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-t {name}-d" width="100%" height="{y}">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def _bar(bar: Bar, y: int, longest: int, left: int) -> str:
    if bar.value is None:
        return _text(f"{left}%", y + 12, bar.told, "told none")
    width = round(bar.value * (_WIDEST if left == 0 else _WIDEST - 12) / longest, 2)
    drawn = f'<rect class="{bar.style}" x="{left}%" y="{y}" width="{width}%" height="{_BAR}"/>' if width else ""
    return drawn + _text(f"{round(left + width + 1, 2)}%", y + 12, bar.told, "told")


def _text(x: str, y: int, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>'
