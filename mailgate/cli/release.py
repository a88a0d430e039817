"""outbox release, cancel: the second act on what is held, decisions that officers proposed among it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from mailgate.cli.context import Settings, as_json
from mailgate.cli.dispatch_shown import outbound_lines
from mailgate.edges.store.database import Row
from mailgate.edges.terminal import emit, plain
from mailgate.errors import MailgateError
from mailgate.jobs import printing, reaching, releasing, views, views_outbox
from mailgate.model_dispatch import Outbound
from mailgate.office import Office

_PREVIEW = "mailgate-preview"


@click.command()
@click.argument("items", metavar="ITEM…", type=int, nargs=-1, required=True)
@click.option("--paper/--email", "paper", default=None, help="How a proposed decision goes out, if not as wished.")
@click.option(
    "--preview",
    is_flag=False,
    flag_value=Path(_PREVIEW),
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Only write what would go out to files of this folder (by default {_PREVIEW}).",
)
@click.option("--note", default="", help="Why; kept with the item and its event.")
@click.option("--yes", is_flag=True, help="Do not ask on the terminal.")
@as_json
@click.pass_obj
def release(
    settings: Settings,
    items: tuple[int, ...],
    paper: bool | None,
    preview: Path | None,
    note: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Let a held mail go. A decision that an officer proposed is shown first, then numbered and sent."""
    asks = not (yes or as_json) and sys.stdin.isatty()
    with settings.office() as office:
        for item in items:
            proposal = releasing.proposal(office, item)
            if proposal is not None:
                _proposed(office, item, proposal, paper, preview, asks)
            elif preview is not None:
                raise MailgateError(f"item {item} is no proposed decision", f"See: mailgate outbox show {item}")
            else:
                office.store.outbox.by_hand(item, "release", office.clock.now(), note)
                click.echo(f"item {item}: release done", err=True)
        _emit(office, items, as_json)


@click.command()
@click.argument("items", metavar="ITEM…", type=int, nargs=-1, required=True)
@click.option("--note", default="", help="Why; kept with the item and its event, and told to who proposed it.")
@as_json
@click.pass_obj
def cancel(settings: Settings, items: tuple[int, ...], note: str, as_json: bool) -> None:
    """Never send a queued or held mail; it stays on record. A proposed decision goes back to its officer."""
    with settings.office() as office:
        for item in items:
            proposal = releasing.proposal(office, item)
            if proposal is not None:
                releasing.reject(office, proposal, note)
                click.echo(f"item {item}: sent back to {proposal['officer']}", err=True)
            else:
                office.store.outbox.by_hand(item, "cancel", office.clock.now(), note)
                click.echo(f"item {item}: cancel done", err=True)
        _emit(office, items, as_json)


def _proposed(office: Office, item: int, proposal: Row, paper: bool | None, preview: Path | None, asks: bool) -> None:
    out = releasing.outbound(office, proposal, paper)
    asyncio.run(reaching.check(office, out.addresses))
    _show(office, proposal, out)
    files = [office.attachments.path(file.sha256) for file in out.files]
    if preview is not None:
        written = printing.preview(office, out, files, preview)
        click.echo(f"nothing was sent; written: {', '.join(map(str, written))}", err=True)
        return
    if asks and not click.confirm("Send this?", err=True):
        raise MailgateError("nothing was sent", f'To send it back: mailgate outbox cancel {item} --note "…"')
    given = releasing.release(office, proposal, out, "clerk")
    where = f"is queued for {', '.join(out.addresses)}" if out.addresses else "goes on paper"
    hint = "" if out.addresses else f": mailgate dispatch print {given}"
    click.echo(f"item {item}: dispatch {given} {where}{hint}", err=True)


def _show(office: Office, proposal: Row, out: Outbound) -> None:
    """The whole of it, as the second person has to judge it."""
    seen = views.local(proposal["at"], office.config.zone)
    click.echo(f"ผู้เสนอ      {plain(proposal['officer'])} เมื่อ {seen}", err=True)
    click.echo("\n".join(map(plain, outbound_lines(out))), err=True)
    for file in out.files:
        click.echo(f"เปิดอ่าน     {office.attachments.path(file.sha256)}", err=True)


def _emit(office: Office, items: tuple[int, ...], as_json: bool) -> None:
    if as_json:
        emit(views_outbox.items(office, items))
