"""letter show, letter list, mail list."""

from __future__ import annotations

from datetime import timedelta

import click

from mailgate.cli.context import Settings, as_json, receipt
from mailgate.edges.terminal import emit, lines, table
from mailgate.errors import MailgateError
from mailgate.jobs import views
from mailgate.model import Fate


@click.group()
def letter() -> None:
    """Letters of the receive register (หนังสือรับ)."""


@letter.command("list")
@click.option("--year", type=int, help="Buddhist year, such as 2569.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many.")
@as_json
@click.pass_obj
def list_(settings: Settings, year: int | None, limit: int | None, as_json: bool) -> None:
    """List letters in number order."""
    with settings.office() as office:
        rows = office.store.reports.letters(year, limit=-1 if limit is None else limit)
        documents = [views.letter(row, office.config.zone) for row in rows]
    if as_json:
        emit(documents)
        return
    table(
        [
            (
                d["receipt"],
                d["legally_received_at"][:16].replace("T", " "),
                (d["from_name"] or d["from_address"])[:30],
                (d["subject"] or d["summary"])[:45],
                d["officer"][:24],
                d["due_on"] or "-",
                d["acknowledgement"] or d["answer_rule"],
            )
            for d in documents
        ],
        ("เลขรับ", "ได้รับเมื่อ", "จาก", "เรื่อง", "ผู้รับผิดชอบ", "กำหนด", "แจ้งเลขรับ"),
    )


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
@click.argument("number", metavar="RECEIPT")
@as_json
@click.pass_obj
def show(settings: Settings, number: str, as_json: bool) -> None:
    """Show one letter, such as 123/2569, with its events and delivery attempts."""
    wanted = receipt(number)
    with settings.office() as office:
        row = office.store.reports.letter(wanted)
        if row is None:
            raise MailgateError(f"there is no letter {wanted}", "See: mailgate letter list")
        zone = office.config.zone
        document = views.letter(row, zone) | {
            "raw": str(office.archive.path(row["sha256"])),
            "attempts": views.attempts(office.store.reports.attempts_of(row["id"]), zone),
            "events": views.events(office.store.reports.events_of(row["id"]), zone),
        }
    if as_json:
        emit(document)
        return
    document["attempts"] = [f"{a['started_at']} {a['verdict']} {a['code']} {a['text']}" for a in document["attempts"]]
    document["events"] = [f"{e['at']} {e['kind']}" for e in document["events"]]
    lines(document)
