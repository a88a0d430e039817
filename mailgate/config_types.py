"""The kinds of values a configuration has, each with the sentence for what is wrong with it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Security = Literal["tls", "starttls", "none"]

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d)\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a number with a unit s, m, h or d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    home = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if value and not (parts.hostname and (parts.scheme == "https" or home)):
        raise ValueError("must begin with https:// (http:// only on this machine)")
    return value


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if value and not (is_loopback(host.strip("[]")) and port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError("must be an address of this machine and a port")
    return value


def _one_line(value: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("must be one line without control characters")
    return value


def _not_blank(value: str) -> str:
    if not any(c.isalnum() for c in value):
        raise ValueError("must not be blank")
    return value


def _email(value: str) -> str:
    # Our own addresses and the officers' stand in envelopes without SMTPUTF8, so the local part is ASCII.
    if not re.fullmatch(r"[!#$%&'*+/=?^_`{|}~.\-A-Za-z0-9]{1,64}@[^\s@.<>,;:()\"]+(\.[^\s@.<>,;:()\"]+)+", value):
        raise ValueError("must be one e-mail address")
    if re.search(r"^\.|\.\.|\.@", value):
        raise ValueError("must be one e-mail address")
    return value


def _empty(value: object) -> object:
    return None if value == "" else value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone known to this machine") from None
    return value


def _hours(value: str) -> str:
    opens, _, closes = value.partition("-")
    if not time.fromisoformat(opens.strip()) < time.fromisoformat(closes.strip()):
        raise ValueError("must open before it closes")
    return value


def _clock(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
        return time.fromisoformat(value)
    raise ValueError("must be a time of day HH:MM")


def _recipient(value: str) -> str:
    if value and not re.fullmatch(r"age1[a-z0-9]{58}", value):
        raise ValueError("must be a public key that begins with age1")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Line = Annotated[str, AfterValidator(_one_line)]
Words = Annotated[str, Field(min_length=1), AfterValidator(_one_line), AfterValidator(_not_blank)]
Host = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
MaybeMoment = Annotated[datetime | None, BeforeValidator(_empty)]
MaybeDuration = Annotated[timedelta | None, BeforeValidator(lambda v: None if v in ("", None) else _duration(v))]
MaybeDate = Annotated[date | None, BeforeValidator(_empty)]
MaybePath = Annotated[Path | None, BeforeValidator(_empty)]
WebAddress = Annotated[str, AfterValidator(_one_line), AfterValidator(_web_address)]
Listen = Annotated[str, AfterValidator(_listen)]
Email = Annotated[str, AfterValidator(_one_line), AfterValidator(_email)]
Recipient = Annotated[str, AfterValidator(_recipient)]
MaybeEmail = Annotated[Email | None, BeforeValidator(_empty)]
Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
Hours = Annotated[str, AfterValidator(_hours)]


class Table(BaseModel):
    """A table of config.toml: unknown keys are errors, and the value never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
