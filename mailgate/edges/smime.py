"""S/MIME signatures with the office's certificate (RFC 8551), by the cryptography library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12

from mailgate.errors import ConfigError

_NEW = "Set [signing] pkcs12_file to a valid one, or leave it empty: nothing is signed then"


@dataclass(frozen=True, slots=True)
class Identity:
    """The office's key with its certificate, and the certificates of those who vouch for it."""

    key: RSAPrivateKey | EllipticCurvePrivateKey
    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]

    @property
    def addresses(self) -> list[str]:
        """The e-mail addresses that the certificate is for; there may be none."""
        subject = self.certificate.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)
        found = [str(attribute.value) for attribute in subject]
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return found
        return list(dict.fromkeys([*names.get_values_for_type(x509.RFC822Name), *found]))


def identity(path: Path, password: Callable[[], str], now: datetime) -> Identity:
    """What a PKCS#12 file has, if it can be signed with. Raises ConfigError where it cannot."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(path.read_bytes(), password().encode() or None)
    except OSError as e:
        raise ConfigError(f"cannot read {path}: {e.strerror}", hint="Check [signing] pkcs12_file") from None
    except ValueError:
        raise ConfigError(
            f"{path} cannot be opened", hint="Is it PKCS#12, and the credential signing-password its password?"
        ) from None
    if certificate is None or not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ConfigError(f"{path} has no certificate with an RSA or EC key", hint="Export both into the file")
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= ends:
        raise ConfigError(f"the certificate of {path} ended on {ends:%Y-%m-%d}", hint=_NEW)
    if now < begins:
        raise ConfigError(f"the certificate of {path} begins on {begins:%Y-%m-%d}", hint=_NEW)
    return Identity(key, certificate, tuple(others))


def signer(path: Path, password: Callable[[], str], now: datetime) -> Callable[[bytes], bytes]:
    """What makes a detached signature (CMS, DER, SHA-256) of bytes. Raises ConfigError where it cannot be had."""
    who = identity(path, password, now)

    def sign(content: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(who.certificate, who.key, hashes.SHA256())
        for other in who.others:
            builder = builder.add_certificate(other)
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])

    return sign
