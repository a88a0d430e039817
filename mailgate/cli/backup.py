"""backup, restore."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from mailgate import config_file
from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.edges.terminal import emit, lines
from mailgate.jobs import backup as backups
from mailgate.jobs import restore as restores

_FOLDER = click.Path(path_type=Path, file_okay=False)


def _tell(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.option("--to", "folder", metavar="DIR", type=_FOLDER, help="Folder of copies; default that of [backup].")
@as_json
@click.pass_context
def backup(context: click.Context, folder: Path | None, as_json: bool) -> int:
    """Make a checked copy of registry, archive, token key and config, also while the daemon works."""
    settings = context.find_object(Settings)
    assert settings is not None
    config, source = settings.config, config_file.find(context.find_root().params["path"])
    report = backups.backup(config, source, folder, datetime.now(config.zone), _tell)
    document = report.document()
    for problem in document["problems"]:
        click.echo(f"mailgate: {problem}", err=True)
    emit(document) if as_json else lines(document)
    return NEEDS_A_PERSON if document["problems"] else 0


@click.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(exists=True, path_type=Path))
@as_json
@click.pass_obj
def restore(settings: Settings, source: Path, as_json: bool) -> int:
    """Put the newest good copy of a folder, or the one named, where the config wants the registry.

    Refused where a registry is; nothing is removed or replaced.
    """
    document = restores.restore(settings.config, source, _tell).document()
    for problem in document["problems"]:
        click.echo(f"mailgate: {problem}", err=True)
    emit(document) if as_json else lines(document)
    return NEEDS_A_PERSON if document["problems"] else 0
