"""decide: answer a letter."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json, receipt
from mailgate.cli.dispatch_shown import outbound_lines
from mailgate.edges.terminal import emit, plain
from mailgate.errors import MailgateError
from mailgate.jobs import decisions, dispatching, printing, reaching, sealed_answers, views_out
from mailgate.jobs.decisions import Wish
from mailgate.model import Receipt
from mailgate.model_dispatch import Outbound, Result, Way
from mailgate.office import Office

_PREVIEW = "mailgate-preview"


@click.command()
@click.argument("number", metavar="RECEIPT")
@click.option("--result", required=True, type=click.Choice([r.value for r in Result]), help="What was decided.")
@click.option(
    "--file", "files", type=click.Path(path_type=Path), multiple=True, help="PDF that goes out; may be repeated."
)
@click.option("--text", default="", help="Words to the citizen, such as the documents that are needed.")
@click.option("--note", default="", help="Remark for the dispatch register; the citizen does not see it.")
@click.option("--subject", default="", help="เรื่อง of the dispatch; by default made from the service.")
@click.option("--addressee", default="", metavar="NAME", help="Whom the text addresses; by default ผู้ส่งหนังสือ.")
@click.option("--to", default="", metavar="ADDRESS", help="Another address than the letter's; waits for a release.")
@click.option(
    "--copy", "copies", multiple=True, metavar="ADDRESS", help="A copy, such as to an agency; may be repeated."
)
@click.option("--paper/--email", "paper", default=None, help="How it goes out; by default as the citizen wished.")
@click.option("--post-to", "postal_address", default="", metavar="TEXT", help="Postal address, for paper.")
@click.option("--by", default="", metavar="NAME", help="Who decided; by default the letter's officer.")
@click.option("--again", is_flag=True, help="Although it has been answered already.")
@click.option(
    "--preview",
    is_flag=False,
    flag_value=Path(_PREVIEW),
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Only write what would go out to files of this folder (by default {_PREVIEW}).",
)
@click.option("--yes", is_flag=True, help="Do not ask on the terminal.")
@as_json
@click.pass_obj
def decide(
    settings: Settings,
    /,
    number: str,
    files: tuple[Path, ...],
    preview: Path | None,
    yes: bool,
    as_json: bool,
    **wish: Any,
) -> int:
    """Answer a letter: number it in the dispatch register, send it by e-mail or print it, and end the letter's case.

    What would go out is shown first. With more-documents the case stays open and its time stands still.
    """
    wanted = receipt(number)
    with settings.office() as office:
        enclosed = dispatching.looked_into(office, files)
        out = decisions.outbound(office, wanted, Wish(**wish | {"result": Result(wish["result"])}), enclosed)
        asyncio.run(reaching.check(office, out.addresses))
        click.echo("\n".join(map(plain, outbound_lines(out))), err=True)
        if preview is not None:
            return _previewed(office, out, files, preview, as_json)
        if not yes and not as_json and sys.stdin.isatty() and not click.confirm("Send this?", err=True):
            raise MailgateError("nothing was sent")
        if sealed_answers.is_needed(office, out):
            out = sealed_answers.seal(office, out, files)
        else:
            dispatching.keep(office, files, enclosed)
        return _sent(office, out, dispatching.enter(office, out), as_json)


def _previewed(office: Office, out: Outbound, files: tuple[Path, ...], folder: Path, as_json: bool) -> int:
    written = printing.preview(office, out, files, folder)
    click.echo(f"nothing was sent; written: {', '.join(map(str, written))}", err=True)
    if as_json:
        emit({"preview": [str(path) for path in written]})
    return 0


def _sent(office: Office, out: Outbound, given: Receipt, as_json: bool) -> int:
    row = dispatching.existing(office, given)
    document = views_out.dispatch(office, row)
    if out.addresses:
        waits = f"; {out.hold}: mailgate outbox release" if out.hold else ""
        click.echo(f"dispatch {given} is queued for {', '.join(out.addresses)}{waits}", err=True)
    elif out.way is Way.WEBSITE:
        click.echo(f"dispatch {given} stands on the page of the case", err=True)
    else:
        click.echo(f"dispatch {given} goes on paper: mailgate dispatch print {given}", err=True)
    if as_json:
        emit(document)
    return NEEDS_A_PERSON if out.hold else 0
