"""Outgoing mails on the terminal: a table of many, or one with its attempts and reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from mailgate.edges.terminal import plain, table

_LINES = (
    "id", "kind", "state", "recipient", "receipt", "dispatch", "book_no", "created_at", "next_at", "ended_at", "note",
    "message_id", "envelope_from",
)  # fmt: skip


def print_page(documents: Sequence[dict[str, Any]]) -> None:
    """A page of ``outbox list``."""
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


def print_item(document: dict[str, Any]) -> None:
    """``outbox show``: what it is and where it stands, then each attempt and report, then what a person may do."""
    for name in _LINES:
        if document[name] not in ("", None):
            click.echo(f"{name:<14}{plain(document[name])}")
    for file in document["files"]:
        click.echo(f"{'ไฟล์':<14}{file['sha256']} ({file['kept_in']})")
    for line in _history(document):
        click.echo(f"  {plain(line)}")
    if hint := _NEXT.get("unwritten" if not document["is_written"] else document["state"]):
        click.echo(f"→ {hint.format(item=document['id'])}", err=True)


def _history(document: dict[str, Any]) -> Iterator[str]:
    for one in document["tried"]:
        said = " ".join(str(one[name] or "") for name in ("verdict", "stage", "code", "text"))
        yield f"{one['ended_at'] or one['started_at']}  ครั้งที่ {one['attempt']}: {said}"
    for report in document["reports"]:
        said = " ".join(filter(None, (report["action"], report["status"], report["diagnostic"])))
        yield f"{report['at']}  รายงาน: {said}"


_NEXT = {
    "unwritten": "mailgate outbox release {item}, or cancel {item} --note …",
    "held": "mailgate outbox release {item}, or cancel {item}",
    "unsure": "ask the recipient, then: mailgate outbox resolve {item} --sent, or --send-again",
    "refused": "once it is mended: mailgate outbox retry {item}",
    "expired": "once it is mended: mailgate outbox retry {item}",
    "bounced": "once it is mended: mailgate outbox retry {item}",
}
