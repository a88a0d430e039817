"""From raw bytes to what can be known of a mail without asking the registry: keep, read headers and structure."""

from __future__ import annotations

from dataclasses import dataclass

from mailgate.core import identity
from mailgate.core.parse import header_block, headers
from mailgate.core.parts import enclosures
from mailgate.core.source import BytesSource
from mailgate.edges.archive import Incoming, Kept
from mailgate.model import Enclosures, Mail, Stub
from mailgate.office import Office

HEADER_BYTES = 256 * 1024
BEGINS = 64 * 1024  # bytes of the body that the screening may look into


@dataclass(frozen=True, slots=True)
class Arrived:
    """A fetched message: small ones in memory, large ones already in a file of the archive."""

    stub: Stub
    raw: bytes | None
    incoming: Incoming | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A message that is safely kept, and all that can be known of it without asking the registry."""

    stub: Stub
    kept: Kept
    mail: Mail
    content_digest: str
    enclosures: Enclosures
    begins: bytes = b""


def examine(office: Office, batch: list[Arrived]) -> list[Examined]:
    """Make the raw bytes durable (law 1), then read them. Runs beside the registry. Raises ArchiveError only."""
    incoming = [arrived.incoming or _written(office, arrived.raw or b"") for arrived in batch]
    return [_examined(arrived, kept) for arrived, kept in zip(batch, office.archive.keep_all(incoming), strict=True)]


def _written(office: Office, raw: bytes) -> Incoming:
    incoming = office.archive.begin()
    try:
        incoming.write(raw)
    except BaseException:
        incoming.abandon()
        raise
    return incoming


def _examined(arrived: Arrived, kept: Kept) -> Examined:
    raw = arrived.raw if arrived.raw is not None else kept.read(0, HEADER_BYTES + BEGINS)
    mail, start = headers(raw[:HEADER_BYTES]), header_block(raw[:HEADER_BYTES])[1]
    whole = arrived.raw is not None
    digest = identity.content_digest(mail, (raw[start:],) if whole else kept.chunks(start))
    found = enclosures(BytesSource(raw) if whole else kept)
    return Examined(arrived.stub, kept, mail, digest, found, raw[start : start + BEGINS])


def of_archive(office: Office, sha256: str, stub: Stub) -> Examined:
    """A mail that was kept before. Raises ArchiveError if its bytes cannot be read."""
    return _examined(Arrived(stub, None), office.archive.kept(sha256))
