"""alarm list|test|send, and watch."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.config import Config
from mailgate.edges.clock import SystemClock
from mailgate.edges.terminal import colour, emit, table
from mailgate.errors import MailgateError
from mailgate.jobs import alarms, watching

_NO_WAY = "no way is set by which an alarm could reach anybody"
_HINT = "Set command, webhook, or to and smtp_host in [alarm] of config.toml"


@click.group()
def alarm() -> None:
    """What is wrong now, and the ways by which people are told."""


@alarm.command("list")
@as_json
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> int:
    """The alarms that are up."""
    up = alarms.listed(settings.config)
    if as_json:
        emit([{"key": key} | asdict(found) for key, found in up.items()])
    else:
        table(
            [[k, a.since, "sent" if a.sent else "not sent", a.text] for k, a in up.items()],
            ["key", "since", "", "text"],
        )
    return NEEDS_A_PERSON if up else 0


@alarm.command()
@as_json
@click.pass_obj
def test(settings: Settings, as_json: bool) -> int:
    """Send a test by every way, and show what each said."""
    name = settings.config.office.name
    text = f"{name}\nข้อความนี้เป็นการทดสอบการแจ้งเหตุ ไม่ต้องดำเนินการใด\nThis is a test; nothing needs to be done.\n"
    return _send(settings.config, f"[mailgate] ทดสอบการแจ้งเหตุ: {name}", text, as_json)


@alarm.command()
@click.argument("subject")
@click.option("--text", default="", help="More lines; - reads them from standard input.")
@as_json
@click.pass_obj
def send(settings: Settings, subject: str, text: str, as_json: bool) -> int:
    """Send an alarm of your own by every way, as the units do when one of them fails."""
    said = sys.stdin.buffer.read(10_000).decode("utf-8", "replace") if text == "-" else text
    return _send(settings.for_alarm(), f"[mailgate] {' '.join(subject.split())[:200]}", said or subject, as_json)


def _send(config: Config, subject: str, text: str, as_json: bool) -> int:
    if not config.alarm.is_set:
        raise MailgateError(_NO_WAY, _HINT)
    results = asyncio.run(alarms.send(config, subject, text, SystemClock(config.zone)))
    if as_json:
        emit([{"way": way, "sent": not problem, "problem": problem} for way, problem in results.items()])
    else:
        for way, problem in results.items():
            click.echo(f"{colour('ok  ', True) if not problem else colour('FAIL', False)} {way:<8} {problem}")
    return 0 if not any(results.values()) else 1


@click.command()
@as_json
@click.pass_obj
def watch(settings: Settings, as_json: bool) -> int:
    """Is the duty being done? Looks once, raises the alarm, and ends: for a timer, ten minutes after each check."""
    found = watching.run(settings.config)
    if as_json:
        emit([asdict(condition) for condition in found])
    else:
        for condition in found:
            click.echo(f"{condition.key}: {condition.text}", err=True)
    return NEEDS_A_PERSON if found else 0
