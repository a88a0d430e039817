"""outbox list, retry, hold, release, cancel."""

from __future__ import annotations

from collections.abc import Callable

import click

from mailgate.cli.context import Settings, as_json
from mailgate.cli.release import cancel, release
from mailgate.edges.terminal import emit, table
from mailgate.jobs import views
from mailgate.model import State


@click.group()
def outbox() -> None:
    """Outgoing mail: replies and their delivery."""


@outbox.command("list")
@click.option("--state", type=click.Choice([s.value for s in State]), help="Only items in this state.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many.")
@as_json
@click.pass_obj
def list_(settings: Settings, state: str | None, limit: int | None, as_json: bool) -> None:
    """List outgoing mails, oldest first."""
    with settings.office() as office:
        rows = office.store.reports.outbox(state, -1 if limit is None else limit)
        documents = [views.outbox_item(row, office.config.zone) for row in rows]
    if as_json:
        emit(documents)
        return
    table(
        [
            (
                d["id"],
                d["receipt"],
                d["recipient"],
                d["state"],
                d["attempts"],
                d["next_at"] or d["ended_at"],
                (d["last_answer"] or d["note"])[:40],
            )
            for d in documents
        ],
        ("รายการ", "เลขรับ", "ถึง", "สถานะ", "ครั้ง", "เมื่อ", "คำตอบของเครื่องปลายทาง"),
    )


def _verb(name: str, help_text: str) -> Callable[..., None]:
    @outbox.command(name, help=help_text)
    @click.argument("items", metavar="ITEM…", type=int, nargs=-1, required=True)
    @click.option("--note", default="", help="Why; kept with the item and its event.")
    @as_json
    @click.pass_obj
    def act(settings: Settings, items: tuple[int, ...], note: str, as_json: bool) -> None:
        with settings.office() as office:
            for item in items:
                office.store.outbox.by_hand(item, name, office.clock.now(), note)
                click.echo(f"item {item}: {name} done", err=True)
            rows = office.store.reports.outbox()
            documents = [views.outbox_item(r, office.config.zone) for r in rows if r["id"] in items]
        if as_json:
            emit(documents)

    return act


_verb("retry", "Try a queued, unsure, refused or expired mail again now.")
_verb("hold", "Keep a queued mail back until it is released.")
outbox.add_command(release)
outbox.add_command(cancel)
