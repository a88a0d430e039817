"""``mailgate verify``: everything the laws promise, derived again from the registry and the archive."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from mailgate.edges.store.chain import GENESIS, fingerprint, leaf_of, link_of
from mailgate.edges.store.database import Row
from mailgate.edges.store.receipts import FIXED
from mailgate.jobs import verify_out
from mailgate.jobs.findings import Findings, payload
from mailgate.office import Office

Progress = Callable[[str], None]


def verify(office: Office, progress: Progress = lambda _: None) -> Findings:
    """Check file, chain, numbers, letters, replies, journal and archive. Reads only."""
    findings = Findings()
    steps: list[tuple[str, Callable[[Office, Findings], Iterator[str]]]] = [
        ("registry file", _file),
        ("event chain", _chain),
        ("numbers", _numbers),
        ("letters", _letters),
        ("replies", _replies),
        ("mails", _mails),
        ("archive", _archive),
        ("attachments", _attachments),
        ("numbers told", _told),
        ("mandated checks", _slots),
        ("dispatches", verify_out.dispatches),
    ]
    for name, step in steps:
        progress(name)
        findings.problems += step(office, findings)
    return findings


_NUMBERED = "SELECT register, year, number FROM letter UNION ALL SELECT register, year, number FROM dispatch"
_FIXED_BY = (
    "SELECT payload FROM event WHERE letter_id = ? AND kind IN ('registered', 'sealed') ORDER BY seq DESC LIMIT 1"
)
_FROZEN = (
    "SELECT payload FROM event WHERE letter_id = ? AND kind IN ('registered', 'sealed', 'acknowledged by hand') "
    "ORDER BY seq DESC LIMIT 1"
)
_ACKNOWLEDGEMENTS = (
    "SELECT id, letter_id, raw FROM outbox WHERE kind = 'acknowledgement' AND id > ? ORDER BY id LIMIT 200"
)


def _file(office: Office, findings: Findings) -> Iterator[str]:
    db = office.store.db
    found = [row[0] for row in db.all("PRAGMA integrity_check(5)")]
    yield from (f"registry file: {text}" for text in found if text != "ok")
    for row in db.all("PRAGMA foreign_key_check"):
        yield f"registry file: {row[0]} row {row[1]} refers to a missing row of {row[2]}"
    findings.checked["tables"] = len(db.all("SELECT 1 FROM sqlite_master WHERE type = 'table'"))


def _chain(office: Office, findings: Findings) -> Iterator[str]:
    previous, expected = GENESIS, 1
    for event in office.store.chain.events():
        if problem := broken_link(event, expected, previous):
            yield problem
            return
        previous, expected = event["link"], expected + 1
    findings.checked["events"] = expected - 1


def broken_link(event: Row, expected: int, previous: bytes) -> str:
    """What is wrong with an event that should continue the chain; "" if nothing is."""
    if event["seq"] != expected:
        return f"event chain: event {expected} is missing"
    if event["payload"] is not None and leaf_of(event["salt"] or b"", event["payload"]) != event["leaf"]:
        return f"event chain: the content of event {expected} was changed"
    link = link_of(previous, expected, event["at"], event["kind"], event["letter_id"], event["leaf"])
    return "" if link == event["link"] else f"event chain: event {expected} does not continue the chain"


def _numbers(office: Office, findings: Findings) -> Iterator[str]:
    db = office.store.db
    for row in db.all(
        f"SELECT register, year, count(*) AS n, max(number) AS last, count(DISTINCT number) AS different "  # noqa: S608
        f"FROM ({_NUMBERED}) GROUP BY register, year"
    ):
        if not row["n"] == row["last"] == row["different"]:
            yield f"numbers: register {row['register']} of {row['year']} has {row['n']} letters up to {row['last']}"
    for row in db.all(
        f"SELECT counter.register, counter.year, counter.last, coalesce(max(number), 0) AS highest "  # noqa: S608
        f"FROM counter LEFT JOIN ({_NUMBERED}) AS numbered USING (register, year) "
        "GROUP BY counter.register, counter.year"
    ):
        if row["last"] != row["highest"]:
            yield f"numbers: the counter of {row['year']} is at {row['last']}, the register at {row['highest']}"
    for row in db.all(
        f"SELECT DISTINCT year FROM ({_NUMBERED}) "  # noqa: S608
        "WHERE (register, year) NOT IN (SELECT register, year FROM counter)"
    ):
        yield f"numbers: the counter of {row['year']} is missing"
    findings.checked["registers"] = len(office.store.reports.counters())


def _letters(office: Office, findings: Findings) -> Iterator[str]:
    """Each letter is as its ``registered`` event fixed it."""
    count = 0
    db = office.store.db
    for row in office.store.reports.letter_pages():
        count += 1
        name = f"{row['number']}/{row['year']}"
        event = db.one(_FIXED_BY, (row["id"],))
        if event is None:
            yield f"letters: {name} has no event of its registering"
        elif event["payload"] and payload(event).get("row") != fingerprint({c: row[c] for c in FIXED}):
            yield f"letters: {name} was changed after it was registered"
        if event and payload(event).get("acknowledgement") and not _acknowledged(office, row["id"]):
            yield f"replies: the acknowledgement of {name} is missing"
    registered = db.value("SELECT count(*) FROM event WHERE kind = 'registered'")
    if registered != count:
        yield f"letters: {registered} were registered, {count} are in the register"
    findings.checked["letters"] = count


def _acknowledged(office: Office, letter_id: int) -> bool:
    sql = "SELECT 1 FROM outbox WHERE letter_id = ? AND kind = 'acknowledgement'"
    return office.store.db.value(sql, (letter_id,)) is not None


def _replies(office: Office, findings: Findings) -> Iterator[str]:
    """Each acknowledgement's bytes are those that were frozen; none has two."""
    count, last, db = 0, 0, office.store.db
    while rows := db.all(_ACKNOWLEDGEMENTS, (last,)):
        for row in rows:
            count, last = count + 1, row["id"]
            event = db.one(_FROZEN, (row["letter_id"],))
            frozen = payload(event).get("acknowledgement") if event else None
            if frozen is not None and frozen != hashlib.sha256(row["raw"]).hexdigest():
                yield f"replies: the bytes of outbox item {row['id']} were changed"
    findings.checked["replies"] = count


def _mails(office: Office, findings: Findings) -> Iterator[str]:
    db = office.store.db
    for row in db.all(
        "SELECT letter.number, letter.year FROM letter LEFT JOIN mail ON mail.letter_id = letter.id "
        "AND mail.fate = 'registered' WHERE channel = 'email' GROUP BY letter.id HAVING count(mail.id) <> 1"
    ):
        yield f"mails: letter {row['number']}/{row['year']} does not have exactly one mail"
    seen = sum(office.store.reports.fates().values())
    journaled = db.value("SELECT count(*) FROM event WHERE kind IN ('registered', 'journaled')")
    journaled -= db.value("SELECT count(*) FROM event WHERE kind = 'taken up'")  # journaled once, and then again
    if seen != journaled:
        yield f"mails: {journaled} were journaled, {seen} are in the journal"
    findings.checked["mails"] = seen


def _archive(office: Office, findings: Findings) -> Iterator[str]:
    hashes = office.store.reports.raw_hashes()
    yield from _kept("archive", hashes, office.archive.check, findings, "archived mails")
    for sha256 in office.store.sealing.gone():
        if office.archive.path(sha256).exists():
            yield f"archive: {sha256[:16]}… is there in clear, and was removed because it is confidential"
    for row in office.store.sealing.without_file():
        yield f"letters: {row['number']}/{row['year']} is sealed, and has no encrypted file"


def _attachments(office: Office, findings: Findings) -> Iterator[str]:
    hashes = sorted({*office.store.readings.hashes(), *office.store.dispatches.hashes()})
    yield from _kept("attachments", iter(hashes), office.attachments.check, findings, "attachments")


def _kept(
    where: str, hashes: Iterator[str], check: Callable[[str], str], findings: Findings, counted: str
) -> Iterator[str]:
    """Every file that a row speaks of is there, and is what its name says."""
    findings.checked[counted] = 0
    for sha256 in hashes:
        findings.checked[counted] += 1
        wrong = check(sha256)
        if wrong:
            yield f"{where}: {sha256[:16]}… {wrong}"


def _told(office: Office, findings: Findings) -> Iterator[str]:
    """Every letter that is to be answered has a reply, or waits for one with others."""
    for row in office.store.db.all(
        "SELECT letter.number, letter.year FROM mail JOIN letter ON letter.id = mail.letter_id "
        "LEFT JOIN deferred ON deferred.letter_id = letter.id WHERE mail.fate = 'registered' AND mail.rule = 'answer' "
        "AND mail.answered = 0 AND deferred.letter_id IS NULL"
    ):
        yield f"replies: letter {row['number']}/{row['year']} is to be answered and nothing is queued"


def _slots(office: Office, findings: Findings) -> Iterator[str]:
    """Each mandated check came to what its last event says."""
    said = {}
    for event in office.store.db.all("SELECT payload FROM event WHERE kind = 'slot' ORDER BY seq"):
        found = payload(event)
        said[found.get("due")] = (found.get("state"), found.get("reason"), found.get("check"))
    count = 0
    for row in office.store.db.all("SELECT * FROM slot WHERE state <> 'open' ORDER BY due_at"):
        count += 1
        if said.pop(row["due_at"], _EARLIER) not in ((row["state"], row["reason"], row["check_id"]), _EARLIER):
            yield f"mandated checks: that of {row['due_at']} was changed after it was closed"
    for due in sorted(str(d) for d in said):
        yield f"mandated checks: that of {due} is missing"
    findings.checked["mandated checks"] = count


_EARLIER = None  # closed by a version that noted no event of it
