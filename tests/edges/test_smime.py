"""Signed decisions, as another program verifies them, and certificates that cannot be signed with."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from mailgate.edges import smime
from mailgate.edges.clock import PaperClock
from mailgate.errors import ConfigError, MailgateError
from mailgate.jobs import doctor, doctor_duty, poll
from mailgate.jobs.outbox import whole
from tests import builders
from tests.builders import NOW
from tests.jobs.letters import letter
from tests.jobs.letters import poll as check
from tests.jobs.test_decisions import FIRST, decide

SECRET = "มะม่วง-37"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGATE_SIGNING_PASSWORD", SECRET)


def certified(
    folder: Path, key: Key, *, address: str = builders.OFFICE, ends: timedelta = timedelta(days=100)
) -> x509.Certificate:
    """A certificate that the office gave itself, with its key in ``folder``/office.p12."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "สำนักงานตัวอย่าง")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(NOW.astimezone(UTC) + ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if address:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
    made = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    encryption = BestAvailableEncryption(SECRET.encode())
    (folder / "office.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"office", key, made, None, encryption))
    (folder / "office.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return made


def sent(folder: Path, *files: Path, hash_list: bool = False, signs: bool = True) -> Path:
    """A decision as it went out."""
    return asyncio.run(_sent(folder, files, hash_list, signs))


async def _sent(folder: Path, files: Sequence[Path], hash_list: bool, signs: bool) -> Path:
    signing = {"pkcs12_file": str(folder / "office.p12")} if signs else {}
    made = builders.config(folder, signing=signing, decisions={"hash_list": hash_list})
    with builders.office(made) as office:
        await check(office, letter(1))
        decide(office, FIRST, *files, text="อนุมัติตามคำขอ")
        await poll.send(office)
        (folder / "mail.eml").write_bytes(office.paper_courier.delivered[-1].raw)
        [stored] = office.store.dispatches.mails(1)
        assert (
            whole(office, stored["raw"], office.store.outbox.carried(stored["id"]))
            == (folder / "mail.eml").read_bytes()
        )
    return folder / "mail.eml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    from mailgate.edges import pdf

    path = tmp_path / "คำสั่ง.pdf"
    path.write_bytes(pdf.render("<p>อนุมัติ</p>"))
    return path


def verified(mail: Path, program: str = "cms") -> subprocess.CompletedProcess[bytes]:
    command = ["openssl", program, "-verify", "-in", str(mail), "-CAfile", str(mail.with_name("office.pem")),
               "-purpose", "any", "-attime", str(int(NOW.timestamp())), "-out", str(mail.with_name("out"))]  # fmt: skip
    return subprocess.run(command, capture_output=True)


@pytest.mark.parametrize("program", ["smime", "cms"])
@pytest.mark.parametrize("elliptic", [False, True])
def test_another_program_verifies_the_signature(
    tmp_path: Path, file: Path, rsa_key: rsa.RSAPrivateKey, program: str, elliptic: bool
) -> None:
    certified(tmp_path, ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa_key)
    mail = sent(tmp_path, file, file)
    done = verified(mail, program)
    assert (done.returncode, b"successful" in done.stderr) == (0, True), done.stderr
    parsed = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/signed"
    contents = [part.get_content() for part in parsed.walk() if part.get_content_type() == "application/pdf"]
    assert contents == [file.read_bytes()] * 2
    inside = email.message_from_bytes((tmp_path / "out").read_bytes(), policy=email.policy.default)
    assert inside.get_body(("plain",)).get_content().count("อนุมัติตามคำขอ") == 1  # type: ignore[attr-defined]


def test_a_mail_without_files_is_signed_too(tmp_path: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    certified(tmp_path, rsa_key)
    assert verified(sent(tmp_path)).returncode == 0


def test_an_altered_mail_does_not_verify(tmp_path: Path, file: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    certified(tmp_path, rsa_key)
    mail = sent(tmp_path, file)
    raw = mail.read_bytes()
    at = raw.index(b"Content-Type: application/pdf")
    at = raw.index(b"\r\n\r\n", at) + 100
    for start in (at, raw.index(b"Content-Type: text/plain") + 120):
        other = b"A" if raw[start : start + 1] != b"A" else b"B"
        mail.write_bytes(raw[:start] + other + raw[start + 1 :])
        assert verified(mail).returncode != 0
    mail.write_bytes(raw)
    assert verified(mail).returncode == 0


def _wrong_password(folder: Path, key: rsa.RSAPrivateKey) -> str:
    certified(folder, key)
    return "wrong"


def _expired(folder: Path, key: rsa.RSAPrivateKey) -> str:
    certified(folder, key, ends=timedelta(seconds=-1))
    return SECRET


def _without_key(folder: Path, key: rsa.RSAPrivateKey) -> str:
    made = certified(folder, key)
    encryption = BestAvailableEncryption(SECRET.encode())
    (folder / "office.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"x", None, made, None, encryption))
    return SECRET


def _other_key(folder: Path, key: rsa.RSAPrivateKey) -> str:
    certified(folder, ed25519.Ed25519PrivateKey.generate())
    return SECRET


def _no_file(folder: Path, key: rsa.RSAPrivateKey) -> str:
    return SECRET


def _a_folder(folder: Path, key: rsa.RSAPrivateKey) -> str:
    (folder / "office.p12").mkdir()
    return SECRET


def _rubbish(folder: Path, key: rsa.RSAPrivateKey) -> str:
    (folder / "office.p12").write_bytes(b"\x30\x82rubbish" * 9)
    return SECRET


UNUSABLE: list[tuple[Callable[[Path, rsa.RSAPrivateKey], str], str]] = [
    (_wrong_password, "cannot be opened"),
    (_expired, "ended on 2026-11-23"),
    (_without_key, "has no certificate with an RSA or EC key"),
    (_other_key, "has no certificate with an RSA or EC key"),
    (_no_file, "No such file"),
    (_a_folder, "Is a directory"),
    (_rubbish, "cannot be opened"),
]


@pytest.mark.parametrize(("make", "sentence"), UNUSABLE, ids=[make.__name__ for make, _ in UNUSABLE])
async def test_what_cannot_be_signed_with_is_said_and_nothing_goes_out(
    tmp_path: Path,
    rsa_key: rsa.RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path, rsa.RSAPrivateKey], str],
    sentence: str,
) -> None:
    secret = make(tmp_path, rsa_key)
    monkeypatch.setenv("MAILGATE_SIGNING_PASSWORD", secret)
    with pytest.raises(ConfigError, match=sentence) as caught:
        smime.signer(tmp_path / "office.p12", lambda: secret, NOW)
    assert SECRET not in str(caught.value)
    made = builders.config(tmp_path, signing={"pkcs12_file": str(tmp_path / "office.p12")})
    with pytest.raises(ConfigError, match=sentence):
        await doctor_duty.signing(made, PaperClock(NOW))
    with builders.office(made) as office:
        await check(office, letter(1))
        with pytest.raises(ConfigError, match=sentence):
            decide(office, FIRST, text="x")
        assert office.store.dispatches.listed() == []


def test_what_the_doctor_says_of_a_certificate(tmp_path: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    made = builders.config(tmp_path, signing={"pkcs12_file": str(tmp_path / "office.p12")})

    def said() -> str:
        return asyncio.run(doctor_duty.signing(made, PaperClock(NOW)))

    certified(tmp_path, rsa_key)
    assert said() == f"{builders.OFFICE}, until 2027-03-03 (100 day(s) left)"
    certified(tmp_path, rsa_key, address="", ends=timedelta(days=5))
    assert said() == "a certificate without an address, until 2026-11-28 (only 5 day(s) left: have it renewed)"
    certified(tmp_path, rsa_key, address="other@example.go.th")
    with pytest.raises(MailgateError, match=r"is for other@example\.go\.th, and mail goes out from"):
        said()
    unsigned = builders.config(tmp_path)
    assert "not signed" in asyncio.run(doctor_duty.signing(unsigned, PaperClock(NOW)))
    assert "signing" in [name for name, _ in doctor.TESTS]


@pytest.mark.parametrize("signs", [False, True])
def test_the_list_of_hashes_checks_the_files(
    tmp_path: Path, file: Path, rsa_key: rsa.RSAPrivateKey, signs: bool
) -> None:
    certified(tmp_path, rsa_key)
    mail = sent(tmp_path, file, file, hash_list=True, signs=signs)
    folder = tmp_path / "received"
    folder.mkdir()
    for part in email.message_from_bytes(mail.read_bytes(), policy=email.policy.default).walk():
        if name := part.get_filename():
            content = part.get_content()
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS.txt"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["1-2569.pdf:", "OK", "1-2569-2.pdf:", "OK"]), done
    assert hashlib.sha256(file.read_bytes()).hexdigest() in (folder / "SHA256SUMS.txt").read_text()
    (folder / "1-2569.pdf").write_bytes(b"changed")
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS.txt"], cwd=folder, capture_output=True).returncode == 1
    assert not signs or verified(mail).returncode == 0
