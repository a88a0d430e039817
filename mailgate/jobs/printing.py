"""What goes out as files a person can look at: a preview, and the pages of a dispatch on paper."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from pathlib import Path

from mailgate.core import decision
from mailgate.edges import pdf, pdf_files
from mailgate.edges.durable import replace_file
from mailgate.edges.store.dispatches import numbered
from mailgate.errors import ArchiveError
from mailgate.jobs import dispatching
from mailgate.model import Receipt
from mailgate.model_dispatch import Numbered, Outbound
from mailgate.office import Office

TEMPLATE = "paper.html"


def preview(office: Office, out: Outbound, files: Sequence[Path], folder: Path) -> list[Path]:
    """Write what would go out: the mail (.eml) with its text, or the pages (.pdf). Raises ArchiveError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise ArchiveError(f"cannot make {folder}: {e.strerror}") from None
    if not out.addresses:
        return [_pages(office, out, dispatching.unnumbered(office, out), files, folder / "decision.pdf")]
    raw = dispatching.preview(office, out, files).raw
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    text = body.get_content() if body else ""
    written = [folder / "decision.eml", folder / "decision.txt"]
    for path, content in zip(written, (raw, text.encode()), strict=True):
        replace_file(path, content)
    return written


def printed(office: Office, receipt: Receipt, out: Path) -> Path:
    """The pages of a dispatch as one PDF: address, covering letter, its files. Raises MailgateError."""
    row = dispatching.existing(office, receipt)
    files = [office.attachments.path(f.sha256) for f in office.store.dispatches.files(row["id"])]
    return _pages(office, dispatching.again(office, row, []), numbered(row), files, out)


def _pages(office: Office, out: Outbound, number: Numbered, files: Sequence[Path], path: Path) -> Path:
    shown = decision.values(office.config, out, dispatching.matter(office, out), number, copy=False)
    cover = pdf.render(office.head.render(TEMPLATE, shown))
    with office.archive.workplace() as folder:
        first, whole = folder / "cover.pdf", folder / "whole.pdf"
        first.write_bytes(cover)
        pdf_files.join(whole, [first, *files])
        replace_file(path, whole.read_bytes())
    return path
