"""TLS for clients: always verified, and failures in words."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from mailgate.errors import ConfigError


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """A context that verifies certificate and name, TLS 1.2 or later; ``ca_file`` replaces the system's authorities."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as e:
        raise ConfigError(f"ca_file {ca_file} cannot be read: {e}", hint="It must be a PEM file") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def explain(error: BaseException) -> tuple[str, str]:
    """What a connection error means, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (f"its certificate is not trusted ({error.verify_message})", "Check host and ca_file")
    if isinstance(error, ssl.SSLError):
        return (f"TLS failed ({error.reason or 'handshake'})", "Check port and security")
    if isinstance(error, TimeoutError):
        return ("it does not answer", "Check host, port and the firewall")
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return ("its name cannot be found", "Check host and this machine's DNS")
    if isinstance(error, OSError):
        return (error.strerror or str(error), "Check host and port, and that the server runs")
    return (str(error), "")
