"""Telling people by a second way: look → what is new, what is solved → send by every way set → keep the book."""

from __future__ import annotations

import asyncio
import logging
import os
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from functools import partial

from mailgate.config import Config
from mailgate.core import alarms as core
from mailgate.core.alarms import Condition, Notice, Up
from mailgate.edges import alarm_ways
from mailgate.edges.alarm_book import PATIENCE, AlarmBook, book_of
from mailgate.edges.alarm_ways import Facts, Way
from mailgate.edges.clock import Clock, SystemClock
from mailgate.edges.detached import detached
from mailgate.edges.durable import replace_file
from mailgate.edges.secrets import secret, token
from mailgate.edges.smtp import SmtpCourier
from mailgate.errors import MailgateError
from mailgate.jobs import conditions
from mailgate.jobs.conditions import Look, Survey
from mailgate.office import Office

log = logging.getLogger("mailgate.alarm")

_DISK_SECONDS = 3.0  # longer than any sound disk takes for the small files here


def ways(config: Config, clock: Clock) -> list[Way]:
    """The ways that the config sets; each address is one, so that one which is refused keeps no other from its mail."""
    alarm, found = config.alarm, list[Way]()
    if alarm.command:
        found.append(alarm_ways.Command(alarm.command))
    if alarm.webhook:
        key = token("alarm-token", os.environ)
        found.append(alarm_ways.Webhook(alarm.webhook, alarm.webhook_style, alarm.webhook_to, key))
    if alarm.to:
        smtp = alarm.smtp(config.office.address)
        sender, key = smtp.from_ or config.office.address, secret("alarm", smtp, os.environ)
        found += [alarm_ways.Mail(SmtpCourier(smtp, key), sender, address, clock) for address in alarm.to]
    return found


async def evaluate(
    office: Office,
    now: datetime,
    more: Iterable[Condition] = (),
    scopes: Sequence[str] = ("config", "chain", "certificate"),
) -> None:
    """The daemon's look at everything. ``more``: what it found itself, of the kinds in ``scopes``."""
    seen = await office.registry(survey, office, now, conditions.GUARDED)
    await tell(office.config, office.clock, Survey([*seen.found, *more], [*seen.scopes, *scopes], seen.ends))


def survey(office: Office, now: datetime, looks: dict[str, Look]) -> Survey:
    """A step of the registry: look for these kinds of trouble, knowing what is up."""
    return conditions.survey(office, now, listed(office.config), looks)


async def raise_one(config: Config, condition: Condition) -> None:
    """One alarm where there is no office, for the registry cannot be opened."""
    await tell(config, SystemClock(config.zone), Survey([condition], [condition.key.partition(":")[0]], {}))


async def tell(config: Config, clock: Clock, seen: Survey) -> None:
    """Tell what is new and what is over, and keep the book."""
    book = book_of(config.registry.path)
    lock, up = await _taken(book)
    try:
        mine = core.within(up, seen.scopes)
        told = core.notice(mine, seen.found, seen.ends)
        _log(told, up)
        sent = bool(told) and await _told(config, clock, told)
        others = {key: alarm for key, alarm in up.items() if key not in mine}
        await _kept(book, others | core.booked(mine, seen.found, clock.now(), sent))
    finally:
        book.unlock(lock)


async def send(config: Config, subject: str, text: str, clock: Clock, told: Notice = core.NOTHING) -> dict[str, str]:
    """Send by every way; by its name "" or why it did not arrive."""
    subject, text = core.carried(subject), core.carried(text)
    facts: Facts = {
        "office": config.office.name,
        "at": clock.now().isoformat(timespec="seconds"),
        "raised": list(told.raised),
        "solved": list(told.solved),
    }
    by = ways(config, clock)
    results = await asyncio.gather(*(_sent(way, subject, text, facts) for way in by))
    return {way.name: problem for way, problem in zip(by, results, strict=True)}


async def dead_man(office: Office) -> None:
    """A check was done: give the signs of life that somebody outside waits for, each whatever the other does."""
    alarm = office.config.alarm
    if file := alarm.dead_man_file:
        done = office.clock.now().isoformat(timespec="seconds")
        await _signed(partial(replace_file, file, f"{done}\n".encode()))
    if alarm.dead_man_url:
        request = urllib.request.Request(alarm.dead_man_url)  # noqa: S310 - checked by the config
        await _signed(partial(alarm_ways.fetch, request))


def listed(config: Config) -> dict[str, Up]:
    """The alarms that are up, by key."""
    return _up(book_of(config.registry.path))


def _up(book: AlarmBook) -> dict[str, Up]:
    found = {}
    for key, plain in book.read().items():
        try:
            found[key] = Up(**plain)
        except TypeError:  # of another version: it is raised again
            continue
    return found


async def _taken(book: AlarmBook) -> tuple[int | None, dict[str, Up]]:
    """The book, locked. A disk that hangs tells nothing: an alarm is told again then, rather than not at all."""
    try:
        return await detached(lambda: (book.lock(), _up(book)), PATIENCE + _DISK_SECONDS)
    except TimeoutError:
        return None, {}


async def _kept(book: AlarmBook, up: dict[str, Up]) -> None:
    with suppress(TimeoutError):
        await detached(partial(book.write, {key: asdict(alarm) for key, alarm in up.items()}), _DISK_SECONDS)


def _log(told: Notice, up: dict[str, Up]) -> None:
    """What could not be sent is tried each minute, and said in the log once."""
    for key in told.raised.keys() - up.keys():
        log.warning("alarm raised: %s", key)
    for key in told.solved:
        log.warning("alarm solved: %s", key)


async def _told(config: Config, clock: Clock, told: Notice) -> bool:
    """Whether at least one way took it. Without a way, the book alone has it, and ``status`` shows it."""
    name = config.office.name
    results = await send(config, core.subject(name, told), core.text(name, told, clock.now()), clock, told)
    return any(not problem for problem in results.values())


async def _sent(way: Way, subject: str, text: str, facts: Facts) -> str:
    try:
        async with asyncio.timeout(alarm_ways.LONGEST):
            await way.send(subject, text, facts)
    except MailgateError as e:  # a token that cannot be read, too: no way may keep the others from theirs
        log.error("alarm by %s: %s", way.name, e)
        return str(e)
    except TimeoutError:
        log.error("alarm by %s: no answer in time", way.name)
        return "no answer in time"
    return ""


async def _signed(sign: Callable[[], None]) -> None:
    try:
        await detached(sign, alarm_ways.LONGEST)
    except MailgateError as e:
        log.error("no sign of life could be given: %s", e)
    except TimeoutError:
        log.error("no sign of life could be given: no answer in time")
