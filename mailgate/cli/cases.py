"""letter register, assign, void: what a person does with a letter."""

from __future__ import annotations

from typing import Any

import click

from mailgate.cli.context import Settings, as_json, receipt
from mailgate.edges.store.database import Row
from mailgate.edges.terminal import emit
from mailgate.errors import UsageError
from mailgate.jobs import acknowledging, cases, decisions, views
from mailgate.jobs.wishes import Wished
from mailgate.office import Office

_ANSWERED_BY = {"yes": ": answer on paper", "no": ": answer by e-mail", "proposed": "", "": ""}


@click.command()
@click.argument("mail_id", metavar="MAIL-ID", type=click.IntRange(min=1))
@click.option("--silent", is_flag=True, help="Do not send the receipt number.")
@as_json
@click.pass_obj
def register(settings: Settings, mail_id: int, silent: bool, as_json: bool) -> None:
    """Register a mail that was only journaled (see: mailgate mail list) as a letter, with all that a letter gets."""
    with settings.office() as office:
        given = cases.register(office, mail_id, answer=not silent)
        row = office.store.reports.letter(given)
        assert row is not None
        _say(office, row, as_json, f"mail {mail_id} is letter {given}")


@click.command()
@click.argument("number", metavar="RECEIPT")
@click.option("--service", default="", metavar="KEY", help="Service of config.toml; its officers get the letter.")
@click.option("--officer", default="", metavar="ADDRESS", help="One officer of config.toml.")
@click.option(
    "--agency", default="", metavar="NAME", help="Not ours: tell the citizen that this agency is responsible."
)
@click.option("--paper/--no-paper", "paper", default=None, help="The citizen wants the answer on paper, or does not.")
@click.option("--post-to", "postal_address", default="", metavar="TEXT", help="Postal address; may have several lines.")
@click.option("--confidential", is_flag=True, help="Subject and sender are for the officer only; cannot be undone.")
@as_json
@click.pass_obj
def assign(
    settings: Settings, /, number: str, service: str, officer: str, agency: str, as_json: bool, **wished: Any
) -> None:
    """Hand a letter to a service or an officer, who get it by mail; or tell the citizen which agency is responsible.

    With --paper, --post-to or --confidential alone that is noted, and nobody is written to.
    """
    wish, wanted = Wished(**wished), receipt(number)
    if agency and (service or officer or wish.says_something):
        raise UsageError("--agency stands alone: the letter is either ours or not")
    with settings.office() as office:
        if agency:
            row = cases.pass_on(office, wanted, agency)
            _say(office, row, as_json, f"letter {wanted}: the sender is told to turn to {agency}")
        else:
            row = cases.assign(office, wanted, service=service, officer=officer, wished=wish)
            done = f"is with {row['officer']}" if service or officer else f"is noted{_ANSWERED_BY[row['paper']]}"
            _say(office, row, as_json, f"letter {wanted} {done}")


@click.command()
@click.argument("number", metavar="RECEIPT")
@click.option("--to", "address", default="", metavar="ADDRESS", help="Another address than the sender's.")
@as_json
@click.pass_obj
def acknowledge(settings: Settings, number: str, address: str, as_json: bool) -> None:
    """Have the sender told the receipt number after all, where mailgate had decided to be silent."""
    wanted = receipt(number)
    with settings.office() as office:
        item = acknowledging.acknowledge(office, wanted, decisions.address(address) if address else "")
        row = office.store.reports.letter(wanted)
        assert row is not None
        _say(office, row, as_json, f"letter {wanted}: its number goes out as item {item}")


@click.command()
@click.argument("number", metavar="RECEIPT")
@click.option("--reason", required=True, help="Why; it stands in the register.")
@as_json
@click.pass_obj
def void(settings: Settings, number: str, reason: str, as_json: bool) -> None:
    """Void a letter. Its number stays in the register with the reason, and is never given again."""
    wanted = receipt(number)
    with settings.office() as office:
        _say(office, cases.void(office, wanted, reason), as_json, f"letter {wanted} is void")


def _say(office: Office, row: Row, as_json: bool, sentence: str) -> None:
    document: dict[str, Any] = views.letter(row, office.config.zone)
    click.echo(sentence, err=True)
    if as_json:
        emit(document)
