"""S/MIME signatures with the office's certificate (RFC 8551), by the cryptography library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12

from mailgate.errors import ConfigError


def signer(path: Path, password: Callable[[], str]) -> Callable[[bytes], bytes]:
    """What makes a detached signature (CMS, DER, SHA-256) of bytes. Raises ConfigError where it cannot be had."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(path.read_bytes(), password().encode() or None)
    except OSError as e:
        raise ConfigError(f"cannot read {path}: {e.strerror}", hint="Check [signing] pkcs12_file") from None
    except ValueError:
        raise ConfigError(
            f"{path} cannot be opened", hint="Is it PKCS#12, and the credential signing-password its password?"
        ) from None
    if certificate is None or not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ConfigError(f"{path} has no certificate with an RSA or EC key")

    def sign(content: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
        for other in others:
            builder = builder.add_certificate(other)
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])

    return sign
