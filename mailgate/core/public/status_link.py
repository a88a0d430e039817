"""The address of a letter's status page: unguessable (law 8), and the same kind for every letter (law 9)."""

from __future__ import annotations

from mailgate.config import Config
from mailgate.core import tokens
from mailgate.core.address import wire_domain

FOLDER = "s"


def token(config: Config, key: bytes, receipt: str) -> str:
    """26 characters that only the letter's acknowledgement names."""
    return tokens.token(key, "status", 0, receipt, wire_domain(config.office.address))


def url(config: Config, key: bytes, receipt: str) -> str:
    """Where the page of a letter is served; "" where the configuration names no address."""
    base = config.publish.base_url.rstrip("/")
    return f"{base}/{FOLDER}/{token(config, key, receipt)}.html" if base else ""
