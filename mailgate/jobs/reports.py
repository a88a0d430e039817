"""What a delivery report says of our mails. It is as easily forged as any mail (RFC 3464 4.1): only a token counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailgate.core import tokens
from mailgate.core.parse import headers
from mailgate.edges.store.database import Row
from mailgate.jobs.reading import HEADER_BYTES
from mailgate.jobs.threads import verified_item
from mailgate.model_reading import Recipient, Report
from mailgate.office import Office


def apply(office: Office, row: Row, report: Report | None, now: datetime) -> None:
    """Note on each outbox item what the report says of it; inside the reading's transaction."""
    if report is None:
        return
    for item in dict.fromkeys(_items(office, row, report)):
        for recipient in report.recipients or (Recipient("", report.action, "", ""),):
            office.store.outbox.reported(item, row["id"], recipient, now)


def _items(office: Office, row: Row, report: Report) -> Iterator[int]:
    """Items whose token the report bears: ENVID is surest, then the return path it came to, then Message-IDs."""
    item, _, token = report.envelope_id.partition(".")
    found = [(int(item), token)] if item.isdecimal() and len(item) < 19 else []
    mail = headers(office.archive.kept(row["sha256"]).read(0, HEADER_BYTES))
    found += [bounce for address in mail.delivered if (bounce := tokens.returned(address))]
    found += tokens.candidates(report.message_ids)
    for candidate in found:
        known = verified_item(office, *candidate)
        if known is not None:
            yield known["id"]
