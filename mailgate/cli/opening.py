"""letter open: a sealed letter, with the officer's key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from mailgate.cli.context import Settings, as_json, receipt
from mailgate.cli.showing import print_letter
from mailgate.edges.parser_cell import ParserCell
from mailgate.edges.terminal import emit
from mailgate.jobs import opening


@click.command("open")
@click.argument("number", metavar="RECEIPT")
@click.option(
    "--key", "key", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The private age key."
)
@click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write mails and files there too."
)
@click.option("--full", is_flag=True, help="Show the quoted history too.")
@as_json
@click.pass_obj
def open_letter(settings: Settings, /, number: str, key: Path, folder: Path | None, full: bool, as_json: bool) -> None:
    """Read a letter that is encrypted to an officer, and what came later with it. That it was opened is an event.

    Nothing of it is kept here but what --to says, which is for its owner alone.
    """
    with settings.office() as office:
        documents = asyncio.run(opening.opened(office, receipt(number), key, folder, ParserCell()))
    if as_json:
        emit(documents)
        return
    for document in documents:
        _print(document, full)


def _print(document: dict[str, Any], full: bool) -> None:
    click.secho(
        f"\n{document['arrived_at'][:16]}  {'ต้นเรื่อง' if document['fate'] == 'registered' else 'ข้อมูลเพิ่มเติม'}", bold=True
    )
    print_letter({k: v for k, v in document.items() if k not in ("arrived_at", "fate")}, full)
