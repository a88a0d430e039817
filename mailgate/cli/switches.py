"""pause, resume, adopt: decisions about the whole office."""

from __future__ import annotations

import click

from mailgate.cli.context import Settings, as_json
from mailgate.edges.terminal import emit
from mailgate.jobs import golive, pausing
from mailgate.jobs.golive import Word


@click.command()
@click.argument("what", type=click.Choice(["replies"]))
@click.option("--note", default="", help="Why; kept in the event chain and shown by status.")
@as_json
@click.pass_obj
def pause(settings: Settings, what: str, note: str, as_json: bool) -> None:
    """Hold all replies; letters are registered as ever. Undo: mailgate resume replies."""
    with settings.office() as office:
        held = pausing.pause(office, note, office.clock.now())
    click.echo(f"{what} are paused; {held} waiting are held", err=True)
    if as_json:
        emit({"paused": True, "held": held})


@click.command()
@click.argument("what", type=click.Choice(["replies"]))
@as_json
@click.pass_obj
def resume(settings: Settings, what: str, as_json: bool) -> None:
    """Let replies go again, those held by the pause too."""
    with settings.office() as office:
        released = pausing.resume(office, office.clock.now())
    click.echo(f"{what} go out again; {released} that were held are queued", err=True)
    if as_json:
        emit({"paused": False, "released": released})


@click.command()
@click.argument("word", type=click.Choice(["register", "silent", "leave"]))
@as_json
@click.pass_obj
def adopt(settings: Settings, word: Word, as_json: bool) -> None:
    """Say what is to be done with mail from before the go-live moment.

    register: it gets numbers and replies; silent: numbers without replies; leave: it stays in the mailbox. The next
    check does it. Until it has, another word may be said.
    """
    with settings.office() as office:
        count = golive.adopt(office, word, office.clock.now())
    click.echo(f"{count} old mail(s): {word}; next: mailgate poll, or let the daemon do it", err=True)
    if as_json:
        emit({"word": word, "mails": count})
