"""``mailgate verify`` for what goes out: the dispatch register, its mails, its files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from mailgate.core.message import base64_lines
from mailgate.edges.store.chain import fingerprint
from mailgate.edges.store.database import Row
from mailgate.edges.store.dispatches import FIXED
from mailgate.errors import ArchiveError
from mailgate.jobs.findings import Findings, payload
from mailgate.office import Office


def dispatches(office: Office, findings: Findings) -> Iterator[str]:
    """Each dispatch is as its event fixed it, with every mail and file it had; none is missing."""
    count, mailed = 0, _mailed(office)
    for row in office.store.dispatches.listed():
        count += 1
        name, event = f"{row['number']}/{row['year']}", mailed.pop(f"{row['number']}/{row['year']}", None)
        if event is None:
            yield f"dispatches: {name} has no event of its registering"
            continue
        if event["row"] and event["row"] != fingerprint({c: row[c] for c in FIXED}):
            yield f"dispatches: {name} was changed after it was registered"
        if event["files"] != [f.sha256 for f in office.store.dispatches.files(row["id"])]:
            yield f"dispatches: the files of {name} are not those it was registered with"
        yield from _mails(office, row, name, event["mails"])
    yield from (f"dispatches: {name} is missing" for name in mailed)
    findings.checked["dispatches"] = count


def _mailed(office: Office) -> dict[str, dict[str, object]]:
    """By number, what the events say: fingerprint of the row, files, SHA-256 of each mail by its item."""
    found: dict[str, dict[str, object]] = {}
    for event in office.store.dispatches.all_events():
        said = payload(event)
        known = found.setdefault(str(said.get("dispatch")), {"row": "", "files": [], "mails": {}})
        if event["kind"] == "dispatched":
            known |= {"row": said.get("row"), "files": said.get("files")}
        known["mails"] = {**known["mails"], **said.get("mails", {})}  # type: ignore[dict-item]
    return found


def _mails(office: Office, row: Row, name: str, said: object) -> Iterator[str]:
    stored = {str(mail["id"]): mail for mail in office.store.dispatches.mails(row["id"])}
    fixed = said if isinstance(said, dict) else {}
    for item in sorted(stored.keys() ^ fixed.keys()):
        yield f"dispatches: outbox item {item} of {name} " + ("is missing" if item in fixed else "was added")
    for item in sorted(stored.keys() & fixed.keys()):
        if _hashed(office, stored[item]) not in (fixed[item], ""):
            yield f"dispatches: the bytes of outbox item {item} of {name} were changed"


def _hashed(office: Office, mail: Row) -> str:
    """SHA-256 of the mail as it goes out; "" where a file cannot be read, which the check of attachments names."""
    digest = hashlib.sha256(mail["raw"])
    for file in office.store.outbox.carried(mail["id"]):
        try:
            content = office.attachments.read(file.sha256)
        except ArchiveError:
            return ""
        digest.update(base64_lines(content) + file.behind)
    return digest.hexdigest()
