"""When a server's certificate ends, as it shows it on a verified connection."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from datetime import UTC, datetime
from typing import Any

from mailgate.config_servers import Imap, Smtp
from mailgate.edges.tls import client_context

_SECONDS = 20.0


def end(settings: Imap | Smtp) -> datetime | None:
    """The end, in UTC; None without TLS, or where the server cannot be reached, which others notice."""
    if settings.security == "none":
        return None
    try:
        with (_imap if isinstance(settings, Imap) else _smtp)(settings) as client:
            certificate: dict[str, Any] = getattr(client.sock, "getpeercert")()  # noqa: B009 - TLS by now
    except (OSError, imaplib.IMAP4.error, smtplib.SMTPException):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _imap(settings: Imap | Smtp) -> imaplib.IMAP4:
    context, host, port = client_context(settings.ca_file), settings.host, settings.real_port
    if settings.security == "tls":
        return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=_SECONDS)
    client = imaplib.IMAP4(host, port, timeout=_SECONDS)
    client.starttls(context)
    return client


def _smtp(settings: Imap | Smtp) -> smtplib.SMTP:
    context, host, port = client_context(settings.ca_file), settings.host, settings.real_port
    if settings.security == "tls":
        return smtplib.SMTP_SSL(host, port, context=context, timeout=_SECONDS)
    client = smtplib.SMTP(host, port, timeout=_SECONDS)
    client.starttls(context=context)
    return client
