"""Values to try every template with when mailgate starts: a broken one is refused then, not when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mailgate.config import Config
from mailgate.core import compose_more, decision, digest, notice, referral, registers, reminder, requests_mail
from mailgate.core.public import samples as public
from mailgate.core.referral import Matter, Original
from mailgate.core.reminder import Delay, Pending, Untold
from mailgate.model import Receipt
from mailgate.model_dispatch import Enclosed, Numbered, Outbound, Result, Way

Samples = dict[str, Mapping[str, Any]]


def samples(config: Config, now: datetime) -> Samples:
    """By template, all but those of the acknowledgement, which are tried on their own."""
    return {
        **_letters(config, now),
        **_decisions(config, now),
        **notice.samples(config, now),
        **_reminders(config, now),
        **dict.fromkeys((digest.SUBJECT, digest.TEXT, digest.HTML), digest.sample(config)),
        **dict.fromkeys(("requests.subject.txt", "requests.txt"), _requests(config)),
        "register.html": registers.sample(config, now),
        **public.samples(config),
    }


def _requests(config: Config) -> Mapping[str, Any]:
    return requests_mail.values(config, config.office.clerk, [requests_mail.Line("1/2569", "-", "-", "-")] * 101)


def _letters(config: Config, now: datetime) -> Samples:
    receipts = [Receipt(n, 2569) for n in (1, 2, 5)]
    matter = Matter(receipts[0], "", "", "", "", now, now, "", now.date(), "", "", [], False)
    return {
        "summary.subject.txt": compose_more.summary_values(config, b"", receipts),
        "summary.txt": compose_more.summary_values(config, b"", receipts),
        "transfer.subject.txt": compose_more.transfer_values(config, receipts[0], now, "-"),
        "transfer.txt": compose_more.transfer_values(config, receipts[0], now, "-"),
        "referral.txt": referral.values(config, matter, config.office.clerk, Original()),
    }


def _decisions(config: Config, now: datetime) -> Samples:
    file, number = Enclosed("-", "0" * 64, 1), Numbered(Receipt(1, 2569, "dispatch"), "-", now.date())
    out = Outbound(Way.EMAIL, "-", "-", "-", [file], ["a@b.test"], "-", Result.REFUSED, Receipt(1, 2569), 1)
    shown = decision.values(config, out, decision.Matter(now), number, copy=False)
    return dict.fromkeys(("decision.subject.txt", "decision.txt", "paper.html"), shown)


def _reminders(config: Config, now: datetime) -> Samples:
    """A delay notice of a confidential letter, which has its number only; a reminder with every kind of line."""
    receipt, day = Receipt(1, 2569), now.date()
    delay = reminder.delay_values(config, Delay(receipt), copy=True)
    shown = reminder.reminder_values(
        config, config.office.clerk, day, [Pending(receipt, day, "-")], [Untold(receipt, day, "-")]
    )
    return {
        **dict.fromkeys(("delay.subject.txt", "delay.txt"), delay),
        **dict.fromkeys(("reminder.subject.txt", "reminder.txt"), shown),
    }
