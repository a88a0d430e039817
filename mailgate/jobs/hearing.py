"""What an officer's mail brings, looked into before the transaction that judges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.core import trust
from mailgate.core.parse import headers
from mailgate.core.trust import Authentication
from mailgate.edges import pdf_files
from mailgate.edges.store.database import Row
from mailgate.jobs.reading import HEADER_BYTES
from mailgate.model import Kind, Mail
from mailgate.model_dispatch import Enclosed
from mailgate.model_reading import Attachment, Flag, Reading
from mailgate.office import Office

_PDF = "application/pdf"
_UNUSABLE = {Flag.ENCRYPTED, Flag.INFECTED, Flag.CUT, Flag.DANGEROUS}


@dataclass(frozen=True, slots=True)
class Heard:
    """A mail of an officer, or of somebody who says so. ``problem``: why its PDFs cannot go out (Thai)."""

    mail: Mail
    results: Authentication
    files: Sequence[Enclosed] = ()
    problem: str = ""
    others: int = 0  # files that are no PDF


def is_staff(office: Office, address: str) -> bool:
    """Whether this is written as one of the office's people."""
    return any(p.email.lower() == address.lower() for p in office.config.staff)


async def prepare(office: Office, row: Row, reading: Reading) -> Heard | None:
    """Look into it; None for every mail that is surely not an officer's. Raises ArchiveError."""
    if row["kind"] != Kind.OFFICER and not is_staff(office, row["sender"]):
        return None
    return await office.disk(_heard, office, row["sha256"], reading, row["kind"] == Kind.OFFICER)


def _heard(office: Office, sha256: str, reading: Reading, with_files: bool) -> Heard:
    mail = headers(office.archive.kept(sha256).read(0, HEADER_BYTES))
    results = trust.authentication(mail, office.config.trust.authserv_id)
    papers = [a for a in reading.attachments if a.found == _PDF]
    if not (with_files and results.confirmed):  # nothing of a forgery is opened
        return Heard(mail, results)
    files = [Enclosed(a.name, a.sha256, a.size) for a in papers]
    problem = next(filter(None, (_problem(office, a) for a in papers)), "")
    return Heard(mail, results, files, problem, len(reading.attachments) - len(papers))


def _problem(office: Office, paper: Attachment) -> str:
    if paper.size > office.config.decisions.max_size:
        return f"ไฟล์ {paper.name} มีขนาดใหญ่เกินที่กำหนดให้ส่งออก"
    if _UNUSABLE.intersection(paper.flags) or pdf_files.check(office.attachments.path(paper.sha256)):
        return f"ไฟล์ {paper.name} เสียหาย มีรหัสผ่าน หรือไม่ปลอดภัย จึงส่งออกไม่ได้"
    return ""
