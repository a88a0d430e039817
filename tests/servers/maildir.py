"""Direct delivery into a Maildir, past every mail server: thousands of messages in a second."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

_counter = itertools.count(1)


def make(maildir: Path, uid: int, gid: int) -> None:
    """An empty Maildir that belongs to the given account."""
    for directory in (maildir, *(maildir / part for part in ("tmp", "cur", "new"))):
        directory.mkdir(mode=0o700, exist_ok=True)
        os.chown(directory, uid, gid)


def drop_in(
    maildir: Path, messages: Iterable[bytes], uid: int, gid: int, arrived: datetime | None = None
) -> list[Path]:
    """Delivers in the given order; `arrived` becomes the INTERNALDATE of all of them."""
    stamp = arrived.timestamp() if arrived else None
    return [_deliver(maildir, raw, uid, gid, stamp) for raw in messages]


def _deliver(maildir: Path, raw: bytes, uid: int, gid: int, stamp: float | None) -> Path:
    name = _name(raw)
    temporary = maildir / "tmp" / name
    temporary.write_bytes(raw)
    os.chown(temporary, uid, gid)
    if stamp is not None:
        os.utime(temporary, (stamp, stamp))
    return temporary.rename(maildir / "new" / name)


def _name(raw: bytes) -> str:
    """A unique name that sorts by delivery.

    Dovecot numbers new files in the order of the time in their names. With S= and W= (size as it
    is and with CRLF) it need not read each message to answer RFC822.SIZE; its own deliveries have
    them too.
    """
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    bare = raw.count(b"\n") - raw.count(b"\r\n")
    return f"{seconds}.M{micros:06d}P{os.getpid()}Q{next(_counter):09d}.localhost,S={len(raw)},W={len(raw) + bare}"


def renumber(maildir: Path) -> None:
    """Lets the server forget its numbering: it will number anew under another UIDVALIDITY.

    The file dovecot-uidvalidity stays, otherwise the new value is the time in seconds and may be
    the old one.
    """
    for file in (maildir / "dovecot-uidlist", *maildir.glob("dovecot.index*")):
        file.unlink(missing_ok=True)


def empty(maildir: Path, uid: int, gid: int) -> None:
    """Replaces the Maildir and its subfolders by an empty one in one step.

    By renaming, because a session that is just ending may still write its index files: they go
    the way of the old directory.
    """
    old = maildir.with_name(f"{maildir.name}.old{next(_counter)}")
    maildir.rename(old)
    make(maildir, uid, gid)
    for file in old.glob("dovecot-uidvalidity*"):
        file.rename(maildir / file.name)
    shutil.rmtree(old, ignore_errors=True)
