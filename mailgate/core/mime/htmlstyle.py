"""What of a piece of HTML a person would not see: hidden by its own tag, too small, or in the colour of its ground.

Style sheets are not read; only what stands at the element itself and at those around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

_LONGEST = 2000
_COMMENT = re.compile(r"/\*[^*]*\*/|\s+|!important")
_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(px|pt|em|rem|ex|%|)")
# Up to so much of each unit nobody can read it.
_TINY = {"": 1.0, "px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "ex": 0.1, "%": 10.0}
_NAMES = {"white": "ffffff", "black": "000000", "snow": "fffafa", "ivory": "fffff0", "whitesmoke": "f5f5f5"}
_RGB = re.compile(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,([\d.]+%?))?\)")
_CLEAR = "transparent"
_ALIKE = 8


@dataclass(frozen=True, slots=True)
class Look:
    """How text at a place looks; passed on to the elements within."""

    tiny: bool = False
    invisible: bool = False
    colour: str = "000000"
    ground: str = "ffffff"

    @property
    def hidden(self) -> bool:
        """Whether text that looks so cannot be seen."""
        return self.tiny or self.invisible or self.colour == _CLEAR or _alike(self.colour, self.ground)


def within(look: Look, attributes: Mapping[str, str | None]) -> Look | None:
    """The look inside an element; None if nothing inside it can be seen, whatever it says."""
    style = _declarations(attributes.get("style") or "")
    if "hidden" in attributes or _gone(style):
        return None
    colour = style.get("color") or (attributes.get("color") or "").strip().lower()
    ground = (
        style.get("background-color") or style.get("background") or (attributes.get("bgcolor") or "").strip().lower()
    )
    if not (colour or ground or style):
        return look
    look = replace(look, colour=_colour(colour, look.colour), ground=_ground(ground, look.ground))
    if size := style.get("font-size") or style.get("font", "").partition("/")[0]:
        look = replace(look, tiny=_tiny(size, look.tiny))
    if visibility := style.get("visibility"):
        look = replace(look, invisible=visibility in ("hidden", "collapse"))
    return look


def _declarations(style: str) -> dict[str, str]:
    plain = _COMMENT.sub("", style[:_LONGEST].lower())
    return {name: value for name, _, value in (one.partition(":") for one in plain.split(";"))}


def _gone(style: Mapping[str, str]) -> bool:
    if style.get("display") == "none" or style.get("mso-hide") == "all":
        return True
    if _zero(style.get("opacity")):
        return True
    flat = any(_zero(style.get(name)) for name in ("max-height", "height", "max-width", "width"))
    return flat and style.get("overflow") == "hidden"


def _zero(value: str | None) -> bool:
    found = _LENGTH.fullmatch(value or "")
    return found is not None and float(found[1]) <= 0


def _tiny(size: str, inherited: bool) -> bool:
    """A size in em or percent is one of the size around it."""
    found = _LENGTH.match(size)
    if found is None:
        return inherited and size not in ("small", "medium", "large", "x-large", "xx-large")
    relative = found[2] in ("em", "%", "ex")
    return float(found[1]) <= _TINY[found[2]] or (inherited and relative)


def _colour(value: str, inherited: str) -> str:
    """Six hexadecimal digits, "transparent", or a name as it is."""
    value = value.removeprefix("#") if value.startswith("#") else value
    if not value or value in ("inherit", "currentcolor"):
        return inherited
    if rgb := _RGB.match(value):
        return _CLEAR if _zero(rgb[4]) else "".join(f"{min(int(c), 255):02x}" for c in rgb.groups()[:3])
    if re.fullmatch("[0-9a-f]{3}", value):
        return "".join(c * 2 for c in value)
    if re.fullmatch("[0-9a-f]{8}", value):
        return _CLEAR if value.endswith("00") else value[:6]
    return _NAMES.get(value, value)


def _ground(value: str, inherited: str) -> str:
    """Of a picture nothing is known, so no text is taken to be hidden on it."""
    if "url(" in value or "gradient(" in value:
        return ""
    colour = re.match(r"#[0-9a-f]{3,8}|rgba?\([^)]*\)|[a-z]+", value)
    found = _colour(colour[0], inherited) if colour else inherited
    return inherited if found in (_CLEAR, "none", "initial", "unset") else found


@lru_cache(256)
def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if not (re.fullmatch("[0-9a-f]{6}", one) and re.fullmatch("[0-9a-f]{6}", other)):
        return False
    return all(abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) <= _ALIKE for i in (0, 2, 4))
