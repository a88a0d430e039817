"""The child may die, lie, be silent or never stop talking: the parent says so, and reads the next mail."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from mailgate.edges import parser_cell
from mailgate.edges.parser_cell import PaperCell, ParserCell
from mailgate.errors import ArchiveError, MailgateError, Unreadable
from mailgate.model_reading import Reading
from tests.reading.bombs import attached, text
from tests.reading.shelves import peak

LETTER = text("ขอหนังสือรับรอง".encode())
GREETING = 'import sys, os, json, time\nsys.stdout.write("= mailgate.cell\\n"); sys.stdout.flush()\n'
GOOD = '+{"text": "a", "quoted_from": 1, "summary": "a"%s}'


def fake(said: str) -> ParserCell:
    """A cell whose child is this program, after its greeting."""
    return ParserCell((sys.executable, "-I", "-c", GREETING + said), wall=5)


def answering(answer: str) -> ParserCell:
    return fake(f"for line in sys.stdin: print({answer!r}, flush=True)")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "a.eml"
    path.write_bytes(LETTER)
    return path


@pytest.fixture
def into(tmp_path: Path) -> Path:
    path = tmp_path / "into"
    path.mkdir()
    return path


async def refused(cell: ParserCell, raw: Path, into: Path) -> str:
    """Why the cell could not read; its child is gone afterwards."""
    with pytest.raises(Unreadable) as caught:
        await cell.read(raw, into)
    assert cell._child is None
    await cell.close()
    return str(caught.value)


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("import ctypes; sys.stdin.readline(); ctypes.string_at(0)", "died of signal 11"),
        ("sys.stdin.readline(); os.abort()", "died of signal 6"),
        ("sys.stdin.readline(); os.kill(os.getpid(), 9)", "was killed"),
        ("sys.stdin.readline(); sys.exit(3)", "ended with code 3"),
        ("sys.stdin.readline(); os.write(1, b'+{\"text\": '); sys.exit(0)", "ended with code 0"),
        ("sys.stdin.readline(); os.write(1, b'garbage\\n'); time.sleep(60)", "nonsense"),
        ("sys.stdin.readline(); os.write(1, b'\\n'); time.sleep(60)", "nonsense"),
        ("sys.stdin.readline()\nwhile True: os.write(1, b'x' * 65536)", "more than is allowed"),
        ("sys.stdin.readline(); os.close(1); sys.stdin.readline()", "closed its answer"),
        ("sys.stdin.readline(); print('-the \\x1b[31m reader failed', flush=True)", "the ?[31m reader failed"),
    ],
)
async def test_a_child_gone_wrong(raw: Path, into: Path, does: str, why: str) -> None:
    assert why in await refused(fake(does), raw, into)


async def test_a_child_that_says_nothing_is_stopped(raw: Path, into: Path) -> None:
    cell = ParserCell((sys.executable, "-I", "-c", GREETING + "time.sleep(600)"), wall=0.05)
    assert "took longer" in await refused(cell, raw, into)


async def test_a_child_that_computes_for_ever_is_stopped(raw: Path, into: Path) -> None:
    """By its own limits: the program is the real one, with a reading that never ends."""
    endless = (
        "import mailgate.core.mime.reading as r, mailgate.cell as c\n"
        "def read(*a):\n    while True: pass\n"
        "r.read = read\nc.main()"
    )
    cell = ParserCell((sys.executable, "-I", "-c", endless), cpu=0.1)
    assert "computing time" in await refused(cell, raw, into)


async def test_a_child_that_takes_all_memory_is_stopped(raw: Path, into: Path) -> None:
    hungry = (
        "import mailgate.core.mime.reading as r, mailgate.cell as c\n"
        "def read(*a):\n    x = []\n    while True: x.append(bytes(1 << 20))\n"
        "r.read = read\nc.main()"
    )
    assert "memory" in await refused(ParserCell((sys.executable, "-I", "-c", hungry)), raw, into)


@pytest.mark.parametrize(
    "answer",
    [
        "+",
        "+null",
        "+[]",
        "+{}",
        '+{"text": 1, "quoted_from": 0, "summary": ""}',
        '+{"text": "a", "quoted_from": 2, "summary": ""}',
        '+{"text": "a", "quoted_from": -1, "summary": ""}',
        GOOD % ', "attachments": [{"name": "a", "declared": "", "found": "", "size": 1, "sha256": ""}]',
        GOOD % ', "report": {"action": "exploded"}',
        "+" + "[" * 100_000,
    ],
)
async def test_an_answer_that_cannot_be_true(raw: Path, into: Path, answer: str) -> None:
    assert "nonsense" in await refused(answering(answer), raw, into)


async def test_a_text_larger_than_any(raw: Path, into: Path) -> None:
    says = "sys.stdin.readline(); x = dict(text='a' * 2_000_000, quoted_from=0, summary=''); print('+' + json.dumps(x))"
    assert "nonsense" in await refused(fake(says), raw, into)


@pytest.mark.parametrize("name", ["../a", "a/b", "..", "", "a\\nb"])
async def test_a_name_that_leads_elsewhere(raw: Path, into: Path, name: str) -> None:
    (into / "0").write_bytes(b"x")
    files = f', "attachments": [{{"name": "{name}", "declared": "", "found": "", "size": 1, "sha256": ""}}]'
    assert "nonsense" in await refused(answering(GOOD % files), raw, into)


async def test_a_link_instead_of_a_file(raw: Path, into: Path) -> None:
    (into / "0").symlink_to("/etc/passwd")
    files = ', "attachments": [{"name": "a", "declared": "", "found": "", "size": 1, "sha256": ""}]'
    assert "not there" in await refused(answering(GOOD % files), raw, into)


async def test_after_each_death_the_next_mail_is_read(raw: Path, into: Path, tmp_path: Path) -> None:
    """A program that dies of every mail named "bad" and reads the others."""
    does = f"""
for line in sys.stdin:
    if "bad" in json.loads(line)["raw"]: os.abort()
    print({GOOD % ""!r}, flush=True)
"""
    cell, bad = fake(does), tmp_path / "bad.eml"
    bad.write_bytes(LETTER)
    for _ in range(3):
        with pytest.raises(Unreadable):
            await cell.read(bad, into)
        assert await cell.read(raw, into) == Reading("a", 1, "a")
    await cell.close()


async def test_a_child_that_died_in_between_is_replaced(raw: Path, into: Path) -> None:
    cell = ParserCell()
    await cell.read(raw, into)
    assert cell._child is not None
    cell._child.kill()
    await cell._child.wait()
    assert (await cell.read(raw, into)).text == "ขอหนังสือรับรอง"
    await cell.close()


async def test_a_cancelled_read_takes_the_child_along(raw: Path, into: Path) -> None:
    cell = fake("sys.stdin.readline(); sys.stdout.close(); time.sleep(600)")
    child = await cell._started()
    task = asyncio.create_task(cell.read(raw, into))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cell._child is None
    assert child.returncode == -9
    await cell.close()


async def test_reads_at_the_same_time_take_turns(raw: Path, tmp_path: Path) -> None:
    cell = ParserCell()
    folders = [tmp_path / str(n) for n in range(5)]
    for folder in folders:
        folder.mkdir()
    found = await asyncio.gather(*(cell.read(raw, folder) for folder in folders))
    assert {r.text for r in found} == {"ขอหนังสือรับรอง"}
    await cell.close()


@pytest.mark.parametrize(
    "command", [("/no/such/program",), (sys.executable, "-I", "-c", "import sys; sys.exit(1)"), ("/bin/echo", "hello")]
)
async def test_a_reader_that_cannot_be_started_is_no_mails_fault(
    raw: Path, into: Path, command: tuple[str, ...]
) -> None:
    cell = ParserCell(command)
    with pytest.raises(MailgateError, match="cannot be started") as caught:
        await cell.read(raw, into)
    assert not isinstance(caught.value, Unreadable)
    await cell.close()


async def test_a_raw_file_that_is_not_there(into: Path, tmp_path: Path) -> None:
    cell = ParserCell()
    with pytest.raises(Unreadable, match="cannot be read"):
        await cell.read(tmp_path / "none.eml", into)
    await cell.close()


async def test_a_full_disk_is_no_mails_fault(raw: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = answering("-no room on the disk")
    assert "no room" in await refused(cell, raw, into)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0))
    with pytest.raises(ArchiveError):
        await cell.read(raw, into)
    await cell.close()


async def test_the_child_is_confined(raw: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGATE_SECRET", "canary")
    inherited = os.open(raw, os.O_RDONLY)
    os.set_inheritable(inherited, True)
    cell = ParserCell()
    await cell.read(raw, into)
    assert cell._child is not None
    process = Path(f"/proc/{cell._child.pid}")
    assert str(raw) not in {os.readlink(fd) for fd in os.scandir(process / "fd")}
    os.close(inherited)
    assert (process / "environ").read_bytes() == b""
    assert os.readlink(process / "cwd") == "/"
    assert "NoNewPrivs:\t1" in (process / "status").read_text()
    pid = cell._child.pid
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (256 << 20, 256 << 20)
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(pid, resource.RLIMIT_NPROC) == (0, 0)
    await cell.close()


async def test_the_child_does_not_load_the_rest_of_the_program() -> None:
    program = "import sys, mailgate.cell, mailgate.core.mime.reading; print(json.dumps(sorted(sys.modules)))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", "import json; " + program, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    loaded = json.loads(out)
    assert not {"mailgate.config", "mailgate.office", "sqlite3", "asyncio", "ssl", "aioimaplib"} & set(loaded)


def large(folder: Path, content: bytes) -> Path:
    """A mail with this file in it twice."""
    raw = folder / "large.eml"
    raw.write_bytes(attached(content, "a.bin").replace(b"--BB--", attached(content, "b.bin").partition(b"\r\n\r\n")[2]))
    assert raw.stat().st_size > 90_000_000
    return raw


async def test_a_large_mail_in_little_memory(tmp_path: Path, into: Path) -> None:
    """100 MB in two files: kept, hashed, looked at."""
    content = bytes(range(256)) * 4096 * 35
    raw = large(tmp_path, content)
    cell = ParserCell()
    start = time.perf_counter()
    found = await cell.read(raw, into)
    assert [a.size for a in found.attachments] == [len(content)] * 2
    assert time.perf_counter() - start < 20
    assert peak(cell) < 100
    await cell.close()


async def test_on_paper(raw: Path, into: Path) -> None:
    cell = PaperCell(lambda r, i: Reading(r.name, 0, i.name))
    assert await cell.read(raw, into) == Reading("a.eml", 0, "into")
    await cell.close()


def test_the_words_of_both_sides_are_the_same() -> None:
    source = Path(parser_cell.__file__).parents[1].joinpath("cell.py").read_text("utf-8")
    assert parser_cell.HELLO.decode().strip() in source
    assert parser_cell.NO_ROOM in source
