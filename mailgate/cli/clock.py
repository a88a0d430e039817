"""letter clock: the service time of a letter."""

from __future__ import annotations

from typing import Any

import click

from mailgate.cli.context import Settings, as_json, receipt
from mailgate.edges.terminal import emit, lines, table
from mailgate.errors import UsageError
from mailgate.jobs import clocks, letters


@click.command()
@click.argument("number", metavar="RECEIPT")
@click.option("--stop", metavar="REASON", help="The time stands still from now on.")
@click.option("--start", metavar="REASON", help="It runs again from now on, such as when documents came on paper.")
@as_json
@click.pass_obj
def clock(settings: Settings, number: str, stop: str | None, start: str | None, as_json: bool) -> None:
    """Show the service time of a letter: since when it counts, when it is due, when it stood still and why.

    Asking for documents stops it, and a reply that brings them starts it again. --stop and --start do it by hand; each
    undoes the other, and the reason stands in the letter's history.
    """
    if stop is not None and start is not None:
        raise UsageError("either --stop or --start")
    wanted = receipt(number)
    with settings.office() as office:
        if stop is not None:
            clocks.by_hand(office, wanted, "stop", stop)
        if start is not None:
            clocks.by_hand(office, wanted, "start", start)
        document = clocks.document(office, letters.existing(office, wanted))
    emit(document) if as_json else _print(document)


def _print(document: dict[str, Any]) -> None:
    history = document.pop("history")
    lines({name: value for name, value in document.items() if value is not None})
    if history:
        click.echo()
        table(
            [(h["at"][:16].replace("T", " "), h["what"], h["due_before"], h["due_after"], h["why"]) for h in history],
            ("เมื่อ", "นาฬิกา", "กำหนดเดิม", "กำหนดใหม่", "เหตุผล"),
        )
