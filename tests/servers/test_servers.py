"""The test servers themselves: each does what the other tests rely on."""

from __future__ import annotations

import asyncio
import imaplib
import json
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from tests.conftest import server_directory
from tests.servers import fast_sink, imap_faults
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_conf import capabilities_without
from tests.servers.fake_imap import BYE_GREETING, HTTP_GREETING, INJECTED, PREAUTH_GREETING, FakeImap, Handler
from tests.servers.postfix import Postfix
from tests.servers.sink import Delay, Fault, Sink, ThreadedSink

OFFICE = "mkarea3@example.go.th"
T = TypeVar("T")


def letter(subject: str = "one", sender: str = "citizen@example.org") -> bytes:
    return f"From: Citizen <{sender}>\r\nSubject: {subject}\r\n\r\nbody\r\n".encode()


def until(look: Callable[[], T | None], log: Callable[[], str], seconds: float = 10) -> T:
    """What `look` finds, as soon as it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(log())


# --- Dovecot


def test_delivery_keeps_sender_recipient_and_message(mailbox: Dovecot) -> None:
    mailbox.deliver(letter(), recipient="mkarea3+token@example.go.th")
    mailbox.deliver(letter("two"), sender="")
    first, second = mailbox.folder()
    assert first.startswith(b"Return-Path: <citizen@example.org>\r\nDelivered-To: mkarea3+token@example.go.th\r\n")
    assert first.endswith(letter())
    assert second.startswith(b"Return-Path: <>\r\n")


def test_delivery_to_a_stranger_is_refused(mailbox: Dovecot) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mailbox.deliver(letter(), recipient="stranger@example.go.th")


def test_many_messages_dropped_in_keep_their_order_and_date(mailbox: Dovecot) -> None:
    wanted = [letter(str(number)) for number in range(1000)]
    mailbox.drop_in(wanted[:500], arrived=datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC))
    mailbox.drop_in(wanted[500:])
    assert mailbox.folder() == wanted
    with mailbox.session() as imap:
        imap.select(readonly=True)
        _, [line] = imap.fetch("1", "(INTERNALDATE)")
    assert isinstance(line, bytes)
    when = imaplib.Internaldate2tuple(line)
    assert when is not None
    assert time.mktime(when) == datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC).timestamp()


def test_the_mailbox_is_emptied_with_its_folders(mailbox: Dovecot) -> None:
    mailbox.deliver_many([letter(), letter("two")])
    with mailbox.session() as imap:
        imap.create("Registered/2569")
        imap.select()
        imap.copy("1", "Registered/2569")
        imap.store("2", "+FLAGS", r"(\Seen $Registered)")
    assert mailbox.folders() == ["INBOX", "Registered", "Registered/2569"]
    assert len(mailbox.folder("Registered/2569")) == 1
    assert {r"\Seen", "$Registered"} <= mailbox.flags()[1]
    mailbox.empty()
    assert mailbox.folders() == ["INBOX"]
    assert mailbox.folder() == []
    with pytest.raises(LookupError):
        mailbox.folder("Registered/2569")


def test_renumbering_changes_uidvalidity_each_time(mailbox: Dovecot) -> None:
    mailbox.drop_in([letter()])
    seen = [mailbox.uidvalidity()]
    for _ in range(3):
        mailbox.renumber()
        seen.append(mailbox.uidvalidity())
    assert len(set(seen)) == 4
    assert mailbox.folder() == [letter()]


def test_another_authority_is_not_trusted(mailbox: Dovecot, certs: Certs) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL(mailbox.host, mailbox.imaps_port, ssl_context=certs.distrusting_context())


def test_clear_text_and_starttls_are_possible(mailbox: Dovecot, certs: Certs) -> None:
    with imaplib.IMAP4(mailbox.host, mailbox.imap_port) as imap:
        imap.login(mailbox.user, mailbox.password)
    with imaplib.IMAP4("localhost", mailbox.imap_port) as imap:
        imap.starttls(certs.client_context())
        imap.login(mailbox.address, mailbox.password)


def test_capabilities_and_namespace_can_be_those_of_other_hosts(certs: Certs) -> None:
    capability = capabilities_without("MOVE", "UIDPLUS")
    with (
        server_directory("variant") as directory,
        Dovecot.run(directory, certs=certs, prefix="INBOX.", separator=".", capability=capability) as server,
        server.session() as imap,
    ):
        offered = imap.capability()[1][0].split()
        assert b"MOVE" not in offered
        assert b"UIDPLUS" not in offered
        assert b"IDLE" in offered
        assert imap.namespace()[1] == [b'(("INBOX." ".")) NIL NIL']
        assert imap.create("INBOX.Registered")[0] == "OK"
        assert "INBOX.Registered" in server.folders()


# --- Postfix


def test_mail_for_the_office_arrives(postfix: Postfix, mailbox: Dovecot) -> None:
    with smtplib.SMTP(postfix.host, postfix.smtp_port, local_hostname="localhost") as smtp:
        smtp.sendmail("citizen@example.org", "x@example.go.th", letter())
    [raw] = until(lambda: mailbox.folder() or None, postfix.log)
    assert raw.endswith(letter())


def test_refused_and_postponed_recipients(postfix: Postfix) -> None:
    with smtplib.SMTP(postfix.host, postfix.smtp_port, local_hostname="localhost") as smtp:
        smtp.ehlo()
        assert {"dsn", "starttls", "size", "smtputf8"} <= set(smtp.esmtp_features)
        smtp.mail("citizen@example.org")
        assert smtp.rcpt("reject@example.go.th")[0] == 550
        assert smtp.rcpt("grey@example.go.th")[0] == 451
        assert smtp.rcpt("a@reject.test")[0] == 550


def test_a_bounce_comes_back_over_submission_with_its_envelope_id(
    postfix: Postfix, mailbox: Dovecot, certs: Certs
) -> None:
    with smtplib.SMTP(postfix.host, postfix.submission_port, local_hostname="localhost") as smtp:
        smtp.ehlo()
        assert smtp.mail(OFFICE)[0] == 530  # not without TLS
        smtp.starttls(context=certs.client_context())
        smtp.sendmail(OFFICE, "x@bounce.test", letter(sender=OFFICE), ["ENVID=GW-1", "RET=HDRS"])
    [raw] = until(lambda: mailbox.folder() or None, postfix.log)
    assert raw.startswith(b"Return-Path: <>")
    assert b"Original-Envelope-Id: GW-1" in raw
    assert b"Action: failed" in raw


def test_other_mail_can_be_forwarded_to_a_sink(dovecot: Dovecot, certs: Certs) -> None:
    with (
        ThreadedSink() as sink,
        server_directory("forward") as directory,
        Postfix.run(directory, lmtp_port=dovecot.lmtp_port, certs=certs, forward_to=sink.port) as mta,
    ):
        with smtplib.SMTP(mta.host, mta.smtp_port, local_hostname="localhost") as smtp:
            smtp.sendmail(OFFICE, "citizen@example.org", letter())
        [received] = sink.await_messages(1)
    assert received.rcpt_tos == ["citizen@example.org"]


# --- the scripted SMTP sink


def send(sink: Sink, *recipients: str, timeout: float = 5) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sink.host, sink.port, local_hostname="localhost", timeout=timeout) as smtp:
        return smtp.sendmail(
            OFFICE, recipients or ["a@example.org"], letter(), ["ENVID=GW-1", "RET=HDRS"], ["NOTIFY=FAILURE"]
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
    assert received.content == letter()


@pytest.mark.parametrize(
    ("steps", "error", "kept"),
    [
        ({"CONNECT": "421 4.3.2 closing"}, smtplib.SMTPConnectError, 0),
        ({"CONNECT": Fault.DROP}, smtplib.SMTPServerDisconnected, 0),
        ({"CONNECT": Fault.HANG}, TimeoutError, 0),
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
            smtp.sendmail(OFFICE, "a@example.org", letter())

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
        assert sink.await_messages(1)[0].content == letter()


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
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            for start in range(0, len(wire), size):
                writer.write(wire[start : start + size])
                await writer.drain()
            assert (await reader.read()).endswith(b"221 2.0.0 bye\r\n")
            writer.close()
            await writer.wait_closed()
    assert sink.count == 9
    assert {mail.content for mail in sink.messages} == {b"A: b\r\n\r\nc\r\n"}


# --- the scripted IMAP server


async def talk(server: FakeImap, *commands: bytes, until_tagged: bool = True) -> bytes:
    """What the server answers to the last of the commands, up to its tagged line or the end of the connection."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    answer = await reader.readline()
    for number, command in enumerate(commands):
        tag = b"t%d " % number
        writer.write(tag + command + b"\r\n")
        answer = b""
        while until_tagged and (line := await reader.readline()):
            answer += line
            if line.startswith((tag, b"+ ")):
                break
    if not until_tagged:
        answer = await reader.read(60_000)
    writer.close()
    await writer.wait_closed()
    return answer


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
    async with FakeImap.run(handlers={"UID FETCH": handler}) as server:
        begun = await talk(server, b"UID FETCH 1 (UID BODY.PEEK[])", until_tagged=False)
    assert begun.startswith(b"* 1 FETCH (UID 1 BODY[] {")


async def test_fake_imap_stalls_until_it_is_stopped() -> None:
    async with FakeImap.run(handlers={"NOOP": imap_faults.stall}) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk(server, b"NOOP"), 0.05)


@pytest.mark.parametrize("greeting", [BYE_GREETING, HTTP_GREETING, PREAUTH_GREETING])
async def test_fake_imap_greets_as_told(greeting: bytes) -> None:
    async with FakeImap.run(greeting=greeting) as server:
        assert greeting.startswith(await talk(server))


async def test_fake_imap_refuses_a_token_in_two_steps() -> None:
    async with FakeImap.run(handlers={"AUTHENTICATE": imap_faults.refuse_xoauth2}) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        await reader.readline()
        writer.write(b"a AUTHENTICATE XOAUTH2 eA==\r\n")
        assert (await reader.readline()).startswith(b"+ ")
        writer.write(b"\r\n")
        assert (await reader.readline()).startswith(b"a NO ")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("injected", [True, False])
async def test_fake_imap_starttls(certs: Certs, injected: bool) -> None:
    handlers: dict[str, Handler] = {"STARTTLS": imap_faults.inject_after_starttls} if injected else {}
    async with FakeImap.run(handlers=handlers, tls=certs.server_context()) as server:
        assert (INJECTED.encode() in await talk(server, b"CAPABILITY")) is False
        reader, writer = await asyncio.open_connection("localhost", server.port)
        await reader.readline()
        writer.write(b"a STARTTLS\r\n")
        answer = await reader.readline()
        assert answer.startswith(b"a OK")
        if injected:
            assert INJECTED.encode() in await reader.readline()
        else:
            await writer.start_tls(certs.client_context())
            writer.write(b"b CAPABILITY\r\n")
            assert b"STARTTLS" not in await reader.readline()
        writer.close()
        await writer.wait_closed()
