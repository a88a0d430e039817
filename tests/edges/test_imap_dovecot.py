"""The IMAP client on a real Dovecot: TLS, logins, names, and servers that lack something."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailgate.edges.imap import ImapPost
from mailgate.errors import ConfigError, MailboxError
from tests.conftest import server_directory
from tests.edges.posts import SECRET, letter, opened, real_post, settings
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_conf import capabilities_without

FOLDER = "Registered/2569"


@contextlib.contextmanager
def overheard(port: int) -> Iterator[tuple[int, bytearray]]:
    """A port that passes everything on to another one, and what the client said there."""
    said = bytearray()
    listening = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket, note: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if note is not None:
                    note.extend(data)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            client, _ = listening.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=carry, args=(server, client, None))
                back.start()
                carry(client, server, said)
                back.join(5)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], said
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


# --- TLS


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_verified_tls(mailbox: Dovecot, security: str) -> None:
    mailbox.drop_in([letter(1)])
    port = mailbox.imaps_port if security == "tls" else mailbox.imap_port
    with overheard(port) as (shared, said):
        made = settings("localhost", shared, security=security, ca_file=mailbox.ca_file, username=mailbox.user)
        async with opened(ImapPost(made, lambda: mailbox.password)) as box:
            assert list((await box.fetch(await box.waiting())).values()) == [letter(1)]
    assert mailbox.password.encode() not in said
    assert b"LOGIN" not in said
    assert b"AUTHENTICATE" not in said


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_another_authority_is_refused_before_anything_secret(
    mailbox: Dovecot, certs: Certs, security: str
) -> None:
    asked: list[str] = []
    port = mailbox.imaps_port if security == "tls" else mailbox.imap_port
    with overheard(port) as (shared, said):
        made = settings("localhost", shared, security=security, ca_file=certs.other_ca_file, username=mailbox.user)
        with pytest.raises(MailboxError, match=r"certificate is not trusted.*ca_file"):
            async with opened(ImapPost(made, lambda: asked.append("secret") or SECRET)):
                pass
    assert asked == []
    assert b"AUTHENTICATE" not in said
    assert b"LOGIN" not in said


async def test_a_name_that_is_not_in_the_certificate(mailbox: Dovecot) -> None:
    made = settings("ip6-localhost.localhost", mailbox.imaps_port, security="tls", ca_file=mailbox.ca_file)
    with pytest.raises(MailboxError, match=r"certificate|name cannot be found"):
        async with opened(ImapPost(made, lambda: SECRET)):
            pass


async def test_the_wrong_kind_of_port(mailbox: Dovecot) -> None:
    made = settings("localhost", mailbox.imap_port, security="tls", ca_file=mailbox.ca_file)
    with pytest.raises(MailboxError, match=r"TLS failed.*Check port and security"):
        async with opened(ImapPost(made, lambda: SECRET)):
            pass
    made = settings("127.0.0.1", mailbox.imaps_port).model_copy(update={"timeout": timedelta(seconds=0.2)})
    with pytest.raises(MailboxError, match=r"127\.0\.0\.1:"):
        async with opened(ImapPost(made, lambda: SECRET)):
            pass


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MailboxError, match=r"cannot reach the IMAP server 127\.0\.0\.1:.*Check host"):
        async with opened(ImapPost(settings("127.0.0.1", port), lambda: SECRET)):
            pass


async def test_a_host_name_with_a_typing_mistake() -> None:
    made = settings("mail..example.go.th", 993, security="tls", seconds=0.3)
    with pytest.raises(MailboxError, match=r"mail\.\.example"):
        async with opened(ImapPost(made, lambda: SECRET)):
            pass


async def test_an_authority_file_that_is_missing(mailbox: Dovecot) -> None:
    with pytest.raises(ConfigError, match="ca_file"):
        async with opened(real_post(mailbox, ca_file=mailbox.directory / "none.pem")):
            pass


# --- logging in


@pytest.mark.parametrize("auth", ["auto", "plain", "login"])
async def test_every_way_to_log_in(mailbox: Dovecot, auth: str) -> None:
    async with opened(real_post(mailbox, auth=auth)) as box:
        assert await box.waiting() == []


async def test_a_wrong_password(certs: Certs) -> None:
    # On a server of its own, for Dovecot lets everybody wait after it.
    with (
        server_directory("wrong") as directory,
        Dovecot.run(directory, certs=certs) as server,
        pytest.raises(MailboxError, match=r"refuses the login of mkarea3 .*Check \[imap\] username") as caught,
    ):
        async with opened(real_post(server, secret=SECRET)):
            pass
    assert SECRET not in str(caught.value)


async def test_a_missing_password_closes_the_line(mailbox: Dovecot) -> None:
    def secret() -> str:
        raise ConfigError("there is no password for [imap]")

    made = settings("localhost", mailbox.imaps_port, security="tls", ca_file=mailbox.ca_file, username="x")
    with pytest.raises(ConfigError, match="there is no password"):
        async with opened(ImapPost(made, secret)):
            pass


PASSWORDS = ['quo"te\\back', "a b  c", "{5}", "(paren) %*", "&+~-", "รหัสลับ"]


@pytest.fixture(scope="module")
def special(certs: Certs) -> Iterator[Dovecot]:
    """A server with one user for each of the passwords."""
    with server_directory("special") as directory, Dovecot.run(directory, certs=certs) as server:
        users = [f"user{number}:{{PLAIN}}{password}::::::\n" for number, password in enumerate(PASSWORDS)]
        (server.directory / "users").write_text("".join(users), "utf-8")
        yield server


@pytest.mark.parametrize(
    ("auth", "number"), [("plain", 0), ("plain", 1), ("plain", 3), ("plain", 5), ("auto", 5)]
    + [("login", number) for number in range(5)]
)  # fmt: skip
async def test_passwords_with_special_characters(special: Dovecot, auth: str, number: int) -> None:
    async with opened(real_post(special, auth=auth, username=f"user{number}", secret=PASSWORDS[number])) as box:
        assert await box.waiting() == []


# --- names of mailboxes


async def test_a_mailbox_that_does_not_exist(mailbox: Dovecot) -> None:
    with pytest.raises(MailboxError, match=r"cannot open the mailbox Nowhere/Land.*Check \[imap\] mailbox"):
        async with opened(real_post(mailbox, mailbox="Nowhere/Land")):
            pass


@pytest.mark.parametrize(
    "folder", ["กล่องรับ/๒๕๖๙", "With space", 'Quo"te', "A & B", "a%b", "(x) {3}", "Tom\\Jerry", "é/ü/😀"]
)
async def test_names_of_folders(mailbox: Dovecot, folder: str) -> None:
    mailbox.drop_in([letter(1), letter(2)])
    async with opened(real_post(mailbox)) as box:
        first, second = await box.waiting()
        await box.done([first], folder)
        await box.done([second], folder)
        assert await box.newest(folder) == letter(2)
    assert mailbox.folder(folder) == [letter(1), letter(2)]
    async with opened(real_post(mailbox, mailbox=folder)) as box:
        uids = await box.waiting()
        assert list((await box.fetch(uids)).values()) == [letter(1), letter(2)]
        await box.done(uids, "กลับ/มา")
    assert mailbox.folder("กลับ/มา") == [letter(1), letter(2)]


async def test_prepare_says_how_and_refuses_what_cannot_be(mailbox: Dovecot) -> None:
    async with opened(real_post(mailbox)) as box:
        assert await box.prepare(FOLDER) == f"moved to {FOLDER}"
        with pytest.raises(MailboxError, match=r"cannot be made.*done_folder"):
            await box.prepare("a" * 300)
        assert await box.waiting() == []
    assert FOLDER in mailbox.folders()


# --- servers that lack something


@pytest.fixture(scope="module")
def cpanel(certs: Certs) -> Iterator[Dovecot]:
    """Everything below "INBOX.", with dots between the levels."""
    with server_directory("cpanel") as directory, Dovecot.run(
        directory, certs=certs, prefix="INBOX.", separator="."
    ) as server:  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def copying(certs: Certs) -> Iterator[Dovecot]:
    """Without MOVE."""
    with server_directory("copying") as directory, Dovecot.run(
        directory, certs=certs, capability=capabilities_without("MOVE")
    ) as server:  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def poor(certs: Certs) -> Iterator[Dovecot]:
    """Without MOVE and UIDPLUS."""
    with server_directory("poor") as directory, Dovecot.run(
        directory, certs=certs, capability=capabilities_without("MOVE", "UIDPLUS", "NAMESPACE", "SASL-IR")
    ) as server:  # fmt: skip
        yield server


@pytest.mark.parametrize(
    ("folder", "there"),
    [("Registered/2569", "INBOX.Registered.2569"), ("INBOX/Done", "INBOX.Done"), ("รับแล้ว/๒๕๖๙", "INBOX.รับแล้ว.๒๕๖๙")],
)
async def test_folders_below_the_inbox(cpanel: Dovecot, folder: str, there: str) -> None:
    cpanel.empty()
    cpanel.drop_in([letter(1)])
    async with opened(real_post(cpanel)) as box:
        await box.done(await box.waiting(), folder)
        assert await box.waiting() == []
        assert await box.newest(folder) == letter(1)
    assert cpanel.folder(there) == [letter(1)]
    async with opened(real_post(cpanel, mailbox=folder)) as box:
        assert len(await box.waiting()) == 1


async def test_without_move_a_letter_is_copied_and_only_it_expunged(copying: Dovecot) -> None:
    copying.empty()
    copying.drop_in(letter(n) for n in range(4))
    with copying.session() as imap:
        imap.select()
        imap.store("2", "+FLAGS", r"(\Deleted)")
    async with opened(real_post(copying)) as box:
        uids = await box.waiting()
        await box.done([uids[0], uids[2]], FOLDER)
        assert await box.waiting() == [uids[1], uids[3]]
        await box.done([uids[0], uids[2]], FOLDER)
    assert copying.folder(FOLDER) == [letter(0), letter(2)]
    assert copying.folder() == [letter(1), letter(3)]
    assert [r"\Deleted" in flags for flags in copying.flags()] == [True, False]
    assert all(r"\Deleted" not in flags for flags in copying.flags(FOLDER))


async def test_without_move_and_uidplus_a_letter_is_flagged(poor: Dovecot) -> None:
    poor.empty()
    poor.drop_in([letter(1), letter(2)])
    async with opened(real_post(poor)) as box:
        assert "neither MOVE nor UIDPLUS" in await box.prepare(FOLDER)
        uids = await box.waiting()
        await box.done(uids[:1], FOLDER)
        await box.done(uids[:1], FOLDER)
        assert await box.waiting() == uids
    assert ["$MailgateDone" in flags for flags in poor.flags()] == [True, False]
    assert all(r"\Seen" not in flags for flags in poor.flags())
    assert poor.folder() == [letter(1), letter(2)]


async def test_flag_only(mailbox: Dovecot) -> None:
    mailbox.drop_in([letter(1), letter(2)])
    async with opened(real_post(mailbox, done="flag")) as box:
        uids = await box.waiting()
        await box.done(uids[:1], FOLDER)
        await box.done(uids[:1], FOLDER)
        assert await box.waiting() == uids
    assert ["$MailgateDone" in flags for flags in mailbox.flags()] == [True, False]
    assert FOLDER not in mailbox.folders()


async def test_fetching_leaves_no_mark(mailbox: Dovecot) -> None:
    mailbox.drop_in([letter(1)])
    async with opened(real_post(mailbox)) as box:
        uids = await box.waiting()
        await box.stubs(uids)
        await box.fetch(uids)
        await box.fetch_pieces(uids[0], lambda piece: None)
    assert mailbox.flags() in ([set()], [{r"\Recent"}])
