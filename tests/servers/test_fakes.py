"""The servers that run in this process: each misbehaves as told, and only then."""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers import fast_sink, imap_faults
from tests.servers.certs import Certs
from tests.servers.fake_imap import BYE_GREETING, HTTP_GREETING, INJECTED, PREAUTH_GREETING, FakeImap, Handler
from tests.servers.sink import Delay, Fault, Sink, ThreadedSink

OFFICE = "mkarea3@example.go.th"
LETTER = b"From: Office <mkarea3@example.go.th>\r\nSubject: one\r\n\r\nbody\r\n"


# --- the scripted SMTP sink


def send(sink: Sink, *recipients: str, timeout: float = 5) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sink.host, sink.port, local_hostname="localhost", timeout=timeout) as smtp:
        return smtp.sendmail(
            OFFICE, recipients or ["a@example.org"], LETTER, ["ENVID=GW-1", "RET=HDRS"], ["NOTIFY=FAILURE"]
        )


async def test_sink_keeps_envelope_options_and_content() -> None:
    async with Sink.run() as sink:
        sink.recipient_rules["b@example.org"] = "550 5.1.1 unknown"
        assert await asyncio.to_thread(send, sink, "a@example.org", "b@example.org") == {
            "b@example.org": (550, b"5.1.1 unknown")
        }
    [received] = sink.messages
    assert received.mail_from == OFFICE
    assert received.rcpt_tos == ["a@example.org"]
    assert {"ENVID=GW-1", "RET=HDRS"} <= set(received.mail_options)
    assert received.rcpt_options == [["NOTIFY=FAILURE"]]
    assert received.content == LETTER


@pytest.mark.parametrize(
    ("steps", "error", "kept"),
    [
        ({"CONNECT": "421 4.3.2 closing"}, smtplib.SMTPConnectError, 0),
        ({"CONNECT": Fault.DROP}, smtplib.SMTPServerDisconnected, 0),
        ({"CONNECT": Fault.HANG}, smtplib.SMTPServerDisconnected, 0),
        ({"MAIL": "451 4.3.0 busy"}, smtplib.SMTPSenderRefused, 0),
        ({"RCPT": "450 4.2.0 grey"}, smtplib.SMTPRecipientsRefused, 0),
        ({"DATA": Fault.RESET}, smtplib.SMTPServerDisconnected, 0),
        ({"DOT": "554 5.7.1 spam"}, smtplib.SMTPDataError, 0),
        ({"DOT": Fault.DROP}, smtplib.SMTPServerDisconnected, 0),
        ({"DOT": Fault.DROP_AFTER}, smtplib.SMTPServerDisconnected, 1),
        ({"DOT": Fault.HANG_AFTER}, smtplib.SMTPServerDisconnected, 1),
    ],
)
async def test_sink_follows_the_script_once(steps: dict[str, str | Fault], error: type[Exception], kept: int) -> None:
    async with Sink.run() as sink:
        sink.script(**steps)
        with pytest.raises(error):
            await asyncio.to_thread(send, sink, timeout=0.3)
        assert len(sink.messages) == kept
        sink.script(DOT=[Delay(0.01)])
        await asyncio.to_thread(send, sink)
        assert len(sink.messages) == kept + 1


@pytest.mark.parametrize("implicit", [True, False])
async def test_sink_demands_a_login_over_tls(certs: Certs, implicit: bool) -> None:
    def login(password: str, trusted: ssl.SSLContext) -> None:
        with (
            smtplib.SMTP_SSL("localhost", sink.port, local_hostname="localhost", context=trusted)
            if implicit
            else smtplib.SMTP("localhost", sink.port, local_hostname="localhost")
        ) as smtp:
            if not implicit:
                smtp.starttls(context=trusted)
            smtp.ehlo()
            assert smtp.mail(OFFICE)[0] == 530
            smtp.login("office", password)
            smtp.sendmail(OFFICE, "a@example.org", LETTER)

    async with Sink.run(tls=certs.server_context(), implicit=implicit, auth={"office": "right"}) as sink:
        await asyncio.to_thread(login, "right", certs.client_context())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            await asyncio.to_thread(login, "wrong", certs.client_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(login, "right", certs.distrusting_context())
    assert sink.logins == ["office"]
    assert len(sink.messages) == 1


def test_sink_in_a_thread_with_a_hanging_client() -> None:
    with ThreadedSink() as sink:
        sink.script(DOT=Fault.HANG)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(sink, timeout=0.2)
        send(sink)
        assert sink.await_messages(1)[0].content == LETTER


def test_quick_sink_as_a_process(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.servers.sink",
        "--record",
        str(tmp_path / "log"),
        "--directory",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[1])
        dotted = b"Message-ID:\r\n <1@x>\r\n\r\n.one\r\n..two\r\n"
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as smtp:
            for _ in range(2):
                smtp.sendmail(OFFICE, ["a@example.org", "b@example.org"], dotted)
        process.terminate()
        assert process.stdout.read() == "RECEIVED 2\n"
    assert (tmp_path / "000002.eml").read_bytes() == dotted
    noted = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(n["to"], n["message_id"]) for n in noted] == [(["a@example.org", "b@example.org"], "<1@x>")] * 2


async def test_quick_sink_takes_pipelined_commands_in_any_pieces() -> None:
    wire = b"EHLO x\r\n" + b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nA: b\r\n\r\nc\r\n.\r\n" * 3 + b"QUIT\r\n"
    async with fast_sink.FastSink(keep=True).listen() as sink:
        for size in (1, 7, len(wire)):
            async with connection(sink.host, sink.port) as (reader, writer):
                for start in range(0, len(wire), size):
                    writer.write(wire[start : start + size])
                    await writer.drain()
                assert (await reader.read()).endswith(b"221 2.0.0 bye\r\n")
    assert sink.count == 9
    assert {mail.content for mail in sink.messages} == {b"A: b\r\n\r\nc\r\n"}


# --- the scripted IMAP server


@contextlib.asynccontextmanager
async def connection(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def talk(server: FakeImap, *commands: bytes) -> bytes:
    """What the server answers to the last of the commands, up to its tagged line or the end of the connection."""
    async with connection(server.host, server.port) as (reader, writer):
        lines = [await reader.readline()]
        for number, command in enumerate(commands):
            tag = b"t%d " % number
            writer.write(tag + command + b"\r\n")
            lines = [await reader.readline()]
            while lines[-1] and not lines[-1].startswith(tag):
                lines.append(await reader.readline())
        return b"".join(lines)


async def test_fake_imap_behaves_unless_told_otherwise() -> None:
    async with FakeImap.run() as server:
        server.messages[7] = b"seven"
        assert b"UIDVALIDITY 1" in await talk(server, b"LOGIN u p", b"SELECT INBOX")
        assert b"* SEARCH 1 7\r\n" in await talk(server, b"UID SEARCH ALL")
        fetched = await talk(server, b"UID FETCH 2:* (UID BODY.PEEK[]<1.3>)")
        assert b"* 2 FETCH (UID 7 " in fetched
        assert b"BODY[]<1> {3}\r\neve)" in fetched
        assert server.lines[0] == b"t0 LOGIN u p\r\n"


@pytest.mark.parametrize(
    ("handler", "wanted"),
    [
        (imap_faults.drop_mid_literal, b"{100000}\r\nxxx"),
        (imap_faults.bye_mid_fetch, b"* BYE "),
        (imap_faults.wrong_uid, b"UID 4711"),
        (imap_faults.burst(), b"* 50000 FETCH"),
        (imap_faults.hang_up, b""),
    ],
)
async def test_fake_imap_faults_that_end(handler: Handler, wanted: bytes) -> None:
    async with FakeImap.run(handlers={"UID FETCH": handler}) as server:
        assert wanted in await talk(server, b"UID FETCH 1 (UID BODY.PEEK[])")


@pytest.mark.parametrize("handler", [imap_faults.trickle(), imap_faults.stall_mid_literal, imap_faults.huge_literal])
async def test_fake_imap_faults_without_an_end(handler: Handler) -> None:
    async with (
        FakeImap.run(handlers={"UID FETCH": handler}) as server,
        connection(server.host, server.port) as (reader, writer),
    ):
        await reader.readline()
        writer.write(b"a UID FETCH 1 (UID BODY.PEEK[])\r\n")
        assert (await reader.readline()).startswith(b"* 1 FETCH (UID 1 BODY[] {")
        assert await reader.readexactly(2) == b"xx"


async def test_fake_imap_stalls_until_it_is_stopped() -> None:
    async with FakeImap.run(handlers={"NOOP": imap_faults.stall}) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk(server, b"NOOP"), 0.05)


@pytest.mark.parametrize("greeting", [BYE_GREETING, HTTP_GREETING, PREAUTH_GREETING])
async def test_fake_imap_greets_as_told(greeting: bytes) -> None:
    async with FakeImap.run(greeting=greeting) as server:
        assert greeting.startswith(await talk(server))


async def test_fake_imap_refuses_a_token_in_two_steps() -> None:
    async with (
        FakeImap.run(handlers={"AUTHENTICATE": imap_faults.refuse_xoauth2}) as server,
        connection(server.host, server.port) as (reader, writer),
    ):
        await reader.readline()
        writer.write(b"a AUTHENTICATE XOAUTH2 eA==\r\n")
        assert (await reader.readline()).startswith(b"+ ")
        writer.write(b"\r\n")
        assert (await reader.readline()).startswith(b"a NO ")


async def test_fake_imap_injects_clear_text_after_starttls(certs: Certs) -> None:
    handlers: dict[str, Handler] = {"STARTTLS": imap_faults.inject_after_starttls}
    async with (
        FakeImap.run(handlers=handlers, tls=certs.server_context()) as server,
        connection("localhost", server.port) as (reader, writer),
    ):
        await reader.readline()
        writer.write(b"a STARTTLS\r\n")
        assert (await reader.readline()).startswith(b"a OK")
        assert INJECTED.encode() in await reader.readline()


async def test_fake_imap_starttls(certs: Certs) -> None:
    async with (
        FakeImap.run(tls=certs.server_context()) as server,
        connection("localhost", server.port) as (reader, writer),
    ):
        await reader.readline()
        writer.write(b"a STARTTLS\r\n")
        assert (await reader.readline()).startswith(b"a OK")
        await writer.start_tls(certs.client_context())
        writer.write(b"b CAPABILITY\r\n")
        assert b"STARTTLS" not in await reader.readline()
