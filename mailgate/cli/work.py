"""doctor, poll, run, verify."""

from __future__ import annotations

import asyncio

import click

from mailgate.cli.context import NEEDS_A_PERSON, Settings, as_json
from mailgate.core.alarms import Condition
from mailgate.daemon import Daemon
from mailgate.edges.store import Lock
from mailgate.edges.terminal import colour, emit, lines
from mailgate.errors import MailgateError
from mailgate.jobs import alarms
from mailgate.jobs import doctor as doctors
from mailgate.jobs import poll as polls
from mailgate.jobs.doctor import Finding
from mailgate.jobs.verify import verify as verify_all
from mailgate.model import CheckReport
from mailgate.office import Office


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
    well = all(f.ok for f in findings)
    if as_json:
        emit([f.document() for f in findings])
    elif well:
        click.echo("next: mailgate poll; where mailgate is a service: systemctl start mailgate", err=True)
    return 0 if well else 1


@click.command()
@as_json
@click.pass_obj
def poll(settings: Settings, as_json: bool) -> int:
    """Check the mailbox once: register what is new, send the replies, file the mail away."""
    with Lock(settings.config.registry.path), settings.office() as office:
        polls.recover(office)
        report = asyncio.run(_checked(office))
    for problem in report.problems:
        click.echo(f"mailgate: {problem}", err=True)
    document = report.document()
    emit(document) if as_json else lines(document)
    return NEEDS_A_PERSON if report.problems or report.balance or report.set_aside or report.held else 0


async def _checked(office: Office) -> CheckReport:
    report = await polls.poll(office)
    await polls.conclude(office, report)
    return report


@click.command()
@as_json
@click.pass_obj
def run(settings: Settings, as_json: bool) -> int:
    """Stay and work: check at the mandated times, send in between. Ends on SIGTERM or SIGINT."""
    work = asyncio.run(_work(settings))
    if as_json:
        emit(work)
    return 0


async def _work(settings: Settings) -> dict[str, int]:
    """The daemon; what keeps it from starting is an alarm, for nobody may be looking."""
    try:
        with Lock(settings.config.registry.path), settings.office() as office:
            polls.recover(office)
            return await Daemon(office, settings.again).run()
    except MailgateError as e:
        await alarms.raise_one(settings.config, Condition("daemon", str(e)))
        raise


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
