"""Each way an alarm takes, against the real thing on loopback: a program, an HTTP server, an SMTP server."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import select
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from mailgate.config_servers import Smtp
from mailgate.edges import alarm_book, alarm_ways
from mailgate.edges.alarm_book import AlarmBook
from mailgate.edges.alarm_ways import Command, Mail, Webhook
from mailgate.edges.clock import PaperClock
from mailgate.edges.detached import detached
from mailgate.edges.smtp import SmtpCourier
from mailgate.errors import AlarmError
from tests.builders import NOW, OFFICE
from tests.edges.posts import served
from tests.servers.process import as_root
from tests.servers.sink import Sink

SUBJECT, TEXT = "[mailgate] แจ้งเหตุ 1 รายการ", "พื้นที่เหลือน้อย\nEnd\n"


class Hook(BaseHTTPRequestHandler):
    """Remembers what was posted; answers what it is told."""

    got: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    code: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.code)
        if self.code == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.got.clear()
    Hook.code = 200
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/secret-path"
        server.shutdown()
        serving.join()


async def test_a_program_gets_text_and_subject_and_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILGATE_IMAP_PASSWORD", "secret")
    out = tmp_path / "out"
    script = f'cat > {out}; echo "$0|$1" >> {out}; env >> {out}'
    await Command(["/bin/sh", "-c", script, "first"]).send(SUBJECT, TEXT)
    said = out.read_text("utf-8")
    assert said.startswith(TEXT)
    assert f"first|{SUBJECT}\n" in said
    assert "secret" not in said


@pytest.mark.parametrize("argv", [["/bin/false"], ["/nonexistent/program"]])
async def test_a_program_that_fails_is_named(argv: list[str]) -> None:
    with pytest.raises(AlarmError, match=argv[0]):
        await Command(argv).send(SUBJECT, TEXT)


async def test_a_program_that_hangs_is_ended_with_whatever_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_ways, "SECONDS", 0.5)
    started = tmp_path / "started"
    with pytest.raises(AlarmError, match=r"took more than 0\.5 seconds"):
        await Command(["/bin/sh", "-c", f"sleep 60 & echo $! > {started}; wait"]).send(SUBJECT, TEXT)
    child = os.pidfd_open(int(started.read_text("ascii")))
    assert select.select([child], [], [], 10)[0]  # readable once it has ended
    os.close(child)


async def test_who_waits_is_free_though_the_step_hangs() -> None:
    free = threading.Event()
    with pytest.raises(TimeoutError):
        await detached(free.wait, 0.05)
    free.set()
    assert await detached(lambda: 7, 5) == 7


async def test_ntfy_gets_a_title_it_can_read(hook: str) -> None:
    await Webhook(hook, "ntfy", "", lambda: "").send(SUBJECT, TEXT)
    [(headers, body)] = Hook.got
    assert body.decode() == TEXT
    assert headers["title"].startswith("=?utf-8?")
    assert "authorization" not in headers


async def test_line_gets_a_message_for_somebody(hook: str) -> None:
    await Webhook(hook, "line", "U123", lambda: "token-1").send(SUBJECT, TEXT * 400)
    [(headers, body)] = Hook.got
    document = json.loads(body)
    assert document["to"] == "U123"
    assert document["messages"][0]["text"].startswith(SUBJECT)
    assert len(document["messages"][0]["text"]) <= 5000
    assert headers["authorization"] == "Bearer token-1"


async def test_json_gets_both(hook: str) -> None:
    await Webhook(hook, "json", "", lambda: "").send(SUBJECT, TEXT, {"raised": ["disk"]})
    assert json.loads(Hook.got[0][1]) == {"subject": SUBJECT, "text": TEXT, "raised": ["disk"]}


@pytest.mark.parametrize("code", [302, 403, 500])
async def test_a_hook_that_refuses_or_leads_elsewhere_has_not_taken_it(hook: str, code: int) -> None:
    Hook.code = code
    with pytest.raises(AlarmError, match=str(code)) as caught:
        await Webhook(hook, "ntfy", "", lambda: "token-1").send(SUBJECT, TEXT)
    assert "secret-path" not in str(caught.value)
    assert "token-1" not in str(caught.value)


async def test_a_hook_that_is_away_is_named() -> None:
    with pytest.raises(AlarmError, match=r"127\.0\.0\.1"):
        await Webhook("http://127.0.0.1:1/x", "ntfy", "", lambda: "").send(SUBJECT, TEXT)


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(said)
    await writer.drain()
    if said.startswith(b"HTTP"):
        await asyncio.Event().wait()  # the body never comes to its end


async def test_an_answer_that_is_no_http_is_told() -> None:
    async with served(lambda r, w: answers(r, w, b"220 smtp.example.com ESMTP\r\n\r\n")) as port:
        with pytest.raises(AlarmError, match="BadStatusLine"):
            await Webhook(f"http://127.0.0.1:{port}/x", "ntfy", "", lambda: "").send(SUBJECT, TEXT)


async def test_an_answer_without_end_is_not_waited_for() -> None:
    async with served(lambda r, w: answers(r, w, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx")) as port:
        async with asyncio.timeout(10):
            await Webhook(f"http://127.0.0.1:{port}/x", "ntfy", "", lambda: "").send(SUBJECT, TEXT)


def mail(port: int, to: str = "a@example.com") -> Mail:
    settings = Smtp(host="127.0.0.1", port=port, security="none")
    return Mail(SmtpCourier(settings, lambda: ""), OFFICE, to, PaperClock(NOW))


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink.run() as made:
        yield made


async def test_a_mail_goes_out(sink: Sink) -> None:
    await mail(sink.port).send(SUBJECT, TEXT)
    assert [m.rcpt_tos for m in sink.messages] == [["a@example.com"]]
    assert b"Auto-Submitted: auto-generated" in sink.messages[0].content
    assert sink.messages[0].content.isascii()


async def test_a_server_that_refuses_or_is_away_is_told(sink: Sink) -> None:
    sink.recipient_rules["a@example.com"] = "550 5.1.1 no"
    with pytest.raises(AlarmError, match="550"):
        await mail(sink.port).send(SUBJECT, TEXT)
    with pytest.raises(AlarmError, match="cannot"):
        await mail(1).send(SUBJECT, TEXT)


def test_the_book_is_shared_and_outlives_nonsense(tmp_path: Path) -> None:
    one, other = AlarmBook(tmp_path / "registry.db"), AlarmBook(tmp_path / "registry.db")
    assert one.read() == {}
    one.write({"disk": {"since": "x"}})
    assert other.read() == {"disk": {"since": "x"}}
    for nonsense in ("", "[1]", '{"disk": 1}', "{"):
        (tmp_path / "alarms.json").write_text(nonsense, "utf-8")
        assert other.read() == {}


def test_a_disk_that_refuses_leaves_the_book_in_memory(tmp_path: Path) -> None:
    folder = tmp_path / "ro"
    folder.mkdir()
    as_root("mount", "--bind", str(folder), str(folder))
    try:
        as_root("mount", "-o", "remount,ro,bind", str(folder))
        book = AlarmBook(folder / "registry.db")
        lock = book.lock()
        book.write({"disk": {"since": "x"}})
        book.unlock(lock)
        assert book.read() == {"disk": {"since": "x"}}
        assert AlarmBook(folder / "registry.db").read() == {}
    finally:
        as_root("umount", str(folder))


def test_who_keeps_the_book_too_long_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_book, "PATIENCE", 0.1)
    book, hung = AlarmBook(tmp_path / "registry.db"), AlarmBook(tmp_path / "registry.db")
    held = hung.lock()
    assert held is not None
    before = len(os.listdir("/proc/self/fd"))
    assert book.lock() is None
    assert len(os.listdir("/proc/self/fd")) == before
    hung.unlock(held)
    descriptor = book.lock()
    assert descriptor is not None
    with (tmp_path / "alarms.lock").open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    book.unlock(descriptor)
