"""set-password: keeps a secret where the service reads it, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mailgate.edges.durable import replace_file
from mailgate.errors import UsageError

FOLDER = Path("/etc/mailgate/credentials")
NAMES = {
    "imap": "imap-password",
    "smtp": "smtp-password",
    "alarm": "alarm-password",
    "alarm-token": "alarm-token",
    "amss": "amss-password",
}


@click.command("set-password")
@click.argument("which", type=click.Choice(list(NAMES)))
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), default=FOLDER, show_default=True,
    help="Folder of the credentials.",
)  # fmt: skip
def set_password(which: str, folder: Path) -> None:
    """Ask for a password or token and keep it; from a pipe it is read as one line."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "Make it, with owner root, group mailgate and mode 0750")
    secret = _asked(which) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not secret or "\0" in secret:
        raise UsageError("the password is empty", "Nothing was changed")
    # Readable by the folder's group, that of the service, and by nobody else.
    replace_file(folder / NAMES[which], secret.encode(), 0o640, group=folder.stat().st_gid)
    click.echo(f"kept in {folder / NAMES[which]}; next: mailgate doctor", err=True)


def _asked(which: str) -> str:
    return str(click.prompt(f"{which} password", hide_input=True, confirmation_prompt=True, err=True))
