"""What AMSS++ is asked, and its paper twin; the database itself is in ``edges.amss_database``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from mailgate.config_amss import Amss
from mailgate.edges.secrets import password
from mailgate.errors import AmssError
from mailgate.model_amss import Raw, Source


class Requests(Protocol):
    """What is asked of AMSS++. Each raises AmssError where the database is away or does not have what is asked."""

    def problems(self, source: Source) -> list[str]:
        """What of a source's mapping is not there, each with what is; empty if it can be read."""

    def fingerprints(self, source: Source) -> dict[str, str]:
        """By key, a digest of each row as it stands."""

    def rows(self, source: Source, keys: Sequence[str]) -> Iterator[Raw]:
        """These rows, by what each value is."""

    def schools(self) -> dict[str, str]:
        """Names of schools by code."""

    def write_receipts(self, source: Source, receipts: Mapping[str, str]) -> None:
        """Put receipt numbers into their rows, by key."""


class PaperRequests:
    """Tables in memory, for tests and the demo: ``tables[source][key]`` is a row by what each value is."""

    def __init__(self) -> None:
        self.tables: dict[Source, dict[str, dict[str, str | None]]] = {source: {} for source in Source}
        self.names: dict[str, str] = {}
        self.wrong: dict[Source, list[str]] = {}
        self.receipts: dict[tuple[Source, str], str] = {}

    def problems(self, source: Source) -> list[str]:
        return self.wrong.get(source, [])

    def fingerprints(self, source: Source) -> dict[str, str]:
        return {
            key: hashlib.md5(repr(sorted(row.items())).encode()).hexdigest()  # noqa: S324 - as the database does
            for key, row in self.tables[source].items()
        }

    def rows(self, source: Source, keys: Sequence[str]) -> Iterator[Raw]:
        return (self.tables[source][key] for key in keys if key in self.tables[source])

    def schools(self) -> dict[str, str]:
        return self.names

    def write_receipts(self, source: Source, receipts: Mapping[str, str]) -> None:
        self.receipts |= {(source, key): receipt for key, receipt in receipts.items()}


def opener(settings: Amss, environment: Mapping[str, str]) -> Callable[[], AbstractContextManager[Requests]] | None:
    """How to open the database of the config; None if it is not read. What comes of it raises AmssError."""
    if not settings.is_read:
        return None
    secret = password("amss-password", settings.password_file, environment)

    @contextmanager
    def opened() -> Iterator[Requests]:
        try:
            from mailgate.edges.amss_database import connected
        except ImportError as e:
            raise AmssError(f"AMSS++ needs a package ({e.name})", 'pip install "mailgate[amss]"') from None
        with connected(settings, secret) as database:
            yield database

    return opened
