"""The child that reads mails: ``python -I -m mailgate.cell``. Started and watched by ``edges.parser_cell``.

A greeting out; then for each line of JSON in, {"raw": file, "into": folder, "cpu": seconds}, a line out: "+" and the
reading as JSON, or "-" and what went wrong. It limits itself before it imports what reads, and again for each mail.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import math
import os
import resource
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from mailgate.model_reading import Reading

MEMORY = 256 * 1024 * 1024
_SPARE = 1024 * 1024  # that an attachment may be larger than the whole mail
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SIGKILL = 9


class File:
    """A file as a ``Source``."""

    def __init__(self, path: Path, sha256: str = "") -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the object
        self.size = os.fstat(self._file.fileno()).st_size
        self.sha256 = sha256

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, offset) if offset < self.size else b""

    def __del__(self) -> None:
        if file := getattr(self, "_file", None):
            file.close()


class Folder:
    """Where attachments go: files 0, 1, 2, …"""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0

    def keep(self, pieces: Iterable[bytes]) -> File:
        """Write the next file, piece by piece."""
        path, digest = self._path / str(self._count), hashlib.sha256()
        self._count += 1
        with open(path, "xb", buffering=0) as file:
            for piece in pieces:
                digest.update(piece)
                _write(file, piece)
        return File(path, digest.hexdigest())


def _write(file: BinaryIO, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[file.write(view) or 0 :]


def read_file(raw: Path, into: Path) -> Reading:
    """Read one mail from a file. Never raises for what the mail holds."""
    from mailgate.core.mime.reading import read

    return read(File(raw), Folder(into))


def main() -> None:
    """Serve requests until the parent closes its end."""
    confine()
    from mailgate.core.mime import reading  # noqa: F401 - loaded once, before the first mail

    out = sys.stdout.buffer
    out.write(b"= mailgate.cell\n")
    out.flush()
    for line in sys.stdin.buffer:
        out.write(_served(line) + b"\n")
        out.flush()


def _served(line: bytes) -> bytes:
    """The answer to one request. Anything that comes up here is a fault of the reader, and is told as such."""
    try:
        request = json.loads(line)
        raw = Path(request["raw"])
        _allow(float(request["cpu"]), raw.stat().st_size)
        answer = json.dumps(asdict(read_file(raw, Path(request["into"]))), ensure_ascii=False)
        return b"+" + answer.encode("utf-8", "replace")
    except MemoryError:
        return b"-reading took more memory than is allowed"
    except OSError as e:
        return b"-no room on the disk" if e.errno in (errno.ENOSPC, errno.EDQUOT) else b"-" + _place(e)
    except Exception as e:
        return b"-" + _place(e)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _place(error: BaseException) -> bytes:
    """Kind and line of an error, without its text, which may hold what the mail says."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
    return f"the reader failed: {type(error).__name__}{where}".encode("ascii", "replace")


def confine(memory: int = MEMORY) -> None:
    """Take from this process what reading does not need. As root some of it has no effect, and does no harm."""
    library = ctypes.CDLL(None)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_PDEATHSIG, _SIGKILL)):
        library.prctl(option, value, 0, 0, 0)
    _limit(resource.RLIMIT_AS, memory, for_good=True)
    _limit(resource.RLIMIT_CORE, 0, for_good=True)
    _limit(resource.RLIMIT_NPROC, 0, for_good=True)
    _limit(resource.RLIMIT_NOFILE, 1024, for_good=True)
    os.umask(0o077)


def _allow(cpu: float, size: int) -> None:
    """Computing time and size of files for the next mail."""
    # The timer is exact and kills; the limit counts whole seconds, and would kill where the timer was taken away.
    signal.setitimer(signal.ITIMER_PROF, cpu)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _limit(resource.RLIMIT_CPU, math.ceil(used + cpu) + 1, for_good=False)
    _limit(resource.RLIMIT_FSIZE, size + _SPARE, for_good=False)


def _limit(which: int, most: int, *, for_good: bool) -> None:
    """Set a limit; not for good only its soft half, which can be raised again. A lower one from outside stays."""
    hard = resource.getrlimit(which)[1]
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (value, value if for_good else hard))


if __name__ == "__main__":
    main()
