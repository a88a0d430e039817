"""A letter on the terminal: what the register says, then what stands in it."""

from __future__ import annotations

from typing import Any

import click

from mailgate.edges.terminal import lines, plain

_APART = ("reading", "text", "quoted", "attachments", "forwarded", "report", "follow_ups", "attempts", "events")


def print_letter(document: dict[str, Any], full: bool) -> None:
    """Print the documents of ``letter show``; quoted history is folded unless ``full``."""
    lines({k: v for k, v in document.items() if k not in _APART and v not in ("", None, [])})
    reading = document.get("reading", document)
    if isinstance(reading, dict):
        _print_reading(reading, full)
    elif reading:
        _section("เนื้อหา", [reading])
    _section(
        "ข้อความเพิ่มเติม", [f"{m['seen_at'][:16]} {m['sender']} {m['subject']}" for m in document.get("follow_ups", [])]
    )
    _section("การส่ง", [_attempt(a) for a in document.get("attempts", [])])
    _section("เหตุการณ์", [f"{e['at']} {e['kind']}" for e in document.get("events", [])])


def _print_reading(reading: dict[str, Any], full: bool) -> None:
    if reading.get("problem"):
        _section("อ่านไม่ได้", [reading["problem"]])
    _section("เอกสารแนบ", [_attachment(a) for a in reading["attachments"]])
    _section("ข้อความที่แนบมา", [f"{f['dated']} {f['sender']}: {f['subject']}" for f in reading["forwarded"]])
    if reading["report"]:
        _section("รายงานการส่ง", [_report(reading["report"])])
    _section("ข้อความ", reading["text"].splitlines())
    if reading["quoted"]:
        quoted = reading["quoted"].splitlines()
        _section("ข้อความเดิม", quoted if full else [f"({len(quoted)} บรรทัด ดูทั้งหมดด้วย --full)"])


def _section(name: str, rows: list[str]) -> None:
    if rows:
        click.secho(f"\n{name}", bold=True)
        for row in rows:
            click.echo(f"  {plain(row)}")


def _attachment(a: dict[str, Any]) -> str:
    warnings = " ".join(a["flags"])
    return f"{a['name']}  {a['found']}  {a['size']:,}" + (f"  ! {warnings}" if warnings else "")


def _report(report: dict[str, Any]) -> str:
    who = ", ".join(f"{r['address']} {r['action']} {r['status']}".strip() for r in report["recipients"])
    return f"{report['action']} {who}".strip()


def _attempt(a: dict[str, Any]) -> str:
    return f"{a['started_at']} {a['verdict']} {a['code']} {a['text']}"
