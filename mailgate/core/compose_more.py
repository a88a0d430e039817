"""Mails to citizens besides the acknowledgement: several numbers told at once, and which agency is responsible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from mailgate.config import Config
from mailgate.core import thai
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values
from mailgate.core.public import status_link
from mailgate.model import Draft, Receipt

_MOST_PAGES = 20


def ranges(receipts: Sequence[Receipt]) -> str:
    """Receipts in order, runs of numbers joined: ``1-5, 8, 10/2569``; each year on its own."""
    years = dict.fromkeys(r.year for r in receipts)
    return "; ".join(f"{', '.join(_runs(sorted(r.number for r in receipts if r.year == y)))}/{y}" for y in years)


def summary(head: Letterhead, receipts: Sequence[Receipt], recipient: str, item: int, now: datetime) -> Draft:
    """One acknowledgement for several letters of one sender."""
    values = summary_values(head.config, head.key, receipts)
    return draft(
        head,
        Outgoing(
            kind="summary",
            item=item,
            letter="",
            recipient=recipient,
            subject=head.render("summary.subject.txt", values).strip(),
            text=head.render("summary.txt", values),
            made="auto-replied",
            now=now,
        ),
    )


def summary_values(config: Config, key: bytes, receipts: Sequence[Receipt]) -> dict[str, Any]:
    """The values of summary.txt; law 9: numbers only, and where the first letters' status pages are."""
    digits = thai.digits if config.office.thai_digits else str
    shown = ranges(receipts)
    pages = [(digits(r), status_link.url(config, key, str(r))) for r in receipts[:_MOST_PAGES]]
    return {
        "office": office_values(config),
        "receipts": digits(shown),
        "count": digits(len(receipts)),
        "status": [{"receipt": receipt, "url": url} for receipt, url in pages if url],
        "en": {"receipts": shown, "count": len(receipts)},
    }


def transfer(
    head: Letterhead, receipt: Receipt, received: datetime, agency: str, recipient: str, item: int, now: datetime
) -> Draft:
    """Tell the citizen which agency is responsible (Act B.E. 2565 s.10 para 2); a person decided it."""
    values = transfer_values(head.config, receipt, received, agency)
    return draft(
        head,
        Outgoing(
            kind="transfer",
            item=item,
            letter=str(receipt),
            recipient=recipient,
            subject=head.render("transfer.subject.txt", values).strip(),
            text=head.render("transfer.txt", values),
            made="by hand",
            now=now,
        ),
    )


def transfer_values(config: Config, receipt: Receipt, received: datetime, agency: str) -> dict[str, Any]:
    """The values of transfer.txt."""
    office = config.office
    digits = thai.digits if office.thai_digits else str
    return {
        "office": office_values(config),
        "receipt": digits(receipt),
        "received": "วันที่ " + thai.long_date(received.astimezone(config.zone).date(), thai_digits=office.thai_digits),
        "agency": agency,
        "en": {"receipt": str(receipt)},
    }


def _runs(numbers: list[int]) -> Iterator[str]:
    start = previous = None
    for number in numbers:
        if previous is not None and number != previous + 1:
            yield _run(start or previous, previous)
            start = None
        start, previous = start or number, number
    if previous is not None:
        yield _run(start or previous, previous)


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}, {last}" if last == first + 1 else f"{first}-{last}"
