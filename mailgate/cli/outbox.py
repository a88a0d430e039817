"""outbox list, show, retry, hold, release, cancel, resolve."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from mailgate.cli.context import Settings, as_json
from mailgate.cli.outbox_shown import print_item, print_page
from mailgate.cli.release import cancel, release
from mailgate.edges.durable import replace_file
from mailgate.edges.terminal import emit, emit_all
from mailgate.errors import UsageError
from mailgate.jobs import views_outbox
from mailgate.model import State
from mailgate.office import Office

ITEMS = click.argument("items", metavar="ITEM…", type=int, nargs=-1, required=True)
NOTE = click.option("--note", default="", help="Why; kept with the item and its event.")


@click.group()
def outbox() -> None:
    """Outgoing mail: replies, decisions and their delivery."""


@outbox.command("list")
@click.option("--state", type=click.Choice([s.value for s in State]), help="Only items in this state.")
@click.option("--open", "is_open", is_flag=True, help="Only what is not done with; the default on a terminal.")
@click.option("--all", "wants_all", is_flag=True, help="Everything; the default in a pipe and with --json.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="Only the newest so many.")
@as_json
@click.pass_obj
def list_(
    settings: Settings, state: str | None, is_open: bool, wants_all: bool, limit: int | None, as_json: bool
) -> None:
    """List outgoing mails, oldest first."""
    if (state is not None) + is_open + wants_all > 1:
        raise UsageError("--state, --open and --all exclude each other")
    shortens = sys.stdout.isatty() and not (state or wants_all or as_json)
    states = [state] if state else views_outbox.NOT_DONE_WITH if is_open or shortens else ()
    with settings.office() as office:
        pages = views_outbox.pages(office, states, limit or -1)
        if as_json:
            emit_all(document for page in pages for document in page)
            return
        for page in pages:
            print_page(page)
        if shortens and not is_open:
            _say_left_out(office)


def _say_left_out(office: Office) -> None:
    counts = office.store.reports.outbox_counts()
    if left := sum(n for state, n in counts.items() if state not in views_outbox.NOT_DONE_WITH):
        click.echo(f"{left:,} that are done with are not shown: mailgate outbox list --all", err=True)


@outbox.command("show")
@click.argument("item", metavar="ITEM", type=int)
@click.option("--raw", is_flag=True, help="Write the mail itself, as it goes out, and nothing else.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the mail to this file.")
@as_json
@click.pass_obj
def show(settings: Settings, item: int, raw: bool, out: Path | None, as_json: bool) -> None:
    """Show an outgoing mail: its state, every attempt with the server's words, every report."""
    if raw and as_json and not out:
        raise UsageError("--raw and --json both write to standard output", "Add --out FILE for the mail")
    with settings.office() as office:
        document = views_outbox.shown(office, item)
        content = views_outbox.raw(office, item) if raw or out else b""
    if out:
        replace_file(out, content)
        click.echo(f"wrote {out}", err=True)
    if as_json:
        emit(document)
    elif raw and not out:
        _write(content)
    elif not out:
        print_item(document)


def _write(content: bytes) -> None:
    """A mail that carries another may have what a terminal obeys."""
    if sys.stdout.isatty() and any(byte < 32 and byte not in b"\r\n\t" for byte in content):
        raise UsageError("this mail has control characters, which a terminal would obey", "Add --out FILE")
    sys.stdout.buffer.write(content)


@outbox.command("resolve")
@ITEMS
@click.option("--sent", is_flag=True, help="It did arrive: it counts as accepted, and is not sent again.")
@click.option("--send-again", is_flag=True, help="Send it once more: the same bytes under the same Message-ID.")
@NOTE
@as_json
@click.pass_obj
def resolve(settings: Settings, items: tuple[int, ...], sent: bool, send_again: bool, note: str, as_json: bool) -> None:
    """Say what became of an unsure mail, whose line was lost before the server answered."""
    if sent == send_again:
        raise UsageError(
            "say one of --sent and --send-again",
            "Ask the recipient, or look for the Message-ID (mailgate outbox show ITEM) in the log of the mail server",
        )
    with settings.office() as office:
        _act(office, items, "resolve as sent" if sent else "send again", note, as_json)


def _verb(name: str, help_text: str) -> Callable[..., None]:
    @outbox.command(name, help=help_text)
    @ITEMS
    @NOTE
    @as_json
    @click.pass_obj
    def act(settings: Settings, items: tuple[int, ...], note: str, as_json: bool) -> None:
        with settings.office() as office:
            _act(office, items, name, note, as_json)

    return act


def _act(office: Office, items: Sequence[int], verb: str, note: str, as_json: bool) -> None:
    for item in items:
        office.store.outbox.by_hand(item, verb, office.clock.now(), note)
        click.echo(f"item {item}: {verb} done", err=True)
    if as_json:
        emit(views_outbox.items(office, items))


_verb("retry", "Try a queued, unsure, refused or expired mail again now.")
_verb("hold", "Keep a queued mail back until it is released.")
outbox.add_command(release)
outbox.add_command(cancel)
