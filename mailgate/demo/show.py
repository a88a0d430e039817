"""The demo: the main job on embedded servers, once, and what came of it.

deliver sample letters → one check of the mailbox → replies delivered → one decision → digest, registers, public pages
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from mailgate import config_file
from mailgate.config import Config
from mailgate.demo import requests, results, website
from mailgate.demo.imap_server import DemoMailbox
from mailgate.demo.letters import Sample, samples
from mailgate.demo.smtp_server import DemoPost
from mailgate.edges.clock import PaperClock, SystemClock
from mailgate.edges.store import Lock
from mailgate.edges.templates import shipped
from mailgate.edges.terminal import emit, table
from mailgate.errors import MailgateError
from mailgate.jobs import views
from mailgate.jobs.poll import poll, recover
from mailgate.model import CheckReport, Fate, Receipt
from mailgate.office import Office, open_office
from mailgate.web.handing import Given

USER, PASSWORD = "mkarea3", "demo"
_EVERY_SECONDS = 10
_SITE_PORT = 8765
_FORMS_PORT = 8766
_SITE = f"http://127.0.0.1:{_SITE_PORT}"


def main(folder: Path, keep_running: bool, as_json: bool = False) -> int:
    """Run the demo in ``folder``, adding to what is there. Returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_demo(folder.resolve(), keep_running, as_json))


async def _demo(folder: Path, keep_running: bool, as_json: bool) -> int:
    async with contextlib.AsyncExitStack() as stack:
        box = await stack.enter_async_context(DemoMailbox.run({USER: PASSWORD}))

        async def receive(recipient: str, raw: bytes) -> None:
            if recipient.lower() == config.office.address:
                await box.deliver(USER, raw, datetime.now().astimezone())

        post = await stack.enter_async_context(DemoPost.run(folder / "mails", on_mail=receive))
        config = _configure(folder, box.port, post.port)
        stack.enter_context(Lock(config.registry.path))
        clock = PaperClock(_nine_o_clock(config))  # each run a minute later, so that its letters are told apart
        school, secrets = requests.School(folder), {"MAILGATE_IMAP_PASSWORD": PASSWORD}
        office = stack.enter_context(open_office(config, clock=clock, environment=secrets, amss=school.opened))
        recover(office)
        runs = int(office.store.db.value("SELECT count(*) FROM poll"))
        clock.advance(timedelta(minutes=runs))
        school.ask(runs + 1, clock.now())
        letters = await _deliver(box, office)
        report, started = await _check(office, letters), clock.now()
        complaint = await _complain(office)
        outcomes = await school.decide(office, runs + 1)
        decided = await results.decide(office, report.receipts, folder)
        made = list(results.write(office, folder))
        if as_json:
            files = [str(path) for path in made if isinstance(path, Path)]
            emit(
                report.document()
                | {
                    "registry": str(config.registry.path),
                    "outcomes": outcomes.outcomes,
                    "decided": [str(r) for r in decided],
                    "files": files,
                }
            )
        else:
            _show(office, report, started)
            _complaint(complaint, folder)
            _heading("ผลการพิจารณาที่อ่านจาก AMSS++ · decided in AMSS++", outcomes.outcomes)
            _where_to_look(office, folder, decided, made)
        if keep_running:
            await _keep_running(office, config, box.port, post.port)
    return 0


def _configure(folder: Path, imap_port: int, smtp_port: int) -> Config:
    """This office's config with the embedded servers in place of the real ones; kept for a look with other commands."""
    values = tomllib.loads(shipped("config.toml").read_text("utf-8"))
    values["imap"] |= {"host": "127.0.0.1", "port": imap_port, "security": "none", "username": USER}
    values["smtp"] |= {"host": "127.0.0.1", "port": smtp_port, "security": "none", "username": ""}
    values["website"] = {"listen": f"127.0.0.1:{_FORMS_PORT}"}
    website.give_keys(values["services"], folder)
    values["amss"] = {"url": values["amss"]["url"], "outing": requests.OUTING}
    values["office"]["letter_code"] = "ศธ ๐๔๐๕๙"
    values["publish"] = {"directory": "site", "base_url": _SITE, "up_to": "today"}
    path = folder / "config.toml"
    path.write_text(config_file.render(values), "utf-8")
    return config_file.load(path)


def _nine_o_clock(config: Config) -> datetime:
    """The demo's "now": the last mandated time of a working day, so that it looks the same on a Sunday."""
    now = datetime.now(config.zone)
    nine = now.replace(hour=9, minute=0, second=0, microsecond=0)
    while nine > now or nine.weekday() > 4:
        nine -= timedelta(days=1)
    return nine


async def _deliver(box: DemoMailbox, office: Office) -> list[Sample]:
    """The citizens write. Each run brings new letters; the follow-up answers the acknowledgement of the run before."""
    polls = office.store.db.value("SELECT count(*) FROM poll")
    first = office.store.reports.outbox(limit=1)
    letters = samples(
        int(polls) + 1,
        office.clock.now(),
        office.config.office.address,
        reply_to=first[0]["message_id"] if first else "",
    )
    with click.progressbar(letters, label="ประชาชนส่งหนังสือ   letters arrive ", show_pos=True, file=sys.stderr) as bar:
        for letter in bar:
            await box.deliver(USER, letter.raw, letter.arrived)
    return letters


async def _check(office: Office, letters: list[Sample]) -> CheckReport:
    """One check of the mailbox with its replies, its progress shown."""
    total = len(letters)
    with click.progressbar(
        length=total, label="ตรวจและลงทะเบียนรับ checking        ", show_pos=True, file=sys.stderr
    ) as bar:
        checking = asyncio.create_task(poll(office))
        before = sum(office.store.reports.fates().values())
        while not checking.done():
            await asyncio.wait([checking], timeout=0.1)
            seen = sum((await office.registry(office.store.reports.fates)).values())
            bar.update(seen - before)
            before = seen
    return checking.result()


async def _complain(office: Office) -> Given:
    """A complaint by the website's form, which needs neither mailbox nor mail server."""
    service = next(s for s in office.config.services if s.channel == "website")
    return await website.complain(office, service, int(office.store.db.value("SELECT count(*) FROM poll")))


def _complaint(given: Given, folder: Path) -> None:
    """What the visitor was told, and how the officer reads it."""
    receipt = f"{given.number}/{given.year}"
    command = f"mailgate --config {folder / 'config.toml'}"
    _heading("ร้องเรียนทางเว็บไซต์ เข้ารหัสถึงเจ้าหน้าที่ · a complaint by the website, encrypted to its officer", 1)
    click.echo(f"  เลขรับ {receipt}   รหัสผ่าน {given.passphrase}")
    click.echo(f"  {command} letter open {receipt} --key {folder / website.KEY}")
    click.echo(f"  {command} web   → http://127.0.0.1:{_FORMS_PORT}")


def _show(office: Office, report: CheckReport, since: datetime) -> None:
    zone, reports = office.config.zone, office.store.reports
    letters = [views.letter(row, zone) for row in reports.letters_since(since)]
    mails = [views.mail(row, zone) for row in reports.mails_since(since)]
    _heading("ลงทะเบียนรับ · registered", report.registered)
    table([_letter_row(d) for d in letters], ("เลขรับ", "จาก", "เรื่อง", "ผู้รับผิดชอบ", "แนบ", "แจ้งเลขรับ"))
    silent = [(d["receipt"], d["answer_reason"], d["answer_evidence"]) for d in letters if not d["acknowledgement"]]
    _heading("ลงทะเบียนรับแต่ไม่แจ้งเลขรับ · registered, not answered", len(silent))
    table(silent, ("เลขรับ", "เหตุผล", "หลักฐานในข้อความ"))
    others = [_other_row(m) for m in mails if m["fate"] != Fate.REGISTERED]
    _heading("ไม่ลงทะเบียนรับ · not registered", len(others))
    table(others, ("ประเภท", "จาก", "เหตุผล", "หลักฐาน"))
    _summary(report)


def _letter_row(d: dict[str, Any]) -> tuple[Any, ...]:
    answered = "แจ้งแล้ว" if d["acknowledged_at"] else d["acknowledgement"] or "ไม่แจ้ง"
    follows = f" (ต่อจาก {d['follows']})" if d["follows"] else ""
    sender = d["from_name"] or d["from_address"] or "(ไม่ทราบ)"
    subject = d["subject"] or d["summary"] or "-"
    return d["receipt"] + follows, sender[:28], subject[:44], d["officer"][:24], d["enclosures"], answered


def _other_row(m: dict[str, Any]) -> tuple[Any, ...]:
    of = f" {m['receipt']}" if m["receipt"] else ""
    return m["fate"], (m["sender"] or "-")[:32], f"{m['reason']}{of}"[:60], m["evidence"][:44]


def _heading(text: str, count: int) -> None:
    click.echo()
    click.secho(f"{text}: {count}", bold=True)


def _summary(report: CheckReport) -> None:
    click.echo()
    for name, value in (
        ("เห็นในกล่อง · seen", report.seen),
        ("แจ้งเลขรับแล้ว · acknowledged", report.acknowledged),
        ("ซ้ำ · duplicates", report.duplicates),
        ("อัตโนมัติ ตีกลับ ข่าวสาร · automatic, bounces, lists", report.automatic + report.bounces + report.lists),
        ("ยังไม่ลงบัญชี · balance (0)", report.balance),
    ):
        click.echo(f"{value:>5}  {name}")


def _where_to_look(office: Office, folder: Path, decided: list[Receipt], made: Sequence[Path | str]) -> None:
    click.echo("\nดูต่อ · where to look")
    click.echo(f"  ทะเบียน · the registry               {office.config.registry.path}")
    click.echo(f"  คำตอบทุกฉบับ · every mail that went   {folder / 'mails'}")
    if decided:
        click.echo(f"  หนังสือส่ง · a decision               mailgate … dispatch show {decided[0]}")
    for one in made:
        click.echo(f"  {one}")
    click.echo(f"  python3 -m http.server --directory {folder / 'site'} {_SITE_PORT}   → {_SITE}")
    command = f"mailgate --config {folder / 'config.toml'}"
    click.echo(f"  {command} letter list --text โรงเรียน")
    click.echo(f"  {command} verify")


async def _keep_running(office: Office, config: Config, imap_port: int, smtp_port: int) -> None:
    """Stay, and check every few seconds what a person's mail program sends."""
    click.echo(f"\nIMAP 127.0.0.1:{imap_port} (user {USER}, password {PASSWORD}), SMTP 127.0.0.1:{smtp_port}, no TLS.")
    click.echo(f"Write to {config.office.address}; a check runs every {_EVERY_SECONDS} s. End with Ctrl-C.")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    office.clock = SystemClock(config.zone)
    while not await _stopped(stop):
        await _look(office, click.echo)


async def _look(office: Office, say: Callable[[str], None]) -> None:
    try:
        report = await poll(office)
    except MailgateError as e:
        say(str(e))
        return
    if report.seen:
        say(f"{', '.join(report.receipts) or '-'}: {report.acknowledged} acknowledged, {report.seen} seen")


async def _stopped(stop: asyncio.Event) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_EVERY_SECONDS):
            await stop.wait()
    return stop.is_set()
