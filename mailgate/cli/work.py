"""doctor, poll, run, status, verify."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import click

from mailgate import daemon
from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.edges.store import Lock
from mailgate.edges.terminal import colour, emit, lines
from mailgate.jobs import doctor as doctors
from mailgate.jobs import poll as polls
from mailgate.jobs.doctor import Finding
from mailgate.jobs.status import status as status_of
from mailgate.jobs.verify import verify as verify_all


@click.command()
@as_json
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> int:
    """Try everything a check needs and say what to mend."""

    def show(finding: Finding) -> None:
        if not as_json:
            mark = colour("ok  ", True) if finding.ok else colour("FAIL", False)
            click.echo(f"{mark} {finding.name:<10} {finding.detail}")
            if finding.remedy:
                click.echo(f"     {'':<10} → {finding.remedy}")

    findings = asyncio.run(doctors.examine(settings.config, show))
    if as_json:
        emit([f.document() for f in findings])
    return 0 if all(f.ok for f in findings) else 1


@click.command()
@as_json
@click.pass_obj
def poll(settings: Settings, as_json: bool) -> int:
    """Check the mailbox once: register what is new, send the replies, file the mail away."""
    with Lock(settings.config.registry.path), settings.office() as office:
        polls.recover(office)
        report = asyncio.run(polls.poll(office))
    for problem in report.problems:
        click.echo(f"mailgate: {problem}", err=True)
    document = report.document()
    emit(document) if as_json else lines(document)
    return NEEDS_A_PERSON if report.problems or report.balance or report.set_aside or report.held else 0


@click.command()
@as_json
@click.pass_obj
def run(settings: Settings, as_json: bool) -> int:
    """Stay and work: check at the mandated times, send in between. Ends on SIGTERM or SIGINT."""
    with Lock(settings.config.registry.path), settings.office() as office:
        polls.recover(office)
        work = asyncio.run(daemon.run(office))
    if as_json:
        emit(work)
    return 0


@click.command()
@as_json
@click.pass_obj
def status(settings: Settings, as_json: bool) -> int:
    """One screen: the last and the next check, registers, outbox, warnings."""
    with settings.office() as office:
        document = status_of(office)
    if as_json:
        emit(document)
    else:
        lines(_readable(document))
    return NEEDS_A_PERSON if document["warnings"] else 0


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    last = document["last_check"]
    shown = dict(document)
    if last:
        started = datetime.fromisoformat(last["started_at"])
        shown["last_check"] = f"{started:%Y-%m-%d %H:%M} {'done' if last['done'] else 'not done'}"
    shown["registers"] = [f"{r['register']} {r['year']}: {r['last']}" for r in document["registers"]]
    for name in ("mails", "outbox", "reading"):
        shown[name] = ", ".join(f"{k} {v}" for k, v in document[name].items()) or "-"
    shown["disk_free"] = f"{document['disk_free'] >> 20} MiB"
    return shown


@click.command()
@as_json
@click.pass_obj
def verify(settings: Settings, as_json: bool) -> int:
    """Re-derive everything the registry claims: file, event chain, numbers, letters, replies, archive."""
    with settings.office() as office:
        findings = verify_all(office, lambda name: click.echo(f"checking {name} …", err=True))
    if as_json:
        emit({"ok": not findings.problems, "checked": findings.checked, "problems": findings.problems})
    else:
        lines(findings.checked | {"problems": findings.problems or "none"})
    return 1 if findings.problems else 0
