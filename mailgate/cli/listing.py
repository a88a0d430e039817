"""letter list: the receive register by date, service, officer, state and words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import click

from mailgate.cli.context import Settings, account, as_json
from mailgate.core.calendar_dates import day_of, year_of
from mailgate.core.grams import words
from mailgate.core.thai import BUDDHIST_OFFSET, tidy
from mailgate.edges.terminal import emit_all, table
from mailgate.errors import UsageError
from mailgate.jobs import searching
from mailgate.model_search import Wanted
from mailgate.office import Office

_PAGE_OF_A_TERMINAL = 100
_LONGEST_NAME = 100
_HEADINGS = ("เลขรับ", "ได้รับเมื่อ", "จาก", "เรื่อง", "ผู้รับผิดชอบ", "กำหนด", "แจ้งเลขรับ", "สถานะ")
_STATES = {"open": "ดำเนินการ", "closed": "แล้วเสร็จ", "void": "ยกเลิก"}


@click.command("list")
@click.option("--year", metavar="YEAR", help="Buddhist year, such as 2569.")
@click.option("--from", "first", metavar="DATE", help="Registered on this day or later, such as 2569-11-01.")
@click.option("--to", "last", metavar="DATE", help="Registered on this day or earlier.")
@click.option("--service", metavar="KEY", default="", help="Of this service ([[services]] key).")
@click.option("--officer", metavar="NAME", default="", help="Of this officer: a part of the name, or the address.")
@click.option("--state", type=click.Choice(["open", "closed", "void", "overdue"]), help="Only those that stand so.")
@click.option(
    "--text",
    metavar="WORDS",
    default="",
    help='With all these words, or parts of words, in subject, sender, text or names of files; "words in quotes" stand '
    "together. Confidential letters are not searched.",
)
@click.option(
    "--confidential", is_flag=True, help="Search confidential letters too; that it was done, and --by whom, is kept."
)
@click.option("--by", default="", metavar="NAME", help="Who asks; your account's name if left out.")
@click.option("--limit", type=click.IntRange(1, 2**31), default=None, help="Only the newest so many.")
@click.option("--all", "wants_all", is_flag=True, help="All of them; the default in a pipe and with --json.")
@as_json
@click.pass_obj
def list_letters(
    settings: Settings, /, limit: int | None, wants_all: bool, as_json: bool, by: str, **asked: Any
) -> None:
    """List letters in number order."""
    shortens = sys.stdout.isatty() and not (limit or wants_all or as_json)
    with settings.office() as office:
        wanted = _wanted(office, **asked)
        newest = _PAGE_OF_A_TERMINAL + 1 if shortens else limit
        ids = searching.found(office, wanted, newest, tidy(by, _LONGEST_NAME) or account())
        shown = ids[-_PAGE_OF_A_TERMINAL:] if shortens else ids
        pages = searching.pages(office, shown)
        if as_json:
            emit_all(document for page in pages for document in page)
        else:
            _print(pages)
    if len(shown) < len(ids):
        click.echo(f"the newest {len(shown)} are shown; see --all, --limit, or narrow them (--help)", err=True)


def _wanted(
    office: Office,
    year: str | None,
    first: str | None,
    last: str | None,
    service: str,
    officer: str,
    text: str,
    **other: Any,
) -> Wanted:
    """What the options ask for. Raises UsageError."""
    known = [s.key for s in office.config.services]
    if service and service not in known:
        raise UsageError(f"there is no service {service!r}", f"The services are: {', '.join(known)}")
    sought = words(text)
    if text and not sought:
        raise UsageError("--text has no word in it", "Give a word, or a part of one")
    if other["confidential"] and not sought:
        raise UsageError(
            "--confidential is for a search with --text", "Without it, confidential letters are listed masked"
        )
    since, before = (day_of(first) if first else None), (day_of(last) + timedelta(days=1) if last else None)
    if since and before and since >= before:
        raise UsageError("--from is later than --to", "Give the earlier day first")
    return Wanted(
        today=office.clock.now().date(),
        year=year_of(year) + BUDDHIST_OFFSET if year else None,
        since=_midnight(office, since),
        before=_midnight(office, before),
        service=service,
        officer=officer,
        words=sought,
        **other,
    )


def _midnight(office: Office, day: date | None) -> datetime | None:
    return datetime.combine(day, time(), office.config.zone) if day else None


def _print(pages: Iterator[list[dict[str, Any]]]) -> None:
    table([_row(d) for page in pages for d in page], _HEADINGS)


def _row(d: dict[str, Any]) -> tuple[Any, ...]:
    return (
        d["receipt"],
        d["legally_received_at"][:16].replace("T", " "),
        (d["from_name"] or d["from_address"])[:30],
        (d["subject"] or d["summary"])[:45],
        d["officer"][:24],
        d["due_on"] or "-",
        d["acknowledgement"] or d["answer_rule"],
        _STATES[d["state"]],
    )
