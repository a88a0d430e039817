"""dispatch list, show, enter, void, send, print, paper, posted: the dispatch register (หนังสือส่ง)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json, receipt
from mailgate.cli.dispatch_shown import outbound_lines, print_dispatch
from mailgate.edges.store.database import Row
from mailgate.edges.terminal import emit, plain, table
from mailgate.jobs import dispatch_entry, dispatching, printing, proof, reaching, views_out
from mailgate.model import Receipt
from mailgate.office import Office

NUMBER = click.argument("number", metavar="DISPATCH")


@click.group()
def dispatch() -> None:
    """The dispatch register (ทะเบียนหนังสือส่ง)."""


def dispatch_number(text: str) -> Receipt:
    """``12/2569`` as the number of a dispatch."""
    found = receipt(text)
    return Receipt(found.number, found.year, "dispatch")


@dispatch.command("list")
@click.option("--year", type=int, help="Buddhist year, such as 2569.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="Only the last so many.")
@as_json
@click.pass_obj
def list_(settings: Settings, year: int | None, limit: int | None, as_json: bool) -> None:
    """List dispatches in number order."""
    with settings.office() as office:
        rows = office.store.dispatches.listed(year, limit or -1)
        documents = [views_out.dispatch(office, row) for row in rows]
    if as_json:
        emit(documents)
        return
    table(
        [
            (
                d["dispatch"],
                d["book_no"],
                d["dated"],
                d["addressee"][:30],
                d["subject"][:40],
                d["letter"],
                d["action"][:45],
            )
            for d in documents
        ],
        ("เลขทะเบียนส่ง", "ที่", "ลงวันที่", "ถึง", "เรื่อง", "เลขรับ", "การปฏิบัติ"),
    )


@dispatch.command("show")
@NUMBER
@click.option(
    "--proof", "wants_proof", is_flag=True, help="Proof of service: what was sent, to whom, when, the answers."
)
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), help="Write the proof as PDF to this file.")
@as_json
@click.pass_obj
def show(settings: Settings, number: str, wants_proof: bool, pdf: Path | None, as_json: bool) -> None:
    """Show a dispatch with its mails, every attempt and every report; or the proof of service."""
    with settings.office() as office:
        row = dispatching.existing(office, dispatch_number(number))
        document = proof.document(office, row) if wants_proof or pdf else views_out.shown(office, row)
        if pdf:
            proof.write_pdf(office, document, pdf)
            click.echo(f"wrote {pdf}", err=True)
    if as_json:
        emit(document)
    elif not pdf:
        print_dispatch(document)


@dispatch.command("enter")
@click.option("--addressee", required=True, metavar="NAME", help="ถึง: who it goes to.")
@click.option("--subject", required=True, help="เรื่อง.")
@click.option("--to", "addresses", multiple=True, metavar="ADDRESS", help="Mail it there; may be repeated. Else paper.")
@click.option("--file", "files", type=click.Path(path_type=Path), multiple=True, help="PDF that goes out.")
@click.option("--text", default="", help="Words to the addressee.")
@click.option("--circular", is_flag=True, help="A circular (หนังสือเวียน): ว stands before its number.")
@click.option("--post-to", "postal_address", default="", metavar="TEXT", help="Postal address, for paper.")
@click.option("--note", default="", help="Remark (หมายเหตุ).")
@click.option("--by", default="", metavar="NAME", help="Who decided; by default the clerk.")
@as_json
@click.pass_obj
def enter(settings: Settings, /, files: tuple[Path, ...], as_json: bool, **words: Any) -> None:
    """Enter a letter that answers none of the receive register: it gets a number and goes out by mail, or on paper."""
    with settings.office() as office:
        enclosed = dispatching.looked_into(office, files)
        out = dispatch_entry.outbound(office, enclosed, **words)
        asyncio.run(reaching.check(office, out.addresses))
        click.echo("\n".join(map(plain, outbound_lines(out))), err=True)
        dispatching.keep(office, files, enclosed)
        given = dispatching.enter(office, out)
        _say(office, dispatching.existing(office, given), as_json, f"dispatch {given} is entered")


@dispatch.command("void")
@NUMBER
@click.option("--reason", required=True, help="Why; it stands in the register.")
@as_json
@click.pass_obj
def void(settings: Settings, number: str, reason: str, as_json: bool) -> None:
    """Void a dispatch. Its number stays; mails that wait never go out; the letter it answered is open again."""
    with settings.office() as office:
        row = dispatch_entry.void(office, dispatch_number(number), reason)
        _say(office, row, as_json, f"dispatch {number} is void")


@dispatch.command("send")
@NUMBER
@click.option("--to", required=True, metavar="ADDRESS", help="Where it goes besides.")
@as_json
@click.pass_obj
def send(settings: Settings, number: str, to: str, as_json: bool) -> int:
    """Send a dispatch to another address, after `mailgate outbox release`."""
    with settings.office() as office:
        wanted = dispatch_number(number)
        asyncio.run(reaching.check(office, [to]))
        item = dispatching.send_to(office, wanted, to)
        _say(
            office,
            dispatching.existing(office, wanted),
            as_json,
            f"item {item} waits for: mailgate outbox release {item}",
        )
    return NEEDS_A_PERSON


@dispatch.command("print")
@NUMBER
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="By default dispatch-N-YEAR.pdf.")
@as_json
@click.pass_obj
def print_(settings: Settings, number: str, out: Path | None, as_json: bool) -> None:
    """Write the pages of a dispatch as one PDF: address page, covering letter, its files."""
    wanted = dispatch_number(number)
    with settings.office() as office:
        path = printing.printed(office, wanted, out or Path(f"dispatch-{wanted.number}-{wanted.year}.pdf"))
    click.echo(f"wrote {path}", err=True)
    if as_json:
        emit({"dispatch": str(wanted), "written": str(path)})


@dispatch.command("paper")
@NUMBER
@click.option("--post-to", "postal_address", default="", metavar="TEXT", help="Postal address.")
@as_json
@click.pass_obj
def paper(settings: Settings, number: str, postal_address: str, as_json: bool) -> None:
    """Send a dispatch on paper after all, under its number."""
    with settings.office() as office:
        row = dispatch_entry.to_paper(office, dispatch_number(number), postal_address)
        _say(office, row, as_json, f"dispatch {number} goes on paper: mailgate dispatch print {number}")


@dispatch.command("posted")
@NUMBER
@click.option("--ems", default="", metavar="NUMBER", help="Number of the registered or EMS item.")
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Day of posting; today if left out.")
@as_json
@click.pass_obj
def posted(settings: Settings, number: str, ems: str, on: datetime | None, as_json: bool) -> None:
    """Note that a dispatch on paper was posted."""
    with settings.office() as office:
        day = on.date() if on else office.clock.now().date()
        row = dispatch_entry.posted(office, dispatch_number(number), day, ems)
        _say(office, row, as_json, f"dispatch {number} was posted")


def _say(office: Office, row: Row, as_json: bool, sentence: str) -> None:
    click.echo(sentence, err=True)
    if as_json:
        emit(views_out.dispatch(office, row))
