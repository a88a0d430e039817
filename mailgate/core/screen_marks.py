"""What the office's own mail server found out about a mail and wrote into its header."""

from __future__ import annotations

from mailgate.core.screen_signs import Facts, starts
from mailgate.model import Mail

_MALWARE = {
    "x-virus-status": ("infected", "yes"),
    "x-virus-flag": ("yes",),
    "x-virus": ("yes",),
    "x-virus-scanned": ("infected",),
    "x-antivirus-status": ("infected",),
    "x-amavis-alert": ("infected",),
    "x-quarantine-reason": ("virus", "malware"),
}
_SPAM = {
    "x-spam-flag": ("yes",),
    "x-spam-status": ("yes",),
    "x-spam": ("yes", "true"),
    "x-barracuda-spam-flag": ("yes",),
    "x-barracuda-spam-status": ("yes",),
    "x-rspamd-action": ("add header", "rewrite subject", "reject"),
    "x-microsoft-antispam-mailbox-delivery": ("ucf:0;jmr:1",),
    "x-ms-exchange-organization-scl": ("5", "6", "7", "8", "9"),
    "x-suspected-spam": ("true", "yes"),
}
# Microsoft 365 writes its verdict among others: SFV:SPM is spam, CAT:MALW malware, CAT:PHSH and HPHSH phishing.
_FOREFRONT = "x-forefront-antispam-report"


def infected(mail: Mail, facts: Facts) -> str:
    """Marked as malware by the upstream server; a filter's plain "Clean" says the contrary."""
    return _verdict(mail, _MALWARE) or _forefront(mail, ("CAT:MALW",))


def spam(mail: Mail, facts: Facts) -> str:
    """Marked as spam by the upstream server."""
    return _verdict(mail, _SPAM) or _forefront(mail, ("SFV:SPM", "CAT:PHSH", "CAT:HPHSH"))


def spam_kept_out(mail: Mail, facts: Facts) -> str:
    return "" if facts.spam_is_letter else spam(mail, facts)


def forged(mail: Mail, facts: Facts) -> str:
    results = facts.authentication
    shown = f"spf={results.spf or '-'} dkim={results.dkim or '-'} dmarc={results.dmarc or '-'}"
    return f"Authentication-Results: {shown}" if results.forged else ""


def _verdict(mail: Mail, verdicts: dict[str, tuple[str, ...]]) -> str:
    return next(
        (found for name, _ in mail.fields if name in verdicts and (found := starts(mail, name, verdicts[name]))), ""
    )


def _forefront(mail: Mail, verdicts: tuple[str, ...]) -> str:
    stated = [part.strip() for part in mail.first(_FOREFRONT)[:1000].upper().split(";")]
    return next((f"X-Forefront-Antispam-Report: {verdict}" for verdict in verdicts if verdict in stated), "")
