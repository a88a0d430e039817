"""Log lines, on a real socket in the journal's place, and on standard error."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.edges.journal_log import JournalHandler, OneLine, encoded, is_journal, priority


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "journal"))
        made.settimeout(5)
        yield made


@pytest.fixture
def log(tmp_path: Path) -> Iterator[logging.Logger]:
    made = logging.Logger("mailgate.test")
    fallback = logging.FileHandler(tmp_path / "stderr", delay=True)
    made.addHandler(JournalHandler(fallback, tmp_path / "journal"))
    yield made
    fallback.close()


def heard(journal: socket.socket) -> dict[str, str]:
    return decoded(journal.recv(1 << 20))


def decoded(entry: bytes) -> dict[str, str]:
    """As the journal reads an entry (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    found = {}
    while entry:
        line, _, entry = entry.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(entry[:8], "little")
            value, rest = entry[8 : 8 + size], entry[8 + size :]
            assert rest[:1] == b"\n"
            entry = rest[1:]
        found[name.decode("ascii")] = value.decode()
    return found


def test_a_line_is_an_entry_with_fields(journal: socket.socket, log: logging.Logger) -> None:
    log.info("registered %s size=%d", "123/2569", 5, extra={"receipt": "123/2569", "uid": 7, "secret": "x"})
    entry = heard(journal)
    assert entry["MESSAGE"] == "registered 123/2569 size=5"
    assert (entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"], entry["LOGGER"]) == ("6", "mailgate", "mailgate.test")
    assert (entry["MAILGATE_RECEIPT"], entry["MAILGATE_UID"]) == ("123/2569", "7")
    assert "x" not in entry.values()
    assert entry["CODE_FUNC"] == "test_a_line_is_an_entry_with_fields"


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2), (15, 7)],
)
def test_priorities_are_those_of_syslog(level: int, number: int) -> None:
    assert priority(level) == number


def test_nothing_of_a_mail_begins_a_line_or_a_field(journal: socket.socket, log: logging.Logger) -> None:
    hostile = "a\nPRIORITY=0\r\n\x1b[2J\u2028\u202e\x85\x00\ud800ที่"
    log.warning("refused: %s", hostile, extra={"rule": hostile})
    entry = heard(journal)
    assert entry["PRIORITY"] == "4"
    for text in (entry["MESSAGE"], entry["MAILGATE_RULE"]):
        assert "PRIORITY=0" in text
        assert "ที่" in text
        assert not [c for c in text if not c.isprintable() and not "\u0e00" <= c <= "\u0e7f"]


def test_an_error_is_its_type_and_place_never_its_text(journal: socket.socket, log: logging.Logger) -> None:
    try:
        raise KeyError("password-7")
    except KeyError:
        log.exception("broken")
    text = heard(journal)["MESSAGE"]
    assert text.startswith("broken | KeyError at test_journal_log.py:")
    assert "password-7" not in text


def test_of_a_group_of_errors_the_first_is_told(journal: socket.socket, log: logging.Logger) -> None:
    try:
        raise ExceptionGroup("several", [KeyError("password-7")])
    except ExceptionGroup:
        log.exception("broken")
    assert heard(journal)["MESSAGE"].startswith("broken | KeyError at")


def test_a_long_line_is_cut(journal: socket.socket, log: logging.Logger) -> None:
    log.error("x%s", "ก" * 1_000_000)
    text = heard(journal)["MESSAGE"]
    assert text.endswith("…")
    assert len(text) == 8001


def test_a_value_with_a_line_break_goes_by_its_length() -> None:
    fields = {"A": "one\ntwo=x", "B": "=", "C": "", "D": "\n"}
    assert decoded(encoded(fields)) == fields
    assert encoded({"A": "x\ny"}) == b"A\n\x03\0\0\0\0\0\0\0x\ny\n"


def test_without_a_journal_lines_go_to_standard_error(tmp_path: Path, log: logging.Logger) -> None:
    log.info("x")
    assert (tmp_path / "stderr").read_text("utf-8") == "x\n"


def test_a_journal_that_hangs_does_not_keep_the_program(
    tmp_path: Path, journal: socket.socket, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailgate.edges.journal_log._SECONDS", 0.01)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                filler.sendto(b"x", str(tmp_path / "journal"))
        log.info("kept")
    assert (tmp_path / "stderr").read_text("utf-8") == "kept\n"


def test_the_stream_is_known_by_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        stat = os.fstat(file.fileno())
        assert is_journal(file.fileno(), {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})
        for other in ({}, {"JOURNAL_STREAM": ""}, {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino + 1}"}):
            assert not is_journal(file.fileno(), other)
    assert not is_journal(1_000_000, {"JOURNAL_STREAM": "1:1"})


PROGRAM = """
    import logging, os, sys
    from pathlib import Path
    from mailgate.edges.journal_log import setup
    stat = os.fstat(2)
    environment = {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"} if sys.argv[2] == "journal" else {}
    setup(logging.INFO, environment, Path(sys.argv[1]))
    logging.getLogger("mailgate.x").info("one\\nline %s", "ที่")
    logging.getLogger("mailgate.x").debug("not wanted")
    raise KeyError("password-7")
"""


def run(address: Path, where: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(address), where]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, encoding="utf-8").stderr


def test_on_a_terminal_lines_are_plain_and_a_bug_shows(tmp_path: Path, journal: socket.socket) -> None:
    said = run(tmp_path / "journal", "terminal").splitlines()
    assert said[0] == "I mailgate.x one | line ที่"
    assert said[1].startswith("Traceback")


def test_as_a_service_lines_and_bugs_go_to_the_journal(tmp_path: Path, journal: socket.socket) -> None:
    assert run(tmp_path / "journal", "journal") == ""
    assert heard(journal)["MESSAGE"] == "one | line ที่"
    bug = heard(journal)
    assert bug["MESSAGE"].startswith("ended by a bug: KeyError at ")
    assert "password-7" not in str(bug)


def test_as_a_service_whose_journal_is_out_of_reach_lines_bear_their_priority(tmp_path: Path) -> None:
    said = run(tmp_path / "away", "journal").splitlines()
    assert said[0] == "<6>mailgate.x one | line ที่"
    assert said[1].startswith("<2>mailgate ended by a bug: KeyError at ")
    assert len(said) == 2


def test_a_formatter_leaves_thai_as_it_is() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "เรื่อง %s", ("ก",), None)
    assert OneLine("%(message)s").format(record) == "เรื่อง ก"
