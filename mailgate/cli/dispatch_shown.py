"""Dispatches on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from mailgate.edges.terminal import plain
from mailgate.model_dispatch import THAI_RESULTS, Outbound, Way

_WAYS = {
    Way.EMAIL: "ไปรษณีย์อิเล็กทรอนิกส์",
    Way.PAPER: "เอกสาร (ทางไปรษณีย์)",
    Way.WEBSITE: "หน้าติดตามเรื่องของเว็บไซต์",
    Way.AMSS: "AMSS++",
}


def outbound_lines(out: Outbound) -> Iterator[str]:
    """What would go out, a line each."""
    if out.letter:
        yield f"เลขรับ      {out.letter}"
    if out.result:
        yield f"ผล         {THAI_RESULTS[out.result]} ({out.result})"
    yield f"เรื่อง       {out.subject}"
    yield f"ถึง         {out.addressee}"
    yield f"วิธีส่ง      {', '.join(out.addresses) or _WAYS[out.way]}"
    if out.way is Way.PAPER:
        yield f"ที่อยู่       {' '.join(out.postal_address.split()) or '(ยังไม่ทราบ เว้นไว้ให้เขียน)'}"
    for file in out.files:
        yield f"ไฟล์        {file.name} ({file.size:,} ไบต์, SHA-256 {file.sha256})"
    for n, line in enumerate(out.text.splitlines()):
        yield f"{'ข้อความ' if not n else '       '}     {line}"
    if out.remarks:
        yield f"หมายเหตุ    {out.remarks}"


def print_dispatch(document: dict[str, Any]) -> None:
    """``dispatch show``: the register's line, then its mails with every attempt and report."""
    for name in ("dispatch", "book_no", "dated", "sender", "addressee", "subject", "action", "remarks", "letter",
                 "result", "way", "decided_by", "state", "delivery", "posted_on", "posted_number",
                 "posted_to"):  # fmt: skip
        if document[name] not in ("", None):
            click.echo(f"{name:<14}{plain(document[name])}")
    _files(document["files"])
    for mail in document["mails"]:
        click.echo(f"\nรายการ {mail['item']}  {plain(mail['recipient'])}  {mail['state']}")
        for attempt in mail["attempts"]:
            said = " ".join(str(attempt[name] or "") for name in ("verdict", "stage", "code", "text"))
            click.echo(f"  {attempt['ended_at'] or attempt['started_at']}  {plain(said)}")
        for report in mail["reports"]:
            said = f"{report['action']} {report['status']} {report['diagnostic']}"
            click.echo(f"  {report['at']}  รายงาน: {plain(said)}")


def _files(files: list[dict[str, Any]]) -> None:
    for file in files:
        click.echo(f"{'ไฟล์':<14}{plain(file['name'])}  {file['size']:,}  {file['sha256']}")
