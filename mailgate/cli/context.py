"""What commands share: finding the config, opening the office, printing a document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import click
from tabulate import tabulate

from mailgate import config_file
from mailgate.config import Config
from mailgate.model import Receipt
from mailgate.office import Office, open_office

NEEDS_A_PERSON = 3
_F = TypeVar("_F", bound=Callable[..., Any])

as_json: Callable[[_F], _F] = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class Settings:
    """The options before the command."""

    def __init__(self, path: str | None) -> None:
        self._path = path

    @cached_property
    def config(self) -> Config:
        """The config. Raises ConfigError."""
        return config_file.load(config_file.find(self._path))

    def office(self) -> Office:
        """The office, with its registry open; to be used with ``with``."""
        return open_office(self.config)


def emit(document: Any) -> None:
    """Print one JSON document on standard output, and nothing else there."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def table(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> None:
    """Print a table; Thai vowels and tone marks take no width (wcwidth)."""
    click.echo(tabulate([list(map(plain, row)) for row in rows], headers=list(headers), disable_numparse=True))


def plain(value: Any) -> str:
    """A cell: one line, nothing a terminal would obey (escape sequences)."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() or "\u0e00" <= c <= "\u0e7f" else " " for c in text)


def lines(document: Mapping[str, Any]) -> None:
    """Print a document as name and value, one a line; lists below their name."""
    width = max(map(len, document), default=0)
    for name, value in document.items():
        if isinstance(value, list):
            click.echo(f"{name}:")
            for item in value:
                click.echo(f"  {plain(item)}")
        else:
            click.echo(f"{name:<{width}}  {plain(value)}")


def receipt(text: str) -> Receipt:
    """``123/2569`` (Thai digits too) as a receipt. Raises click.BadParameter."""
    number, _, year = text.partition("/")
    if number.isdecimal() and year.isdecimal():
        return Receipt(int(number), int(year))
    raise click.BadParameter(f"{text!r} is not a receipt such as 123/2569")


def colour(text: str, good: bool) -> str:
    return click.style(text, fg="green" if good else "red") if sys.stdout.isatty() else text
