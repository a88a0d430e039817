"""install-service: systemd units for a mailgate that no package has installed, and what the config adds to them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mailgate import config_file
from mailgate.cli.context import as_json
from mailgate.config import Config
from mailgate.edges.terminal import emit
from mailgate.errors import UsageError
from mailgate.jobs import installing

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True, resolve_path=True)
_NEXT = "next: systemctl start mailgate (if it was running: restart), after mailgate doctor has passed"
_NO_CONFIG = "there is no {} yet: the watch looks after the default check times; run this again when there is one"


@click.command("install-service")
@click.option("--root", type=_FOLDER, default=Path("/"), show_default=True, help="Folder that takes the place of /.")
@click.option("--print", "only_print", is_flag=True, help="Show the files, and change nothing.")
@click.option("--remove", is_flag=True, help="Take the units away again; registry, config and passwords stay.")
@as_json
@click.pass_context
def install_service(context: click.Context, root: Path, only_print: bool, remove: bool, as_json: bool) -> None:
    """Write the systemd units, with the check times and folders of /etc/mailgate/config.toml; nothing is started."""
    program, source = Path(sys.executable).with_name("mailgate"), root / config_file.SYSTEM_PATH.relative_to("/")
    config = _config(source, context.find_root().params["path"])
    files = installing.plan(config, program, root)
    if only_print:
        _show({str(path): text for path, text in files.items() if text}, as_json)
        return
    if remove:
        _tell("removed", installing.remove(files, root), as_json)
        return
    if root == Path("/"):
        installing.check_reachable(program, Path(sys.executable).resolve())
    _tell("written", installing.write(files, root, installing.enabled(config)), as_json)
    click.echo(_NEXT if config else _NO_CONFIG.format(source), err=True)


def _config(source: Path, option: str | None) -> Config | None:
    """The config that the units read, if it is there. Raises ConfigError if it is broken."""
    if option and Path(option).resolve() != source.resolve():
        raise UsageError(f"the service reads {source}, not {option}", "Leave out --config, or put the file there")
    return config_file.load(source) if source.exists() else None


def _show(files: dict[str, str], as_json: bool) -> None:
    if as_json:
        emit({"files": files})
    else:
        click.echo("\n".join(f"# {path}\n{text}" for path, text in files.items()), nl=False)


def _tell(done: str, paths: list[Path], as_json: bool) -> None:
    if as_json:
        emit({done: [str(path) for path in paths]})
    else:
        for path in paths:
            click.echo(f"{done} {path}")
