"""``mailgate doctor``: tries everything a check will need and says of each what to mend."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from mailgate.config import Config
from mailgate.edges.archive import Archive
from mailgate.edges.clamd import Clamd
from mailgate.edges.clock import Clock, SystemClock
from mailgate.edges.imap import ImapPost
from mailgate.edges.parser_cell import ParserCell
from mailgate.edges.secrets import secret, token_key
from mailgate.edges.smtp import SmtpCourier
from mailgate.edges.store import Lock, Store
from mailgate.edges.store.database import moment
from mailgate.errors import MailgateError, RegistryError
from mailgate.jobs import doctor_duty
from mailgate.office import day_table, templates, workdays


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


Test = Callable[[Config, Clock], Awaitable[str]]
_LITTLE = 200 << 20  # bytes free below which the doctor warns


async def examine(config: Config, report: Callable[[Finding], None]) -> list[Finding]:
    """Run every test, whatever the others found; ``report`` gets each finding as it is made."""
    clock, findings = SystemClock(config.zone), []
    for name, test in TESTS:
        try:
            finding = Finding(name, True, await test(config, clock))
        except MailgateError as e:
            finding = Finding(name, False, "\n".join([e.what, *getattr(e, "problems", [])]), e.hint)
        report(finding)
        findings.append(finding)
    return findings


async def _templates(config: Config, clock: Clock) -> str:
    templates(config, clock)
    return "acknowledgement texts can be rendered"


async def _calendar(config: Config, clock: Clock) -> str:
    now = clock.now()
    with closing(Store(config.registry.path)) as store:
        slot = workdays(config, day_table(store)).next_slot(now, config.checks.times)
        year = store.calendar.year(now.year)
    confirmed = f"confirmed by {year['confirmed_by']}" if year and year["confirmed_at"] else "not confirmed by anybody"
    return f"next mandated check {slot:%Y-%m-%d %H:%M %Z}; the calendar of {now.year + 543} is {confirmed}"


async def _key(config: Config, clock: Clock) -> str:
    token_key(config.registry.key_file)
    mode = os.stat(config.registry.key_file).st_mode & 0o077
    if mode:
        raise MailgateError(f"{config.registry.key_file} can be read by others", "chmod 600 it")
    return f"{config.registry.key_file}"


async def _credentials(config: Config, clock: Clock) -> str:
    secret("imap", config.imap, os.environ)()
    if config.smtp.username:
        secret("smtp", config.smtp, os.environ)()
    return "found"


async def _registry(config: Config, clock: Clock) -> str:
    with closing(Store(config.registry.path)) as store:
        seq, head = store.chain.head()
        store.chain.note(clock.now(), "doctor", {})
        return f"{config.registry.path}: {seq} events, head {head[:16]}"


async def _clock(config: Config, clock: Clock) -> str:
    """Against the registry: an event of the future means that the clock was wrong, then or now."""
    now = clock.now()
    with closing(Store(config.registry.path)) as store:
        last = moment(store.db.value("SELECT at FROM event ORDER BY seq DESC LIMIT 1"))
    if last is not None and last > now + timedelta(minutes=2):
        raise RegistryError(f"the registry has an event of {last:%Y-%m-%d %H:%M %Z}", "Check this machine's clock")
    return f"{now:%Y-%m-%d %H:%M %Z}"


async def _lock(config: Config, clock: Clock) -> str:
    try:
        with Lock(config.registry.path):
            return "no other mailgate is at work"
    except RegistryError:
        return "the daemon is running"


async def _archive(config: Config, clock: Clock) -> str:
    archive = Archive(config.registry.archive)
    incoming = archive.begin()
    incoming.write(b"doctor")
    incoming.abandon()
    free = archive.free()
    if free < _LITTLE:
        raise MailgateError(f"only {free >> 20} MiB free for {config.registry.archive}", "Free some space")
    return f"{config.registry.archive}: {free >> 30} GiB free"


async def _reader(config: Config, clock: Clock) -> str:
    cell = ParserCell()
    with Archive(config.registry.archive).workplace() as folder:
        file = folder / "mail"
        await asyncio.to_thread(file.write_bytes, "Subject: doctor\r\n\r\nสวัสดี\r\n".encode())
        try:
            reading = await cell.read(file, folder)
        finally:
            await cell.close()
    return f"the child that reads mail answers ({reading.summary})"


async def _scanner(config: Config, clock: Clock) -> str:
    scan = config.scan
    if scan.clamd_socket is None:
        return "none is configured ([scan] clamd_socket)"
    return await Clamd(scan.clamd_socket, scan.timeout.total_seconds()).version()


async def _imap(config: Config, clock: Clock) -> str:
    wire = await ImapPost(config.imap, secret("imap", config.imap, os.environ)).connect()
    wire.abort()
    return f"{config.imap.host}:{config.imap.real_port} {config.imap.security}, logged in as {config.imap.username}"


async def _mailbox(config: Config, clock: Clock) -> str:
    async with ImapPost(config.imap, secret("imap", config.imap, os.environ)).open() as mailbox:
        waiting = await mailbox.waiting()
        folder = config.imap.done_folder.replace("{year}", str(clock.now().year + 543))
        how = "flagged" if config.imap.done == "flag" else await mailbox.prepare(folder)
        return f"{config.imap.mailbox}: {len(waiting)} message(s), UIDVALIDITY {mailbox.uidvalidity}; done mail: {how}"


async def _smtp(config: Config, clock: Clock) -> str:
    courier = SmtpCourier(config.smtp, secret("smtp", config.smtp, os.environ))
    try:
        await asyncio.wait_for(courier.ready(), config.smtp.timeout.total_seconds() * 3)
    except TimeoutError:
        raise MailgateError("the SMTP server does not answer", "Check [smtp] host and port") from None
    finally:
        await courier.close()
    logged = f"logged in as {config.smtp.username}" if config.smtp.username else "without login"
    return f"{config.smtp.host}:{config.smtp.real_port} {config.smtp.security}, {logged}"


TESTS: tuple[tuple[str, Test], ...] = (
    ("credentials", _credentials),
    ("templates", _templates),
    ("calendar", _calendar),
    ("token key", _key),
    ("registry", _registry),
    ("clock", _clock),
    ("lock", _lock),
    ("archive", _archive),
    ("reader", _reader),
    ("scanner", _scanner),
    ("alarm", doctor_duty.alarm),
    ("backup", doctor_duty.backup),
    ("publish", doctor_duty.publish),
    ("amss", doctor_duty.amss),
    ("sealing", doctor_duty.sealing),
    ("signing", doctor_duty.signing),
    ("imap", _imap),
    ("mailbox", _mailbox),
    ("smtp", _smtp),
)
