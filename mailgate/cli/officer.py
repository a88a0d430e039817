"""officer key, officer list: the keys that confidential letters are encrypted to."""

from __future__ import annotations

from pathlib import Path

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.edges import sealing
from mailgate.edges.terminal import emit, table
from mailgate.errors import ArchiveError, UsageError
from mailgate.jobs import officer_keys


@click.group()
def officer() -> None:
    """Officers of config.toml, and the keys that confidential letters are encrypted to."""


@officer.command("key")
@click.argument("email")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the private key; never replaced."
)
@click.option(
    "--public", default="", metavar="age1…", help="A key the officer made (age-keygen); nothing secret is here."
)
@click.option("--replace", is_flag=True, help="In the place of an earlier key, which opens the earlier letters only.")
@as_json
@click.pass_obj
def make_key(settings: Settings, /, email: str, out: Path | None, public: str, replace: bool, as_json: bool) -> int:
    """Give an officer a key: from then on confidential letters are encrypted to it, and only it opens them.

    Best is a key that the officer makes on a machine of his own (age-keygen), entered with --public. Without, one is
    made here: take the file to the officer, and remove it from this machine. A key that is lost cannot be made again,
    nor can the letters be read without it.
    """
    config = settings.config
    person = officer_keys.person(config, email, replace=replace)
    pair = None if public else sealing.new_key()
    key = officer_keys.checked(public) if pair is None else pair.public
    path = (out or Path(f"{person.email.partition('@')[0]}.key.txt")).absolute()
    if pair is not None:
        sealing.write_key(path, pair, f"mailgate, {person.name} <{person.email}>")
    with settings.office() as office:
        office.store.sealing.key_made(person.email, key, office.clock.now())
    written = _written(settings.path, person.email, key)
    if as_json:
        emit({"officer": person.email, "key": key, "file": str(path) if pair else None, "config_written": written})
    if pair is not None:
        click.echo(
            f"{path}: the private key. Take it to {person.name}, then remove it here; keep a copy in a safe.", err=True
        )
    if not written:
        click.echo(f'put this into the entries of {person.email} in the config: key = "{key}"', err=True)
        return NEEDS_A_PERSON
    click.echo(
        f"letters are encrypted to {key}; now: systemctl reload mailgate; systemctl restart mailgate-web", err=True
    )
    return 0


@officer.command("list")
@as_json
@click.pass_obj
def list_officers(settings: Settings, as_json: bool) -> None:
    """Who handles what, and whether there is a key."""
    rows = officer_keys.listed(settings.config)
    if as_json:
        emit(rows)
        return
    table(
        [(r["name"], r["email"], ", ".join(r["services"]), r["key"] or "-") for r in rows],
        ("เจ้าหน้าที่", "ไปรษณีย์อิเล็กทรอนิกส์", "เรื่อง", "กุญแจ"),
    )


def _written(path: Path, email: str, key: str) -> bool:
    try:
        officer_keys.write(path, email, key)
    except (ArchiveError, UsageError) as e:
        click.echo(f"mailgate: {e}", err=True)
        return False
    return True
