"""The configuration of the test Dovecot and the accounts it runs under."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.certs import Certs
from tests.servers.process import HOST

CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ SORT NAMESPACE UIDPLUS UNSELECT CHILDREN "
    "MOVE MULTIAPPEND CONDSTORE QRESYNC ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE BINARY"
)


def capabilities_without(*missing: str) -> str:
    """What Dovecot announces after login, less some; the commands themselves still work."""
    return " ".join(word for word in CAPABILITIES.split() if word not in missing)


@dataclass(frozen=True)
class Account:
    """Whose mail it is and who runs the daemons: Dovecot forbids mail that belongs to root."""

    uid: int
    gid: int
    internal: str
    group: str
    login: str

    @classmethod
    def current(cls) -> Account:
        if os.geteuid() != 0:
            me = pwd.getpwuid(os.geteuid())
            return cls(me.pw_uid, os.getegid(), me.pw_name, grp.getgrgid(os.getegid()).gr_name, me.pw_name)
        owner = pwd.getpwnam("dovecot")
        return cls(owner.pw_uid, owner.pw_gid, "dovecot", grp.getgrgid(owner.pw_gid).gr_name, "dovenull")


@dataclass(frozen=True)
class Settings:
    """Everything that stands in dovecot.conf; nothing of the system's own configuration is read."""

    directory: Path
    user: str
    password: str
    certs: Certs
    account: Account
    ports: Sequence[int]
    prefix: str
    separator: str
    capability: str | None

    def write(self, greeting: str) -> Path:
        """Writes the files; returns the one to start Dovecot with."""
        (self.directory / "users").write_text(f"{self.user}:{{PLAIN}}{self.password}::::::\n")
        file = self.directory / "dovecot.conf"
        file.write_text(self._text(greeting))
        return file

    def _text(self, greeting: str) -> str:
        d = self.directory
        imap, imaps, lmtp = self.ports
        return f"""
base_dir = {d}/run
state_dir = {d}/state
login_greeting = {greeting}
log_path = {d}/log/dovecot.log
protocols = imap lmtp
listen = {HOST}
default_internal_user = {self.account.internal}
default_internal_group = {self.account.group}
default_login_user = {self.account.login}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{self.certs.cert_file}
ssl_key = <{self.certs.key_file}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login
# Tests log in with a wrong password on purpose and do not want to wait for it.
auth_failure_delay = 0
mail_location = maildir:{d}/mail/%n
mail_uid = {self.account.uid}
mail_gid = {self.account.gid}
mail_fsync = never
{f"imap_capability = {self.capability}" if self.capability else ""}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {d}/users
}}
userdb {{
  driver = static
  args = uid={self.account.uid} gid={self.account.gid} home={d}/mail/%n.home
}}
namespace inbox {{
  inbox = yes
  prefix = {self.prefix}
  separator = {self.separator}
}}
# Only root may chroot.
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {HOST}
    port = {lmtp}
  }}
}}
protocol lmtp {{
  # Whatever the domain, the part before @ (and before +) is the user.
  auth_username_format = %Ln
}}
"""
