"""A reading of AMSS++: what is new there is registered, what was decided there ends its letter.

    known fingerprints ─▶ the database's own ─▶ new, changed, gone; only these are fetched
    new      in batches: what was read → archive, fsynced → ONE transaction: numbers, letters, journal, events
    changed  decided: dispatch register, letter ended; else a remark
    gone     a remark; the letter stays

Its own trouble is a line in the report: mail is registered as ever.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from mailgate.core import amss
from mailgate.edges.amss import Requests
from mailgate.edges.archive import Kept
from mailgate.errors import MailgateError, RegistryError
from mailgate.jobs import amss_entry, amss_mail, golive
from mailgate.model import CheckReport
from mailgate.model_amss import Found, Request, Source
from mailgate.office import Office

log = logging.getLogger("mailgate.amss")

_BATCH = 100  # requests in one transaction: between two of them replies go out and mail is registered
_FEW, _SHARE = 20, 0.5  # more than these missing at once, and half of all: another database, not deletions


async def read(office: Office, report: CheckReport) -> None:
    """One reading, where AMSS++ is configured. What goes wrong is in the report. Raises RegistryError."""
    if office.amss is None:
        return
    try:
        problems = await _read(office, report)
    except RegistryError:
        raise
    except MailgateError as e:
        problems = [str(e)]
    for problem in problems:
        log.error("%s", problem)
    report.problems += problems
    await office.registry(office.store.amss.note_problem, "; ".join(problems))


async def _read(office: Office, report: CheckReport) -> list[str]:
    """Raises MailgateError; what was registered is safe. Returns what needs a person."""
    known = await office.registry(office.store.amss.known)
    found = await office.disk(_fetch, office, known)
    since = _since(office) or (await office.registry(golive.state, office))[0]
    problems = list(found.problems)
    for start in range(0, len(found.new), _BATCH):
        batch = found.new[start : start + _BATCH]
        kept = await office.disk(_keep, office, batch)
        await office.registry(_enter, office, batch, kept, since, report)
    for start in range(0, len(found.changed), _BATCH):
        some = found.changed[start : start + _BATCH]
        problems += await office.registry(amss_entry.change, office, some, report)
    await office.registry(amss_entry.vanish, office, found.gone)
    await office.registry(amss_mail.tell, office)
    await _write_receipts(office)
    return problems


def _since(office: Office) -> datetime | None:
    """[amss] since; TOML's local date-time is in the office's zone."""
    since = office.config.amss.since
    return since.replace(tzinfo=office.config.zone) if since and since.tzinfo is None else since


def _enter(office: Office, batch: Sequence[Request], kept: Kept, since: datetime, report: CheckReport) -> None:
    """One transaction for a batch."""
    with office.store.db.immediate("requests"):
        for request in batch:
            amss_entry.enter(office, request, kept, since, report)


def _fetch(office: Office, known: Mapping[Source, Mapping[str, str]]) -> Found:
    """Ask the database for what is not known; on a thread of the disk. Raises AmssError, ConfigError."""
    assert office.amss is not None
    new, changed = list[Request](), list[Request]()
    gone, problems = list[tuple[Source, str]](), list[str]()
    with office.amss() as requests:
        schools = requests.schools()
        for source in office.config.amss.tables:
            wrong = requests.problems(source)
            problems += wrong
            if wrong:
                continue
            there, before = requests.fingerprints(source), known[source]
            new += _requests(office, requests, source, {k: f for k, f in there.items() if k not in before}, schools)
            again = {k: f for k, f in there.items() if k in before and before[k] != f}
            changed += _requests(office, requests, source, again, schools)
            missing = [k for k, f in before.items() if f and k not in there]
            if len(missing) > max(_FEW, _SHARE * len(before)):
                problems.append(
                    f"{len(missing)} of {len(before)} requests are no longer in {source}: is it the database?"
                )
            else:
                gone += [(source, key) for key in missing]
    new.sort(key=lambda r: (r.requested is None, r.requested.timestamp() if r.requested else 0, r.source, r.key))
    return Found(tuple(new), tuple(changed), tuple(gone), tuple(problems))


def _requests(
    office: Office, requests: Requests, source: Source, wanted: Mapping[str, str], schools: Mapping[str, str]
) -> list[Request]:
    """These rows as requests, in the order of their keys as they come."""
    table, zone = office.config.amss.tables[source], office.config.zone
    return [
        amss.request(source, row, wanted[str(row["key"])], table, zone, schools)
        for row in requests.rows(source, list(wanted))
        if str(row["key"]) in wanted
    ]


def _keep(office: Office, batch: Sequence[Request]) -> Kept:
    """What was read, a line each, before any row speaks of it (law 1)."""
    with office.archive.begin() as incoming:
        for request in batch:
            incoming.write(json.dumps(asdict(request), ensure_ascii=False, default=str).encode() + b"\n")
        return office.archive.keep(incoming)


async def _write_receipts(office: Office) -> None:
    """Tell AMSS++ the numbers, where the office wants that; what fails is tried again at the next reading."""
    if not office.config.amss.write_receipt:
        return
    with_column = {source for source, table in office.config.amss.tables.items() if table.receipt}
    untold = [row for row in await office.registry(office.store.amss.untold) if row["source"] in with_column]
    if untold:
        await office.disk(
            _write, office, {(Source(r["source"]), r["key"]): f"{r['number']}/{r['year']}" for r in untold}
        )
        await office.registry(office.store.amss.told, [r["id"] for r in untold], office.clock.now())


def _write(office: Office, receipts: Mapping[tuple[Source, str], str]) -> None:
    assert office.amss is not None
    with office.amss() as requests:
        for source in {source for source, _ in receipts}:
            requests.write_receipts(source, {key: r for (s, key), r in receipts.items() if s is source})
