"""Telling people by a second way: look → what is new, what is solved → send by every way set → keep the book."""

from __future__ import annotations

import asyncio
import logging
import os
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from mailgate.config import Config
from mailgate.core import alarms as core
from mailgate.core.alarms import Condition, Notice, Up
from mailgate.edges import alarm_ways
from mailgate.edges.alarm_book import AlarmBook, book_of
from mailgate.edges.alarm_ways import Way
from mailgate.edges.clock import Clock, SystemClock
from mailgate.edges.durable import replace_file
from mailgate.edges.secrets import secret, token
from mailgate.edges.smtp import SmtpCourier
from mailgate.errors import AlarmError, MailgateError
from mailgate.jobs import conditions
from mailgate.jobs.conditions import Look
from mailgate.office import Office

log = logging.getLogger("mailgate.alarm")


def ways(config: Config, clock: Clock) -> list[Way]:
    """The ways that the config sets."""
    alarm, found = config.alarm, list[Way]()
    if alarm.command:
        found.append(alarm_ways.Command(alarm.command))
    if alarm.webhook:
        key = token("alarm-token", os.environ)
        found.append(alarm_ways.Webhook(alarm.webhook, alarm.webhook_style, alarm.webhook_to, key))
    if alarm.to:
        smtp = alarm.smtp(config.office.address)
        courier = SmtpCourier(smtp, secret("alarm", smtp, os.environ))
        found.append(alarm_ways.Mail(courier, smtp.from_ or config.office.address, alarm.to, clock))
    return found


async def evaluate(
    office: Office,
    now: datetime,
    more: Iterable[Condition] = (),
    scopes: Sequence[str] = ("config", "chain", "certificate"),
) -> None:
    """The daemon's look at everything. ``more``: what it found itself, of the kinds in ``scopes``."""
    await look(office, now, conditions.GUARDED, more, scopes)


async def look(
    office: Office, now: datetime, looks: dict[str, Look], more: Iterable[Condition] = (), scopes: Sequence[str] = ()
) -> list[Condition]:
    """Look for these kinds of trouble, tell what is new or over; what was found."""
    book = book_of(office.config.registry.path)
    found, seen = await office.registry(conditions.survey, office, now, _up(book), looks)
    found = [*found, *more]
    await _tell(office.config, office.clock, book, found, [*seen, *scopes])
    return found


async def raise_one(config: Config, condition: Condition) -> None:
    """One alarm where there is no office, for the registry cannot be opened."""
    book = book_of(config.registry.path)
    await _tell(config, SystemClock(config.zone), book, [condition], [condition.key.partition(":")[0]])


async def send(config: Config, subject: str, text: str, clock: Clock) -> dict[str, str]:
    """Send by every way; by its name "" or why it did not arrive."""
    by = ways(config, clock)
    results = await asyncio.gather(*(_sent(way, subject, text) for way in by))
    return {way.name: problem for way, problem in zip(by, results, strict=True)}


async def dead_man(office: Office) -> None:
    """A check was done: give the sign of life that somebody outside waits for."""
    alarm = office.config.alarm
    try:
        if alarm.dead_man_file:
            done = office.clock.now().isoformat(timespec="seconds")
            await asyncio.to_thread(replace_file, alarm.dead_man_file, f"{done}\n".encode())
        if alarm.dead_man_url:
            await asyncio.to_thread(alarm_ways.fetch, urllib.request.Request(alarm.dead_man_url))  # noqa: S310 - checked
    except MailgateError as e:
        log.error("no sign of life could be given: %s", e)


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


async def _tell(config: Config, clock: Clock, book: AlarmBook, found: list[Condition], scopes: list[str]) -> None:
    lock = await asyncio.to_thread(book.lock)
    try:
        up = _up(book)
        mine = core.within(up, scopes)
        told = core.notice(mine, found)
        sent = bool(told) and await _told(config, clock, told)
        others = {key: alarm for key, alarm in up.items() if key not in mine}
        now = others | core.booked(mine, found, clock.now(), sent)
        book.write({key: asdict(alarm) for key, alarm in now.items()})
    finally:
        book.unlock(lock)


async def _told(config: Config, clock: Clock, told: Notice) -> bool:
    """Whether at least one way took it. Without a way, the book alone has it, and ``status`` shows it."""
    for key in told.raised:
        log.warning("alarm raised: %s", key)
    for key in told.solved:
        log.warning("alarm solved: %s", key)
    name = config.office.name
    results = await send(config, core.subject(name, told), core.text(name, told, clock.now()), clock)
    return any(not problem for problem in results.values())


async def _sent(way: Way, subject: str, text: str) -> str:
    try:
        async with asyncio.timeout(alarm_ways.SECONDS + 5):
            await way.send(subject, text)
    except AlarmError as e:
        log.error("alarm by %s: %s", way.name, e)
        return str(e)
    except TimeoutError:
        log.error("alarm by %s: no answer in time", way.name)
        return "no answer in time"
    return ""
