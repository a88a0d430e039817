"""status: one screen, a month as evidence, or the screen again and again."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.core import thai
from mailgate.edges import pdf
from mailgate.edges.durable import replace_file
from mailgate.edges.terminal import colour, emit, lines, table
from mailgate.errors import UsageError
from mailgate.jobs import evidence
from mailgate.jobs.status import status as status_of

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--month", metavar="YYYY-MM", help="Every mandated check of a month, such as 2569-11.")
@click.option("--html", type=_FILE, help="With --month: write it as a page for the file.")
@click.option("--pdf", "pdf_file", type=_FILE, help="With --month: write it as a PDF for the file.")
@click.option("--watch", is_flag=True, help="Show the screen again every few seconds, until Ctrl-C.")
@click.option("--every", default=2.0, show_default=True, type=click.FloatRange(min=0.2), help="Seconds, with --watch.")
@as_json
@click.pass_obj
def status(
    settings: Settings,
    month: str | None,
    html: Path | None,
    pdf_file: Path | None,
    watch: bool,
    every: float,
    as_json: bool,
) -> int:
    """One screen: the last and the next check, registers, outbox, warnings; or the evidence of a month."""
    if month:
        return _month(settings, evidence.month_of(month), html, pdf_file, as_json)
    if html or pdf_file:
        raise UsageError(
            "--html and --pdf belong to --month", "For example: mailgate status --month 2569-11 --pdf x.pdf"
        )
    while True:
        with settings.office() as office:
            document = status_of(office)
        if as_json:
            emit(document)
        else:
            if watch:
                click.clear()
            lines(_readable(document))
        if not watch:
            return NEEDS_A_PERSON if document["warnings"] else 0
        time.sleep(every)


def _month(settings: Settings, first: date, html: Path | None, pdf_file: Path | None, as_json: bool) -> int:
    with settings.office() as office:
        document = evidence.month(office, first)
        page = evidence.html(office, document) if html or pdf_file else ""
    if html:
        replace_file(html, page.encode())
    if pdf_file:
        replace_file(pdf_file, pdf.render(page))
    if as_json:
        emit(document)
    else:
        _print_month(document)
    totals = document["totals"]
    return NEEDS_A_PERSON if totals["missed"] or totals["open"] or totals["unrecorded"] else 0


def _print_month(document: dict[str, Any]) -> None:
    click.echo(f"{document['office']}  {document['month']}")
    rows = [_row(day, check) for day in document["days"] for check in day["checks"] or [None] if check or day["name"]]
    table(rows, ["วันที่", "กำหนด", "เริ่ม", "เสร็จ", "พบ", "ลงรับ", "ผล", "เหตุผล"])
    totals = ", ".join(f"{evidence.STATES[k]} {v}" for k, v in document["totals"].items() if v)
    click.echo(f"{totals or 'ไม่มีกำหนดตรวจ'}")


def _row(day: dict[str, Any], check: dict[str, Any] | None) -> list[object]:
    shown = f"{thai.WEEKDAYS[date.fromisoformat(day['date']).weekday()]} {int(day['date'][8:])}"
    if check is None:
        return [shown, "", "", "", "", "", "", day["name"]]
    state = colour(evidence.STATES[check["state"]], check["state"] in ("done", "upcoming", "before"))
    return [
        shown,
        *(_clock(check[name]) for name in ("due", "started_at", "ended_at")),
        check["seen"], check["registered"], state, check["reason"] or day["name"],
    ]  # fmt: skip


def _clock(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%H:%M}" if text else ""


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    last = document["last_check"]
    shown = dict(document)
    if last:
        started = datetime.fromisoformat(last["started_at"])
        shown["last_check"] = f"{started:%Y-%m-%d %H:%M} {'done' if last['done'] else 'not done'}"
    shown["slots_today"] = "  ".join(
        f"{_clock(s['due'])} {evidence.STATES[s['state']]}" for s in document["slots_today"]
    )
    shown["registers"] = [f"{r['register']} {r['year']}: {r['last']}" for r in document["registers"]]
    for name in ("mails", "outbox", "reading"):
        shown[name] = ", ".join(f"{k} {v}" for k, v in document[name].items()) or "-"
    shown["alarms"] = [f"{a['since'][:16]} {a['text']}" for a in document["alarms"]]
    shown["disk_free"] = f"{document['disk_free'] >> 20} MiB"
    return shown
