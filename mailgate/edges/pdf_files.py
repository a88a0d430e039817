"""PDFs of other people, opened in a child process (``mailgate.pdf_cell``) that may die of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mailgate.errors import MailgateError

_SECONDS = 40.0


def check(path: Path) -> str:
    """What is wrong with a PDF: no PDF, damaged, encrypted, without pages; "" if nothing is."""
    return _asked("check", path)


def join(out: Path, files: Sequence[Path]) -> None:
    """Write one PDF of all pages of these. Raises MailgateError."""
    if problem := _asked("join", out, *files):
        raise MailgateError(f"the pages cannot be put together: {problem}", "Print the files one by one")


def _asked(verb: str, *paths: Path) -> str:
    command = [sys.executable, "-I", "-m", "mailgate.pdf_cell", verb, *(str(p.absolute()) for p in paths)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, timeout=_SECONDS, env={}, stdin=subprocess.DEVNULL, start_new_session=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return "it takes too long to read"
    said = done.stdout.decode("utf-8", "replace").strip()
    if said.startswith("+"):
        return ""
    return said[1:200] if said.startswith("-") else "it cannot be read"
