"""publish: the public database, made or compared with the registry."""

from __future__ import annotations

from pathlib import Path

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.edges.terminal import emit, lines
from mailgate.jobs import publishing
from mailgate.jobs.publishing import Comparison

_WORDS = {
    "same": "the public pages are what the registry says",
    "older": "the public pages are older than the registry; publish again: mailgate publish",
    "different": "the public pages are not what the registry says",
}
_CODES = {"same": 0, "older": NEEDS_A_PERSON, "different": 1}


@click.command()
@click.option("--check", is_flag=True, help="Compute everything anew and compare it with the folder; write nothing.")
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Another folder than the config's."
)
@as_json
@click.pass_obj
def publish(settings: Settings, check: bool, to: Path | None, as_json: bool) -> int:
    """Make the public pages: permissions granted and statistics, for any web server to serve.

    The folder becomes a link to the newest edition. Nothing of a person is in it.
    """
    with settings.office() as office:
        directory = publishing.folder(office, to)
        if check:
            return _compared(publishing.check(office, directory, _progress), as_json)
        edition = publishing.publish(office, directory, _progress)
    document = {"directory": str(directory)} | edition._asdict()
    emit(document) if as_json else lines(document)
    return 0


def _compared(found: Comparison, as_json: bool) -> int:
    click.echo(f"mailgate: {_WORDS[found.state]}", err=True)
    if as_json:
        emit({"state": found.state, "files": found.files})
    else:
        for name in found.files:
            click.echo(name)
    return _CODES[found.state]


def _progress(text: str) -> None:
    click.echo(f"{text} …", err=True)
