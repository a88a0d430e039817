"""The real servers: each does what the other tests rely on."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from tests.conftest import server_directory
from tests.servers import process
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_conf import capabilities_without
from tests.servers.postfix import Postfix
from tests.servers.sink import ThreadedSink

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
    assert b"Delivered-To: mkarea3@example.go.th" in raw
    assert raw.endswith(b"\r\n\r\nbody\r\n")


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


# --- starting


def test_a_missing_server_fails_with_what_to_install() -> None:
    with pytest.raises(process.ServerError, match="apt-get install --no-install-recommends dovecot-imapd"):
        process.program("/usr/sbin/no-such-server", "dovecot-imapd")


def test_a_server_whose_port_is_taken_meanwhile_gets_others() -> None:
    tried: list[list[int]] = []

    def start(ports: list[int]) -> str:
        tried.append(ports)
        if len(tried) < 3:
            raise process.PortTakenError
        return "up"

    assert process.on_free_ports(3, start) == "up"
    assert all(len(set(ports)) == 3 for ports in tried)


def test_a_server_that_cannot_start_shows_its_log(certs: Certs) -> None:
    with (
        server_directory("broken") as directory,
        pytest.raises(process.ServerError, match=r"(?s)Dovecot: .*separator"),
        Dovecot.run(directory, certs=certs, separator="!!!"),
    ):
        pass
