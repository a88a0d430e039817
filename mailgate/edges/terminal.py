"""The terminal: documents and tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from tabulate import tabulate


def emit(document: Any) -> None:
    """Print one JSON document on standard output, and nothing else there."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def emit_all(documents: Iterable[Any]) -> None:
    """Print a long list as the one JSON document, one entry after the other, so that memory does not grow with it."""
    between = "["
    for document in documents:
        text = json.dumps(document, ensure_ascii=False, indent=2).replace("\n", "\n  ")
        click.echo(f"{between}\n  {text}", nl=False)
        between = ","
    click.echo("[]" if between == "[" else "\n]")


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


def colour(text: str, good: bool) -> str:
    return click.style(text, fg="green" if good else "red") if sys.stdout.isatty() else text
