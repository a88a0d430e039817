"""A real Postfix in a private directory, in front of a test Dovecot. Postfix insists on root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers import process
from tests.servers.certs import Certs

PACKAGES = "postfix"
MASTER = "/usr/lib/postfix/sbin/master"
SERVICES = """
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running mail transfer agent; made by `run`.

    example.go.th goes to the Dovecot user, whatever stands before the @. x@bounce.test is accepted
    and then bounced, x@defer.test is tried for ten seconds and then bounced, x@reject.test and
    reject@example.go.th are refused (550), grey@example.go.th is put off (451). All other mail is
    discarded as delivered, or forwarded to a port of this machine.
    """

    host = process.HOST

    def __init__(self, directory: Path, certs: Certs, ports: Sequence[int]) -> None:
        self.directory = directory
        self.ca_file = certs.ca_file
        self.smtp_port, self.submission_port = ports
        self._root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def run(
        cls,
        directory: Path,
        *,
        lmtp_port: int,
        user: str = "mkarea3",
        certs: Certs | None = None,
        forward_to: int | None = None,
    ) -> Iterator[Postfix]:
        """Runs a server in `directory`; `forward_to` is the port for all mail it does not know."""
        process.program("/usr/sbin/postfix", PACKAGES)
        _require_root()
        directory = directory.resolve()
        process.require_traversable(directory)
        certs = certs or Certs.write(directory / "tls")

        def start(ports: list[int]) -> Postfix:
            server = cls(directory, certs, ports)
            server._start(_main_cf(server, certs, lmtp_port, forward_to), _catch_all(user))
            return server

        server = process.on_free_ports(2, start)
        try:
            yield server
        finally:
            server.stop()

    def _start(self, main_cf: str, catch_all: str) -> None:
        token = uuid.uuid4().hex
        etc = self.directory / "etc"
        for place in (etc, *(self.directory / name for name in ("queue", "data", "log"))):
            place.mkdir(mode=0o755, exist_ok=True)
        (etc / "virtual").write_text(catch_all)
        (etc / "main.cf").write_text(main_cf + f"smtpd_banner = {token}.test ESMTP\n")
        (etc / "master.cf").write_text(_master_cf(self))
        # A configuration younger than two seconds makes every daemon wait until it has "cooled down".
        aged = time.time() - 60
        for file in etc.iterdir():
            os.utime(file, (aged, aged))
        self._as_root("chown", "postfix", str(self.directory / "data"))
        self._as_root("/usr/sbin/postfix", "-c", str(etc), "check")  # makes the queue directories
        # The master itself: `postfix start` sleeps for two seconds.
        self._process = process.spawn([MASTER, "-c", str(etc), "-d"], self.directory / "log/output", self._root)
        try:
            process.await_greeting(self._process, self.smtp_port, token)
        except process.ServerError as error:
            self.stop()
            raise type(error)(f"Postfix: {error}\n{self.log()}") from None

    def stop(self) -> None:
        """Ends this server, and only this one. May be called twice."""
        if self._process is None:
            return
        process.end(self._process)
        self._process = None
        if self._root:  # so that the caller can remove the directory
            self._as_root("chown", "-R", f"{os.geteuid()}:{os.getegid()}", str(self.directory))

    def _as_root(self, *command: str) -> str:
        done = subprocess.run([*self._root, *command], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise process.ServerError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def log(self) -> str:
        """The end of the server's log."""
        return process.tail(self.directory / "log/maillog", self.directory / "log/output")


def _require_root() -> None:
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
        raise process.ServerError(
            "Postfix can only be started by root: run these tests as root or as a user for whom `sudo -n true` works"
        )


def _catch_all(user: str) -> str:
    """Every address of the domain is the user's; his own stay as they are, extension included."""
    return f"if !/^{user}(\\+.*)?@/\n/@example\\.go\\.th$/ {user}@example.go.th\nendif\n"


def _main_cf(server: Postfix, certs: Certs, lmtp_port: int, forward_to: int | None) -> str:
    d = server.directory
    others = f"smtp:[{server.host}]:{forward_to}" if forward_to else "discard:"
    lmtp = f"lmtp:inet:{server.host}:{lmtp_port}"
    return f"""
compatibility_level = 3.6
queue_directory = {d}/queue
data_directory = {d}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {d}/log/maillog
maillog_file_prefixes = {d}/log
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mx.example.go.th
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
notify_classes =
smtp_dns_support_level = disabled
smtputf8_enable = yes
message_size_limit = 40000000
mailbox_size_limit = 0
virtual_mailbox_domains = example.go.th
virtual_mailbox_maps = static:ok
virtual_alias_maps = regexp:{d}/etc/virtual
virtual_transport = {lmtp}
# Dovecot knows nobody at bounce.test, nothing listens on port 1; "error" answers at RCPT already.
transport_maps = inline:{{ {{bounce.test={lmtp}}} {{defer.test=smtp:[{server.host}]:1}}
    {{reject.test=error:5.1.1 refused at RCPT}} }}
default_transport = {others}
relay_transport = {others}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{reject@example.go.th=550 5.1.1 no such user here}}
    {{grey@example.go.th=451 4.7.1 greylisted}} }}, permit_mynetworks, reject
smtpd_tls_cert_file = {certs.cert_file}
smtpd_tls_key_file = {certs.key_file}
smtpd_tls_security_level = may
# Tests provoke errors on purpose: no punishment by waiting.
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
in_flow_delay = 0
maximal_queue_lifetime = 10s
bounce_queue_lifetime = 10s
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
"""


def _master_cf(server: Postfix) -> str:
    submission = "-o smtpd_tls_security_level=encrypt -o syslog_name=postfix/submission"
    return (
        f"{server.host}:{server.smtp_port} inet n - n - - smtpd\n"
        f"{server.host}:{server.submission_port} inet n - n - - smtpd {submission}\n{SERVICES.lstrip()}"
    )
