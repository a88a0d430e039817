"""Throw-away certificates: one authority that clients trust, one that they do not."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certs:
    """PEM files of a test authority, of a server certificate it signed, and of an unrelated authority."""

    ca_file: Path
    cert_file: Path
    key_file: Path
    other_ca_file: Path

    @classmethod
    def write(cls, directory: Path) -> Certs:
        """Makes everything anew (a few milliseconds with elliptic curves) and writes it into `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        certs = cls(
            ca_file=directory / "ca.pem",
            cert_file=directory / "server.pem",
            key_file=directory / "server.key",
            other_ca_file=directory / "other-ca.pem",
        )
        authority = trustme.CA(organization_name="mailgate tests")
        server = authority.issue_cert(*NAMES, common_name="localhost")
        authority.cert_pem.write_to_path(str(certs.ca_file))
        for position, blob in enumerate(server.cert_chain_pems):
            blob.write_to_path(str(certs.cert_file), append=position > 0)
        certs.key_file.touch(mode=0o600)
        server.private_key_pem.write_to_path(str(certs.key_file))
        trustme.CA(organization_name="somebody else").cert_pem.write_to_path(str(certs.other_ca_file))
        return certs

    def server_context(self) -> ssl.SSLContext:
        """What a server in this process shows to its clients."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A verifying client that trusts the test authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def distrusting_context(self) -> ssl.SSLContext:
        """A verifying client that must refuse the server certificate."""
        return ssl.create_default_context(cafile=str(self.other_ca_file))
