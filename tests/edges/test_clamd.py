"""The virus scanner: one contract for paper, a scripted clamd and the real one; and whatever a server may do."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mailgate.edges.clamd import EICAR, Clamd, PaperScanner, Scanner
from mailgate.errors import ConfigError, ScanError
from tests.conftest import server_directory
from tests.servers.clamav import Clamav
from tests.servers.clamd import VERSION, FakeClamd
from tests.servers.process import ServerError

IMPATIENT = 0.2


@pytest.fixture(scope="session")
def clamav() -> Iterator[Clamav]:
    """The real clamd of this run."""
    with server_directory("clamd") as directory, contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(Clamav.run(directory))
        except ServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield server


@pytest.fixture
async def fake() -> AsyncIterator[FakeClamd]:
    """A scripted clamd on a Unix socket."""
    with server_directory("clamd") as directory:
        async with FakeClamd.run(directory) as server:
            yield server


def scanner_at(server: FakeClamd, seconds: float = 5) -> Clamd:
    return Clamd(server.where, seconds)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "attachment"
    path.write_bytes(content)
    return path


# --- the contract, on paper and on the wire


@pytest.fixture(params=["paper", "scripted", "scripted-tcp", "clamav"])
async def scanner(request: pytest.FixtureRequest) -> AsyncIterator[Scanner]:
    if request.param == "paper":
        yield PaperScanner()
    elif request.param == "clamav":
        yield Clamd(request.getfixturevalue("clamav").where, 10)
    else:
        with server_directory("clamd") as directory:
            async with FakeClamd.run(directory if request.param == "scripted" else None) as server:
                yield scanner_at(server)


@pytest.mark.parametrize("content", [b"", b"x", "หนังสือ".encode() * 1000, b"\0" * 300_000, bytes(range(256)) * 4096])
async def test_a_clean_file_has_no_name(scanner: Scanner, tmp_path: Path, content: bytes) -> None:
    assert await scanner.scan(written(tmp_path, content)) == ""


async def test_the_test_virus_is_named(scanner: Scanner, tmp_path: Path) -> None:
    assert (await scanner.scan(written(tmp_path, EICAR))).startswith("Eicar-Test-Signature")


async def test_one_file_after_the_other(scanner: Scanner, tmp_path: Path) -> None:
    for content, named in [(EICAR, True), (b"clean", False), (EICAR, True)]:
        assert bool(await scanner.scan(written(tmp_path, content))) is named


@pytest.mark.parametrize("size", [(1 << 20) + 1, 5 << 20])
async def test_a_file_over_the_scanners_limit_is_no_clean_file(scanner: Scanner, tmp_path: Path, size: int) -> None:
    path = written(tmp_path, b"x" * size)
    if isinstance(scanner, Clamd) and isinstance(scanner._where, tuple):
        # Over TCP the reset of the line may overtake the answer.
        with pytest.raises(ScanError):
            await scanner.scan(path)
        return
    with pytest.raises(ScanError, match="StreamMaxLength"):
        await scanner.scan(path)


async def test_a_file_that_is_gone_is_an_error(scanner: Scanner, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="No such file"):
        await scanner.scan(tmp_path / "gone")


async def test_the_real_one_tells_its_version(clamav: Clamav) -> None:
    assert (await Clamd(clamav.where, 10).version()).startswith("ClamAV ")


# --- what is sent, and what a server may answer


async def test_the_bytes_arrive_as_they_are_in_chunks(fake: FakeClamd, tmp_path: Path) -> None:
    content = bytes(range(256)) * 3000
    await scanner_at(fake).scan(written(tmp_path, content))
    assert fake.seen == [content]
    assert fake.commands == [b"zINSTREAM\0"]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b"stream: OK\0", ""),
        (b"stream: OK\0stream: X FOUND\0", ""),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "Win.Test.EICAR_HDB-1"),
        (b"stream: a b: c FOUND\0", "a b: c"),
        (b"stream: OK FOUND\0", "OK"),
        (b"stream:  FOUND\0", "unnamed"),
        (b"stream: a\x1b[2J\r\nb\x07\x80 FOUND\0", "a?[2J??b??"),
        (b"stream: " + b"n" * 2000 + b" FOUND\0", "n" * 117 + "..."),
    ],
)
async def test_answers_that_are_a_verdict(fake: FakeClamd, tmp_path: Path, answer: bytes, name: str) -> None:
    fake.answer = answer
    assert await scanner_at(fake).scan(written(tmp_path, b"x")) == name


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"stream: OK",
        b"stream: X FOUND",
        b"stream: OK\n\0",
        b"stream: ok\0",
        b"OK\0",
        b"X FOUND\0",
        b"/tmp/x: OK\0",
        b"stream: Can't allocate memory ERROR\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"COMMAND READ TIMED OUT\0",
        b"UNKNOWN COMMAND\0",
        b"stream: " + b"n" * 9000 + b" FOUND\0",
        b"y" * 2_000_000,
        "stream: ติดไวรัส\0".encode(),
    ],
)
async def test_any_other_answer_is_no_verdict(fake: FakeClamd, tmp_path: Path, answer: bytes) -> None:
    fake.answer = answer
    with pytest.raises(ScanError) as raised:
        await scanner_at(fake).scan(written(tmp_path, b"x"))
    assert len(str(raised.value)) < 300
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("place", ["greeting", "chunk", "answer"])
@pytest.mark.parametrize("size", [1, 900_000])
async def test_a_line_that_drops_is_no_verdict(fake: FakeClamd, tmp_path: Path, place: str, size: int) -> None:
    fake.closes = place
    with pytest.raises(ScanError):
        await scanner_at(fake).scan(written(tmp_path, b"x" * size))


@pytest.mark.parametrize("place", ["greeting", "chunk", "answer"])
async def test_a_server_that_hangs_is_given_up(fake: FakeClamd, tmp_path: Path, place: str) -> None:
    fake.hangs = place
    with pytest.raises(ScanError, match="no answer within"):
        await scanner_at(fake, IMPATIENT).scan(written(tmp_path, b"x" * 900_000))


async def test_after_a_failure_the_next_file_is_scanned(fake: FakeClamd, tmp_path: Path) -> None:
    clamd = scanner_at(fake)
    fake.closes = "chunk"
    with pytest.raises(ScanError):
        await clamd.scan(written(tmp_path, EICAR))
    fake.closes = ""
    assert await clamd.scan(written(tmp_path, EICAR)) == "Eicar-Test-Signature"


# --- the server itself


async def test_the_version_is_for_the_doctor(fake: FakeClamd) -> None:
    assert await scanner_at(fake).version() == VERSION.decode()
    assert fake.commands == [b"zPING\0", b"zVERSION\0"]


@pytest.mark.parametrize("pong", [b"220 mail ESMTP\0", b"\0", b"", b"PONG"])
async def test_something_else_at_the_socket_is_noticed(fake: FakeClamd, pong: bytes) -> None:
    fake.pong = pong
    with pytest.raises(ScanError):
        await scanner_at(fake).version()


@pytest.mark.parametrize("where", ["missing", "file", "x" * 200])
async def test_a_socket_that_cannot_be_used_says_what_to_do(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ScanError, match=r"clamd_socket") as raised:
        await Clamd(tmp_path / where, 5).scan(written(tmp_path, b"x"))
    assert str(tmp_path / where) in str(raised.value)


async def test_nobody_at_the_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ScanError, match="cannot be used"):
            await Clamd(taken.getsockname(), 5).scan(written(tmp_path, b"x"))


@pytest.mark.parametrize("host", ["192.0.2.1", "clamd.example.go.th", "localhost", "0.0.0.0", "::", ""])
def test_letters_are_not_sent_to_another_machine(host: str) -> None:
    with pytest.raises(ConfigError, match="not on this machine"):
        Clamd((host, 3310), 5)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    Clamd((host, 3310), 5)


# --- the paper twin


async def test_paper_can_fail_and_know_more_viruses(tmp_path: Path) -> None:
    paper = PaperScanner({b"macro": "Doc.Macro"})
    assert await paper.scan(written(tmp_path, b"a macro")) == "Doc.Macro"
    assert paper.scanned == [tmp_path / "attachment"]
    paper.error = ScanError("down")
    with pytest.raises(ScanError, match="down"):
        await paper.scan(tmp_path / "attachment")
