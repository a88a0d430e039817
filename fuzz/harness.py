"""What the targets share: seeds, and a start of atheris with the package instrumented."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

_TESTS = Path(__file__).parent.parent / "tests"


def run(target: Callable[[bytes], None], seeds: Iterable[bytes]) -> None:
    """Fuzz until the time is over (``-max_total_time=seconds``); a finding ends it with the input in a file."""
    with tempfile.TemporaryDirectory(prefix="mailgate-fuzz-") as folder:
        for number, seed in enumerate(seeds):
            Path(folder, str(number)).write_bytes(seed)
        options = ["-max_len=8192", "-timeout=5", "-rss_limit_mb=2048", "-artifact_prefix=fuzz/found-"]
        atheris.Setup([sys.argv[0], *options, *sys.argv[1:], folder], target)
        atheris.Fuzz()


def real_mails() -> list[bytes]:
    """Mails that came with the tests, if any."""
    return [path.read_bytes()[:8192] for path in sorted(_TESTS.rglob("*.eml"))]
