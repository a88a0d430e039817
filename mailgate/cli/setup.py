"""init and demo."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from mailgate import config_file
from mailgate.cli.context import as_json
from mailgate.edges.templates import shipped
from mailgate.edges.terminal import emit
from mailgate.errors import UsageError

# For the service, whose config is root's: absolute paths in its state directory (StateDirectory= of the units).
_OF_THE_SERVICE = {
    "registry": {
        "path": "/var/lib/mailgate/registry.db",
        "archive": "/var/lib/mailgate/archive",
        "key_file": "/var/lib/mailgate/token.key",
    },
    "backup": {"directory": "/var/lib/mailgate/backup"},
}


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("config.toml"))
@click.option("--force", is_flag=True, help="Replace an existing file; it is kept beside it as .old.")
@as_json
def init(path: Path, force: bool, as_json: bool) -> None:
    """Write a complete config.toml, every key explained, to start from.

    In /etc/mailgate it is that of the service: registry, archive and backups are in /var/lib/mailgate.
    """
    text = config_file.render(_values(path.absolute() == config_file.SYSTEM_PATH))
    if path.exists():
        if not force:
            raise UsageError(f"{path} exists already", "Use --force to replace it (it is kept as .old)")
        path.replace(path.with_name(path.name + ".old"))
    try:
        path.write_text(text, "utf-8")
    except OSError as e:
        raise UsageError(f"cannot write {path}: {e.strerror}") from None
    if as_json:
        emit({"written": str(path)})
    else:
        click.echo(f"wrote {path}; next: edit it, give the passwords (README, Secrets), then: mailgate doctor")


def _values(of_the_service: bool) -> dict[str, Any]:
    values = tomllib.loads(shipped("config.toml").read_text("utf-8"))
    return values | _OF_THE_SERVICE if of_the_service else values


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where the demo keeps its registry, archive and mails.",
)
@click.option("--keep-running", is_flag=True, help="Leave the servers up, to write to them from a mail program.")
@as_json
def demo(folder: Path, keep_running: bool, as_json: bool) -> int:
    """Run the main job once on embedded servers and sample letters, and show what came of it."""
    try:
        from mailgate.demo import show
    except ModuleNotFoundError as e:
        raise UsageError(
            f"the demo needs more packages ({e.name})", "Install them with: pip install 'mailgate[demo]'"
        ) from None
    return show.main(folder, keep_running, as_json)
