"""Where log lines go: systemd's journal with fields to search by, where standard error is the journal; else there.

A line is one line, whatever was in a mail: ``OneLine`` is the one place that sees to it. An error is logged by its type
and where it happened, never by its text or values, which may be a citizen's or a password.

    journalctl -t mailgate MAILGATE_RECEIPT=123/2569        the story of one letter
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from mailgate.edges.terminal import plain

JOURNAL = Path("/run/systemd/journal/socket")
# What a log call may give as extra={"receipt": …}; each is a field MAILGATE_RECEIPT, and so on.
FIELDS = ("receipt", "slot", "check", "item", "mail", "uid", "rule")

_LONGEST = 8000  # characters of a line; a server's answer may be of any length
_SECONDS = 1.0  # that a journal may keep the program waiting

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# syslog(3), as sd-daemon(3) wants them.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


class OneLine(logging.Formatter):
    """Makes a record one line of printable characters."""

    def format(self, record: logging.LogRecord) -> str:
        line = plain(super().format(record).replace("\n", " | "))
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the name logging looks for
        """Type and places only (see above)."""
        return where(ei[1]) if ei[1] else ""


def where(error: BaseException) -> str:
    """An error's type and the lines that led to it, the innermost first; of a group, those of its first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__} at {places}"


class Prefixed(OneLine):
    """For standard error that is the journal's: it reads the priority from a "<6>" (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{priority(record.levelno)}>{super().format(record)}"


class JournalHandler(logging.Handler):
    """Sends records by the journal's native protocol; to ``otherwise`` when the journal does not take them."""

    def __init__(self, otherwise: logging.Handler, address: Path = JOURNAL) -> None:
        super().__init__()
        self._otherwise = otherwise
        self._address = str(address)
        self.setFormatter(OneLine("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            entry = encoded(self._fields(record))
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(_SECONDS)
                line.sendto(entry, self._address)
        except OSError:
            self._otherwise.handle(record)
        except Exception:
            self.handleError(record)

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        given = {f"MAILGATE_{name.upper()}": plain(getattr(record, name)) for name in FIELDS if hasattr(record, name)}
        return {
            "MESSAGE": self.format(record),
            "PRIORITY": str(priority(record.levelno)),
            "SYSLOG_IDENTIFIER": "mailgate",
            "LOGGER": record.name,
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
        } | given


def priority(level: int) -> int:
    """The syslog priority of a level of logging."""
    return next(found for least, found in _PRIORITIES if level >= least)


def encoded(fields: Mapping[str, str]) -> bytes:
    """An entry as systemd.io/JOURNAL_NATIVE_PROTOCOL says: a value with a line break goes by its length."""
    entry = b""
    for name, value in fields.items():
        content = value.encode("utf-8", "replace")
        if b"\n" in content:
            entry += name.encode() + b"\n" + len(content).to_bytes(8, "little") + content + b"\n"
        else:
            entry += name.encode() + b"=" + content + b"\n"
    return entry


def is_journal(descriptor: int, environment: Mapping[str, str]) -> bool:
    """Whether a descriptor is the journal's stream: $JOURNAL_STREAM has its device and inode (systemd.exec(5))."""
    try:
        stat = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM", "") == f"{stat.st_dev}:{stat.st_ino}"


def setup(level: int, environment: Mapping[str, str] = os.environ, address: Path = JOURNAL) -> None:
    """Send all log lines of this level and above where they belong, in the place of any handler before."""
    stream = logging.StreamHandler(sys.stderr)
    handler: logging.Handler = stream
    if is_journal(2, environment):
        stream.setFormatter(Prefixed("%(name)s %(message)s"))
        handler = JournalHandler(stream, address)
        sys.excepthook = _log_bug
    else:
        stream.setFormatter(OneLine("%(levelname).1s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _log_bug(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    """What ends the program stands in the journal without its text."""
    logging.getLogger("mailgate").critical("ended by a bug: %s", where(error))
