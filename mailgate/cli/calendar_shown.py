"""A year of the calendar, and a change of it, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import click

from mailgate.core import thai
from mailgate.core.special_days import Special
from mailgate.edges.terminal import plain, table
from mailgate.jobs.calendars import Change

_KINDS = {"holiday": "วันหยุดราชการ", "working": "วันทำการ", "hours": "วันทำการ"}
_SOURCES = {"seed": "ข้อมูลตั้งต้น", "office": "สำนักงานกำหนด", "config": "config.toml"}


def print_year(document: Mapping[str, Any], thai_digits: bool) -> None:
    """Print what ``calendars.show`` tells."""

    def number(value: object) -> str:
        return thai.digits(value) if thai_digits else str(value)

    rows = [_row(shown, thai_digits) for shown in document["days"]]
    table(rows, ("วันที่", "วัน", "ประเภท", "ชื่อ", "ที่มา"))
    click.echo(f"\nพ.ศ. {number(document['buddhist_year'])}: วันทำการ {number(document['working_days'])} วัน")
    if not document["confirmed"]:
        click.echo(f"ยังไม่มีผู้ยืนยัน (mailgate calendar confirm {document['buddhist_year']})")
        return
    at = thai.long_moment(datetime.fromisoformat(document["confirmed_at"]), thai_digits=thai_digits)
    click.echo(f"ยืนยันโดย {plain(document['confirmed_by'])} เมื่อวันที่ {at}")


def print_change(made: Change, dry: bool) -> None:
    """Say on standard error what changed (``dry``: would change), and what does not change with it."""
    for day, (old, new) in made.days.items():
        click.echo(f"{_written(day)}: {plain(_said(new))} (was: {plain(_said(old))})", err=True)
    if not made.days:
        click.echo("nothing changes: the calendar says so already", err=True)
    if made.open_letters:
        count = f"{made.open_letters} open letter(s)"
        click.echo(f"{count} are due on the first of these days or later; their due dates stay as they are", err=True)
    for day in made.overruled:
        click.echo(f"{_written(day)}: [calendar] of config.toml says otherwise, and is stronger", err=True)
    if dry:
        click.echo("this was a dry run: nothing is changed", err=True)


def _row(shown: Mapping[str, Any], thai_digits: bool) -> tuple[str, ...]:
    day, kind = date.fromisoformat(shown["date"]), _KINDS[shown["kind"]]
    if shown["opens"]:
        hours = f"{shown['opens']} - {shown['closes']} น.".replace(":", ".")
        kind += f" {thai.digits(hours) if thai_digits else hours}"
    written = thai.long_date(day, thai_digits=thai_digits)
    return written, thai.WEEKDAYS[day.weekday()], kind, thai.tidy(shown["name"], 60), _SOURCES[shown["source"]]


def _written(day: date) -> str:
    return f"{day:%A} {day.day}/{day.month}/{thai.buddhist_year(day)}"


def _said(special: Special | None) -> str:
    if special is None:
        return "goes by its weekday"
    span = f" {special.opens:%H:%M}-{special.closes:%H:%M}" if special.kind == "hours" else ""
    seeded = ", from the beginning" if special.source == "seed" else ""
    return f"{special.kind}{span} {special.name}{seeded}"
