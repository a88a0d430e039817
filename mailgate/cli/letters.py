"""letter show, mail list; the other commands of letters are in modules of their own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from mailgate.cli import cases
from mailgate.cli.clock import clock
from mailgate.cli.context import Settings, as_json, receipt
from mailgate.cli.listing import list_letters
from mailgate.cli.opening import open_letter
from mailgate.cli.showing import print_letter
from mailgate.edges.parser_cell import ParserCell
from mailgate.edges.store.database import Row
from mailgate.edges.terminal import emit, table
from mailgate.errors import UsageError
from mailgate.jobs import letters, looking, sealing, views, wishes
from mailgate.jobs.wishes import Wished
from mailgate.model import Fate, Receipt


@click.group()
def letter() -> None:
    """Letters of the receive register (หนังสือรับ)."""


@click.group()
def mail() -> None:
    """Messages seen in the mailbox, letters or not, and what became of each."""


@mail.command("list")
@click.option("--fate", type=click.Choice([f.value for f in Fate]), help="Only those that ended so.")
@click.option("--unreadable", is_flag=True, help="Only those that could not be read.")
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, help="Seen in the last so many days.")
@as_json
@click.pass_obj
def list_mails(settings: Settings, fate: str | None, unreadable: bool, days: int, as_json: bool) -> None:
    """List what was seen, answered or not, with the reason."""
    with settings.office() as office:
        rows = office.store.reports.mails_since(office.clock.now() - timedelta(days=days))
        rows = [r for r in rows if fate in (None, r["fate"]) and (not unreadable or r["reading"] == "unreadable")]
        documents = [views.mail(row, office.config.zone) for row in rows]
    if as_json:
        emit(documents)
        return
    table(
        [
            (d["id"], d["seen_at"][:16].replace("T", " "), d["fate"], d["receipt"], d["reason"], d["evidence"][:50])
            for d in documents
        ],
        ("รายการ", "ตรวจพบเมื่อ", "ประเภท", "เลขรับ", "เหตุผล", "หลักฐานในข้อความ"),
    )


@letter.command("show")
@click.argument("what", metavar="RECEIPT|FILE")
@click.option("--full", is_flag=True, help="Show the quoted history too.")
@click.option("--paper/--no-paper", "paper", default=None, help="First note how the citizen wants the answer.")
@click.option("--post-to", "postal_address", default="", metavar="TEXT", help="First note the postal address.")
@as_json
@click.pass_obj
def show(settings: Settings, /, what: str, full: bool, as_json: bool, **wished: Any) -> None:
    """Show one letter, such as 123/2569, with what was read of it; or what would be made of the mail in a FILE."""
    wish = Wished(**wished)
    if not Path(what).is_file():
        document = _registered(settings, receipt(what), wish)
    elif wish.says_something:
        raise UsageError("--paper and --post-to are for a letter of the register, not for a file")
    else:
        document = asyncio.run(looking.look(settings.config, Path(what).absolute(), ParserCell()))
    emit(document) if as_json else print_letter(document | _in_lines(document), full)


def _in_lines(document: dict[str, Any]) -> dict[str, list[str]]:
    """What is a list of small documents, a line each."""
    clocks, answers = document.get("clock", []), document.get("dispatches", [])
    return {
        "clock": [f"{c['at'][:16]} {c['what']} {c['due_before']} → {c['due_after']} {c['why']}" for c in clocks],
        "dispatches": [f"{a['number']} ที่ {a['book_no']} {a['result']} {a['way']} {a['state']}" for a in answers],
    }


def _registered(settings: Settings, wanted: Receipt, wish: Wished) -> dict[str, Any]:
    with settings.office() as office:
        if wish.says_something:
            wishes.note(office, wanted, wish)
        reports, readings, zone = office.store.reports, office.store.readings, office.config.zone
        row = letters.existing(office, wanted)
        reading = readings.of_letter(row["id"])
        read = views.reading(reading, readings.attachments(reading["mail_id"])) if reading else None
        return views.letter(row, zone) | {
            "raw": str(sealing.path_of(office, row["sha256"])),
            # What a confidential letter says is for its officer, who has it by mail (law 9).
            "reading": views.MASK if row["confidential"] else read,
            "follow_ups": [views.mail(m, zone) for m in reports.follow_ups(row["id"])],
            "clock": views.clock(office.store.cases.clock(row["id"]), zone),
            "dispatches": views.answers(office.store.dispatches.of_letter(row["id"])),
            "attempts": _attempts(reports.attempts_of(row["id"]), zone),
            "events": views.events(reports.events_of(row["id"]), zone),
        }


for command in (list_letters, clock, open_letter, cases.register, cases.acknowledge, cases.assign, cases.void):
    letter.add_command(command)


def _attempts(rows: list[Row], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Servers like to name whom they do not know, which is no one's business in a confidential matter."""
    shown = views.attempts(rows, zone)
    return [one | {"text": views.without(one["text"], row)} for one, row in zip(shown, rows, strict=True)]
