"""An answer to a sealed letter of the website: encrypted to the visitor's passphrase and to the officers.

The dispatch register has its number, date and way; what it says stands in one encrypted file, which the page of the
case opens with the passphrase and the officer with his key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from mailgate.core import submission
from mailgate.edges import sealing
from mailgate.errors import MailgateError
from mailgate.jobs import deciding
from mailgate.model_dispatch import Enclosed, Outbound, Way
from mailgate.model_website import Shown
from mailgate.office import Office

NAME = "answer.eml.age"


def is_needed(office: Office, out: Outbound) -> bool:
    """Whether this goes to the page of a letter that only its officer could read."""
    letter = office.store.reports.letter_by_id(out.letter_id) if out.letter_id else None
    return out.way is Way.WEBSITE and letter is not None and bool(letter["sealed"])


def seal(office: Office, out: Outbound, paths: Sequence[Path]) -> Outbound:
    """The same dispatch with its words and files in one encrypted file, which is kept. Raises MailgateError."""
    ciphertext = BytesIO()
    sealing.seal(BytesIO(_message(office, out, paths)), ciphertext, _recipients(office, out))
    with office.archive.workplace() as folder:
        file = folder / "0"
        file.write_bytes(ciphertext.getvalue())
        kept = office.attachments.keep_file(file, NAME)
    return replace(out, text="", files=[kept])


def _recipients(office: Office, out: Outbound) -> list[str]:
    assert out.letter_id is not None
    letter = office.store.reports.letter_by_id(out.letter_id)
    assert letter is not None
    visitor = office.store.website.recipient(out.letter_id)
    if not visitor:
        raise MailgateError(f"letter {out.letter} has no page on the website", "Answer it on paper: --paper")
    service = deciding.service_by_key(office, letter["service"])
    return [visitor, *(p.key for p in office.config.officers_of(service) if p.key)]


def _message(office: Office, out: Outbound, paths: Sequence[Path]) -> bytes:
    """As a mail, for whatever program opens it."""
    config, now = office.config, office.clock.now()
    files = [Shown(path.name, path.stat().st_size) for path in paths]
    form = hashlib.sha256(f"answer {out.letter} {now.isoformat()}".encode()).hexdigest()
    domain = config.office.address.rpartition("@")[2]
    head, boundary = submission.head(domain, out.subject, config.sender, out.text, form, now, files)
    return b"".join(submission.pieces(head, boundary, _contents(files, paths, out.files)))


def _contents(
    files: Sequence[Shown], paths: Sequence[Path], looked_into: Sequence[Enclosed]
) -> Iterator[tuple[Shown, list[bytes]]]:
    for shown, path, seen in zip(files, paths, looked_into, strict=True):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != seen.sha256:
            raise MailgateError(f"{path} has changed while it was being read", "Try again")
        yield shown, [content]
