"""A real Dovecot (IMAP and LMTP) as an ordinary process in a private directory, as root or as anybody."""

from __future__ import annotations

import contextlib
import email.utils
import imaplib
import os
import re
import smtplib
import ssl
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.parser import BytesHeaderParser
from pathlib import Path

from tests.servers import maildir, process
from tests.servers.certs import Certs
from tests.servers.dovecot_conf import Account, Settings
from tests.servers.utf7 import from_utf7, to_utf7

PACKAGES = "dovecot-imapd dovecot-lmtpd"
USER = "mkarea3"
PASSWORD = "loy-krathong-15"
LIST_LINE = re.compile(rb'\([^)]*\) (?:"[^"]*"|NIL) "?(.*?)"?$')


class Dovecot:
    """A running server; made by `run`."""

    host = process.HOST
    user = USER
    password = PASSWORD
    address = f"{USER}@example.go.th"

    def __init__(self, directory: Path, certs: Certs, ports: Sequence[int], account: Account) -> None:
        self.directory = directory
        self.ca_file = certs.ca_file
        self.imap_port, self.imaps_port, self.lmtp_port = ports
        self.maildir = directory / "mail" / USER
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def run(
        cls,
        directory: Path,
        *,
        certs: Certs | None = None,
        prefix: str = "",
        separator: str = "/",
        capability: str | None = None,
    ) -> Iterator[Dovecot]:
        """Runs a server in `directory`.

        `prefix="INBOX.", separator="."` is what cPanel hosts have. `capability` replaces what the
        server announces.
        """
        command = process.program("/usr/sbin/dovecot", PACKAGES)
        process.program("/usr/lib/dovecot/lmtp", PACKAGES)
        process.program("/usr/lib/dovecot/imap", PACKAGES)
        directory = directory.resolve()
        process.require_traversable(directory)
        certs = certs or Certs.write(directory / "tls")
        account = Account.current()

        def start(ports: list[int]) -> Dovecot:
            server = cls(directory, certs, ports, account)
            settings = Settings(directory, USER, PASSWORD, certs, account, ports, prefix, separator, capability)
            server._start(command, settings)
            return server

        server = process.on_free_ports(3, start)
        try:
            yield server
        finally:
            server.stop()

    def _start(self, command: str, settings: Settings) -> None:
        for name in ("run", "state", "mail", "log"):
            (self.directory / name).mkdir(mode=0o755, exist_ok=True)
        os.chown(self.directory / "mail", self._account.uid, self._account.gid)
        maildir.make(self.maildir, self._account.uid, self._account.gid)
        token = uuid.uuid4().hex
        file = settings.write(greeting=token)
        self._process = process.spawn([command, "-F", "-c", str(file)], self.directory / "log/output")
        try:
            process.await_greeting(self._process, self.imap_port, token)
        except process.ServerError as error:
            self.stop()
            raise type(error)(f"Dovecot: {error}\n{self.log()}") from None

    def stop(self) -> None:
        """Ends this server, and only this one. May be called twice."""
        if self._process is not None:
            process.end(self._process)

    def log(self) -> str:
        """The end of the server's log."""
        return process.tail(self.directory / "log/dovecot.log", self.directory / "log/output")

    # --- mail in

    def deliver(self, raw: bytes, sender: str | None = None, recipient: str = address) -> None:
        """Delivers over LMTP as an MTA would; the envelope sender is the From address unless given."""
        self.deliver_many([raw], sender, recipient)

    def deliver_many(self, messages: Iterable[bytes], sender: str | None = None, recipient: str = address) -> None:
        """Delivers several messages on one connection, in order."""
        # The name is given because smtplib otherwise asks the DNS for ours.
        with smtplib.LMTP(self.host, self.lmtp_port, local_hostname="localhost") as lmtp:
            for raw in messages:
                lmtp.sendmail(_from_address(raw) if sender is None else sender, [recipient], raw)

    def drop_in(self, messages: Iterable[bytes], arrived: datetime | None = None) -> None:
        """Puts files straight into the INBOX, in order and very fast; no Return-Path is added."""
        maildir.drop_in(self.maildir, messages, self._account.uid, self._account.gid, arrived)

    # --- state of the mailbox

    def empty(self) -> None:
        """Removes all mail and folders of the user; the server keeps running. No session may be open."""
        maildir.empty(self.maildir, self._account.uid, self._account.gid)

    def renumber(self) -> None:
        """The INBOX gets a new UIDVALIDITY and new UIDs. No session may be open."""
        maildir.renumber(self.maildir)

    def folder(self, name: str = "INBOX") -> list[bytes]:
        """All messages of a folder, in order; the name as the client sees it. An unknown folder is an error."""
        with self.session() as imap:
            answer, [count] = imap.select(_quoted(name), readonly=True)
            if answer != "OK":
                raise LookupError(f"no folder {name!r}: {count!r}")
            if not int(count or b"0"):
                return []
            _, lines = imap.fetch("1:*", "(BODY.PEEK[])")
            return [line[1] for line in lines if isinstance(line, tuple)]

    def folders(self) -> list[str]:
        """Names of all folders of the user, as the client sees them."""
        with self.session() as imap:
            _, lines = imap.list()
            matches = [LIST_LINE.match(line) for line in lines if isinstance(line, bytes)]
            return sorted(from_utf7(match[1]) for match in matches if match)

    def flags(self, name: str = "INBOX") -> list[set[str]]:
        """Flags and keywords of every message of a folder."""
        with self.session() as imap:
            _, [count] = imap.select(_quoted(name), readonly=True)
            if not int(count or b"0"):
                return []
            _, lines = imap.fetch("1:*", "(FLAGS)")
            return [{flag.decode() for flag in imaplib.ParseFlags(line)} for line in lines if isinstance(line, bytes)]

    def uidvalidity(self, name: str = "INBOX") -> int:
        """The folder's UIDVALIDITY."""
        with self.session() as imap:
            _, [line] = imap.status(_quoted(name), "(UIDVALIDITY)")
            match = re.search(rb"UIDVALIDITY (\d+)", line if isinstance(line, bytes) else b"")
            assert match, line
            return int(match[1])

    @contextlib.contextmanager
    def session(self) -> Iterator[imaplib.IMAP4_SSL]:
        """A second client besides the one under test: logged in, over verified TLS."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with imaplib.IMAP4_SSL(self.host, self.imaps_port, ssl_context=context, timeout=30) as imap:
            imap.login(self.user, self.password)
            yield imap


def _from_address(raw: bytes) -> str:
    """The address in the From header; empty (as for a bounce) if there is none."""
    header = BytesHeaderParser().parsebytes(raw).get("From", "")
    address = email.utils.parseaddr(str(header))[1]
    return address if address.isascii() and "@" in address and " " not in address else ""


def _quoted(name: str) -> str:
    return '"' + to_utf7(name).decode().replace("\\", "\\\\").replace('"', '\\"') + '"'
