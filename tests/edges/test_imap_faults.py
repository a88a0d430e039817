"""Whatever an IMAP server does: an error in words within the deadline, nothing partial, no secret told."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from mailgate.edges.imap import ImapMailbox
from mailgate.errors import MailboxError, MailboxGone
from mailgate.model import Stub
from tests.edges.posts import SECRET, fake_post, letter, opened, served
from tests.servers import imap_faults
from tests.servers.certs import Certs
from tests.servers.fake_imap import (
    BYE_GREETING,
    CAPABILITIES,
    HTTP_GREETING,
    INJECTED,
    MESSAGE,
    PREAUTH_GREETING,
    Exchange,
    FakeImap,
    Handler,
    HangUp,
    answer,
)

WITHIN = 2.0  # seconds: two deadlines of 0.3 s and a slow machine
DATE = b'INTERNALDATE "23-Nov-2026 09:00:00 +0700"'
TOKEN = base64.b64encode(f"user=office\1auth=Bearer {SECRET}\1\1".encode())
PLAIN = base64.b64encode(f"\0office\0{SECRET}".encode())


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Everything is logged while a test runs; see `told_nothing`."""
    caplog.set_level(logging.DEBUG)


def told_nothing(caplog: pytest.LogCaptureFixture, *errors: BaseException) -> None:
    """No secret, in whatever form, in a log line or an error."""
    texts = [caplog.text, *(str(link) for error in errors for link in _chain(error))]
    for shown in (SECRET, TOKEN.decode(), PLAIN.decode(), TOKEN.decode()[:40]):
        assert not any(shown in text for text in texts), texts
    assert not [r for r in caplog.records if r.name == "asyncio" and r.levelno > logging.DEBUG], caplog.text


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and all it came from, as a traceback shows them."""
    links: list[BaseException] = []
    while error is not None:
        links.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return links


@dataclass
class Got:
    """What a whole session brought, up to the error."""

    uids: list[int] = field(default_factory=list)
    stubs: list[Stub] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    pieces: bytes | None = None


async def session(fake: FakeImap, got: Got | None = None, **options: object) -> Got:
    """Everything a check asks for."""
    got = Got() if got is None else got
    async with opened(fake_post(fake, **options)) as box:  # type: ignore[arg-type]
        got.uids = await box.waiting()
        got.stubs = await box.stubs(got.uids)
        got.bodies = await box.fetch(got.uids)
        parts: list[bytes] = []
        if got.uids and await box.fetch_pieces(got.uids[0], lambda piece: parts.append(bytes(piece))):
            got.pieces = b"".join(parts)
        await box.done(got.uids, "Registered/2569")
    return got


async def line_closed(fake: FakeImap) -> None:
    """The client has hung up: a server that waits for it hears so."""
    writers = [task.get_coro().cr_frame.f_locals["writer"] for task in fake._tasks if not task.done()]
    for writer in writers:
        async with asyncio.timeout(1):
            while not writer.transport.is_closing():
                with suppress(ConnectionError):
                    writer.write(b"* OK are you there\r\n")
                await asyncio.sleep(0.005)


@asynccontextmanager
async def within(seconds: float = WITHIN) -> AsyncIterator[None]:
    """Fails where something takes longer."""
    started = time.monotonic()
    async with asyncio.timeout(seconds * 3):
        yield
    assert time.monotonic() - started < seconds


@asynccontextmanager
async def box_of(fake: FakeImap, **options: object) -> AsyncIterator[ImapMailbox]:
    async with opened(fake_post(fake, **options)) as box:  # type: ignore[arg-type]
        yield box


async def test_the_server_without_faults(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeImap.run() as fake:
        got = await session(fake)
    assert got.bodies == {1: MESSAGE}
    assert got.pieces == MESSAGE
    assert [s.size for s in got.stubs] == [len(MESSAGE)]
    told_nothing(caplog)


async def starttls(exchange: Exchange, injected: bytes = b"") -> None:
    """The server's side of STARTTLS, for clients that may break it off."""

    async def closed() -> None:
        return None

    real, exchange.writer.wait_closed = exchange.writer.wait_closed, closed  # type: ignore[method-assign]
    await exchange.server.starttls(exchange, injected)
    exchange.writer.wait_closed = real  # type: ignore[method-assign]  # a stream never hears that its handshake failed


# --- the line breaks, or falls silent


FAULTS: dict[str, Handler] = {
    "hang up": imap_faults.hang_up,
    "drop": imap_faults.drop_mid_literal,
    "bye": imap_faults.bye,
    "bye in the fetch": imap_faults.bye_mid_fetch,
    "stall": imap_faults.stall,
    "stall in a literal": imap_faults.stall_mid_literal,
    "trickle": imap_faults.trickle(0.01),
    "huge literal": imap_faults.huge_literal,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["SELECT", "NOOP", "UID SEARCH", "UID FETCH", "UID MOVE", "CREATE"])
async def test_every_fault_at_every_command(command: str, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    got = Got()
    async with FakeImap.run(handlers={command: FAULTS[fault]}) as fake, within():
        with pytest.raises(MailboxGone) as caught:
            await session(fake, got, seconds=0.15)
        await line_closed(fake)
        # The next connection is not harmed.
        fake.handlers.clear()
        assert (await session(fake, seconds=5)).bodies == {1: MESSAGE}
    assert got.bodies in ({}, {1: MESSAGE})
    assert got.pieces in (None, MESSAGE)
    told_nothing(caplog, caught.value)


@pytest.mark.parametrize("fault", ["hang up", "drop", "bye", "stall", "trickle", "huge literal"])
@pytest.mark.parametrize("command", ["CAPABILITY", "AUTHENTICATE", "LOGIN", "NAMESPACE", "STARTTLS"])
async def test_every_fault_before_the_mailbox_is_open(
    command: str, fault: str, caplog: pytest.LogCaptureFixture, certs: Certs
) -> None:
    options: dict[str, object] = {"auth": "login"} if command == "LOGIN" else {}
    if command == "STARTTLS":
        options |= {"security": "starttls", "ca_file": certs.ca_file}
    async with FakeImap.run(handlers={command: FAULTS[fault]}, tls=certs.server_context()) as fake, within():
        with pytest.raises(MailboxGone) as caught:
            await session(fake, seconds=0.15, **options)
        if command != "STARTTLS":
            await line_closed(fake)
    told_nothing(caplog, caught.value)


async def test_a_server_that_accepts_and_says_nothing() -> None:
    async with FakeImap.run(greeting=b"") as fake, within():
        with pytest.raises(MailboxGone, match="does not answer"):
            await session(fake)


async def test_a_handshake_that_never_comes(certs: Certs) -> None:
    async with FakeImap.run(greeting=b"") as fake, within():
        with pytest.raises(MailboxGone, match="does not answer"):
            await session(fake, security="tls", ca_file=certs.ca_file)

    async def ok_and_silence(exchange: Exchange) -> None:
        await exchange.ok()
        await imap_faults.stall(exchange)

    async with FakeImap.run(handlers={"STARTTLS": ok_and_silence}, capabilities=CAPABILITIES + " STARTTLS") as fake:
        async with within():
            with pytest.raises(MailboxGone):
                await session(fake, security="starttls", ca_file=certs.ca_file)
        assert not any(PLAIN in line for line in fake.lines)


@pytest.mark.parametrize("command", ["SELECT", "UID SEARCH", "UID FETCH"])
async def test_a_goodbye_ends_the_command_at_once(command: str) -> None:
    # "BYE or silence ends the waiting command at once": BYE, and then the line stays open.
    async def bye_and_silence(exchange: Exchange) -> None:
        await exchange.send(b"* BYE shutting down\r\n")
        await imap_faults.stall(exchange)

    async with FakeImap.run(handlers={command: bye_and_silence}) as fake:
        with pytest.raises(MailboxGone, match="goodbye: shutting down"):
            await session(fake)


async def test_a_server_that_hangs_at_logout_changes_nothing() -> None:
    async with FakeImap.run(handlers={"LOGOUT": imap_faults.hang_up}) as fake:
        assert (await session(fake)).bodies == {1: MESSAGE}


async def test_a_cancelled_command_leaves_no_half_dead_connection(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeImap.run(handlers={"UID FETCH": imap_faults.stall}) as fake, box_of(fake, seconds=10) as box:
        fetching = asyncio.create_task(box.fetch([1]))
        await asyncio.sleep(0.05)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        with pytest.raises(MailboxGone):
            await box.waiting()
    told_nothing(caplog)


@pytest.mark.parametrize("length", [None, 0, 3])
async def test_the_line_breaks_at_every_byte(length: int | None, caplog: pytest.LogCaptureFixture) -> None:
    messages = {1: MESSAGE, 7: letter(7, b"* 9 FETCH (UID 9 BODY[] {3}\r\nA1 OK done\r\n")}
    if length is not None:
        messages[9] = b"x" * length
    async with FakeImap.run() as fake:
        fake.messages = messages
        recording = await _record(fake)
    broken = 0
    for cut in range(0, len(recording) + 1, max(1, len(recording) // 250)):
        got = Got()
        async with _cut_off(fake_messages=messages, after=cut) as port, within(1.0):
            try:
                await _ask(port, got)
            except MailboxGone as error:
                broken += 1
                told_nothing(caplog, error)
        assert got.bodies in ({}, messages), cut
        assert got.pieces in (None, MESSAGE), cut
    assert broken > 200
    told_nothing(caplog)


async def _ask(port: int, got: Got) -> None:
    fake = FakeImap(b"", {}, None, "")
    fake.port = port
    await session(fake, got, seconds=1)


async def _record(fake: FakeImap) -> bytes:
    """What the server says in a whole session."""
    said = bytearray()
    async with _through(fake.port, said, None) as port:
        await _ask(port, Got())
    return bytes(said)


@asynccontextmanager
async def _cut_off(fake_messages: dict[int, bytes], after: int) -> AsyncIterator[int]:
    async with FakeImap.run() as fake, _through(fake.port, bytearray(), after) as port:
        fake.messages = fake_messages
        yield port


@asynccontextmanager
async def _through(port: int, said: bytearray, after: int | None) -> AsyncIterator[int]:
    """Passes everything on to a server, and cuts the line after so many bytes of its answers."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool) -> None:
        while data := await reader.read(65536):
            if answers:
                left = len(data) if after is None else max(0, after - len(said))
                said.extend(data[:left])
                data = data[:left]
                if after is not None and len(said) >= after:
                    writer.write(data)
                    return
            writer.write(data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        both = [
            asyncio.create_task(carry(reader, server_writer, False)),
            asyncio.create_task(carry(server_reader, writer, True)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            writer.close()

    # One session, one connection: made and ended here, so that none is left open whatever happens to a task.
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with served(serve) as own:
            yield own
    finally:
        server_writer.transport.abort()
        await asyncio.sleep(0)


# --- greetings, TLS, logging in


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (BYE_GREETING, "BYE not OK, too busy"),
        (HTTP_GREETING, "HTTP/1.0 400"),
        (PREAUTH_GREETING, "PREAUTH"),
        (b"220 mail.example.org ESMTP\r\n", "220 mail"),
        (b"* \r\n", "greets"),
        (b"\r\n", "greets"),
        (b"\0\xff\x80\r\n", "greets"),
        (b"x" * 3_000_000, "does not speak IMAP"),
    ],
)
async def test_a_greeting_that_is_none(greeting: bytes, said: str, caplog: pytest.LogCaptureFixture) -> None:
    async with FakeImap.run(greeting=greeting) as fake, within():
        with pytest.raises(MailboxGone, match=said) as caught:
            await session(fake)
        assert fake.lines == []
    told_nothing(caplog, caught.value)


async def test_capabilities_that_are_refused_close_the_line() -> None:
    async with FakeImap.run(handlers={"CAPABILITY": imap_faults.refuse()}) as fake, within():
        with pytest.raises(MailboxError, match="CAPABILITY"):
            await session(fake)
        await line_closed(fake)
    await asyncio.sleep(0.05)


async def test_starttls_that_is_not_offered(certs: Certs, caplog: pytest.LogCaptureFixture) -> None:
    async with FakeImap.run() as fake:
        with pytest.raises(MailboxError, match="does not offer STARTTLS"):
            await session(fake, security="starttls", ca_file=certs.ca_file)
        assert [line.split()[1] for line in fake.lines] == [b"CAPABILITY"]
    told_nothing(caplog)


@pytest.mark.parametrize("said", [b"* OK hm", b"NO", b"BAD"])
async def test_starttls_that_is_refused(certs: Certs, said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.send(exchange.tag + b" NO later\r\n")

    async with FakeImap.run(handlers={"STARTTLS": handler}, tls=certs.server_context()) as fake:
        with pytest.raises(MailboxError, match="STARTTLS"):
            await session(fake, security="starttls", ca_file=certs.ca_file)
        assert [line.split()[1] for line in fake.lines] == [b"CAPABILITY", b"STARTTLS"]
    told_nothing(caplog)


@pytest.mark.parametrize(
    "injected",
    [
        f"* CAPABILITY IMAP4rev1 {INJECTED}\r\n".encode(),
        f"* CAPABILITY IMAP4rev1 {INJECTED}".encode(),
        b"* X {1000}\r\n",
        b"* BYE\r\n",
        b"A1 OK hello\r\n",
        b"+ go on\r\n",
    ],
)
async def test_clear_text_after_starttls_is_not_believed(
    certs: Certs, injected: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(exchange: Exchange) -> None:
        await starttls(exchange, injected)

    async with FakeImap.run(handlers={"STARTTLS": handler}, tls=certs.server_context()) as fake, within():
        try:
            async with box_of(fake, security="starttls", ca_file=certs.ca_file) as box:
                assert INJECTED not in box._wire.capabilities
                assert await box.fetch([1]) == {1: MESSAGE}
        except MailboxError as error:
            told_nothing(caplog, error)
    told_nothing(caplog)


async def test_starttls_and_tls_work_and_the_password_is_not_in_clear(certs: Certs) -> None:
    async with FakeImap.run(tls=certs.server_context()) as fake:
        got = await session(fake, security="starttls", ca_file=certs.ca_file, seconds=5)
        assert got.bodies == {1: MESSAGE}
        assert [line.split()[1] for line in fake.lines[:4]] == [
            b"CAPABILITY",
            b"STARTTLS",
            b"CAPABILITY",
            b"AUTHENTICATE",
        ]
    async with FakeImap.run(tls=certs.server_context(), implicit=True) as fake:
        assert (await session(fake, security="tls", ca_file=certs.ca_file, seconds=5)).bodies == {1: MESSAGE}


async def test_another_authority_never_hears_the_password(certs: Certs, caplog: pytest.LogCaptureFixture) -> None:
    for implicit in (True, False):
        served = FakeImap.run(handlers={"STARTTLS": starttls}, tls=certs.server_context(), implicit=implicit)
        async with served as fake:
            security = "tls" if implicit else "starttls"
            with pytest.raises(MailboxError, match="not trusted") as caught:
                await session(fake, security=security, ca_file=certs.other_ca_file)
            assert not any(b"AUTHENTICATE" in line or b"LOGIN" in line for line in fake.lines)
        told_nothing(caplog, caught.value)


async def test_logging_in_is_disabled(caplog: pytest.LogCaptureFixture) -> None:
    for auth in ("auto", "login"):
        async with FakeImap.run(capabilities="IMAP4rev1 LOGINDISABLED") as fake:
            with pytest.raises(MailboxError, match="forbids logging in"):
                await session(fake, auth=auth)
            assert not any(SECRET.encode() in line for line in fake.lines)
    told_nothing(caplog)


@pytest.mark.parametrize("ir", [True, False])
async def test_a_refused_token(tmp_path: object, ir: bool, caplog: pytest.LogCaptureFixture) -> None:
    capabilities = CAPABILITIES if ir else CAPABILITIES.replace("SASL-IR ", "")

    async def without_ir(exchange: Exchange) -> None:
        if not ir:
            await exchange.send(b"+ \r\n")
            exchange.server.lines.append(await exchange.line())
        await imap_faults.refuse_xoauth2(exchange)

    async with FakeImap.run(handlers={"AUTHENTICATE": without_ir}, capabilities=capabilities) as fake, within():
        with pytest.raises(MailboxError, match=r"refuses the login of office \(AUTHENTICATIONFAILED\)") as caught:
            await session(fake, token_command=("printf", "x"))
        assert not isinstance(caught.value, MailboxGone)
        assert fake.lines[-1] == b""
        said = b"".join(fake.lines)
        assert TOKEN in said
    told_nothing(caplog, caught.value)


async def test_plain_without_initial_response() -> None:
    async with FakeImap.run(capabilities="IMAP4rev1 AUTH=PLAIN MOVE") as fake:
        assert (await session(fake)).bodies == {1: MESSAGE}
        assert PLAIN in fake.lines


@pytest.mark.parametrize("auth", ["plain", "login"])
@pytest.mark.parametrize("padding", [0, 245])
async def test_a_server_that_repeats_the_command_in_its_refusal(auth: str, padding: int) -> None:
    async def repeat(exchange: Exchange) -> None:
        await exchange.no(b"x" * padding + b" bad command: " + exchange.server.lines[-1].rstrip())

    async with FakeImap.run(handlers={"LOGIN": repeat, "AUTHENTICATE": repeat}) as fake:
        with pytest.raises(MailboxError, match="refuses the login") as caught:
            await session(fake, auth=auth)
    assert SECRET[:12] not in str(caught.value)
    assert PLAIN.decode()[:16] not in str(caught.value)


async def test_a_server_that_repeats_a_password_with_quotes() -> None:
    async def repeat(exchange: Exchange) -> None:
        await exchange.no(b"bad command: " + exchange.server.lines[-1].rstrip())

    async with FakeImap.run(handlers={"LOGIN": repeat}) as fake:
        with pytest.raises(MailboxError) as caught:
            await session(fake, auth="login", secret='half"other-half-of-it')
    assert "other-half-of-it" not in str(caught.value)


@pytest.mark.parametrize("auth", ["plain", "login"])
async def test_a_refusal_that_repeats_the_command_is_not_logged(auth: str, caplog: pytest.LogCaptureFixture) -> None:
    async def repeat(exchange: Exchange) -> None:
        await exchange.no(b"bad command: " + exchange.server.lines[-1].rstrip())

    async with FakeImap.run(handlers={"LOGIN": repeat, "AUTHENTICATE": repeat}) as fake:
        with pytest.raises(MailboxError):
            await session(fake, auth=auth)
    told_nothing(caplog)


async def test_a_server_that_asks_to_go_on_after_login(caplog: pytest.LogCaptureFixture) -> None:
    async def go_on(exchange: Exchange) -> None:
        await exchange.send(b"+ go on\r\n")
        await exchange.ok()

    async with FakeImap.run(handlers={"LOGIN": go_on}) as fake:
        await session(fake, auth="login")
    told_nothing(caplog)


async def test_answers_nobody_asked_for_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def chatter(exchange: Exchange) -> None:
        await exchange.send(b"a line with the secret subject\r\n")
        await exchange.ok(text=b"the secret subject")
        await exchange.send(b"+ the secret subject\r\n")

    async with FakeImap.run(handlers={"NOOP": chatter}) as fake:
        assert (await session(fake)).bodies == {1: MESSAGE}
    assert "the secret subject" not in caplog.text


# --- FETCH answers in every form


def fetching(*lines: bytes) -> dict[str, Handler]:
    """A server that answers FETCH with these lines; "@" stands for a whole answer of message 1."""

    async def handler(exchange: Exchange) -> None:
        whole = answer(1, 1, exchange.server.messages[1], exchange.arguments)
        await exchange.ok(*(whole if line == b"@" else line for line in lines))

    return {"UID FETCH": handler}


BODY = b"BODY[] {%d}\r\n%s" % (len(MESSAGE), MESSAGE)
HEADER = b"BODY[HEADER] {10}\r\n0123456789"
GOOD: dict[str, tuple[bytes, ...]] = {
    "the UID after the literal": (b"1 FETCH (" + BODY + b" UID 1)",),
    "the UID first": (b"1 FETCH (UID 1 " + BODY + b")",),
    "in lower case": (b"1 fetch (uid 1 body[] {%d}\r\n%s)" % (len(MESSAGE), MESSAGE),),
    "other literals before": (b"1 FETCH (UID 1 " + HEADER + b" " + BODY + b")",),
    "other literals after": (b"1 FETCH (UID 1 " + BODY + b" " + HEADER + b")",),
    "other literals around": (b"1 FETCH (" + HEADER + b" " + BODY + b" " + HEADER + b" UID 1)",),
    "a literal in an envelope": (b'1 FETCH (ENVELOPE ("x" {3}\r\n")( NIL) UID 1 ' + BODY + b")",),
    "flags from another session before": (rb"1 FETCH (FLAGS (\Seen))", b"@"),
    "flags from another session after": (b"@", rb"1 FETCH (FLAGS (\Seen $x))"),
    "flags with the UID after": (b"@", rb"1 FETCH (UID 1 FLAGS (\Seen))"),
    "new mail and expunged mail": (b"4 EXISTS", b"@", b"2 EXPUNGE", b"3 EXISTS", b"1 RECENT", b"OK still here"),
    "flags of others": (b"2 FETCH (UID 2 FLAGS ())", b"@", b"9 FETCH (FLAGS ())"),
    "nothing but more items": (b"1 FETCH (FLAGS (UID) UID 1 MODSEQ (5) " + BODY + b")",),
    "a message of another UID too": (b"2 FETCH (UID 2 BODY[] {3}\r\nabc)", b"@"),
}


@pytest.mark.parametrize("form", GOOD)
async def test_every_good_form_of_an_answer(form: str) -> None:
    async with FakeImap.run(handlers=fetching(*GOOD[form])) as fake, box_of(fake) as box:
        assert await box.fetch([1]) == {1: MESSAGE}


BAD: dict[str, tuple[bytes, ...]] = {
    "no UID": (b"1 FETCH (" + BODY + b")",),
    "the wrong UID": (b"1 FETCH (UID 4711 " + BODY + b")",),
    "no body": (b"1 FETCH (UID 1)",),
    "NIL, as of an expunged message": (b"1 FETCH (UID 1 BODY[] NIL)",),
    "the header only": (b"1 FETCH (UID 1 " + HEADER + b")",),
    "a literal that is not named": (b"1 FETCH (UID 1 {3}\r\nabc)",),
    "another part": (b"1 FETCH (UID 1 BODY[1] {3}\r\nabc)",),
    "nothing": (),
    "no list": (b"1 FETCH UID 1 BODY[] {3}\r\nabc",),
    "the UID in a flag's name only": (b"1 FETCH (FLAGS ($UID1 xUID) " + BODY + b")",),
}


@pytest.mark.parametrize("form", BAD)
async def test_what_is_no_answer_brings_nothing(form: str) -> None:
    async with FakeImap.run(handlers=fetching(*BAD[form])) as fake, box_of(fake) as box:
        assert await box.fetch([1]) == {}
        assert not await box.fetch_pieces(1, lambda piece: None)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (b'1 FETCH (UID 1 BODY[] "")', b""),
        (b'1 FETCH (UID 1 BODY[] "abc")', b"abc"),
        (rb'1 FETCH (UID 1 BODY[] "a\"b\\c")', rb'a"b\c'),
        (b'1 FETCH (BODY[] "abc" UID 1)', b"abc"),
        (b'1 FETCH (BODY[] "UID 2" UID 1)', b"UID 2"),
        (b'1 FETCH (BODY[] ") UID 2" UID 1)', b") UID 2"),
        (b'1 FETCH (UID 1 BODY[] "{3}")', b"{3}"),
        (b'1 FETCH (UID 1 BODY[] "BODY[] NIL")', b"BODY[] NIL"),
        (b"1 FETCH (UID 1 BODY[] {0}\r\n)", b""),
    ],
)
async def test_a_body_as_a_string(line: bytes, body: bytes) -> None:
    async with FakeImap.run(handlers=fetching(line)) as fake, box_of(fake) as box:
        assert await box.fetch([1, 2]) == {1: body}


async def test_two_answers_for_one_uid_are_never_mixed() -> None:
    lines = (b"1 FETCH (UID 1 BODY[] {3}\r\nabc)", b"1 FETCH (UID 1 BODY[] {4}\r\nwxyz)")
    async with FakeImap.run(handlers=fetching(*lines)) as fake, box_of(fake) as box:
        assert await box.fetch([1]) in ({1: b"abc"}, {1: b"wxyz"}, {})


async def test_lines_in_a_literal_are_not_answers() -> None:
    raw = b"".join(b"A%d OK done\r\n* BYE bye\r\n+ go on\r\n* 1 FETCH (UID 2 BODY[] {3}\r\n" % n for n in range(50))
    async with FakeImap.run() as fake, box_of(fake) as box:
        tag = box._wire._protocol.tagpre
        raw += b"".join(f"{tag}{n} OK done\r\n{tag}{n} NO no\r\n".encode() for n in range(50))
        fake.messages = {1: raw, 2: b"{7}", 3: b"{7}\r\n"}
        assert await box.fetch([1, 2, 3]) == fake.messages
        assert await box.waiting() == [1, 2, 3]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_answers_that_come_in_small_packets(size: int) -> None:
    async def slowly(exchange: Exchange) -> None:
        lines = (b"* 3 EXISTS\r\n", b"* ", answer(1, 1, MESSAGE, exchange.arguments), b"\r\n")
        data = b"".join((*lines, exchange.tag, b" OK done\r\n"))
        for start in range(0, len(data), size):
            await exchange.send(data[start : start + size])
            await asyncio.sleep(0)

    async with FakeImap.run(handlers={"UID FETCH": slowly}) as fake, box_of(fake, seconds=5) as box:
        assert await box.fetch([1]) == {1: MESSAGE}


async def test_fifty_thousand_lines() -> None:
    async with FakeImap.run(handlers={"UID FETCH": imap_faults.burst()}) as fake, box_of(fake, seconds=5) as box:
        async with within():
            assert await box.fetch([1]) == {}
            assert await box.stubs([1]) == []
        assert await box.waiting() == [1]


async def test_two_hundred_thousand_messages_are_waiting() -> None:
    uids = list(range(1_000_000, 1_200_000))

    async def search(exchange: Exchange) -> None:
        await exchange.ok(b"SEARCH " + b" ".join(b"%d" % uid for uid in uids))

    async with FakeImap.run(handlers={"UID SEARCH": search}) as fake, box_of(fake, seconds=5) as box, within():
        assert await box.waiting() == uids


async def test_a_refused_fetch_leaves_the_line_in_step() -> None:
    refusing = {"UID FETCH": imap_faults.refuse(b"[SERVERBUG] oops")}
    async with FakeImap.run(handlers=refusing) as fake, box_of(fake) as box:
        with pytest.raises(MailboxError, match=r"refuses FETCH: \[SERVERBUG\] oops") as caught:
            await box.fetch([1])
        assert not isinstance(caught.value, MailboxGone)
        fake.handlers.clear()
        assert await box.fetch([1]) == {1: MESSAGE}


async def test_part_of_an_answer_and_then_a_refusal_is_no_answer() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.send(b"* ", answer(1, 1, MESSAGE, exchange.arguments), b"\r\n")
        await exchange.no(b"[SERVERBUG] the rest is lost")

    async with FakeImap.run(handlers={"UID FETCH": handler}) as fake, box_of(fake) as box:
        with pytest.raises(MailboxError):
            await box.fetch([1, 2])
        with pytest.raises(MailboxError):
            await box.fetch_pieces(1, lambda piece: None)


async def test_a_tag_nobody_used(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.send(b"ZZZZ99 OK done\r\n")
        await imap_faults.stall(exchange)

    async with FakeImap.run(handlers={"UID FETCH": handler}) as fake, within():
        with pytest.raises(MailboxGone) as caught:
            await session(fake)
    told_nothing(caplog, caught.value)


# --- pieces


async def _gather(box: ImapMailbox, uid: int, most: int) -> tuple[bool, bytes]:
    parts: list[bytes] = []

    def write(piece: bytes) -> None:
        parts.append(bytes(piece))
        if len(parts) > most:
            raise AssertionError("more pieces than the message can have")

    return await box.fetch_pieces(uid, write), b"".join(parts)


async def test_a_server_that_knows_no_pieces() -> None:
    # It gives the whole message each time; taken as a piece that would never end.
    raw = letter(1, b"0123456789abcd\r\n" * (2 << 16))

    async def handler(exchange: Exchange) -> None:
        await exchange.ok(answer(1, 1, raw, "BODY[]"))

    async with FakeImap.run(handlers={"UID FETCH": handler}) as fake, box_of(fake, seconds=5) as box:
        try:
            there, got = await _gather(box, 1, 4)
        except MailboxError:
            return
        assert not there or got == raw


async def test_a_server_that_gives_the_wrong_piece() -> None:
    raw = letter(1, b"0123456789abcd\r\n" * (3 << 16))

    async def handler(exchange: Exchange) -> None:
        await exchange.ok(answer(1, 1, raw, "BODY.PEEK[]<0.1048576>"))

    async with FakeImap.run(handlers={"UID FETCH": handler}) as fake, box_of(fake, seconds=5) as box:
        try:
            there, got = await _gather(box, 1, 5)
        except MailboxError:
            return
        assert not there or got == raw


async def test_a_server_that_gives_smaller_pieces() -> None:
    raw = letter(1, b"0123456789abcd\r\n" * (1 << 17))

    async def handler(exchange: Exchange) -> None:
        start = int(exchange.arguments.partition("<")[2].partition(".")[0])
        items = f"(UID BODY.PEEK[]<{start}.500000>)"
        await exchange.ok(answer(1, 1, raw, items))

    async with FakeImap.run(handlers={"UID FETCH": handler}) as fake, box_of(fake, seconds=5) as box:
        try:
            there, got = await _gather(box, 1, 12)
        except MailboxError:
            return
        assert not there or got == raw


# --- other lies


@pytest.mark.parametrize("code", [b"OK [UIDVALIDITY many] ids", b"OK [UIDVALIDITY 0] ids", b"OK ids", b"1 EXISTS"])
async def test_a_uidvalidity_that_is_none(code: bytes) -> None:
    async def select(exchange: Exchange) -> None:
        await exchange.ok(code)

    async with FakeImap.run(handlers={"SELECT": select}) as fake:
        with pytest.raises(MailboxError, match="UIDVALIDITY"):
            await session(fake)


@pytest.mark.parametrize(
    "namespace", [b"NAMESPACE NIL NIL NIL", b'NAMESPACE (("" NIL)) NIL NIL', b"NAMESPACE", b'NAMESPACE (("INBOX." "."']
)
async def test_odd_namespaces(namespace: bytes) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.ok(namespace)

    async with FakeImap.run(handlers={"NAMESPACE": handler}) as fake:
        assert (await session(fake)).bodies == {1: MESSAGE}


async def test_a_server_that_wants_more_of_an_append(caplog: pytest.LogCaptureFixture) -> None:
    async def append(exchange: Exchange) -> None:
        await exchange.send(b"+ again\r\n")
        await imap_faults.stall(exchange)

    async with FakeImap.run(handlers={"APPEND": append}) as fake, within():
        with pytest.raises(MailboxGone):
            async with box_of(fake) as box:
                await box.leave("Mailgate/Anchor", letter(1))
    told_nothing(caplog)


async def test_an_append_that_is_refused_at_once() -> None:
    async with FakeImap.run() as fake, box_of(fake) as box:
        fake.handlers["APPEND"] = imap_faults.refuse(b"[OVERQUOTA] full")
        with pytest.raises(MailboxError, match="OVERQUOTA"):
            await box.leave("Mailgate/Anchor", letter(1))
        fake.handlers.clear()
        await box.leave("Mailgate/Anchor", letter(2))
        assert await box.waiting() == [1]
        assert any(letter(2) in line for line in fake.lines)


async def test_commands_are_never_split_by_names() -> None:
    async with FakeImap.run() as fake:
        async with box_of(fake) as box:
            for folder in ("a\r\nA1 DELETE INBOX", "a\0b", "a\nb", 'a" "b', "a\\"):
                await box.done([1], folder)
        assert not any(line.startswith(b"A1") or b"\n" in line[:-1].rstrip(b"\r") for line in fake.lines)
        said = [line.split()[1] for line in fake.lines]
        assert said[-16:] == [b"CREATE", b"SUBSCRIBE", b"UID"] * 5 + [b"LOGOUT"]


async def test_a_hang_up_in_the_middle_of_a_move_is_told() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.send(b"* OK [COPYUID 1 1 1] moved\r\n* 1 EXPUNGE\r\n")
        raise HangUp

    async with FakeImap.run(handlers={"UID MOVE": hang}) as fake:
        with pytest.raises(MailboxGone):
            async with box_of(fake) as box:
                await box.done([1], "Registered/2569")
