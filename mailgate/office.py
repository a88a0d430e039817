"""The one place where things are built: a config becomes an office with its clock, registry, archive, mailbox, courier.

As much as can go wrong with the configuration goes wrong here, before the registry is opened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from mailgate.config import Config
from mailgate.core import compose
from mailgate.core.enclosing import Sign
from mailgate.core.letterhead import Letterhead
from mailgate.core.special_days import DayTable, special
from mailgate.core.trust import Known
from mailgate.core.workdays import Workdays
from mailgate.edges import amss as amss_tables
from mailgate.edges import holiday_seed
from mailgate.edges.amss import Requests
from mailgate.edges.archive import Archive
from mailgate.edges.attachments import Attachments
from mailgate.edges.clamd import Clamd, Scanner
from mailgate.edges.clock import Clock, SystemClock
from mailgate.edges.courier import Courier
from mailgate.edges.imap import ImapPost
from mailgate.edges.mailbox import Post
from mailgate.edges.parser_cell import Cell, ParserCell
from mailgate.edges.secrets import secret, token, token_key
from mailgate.edges.smtp import SmtpCourier
from mailgate.edges.store import Store
from mailgate.edges.templates import Templates
from mailgate.errors import ConfigError, MailgateError
from mailgate.model import Enclosures, Receipt, Receiving
from mailgate.samples import samples

_T = TypeVar("_T")
OpenAmss = Callable[[], AbstractContextManager[Requests]]


@dataclass
class Office:
    """Everything a job needs. The registry lives on a thread of its own: ask it through ``registry``."""

    config: Config
    clock: Clock
    workdays: Workdays
    head: Letterhead
    post: Post
    courier: Callable[[], Courier]
    archive: Archive
    attachments: Attachments
    cell: Callable[[], Cell]
    scanner: Scanner | None
    known: Known
    store: Store
    amss: OpenAmss | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set: finish the step in hand, begin no other
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "registry"))
    _disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "archive"))

    async def registry(self, step: Callable[..., _T], *args: Any) -> _T:
        """Run a step of the registry on its thread, one after the other, without blocking the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(step, *args))

    async def disk(self, step: Callable[..., _T], *args: Any) -> _T:
        """Run a step of the archive on one of its threads."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(step, *args))

    def reload_calendar(self) -> bool:
        """Take in what was changed in the registry's calendar; a step of the registry. Whether anything was."""
        if self.store.calendar.version() == self.workdays.table.version:
            return False
        self.workdays = workdays(self.config, day_table(self.store))
        return True

    def signer(self) -> Sign | None:
        """What signs decisions, if the config names a certificate. Raises ConfigError."""
        path = self.config.signing.pkcs12_file
        if path is None:
            return None
        from mailgate.edges import smime  # loads cryptography, which an office without a certificate does not need

        return smime.signer(path, token("signing-password", os.environ), self.clock.now())

    def __enter__(self) -> Office:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._disk.shutdown()
        self._thread.shutdown()
        self.store.close()


def workdays(config: Config, table: DayTable) -> Workdays:
    """The office's calendar: its table in the registry, corrected by ``[calendar]``."""
    opens, closes = config.office.opening
    calendar = config.calendar
    return Workdays(
        config.zone,
        opens,
        closes,
        holiday_seed.name_of,
        frozenset(calendar.add),
        frozenset(calendar.remove),
        frozenset(calendar.half_days),
        calendar.half_day_ends,
        table,
    )


def day_table(store: Store) -> DayTable:
    """The calendar as it stands in the registry now. Raises RegistryError."""
    # In this order, so that whatever another process commits in between is no wrong day, and is seen as a change.
    version, years = store.calendar.version(), frozenset(store.calendar.years())
    days = {date.fromisoformat(row["day"]): special(dict(row)) for row in store.calendar.days()}
    return DayTable(days, years, version)


def templates(config: Config, clock: Clock) -> Templates:
    """The office's texts, tried with sample values. Raises ConfigError."""
    made = Templates(config.replies.templates)
    now = clock.now()
    sample = Receiving(now, now, now, (now + timedelta(days=30)).date())
    service = config.services[0] if config.services else None
    for shown, enclosures in ((service, Enclosures((1024,))), (None, Enclosures())):
        made.check(compose.context(config, Receipt(123, 2569), sample, enclosures, "0" * 64, shown))
    made.check_others(samples(config, now))
    return made


def scanner(config: Config) -> Scanner | None:
    """The virus scanner of the config, if it names one."""
    scan = config.scan
    return Clamd(scan.clamd_socket, scan.timeout.total_seconds()) if scan.clamd_socket else None


def known(config: Config) -> Known:
    """Whom the office knows, for telling look-alikes."""
    staff = tuple((p.name, p.email) for p in config.staff)
    return Known(staff, config.own_addresses, config.office.name)


def reloaded(office: Office, config: Config) -> Office:
    """The same office under a new config; registry and clock stay. Raises ConfigError, and then nothing has changed."""
    if config.registry != office.config.registry or config.zone != office.config.zone:
        raise ConfigError("[registry] and the time zone cannot change while working", hint="Restart mailgate")
    texts = templates(config, office.clock)
    return replace(
        office,
        config=config,
        workdays=workdays(config, office.workdays.table),
        head=Letterhead(config, office.head.key, texts.render),
        post=ImapPost(config.imap, secret("imap", config.imap, os.environ)),
        courier=partial(SmtpCourier, config.smtp, secret("smtp", config.smtp, os.environ)),
        scanner=scanner(config),
        known=known(config),
        amss=amss_tables.opener(config.amss, os.environ),
    )


def open_office(
    config: Config,
    *,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
    post: Post | None = None,
    courier: Callable[[], Courier] | None = None,
    cell: Callable[[], Cell] | None = None,
    scan: Scanner | None = None,
    amss: OpenAmss | None = None,
) -> Office:
    """Build the office of a config. Raises ConfigError, ArchiveError or RegistryError."""
    environment = os.environ if environment is None else environment
    clock = clock or SystemClock(config.zone)
    texts = templates(config, clock)
    if not config.imap.username and post is None:
        raise ConfigError("[imap] username is missing")
    key = token_key(config.registry.key_file)
    made = Office(
        config=config,
        clock=clock,
        workdays=workdays(config, DayTable()),
        head=Letterhead(config, key, texts.render),
        post=post or ImapPost(config.imap, secret("imap", config.imap, environment)),
        courier=courier or partial(SmtpCourier, config.smtp, secret("smtp", config.smtp, environment)),
        archive=Archive(config.registry.archive),
        attachments=Attachments(config.registry.archive / "attachments"),
        cell=cell or ParserCell,
        scanner=scan or scanner(config),
        known=known(config),
        store=Store(config.registry.path),
        amss=amss or amss_tables.opener(config.amss, environment),
    )
    try:
        made.reload_calendar()
    except MailgateError:
        made.store.close()
        raise
    return made
