"""Errors a person can mend. Each says what happened, where, and what to do next; bugs are left to surface."""

from __future__ import annotations


class MailgateError(Exception):
    """Something outside went wrong. ``str()`` is the sentence for the person; ``exit_code`` as in the contract."""

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}" if self.hint else self.what


class UsageError(MailgateError):
    """Wrong arguments or a broken configuration."""

    exit_code = 2


class ConfigError(UsageError):
    """config.toml, a template or a credential cannot be used; ``problems`` lists every finding."""

    def __init__(self, what: str, problems: list[str] | None = None, hint: str = "") -> None:
        super().__init__(what, hint)
        self.problems = problems or []

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  - {p}" for p in self.problems)])


class RegistryError(MailgateError):
    """The registry file cannot be opened, read or written."""


class ArchiveError(MailgateError):
    """The archive of raw mail cannot be written or does not match its hashes."""


class MailboxError(MailgateError):
    """The IMAP server refused, or is not what the configuration says."""


class MailboxGone(MailboxError):  # noqa: N818
    """The IMAP connection is lost or timed out; what was asked for may be asked again on a new one."""


class CourierError(MailgateError):
    """The SMTP server cannot be used at all (unreachable, no TLS, wrong password)."""


class Unreadable(MailgateError):  # noqa: N818
    """A message could not be read within the limits; it stays registered, with its raw bytes."""


class AlarmError(MailgateError):
    """An alarm did not arrive by one of its ways."""


class ScanError(MailgateError):
    """The virus scanner cannot be used."""


class AmssError(MailgateError):
    """The database of AMSS++ is away, or is not what the configuration says."""
