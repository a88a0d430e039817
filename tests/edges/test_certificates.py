"""The end of a server's certificate, as real servers show it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailgate.config_servers import Imap, Smtp
from mailgate.edges import certificates
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink


def settings(kind: type[Any], port: int, security: str, ca_file: Path | None) -> Any:
    return kind(host="localhost", port=port, security=security, ca_file=ca_file, username="x")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_of_the_imap_server(dovecot: Dovecot, security: str) -> None:
    port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
    end = certificates.end(settings(Imap, port, security, dovecot.ca_file))
    assert end
    assert end > datetime.now(UTC)


@pytest.mark.parametrize("implicit", [True, False])
async def test_of_the_smtp_server(certs: Certs, implicit: bool) -> None:
    async with Sink.run(tls=certs.server_context(), implicit=implicit) as sink:
        asked = settings(Smtp, sink.port, "tls" if implicit else "starttls", certs.ca_file)
        end = await asyncio.to_thread(certificates.end, asked)
    assert end
    assert end > datetime.now(UTC)


def test_an_unknown_authority_a_server_away_and_no_tls_say_nothing(dovecot: Dovecot) -> None:
    assert certificates.end(settings(Imap, dovecot.imaps_port, "tls", None)) is None
    assert certificates.end(settings(Imap, 1, "tls", dovecot.ca_file)) is None
    assert certificates.end(settings(Imap, dovecot.imap_port, "none", None)) is None
