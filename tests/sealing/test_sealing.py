"""A complaint by e-mail: once it is read, only its officer finds out what was written; no disk, backup or log tells."""

from __future__ import annotations

import base64
import json
import logging
import quopri
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from mailgate import config_file
from mailgate.config import Config
from mailgate.edges import sealing
from mailgate.errors import MailgateError
from mailgate.jobs import backup, digesting, poll, publishing
from mailgate.jobs.intake import Check
from mailgate.jobs.opening import opened
from mailgate.jobs.sealing import remove_left
from mailgate.jobs.verify import verify
from mailgate.model import CheckReport, Receipt
from tests import builders
from tests.builders import PaperOffice
from tests.servers.process import program as installed

PAIR = sealing.new_key()
CANARIES = {
    "name": "ชื่อคานารี่หนึ่ง", "subject": "คานารี่สองทุจริต", "body": "คานารี่สามในเนื้อความ", "file": "คานารี่สี่.txt",
    "attached": "canary-five-in-a-file", "phone": "089-666-6666", "host": "canary-nine.example",
    "copied": "canary-ten@example.org",
}  # fmt: skip


def complaint(subject: str = CANARIES["subject"], number: int = 1) -> bytes:
    c = CANARIES
    text = base64.encodebytes(f"เรื่องทุจริต {c['body']} โทร {c['phone']}\n".encode()).decode()
    attached = base64.encodebytes(c["attached"].encode()).decode()
    name = base64.b64encode(c["file"].encode()).decode()
    sender = f"=?utf-8?b?{base64.b64encode(c['name'].encode()).decode()}?= <{builders.CITIZEN}>"
    return (
        f"From: {sender}\r\nReturn-Path: <{builders.CITIZEN}>\r\n"
        f"Received: from {c['host']} by mx; Mon, 23 Nov 2026 08:00:00 +0700\r\n"
        f"To: {builders.OFFICE}\r\n"
        f"Cc: {c['copied']}\r\nSubject: =?utf-8?b?{base64.b64encode(subject.encode()).decode()}?=\r\n"
        f"Date: Mon, 23 Nov 2026 08:00:00 +0700\r\nMessage-ID: <{number}@example.com>\r\n"
        f"MIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        f'--b\r\nContent-Type: text/plain; name="=?utf-8?b?{name}?="\r\nContent-Transfer-Encoding: base64\r\n'
        f"Content-Disposition: attachment\r\n\r\n{attached}\r\n--b--\r\n"
    ).encode()


def config(folder: Path, key: str = PAIR.public, **changed: object) -> Config:
    services = builders.tables()["services"]
    services[1]["officers"] = [{"name": "นางปกปิด ลับ", "email": "secret@example.go.th", "key": key}]
    publish = {"directory": folder / "site", "up_to": "today"}
    given = {"directory": folder / "backup"}
    return builders.config(
        folder, services=services, referrals={"enabled": True}, publish=publish, backup=given, **changed
    )  # type: ignore[arg-type]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(config(tmp_path)) as made:
        yield made


async def take(office: PaperOffice, *mails: bytes) -> None:
    for raw in mails:
        office.box.deliver(raw, office.clock.now())
    report = CheckReport()
    await Check(office, report).run()
    await poll.read(office, report)


def forms(text: str) -> Iterator[bytes]:
    """How a text may stand in a file."""
    for charset in ("utf-8", "utf-16-le", "utf-16-be", "cp874"):
        packed = text.encode(charset, "ignore")
        if len(packed) < 6:
            continue
        yield packed
        yield quopri.encodestring(packed).strip()
        yield packed.hex().encode()
        for shift in range(3):
            yield base64.b64encode(b"\0" * shift + packed)[4 if shift else 0 : -4]
    yield json.dumps(text)[1:-1].encode()


def assert_nowhere(folder: Path, *more: bytes) -> None:
    contents = {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    contents |= {f"given {n}": content for n, content in enumerate(more)}
    for what, canary in CANARIES.items():
        for written in forms(canary):
            assert not [name for name, content in contents.items() if written in content], (what, written)


def referrals(office: PaperOffice) -> list[tuple[str, bytes]]:
    rows = office.store.db.all("SELECT id, recipient, raw FROM outbox WHERE kind = 'referral' ORDER BY id")
    found = []
    for row in rows:
        raw = row["raw"]
        for carried in office.store.outbox.carried(row["id"]):
            raw += base64.encodebytes(office.archive.read(carried.sha256)) + carried.behind
        found.append((row["recipient"], raw))
    return found


def with_age(ciphertext: bytes, folder: Path) -> bytes:
    """What Debian's age makes of it with the officer's key."""
    sealed, key = folder.parent / f"{folder.name}.age", folder.parent / f"{folder.name}.key"
    sealed.write_bytes(ciphertext)
    sealing.write_key(key, PAIR, "test")
    return subprocess.run([installed("age", "age"), "-d", "-i", key, sealed], capture_output=True, check=True).stdout


@pytest.mark.parametrize("subject", [CANARIES["subject"], "เรียนท่านผู้อำนวยการ"], ids=["by its subject", "by its text"])
async def test_nothing_of_it_is_left_but_for_the_officer(
    office: PaperOffice, tmp_path: Path, caplog: pytest.LogCaptureFixture, subject: str
) -> None:
    caplog.set_level(logging.DEBUG)
    raw = complaint(subject)
    await take(office, raw)
    await poll.send(office)
    digesting.step(office)
    publishing.publish(office, tmp_path / "site")
    (tmp_path / "config.toml").write_text("")
    backup.backup(office.config, tmp_path / "config.toml", None, office.clock.now(), lambda _: None)
    sent = [mail.raw for mail in office.paper_courier.delivered]
    assert_nowhere(tmp_path, caplog.text.encode(), *[m for m in sent if b".eml.age" not in m])
    [(recipient, mail)] = referrals(office)
    assert recipient == "secret@example.go.th"
    [attached] = message_from_bytes(mail, policy=policy.default).iter_attachments()
    assert attached.get_filename() == "receipt-1-2569.eml.age"
    assert with_age(attached.get_payload(decode=True), tmp_path) == raw
    assert not verify(office).problems
    assert office.store.db.value("SELECT count(*) FROM outbox WHERE kind = 'acknowledgement'") == 1


async def test_the_same_letter_again_is_known_and_leaves_nothing(office: PaperOffice, tmp_path: Path) -> None:
    await take(office, complaint())
    await take(office, complaint(), b"Received: by another way\r\n" + complaint())
    assert office.store.db.value("SELECT count(*) FROM letter") == 1
    fates = [row["fate"] for row in office.store.db.all("SELECT fate FROM mail ORDER BY id")]
    assert fates == ["registered", "duplicate", "duplicate"]
    assert_nowhere(tmp_path)
    assert not verify(office).problems


async def test_without_a_key_it_is_as_before(tmp_path: Path) -> None:
    with builders.office(config(tmp_path, key="")) as office:
        await take(office, complaint())
        assert office.store.db.value("SELECT sealed FROM letter") == 0
        assert office.archive.read(office.store.db.value("SELECT sha256 FROM letter")) == complaint()


async def test_an_ordinary_letter_is_left_alone(office: PaperOffice) -> None:
    await take(office, builders.raw_mail())
    assert office.store.db.value("SELECT sealed FROM letter") == 0
    assert not office.store.sealing.files()


async def test_a_crash_before_the_raw_file_is_gone_is_mended(
    office: PaperOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise MailgateError("the power is cut")

    with monkeypatch.context() as patch:
        patch.setattr(office.archive, "remove", crash)
        with pytest.raises(MailgateError):
            await take(office, complaint())
    assert office.archive.path(office.store.sealing.left()[0]["sha256"]).exists()
    await remove_left(office)
    assert not office.store.sealing.left()
    assert not verify(office).problems


async def test_opening_is_an_event_and_gives_the_files(office: PaperOffice, tmp_path: Path) -> None:
    await take(office, complaint())
    key, target = tmp_path / "key", tmp_path / "opened"
    sealing.write_key(key, PAIR, "test")
    with builders.office(config(tmp_path)) as reader:
        [document] = await opened(reader, Receipt(1, 2569), key, target, reader.cell())
        assert CANARIES["body"] in document["text"]
        assert document["subject"] == CANARIES["subject"]
        with pytest.raises(MailgateError, match="File exists"):
            await opened(reader, Receipt(1, 2569), key, target, reader.cell())
    assert (target / "000-letter.eml").read_bytes() == complaint()
    assert (target / f"000-01-{CANARIES['file']}").read_text() == CANARIES["attached"]
    assert (target / "000-letter.eml").stat().st_mode & 0o777 == 0o600
    assert office.store.db.value("SELECT count(*) FROM event WHERE kind = 'opened'") == 2
    other = tmp_path / "other"
    sealing.write_key(other, sealing.new_key(), "another")
    with pytest.raises(MailgateError, match="cannot be opened with this key"):
        await opened(office, Receipt(1, 2569), other, None, office.cell())


async def test_verify_finds_what_was_done_to_a_sealed_letter(office: PaperOffice) -> None:
    await take(office, complaint())
    [row] = office.store.sealing.files()
    office.archive.path(row["sha256"]).write_bytes(complaint())
    assert any("in clear" in p for p in verify(office).problems)
    office.archive.path(row["sha256"]).unlink()
    office.archive.path(row["sealed_sha256"]).write_bytes(b"another")
    assert any("changed" in p for p in verify(office).problems)


def test_keys_are_made_listed_and_replaced(tmp_path: Path) -> None:
    path, tables = tmp_path / "config.toml", builders.tables()
    path.write_text("# kept\n" + config_file.render(tables), "utf-8")

    def mailgate(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "mailgate", "--config", str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    code, said = mailgate("officer", "key", "secret@example.go.th", "--out", str(tmp_path / "k"))
    assert code == 0, said
    [private] = sealing.read_key(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    made = config_file.load(path)
    assert made.services[1].officers[0].key == sealing.public_of(private)
    assert path.read_text("utf-8").startswith("# kept\n")
    assert mailgate("officer", "key", "secret@example.go.th")[0] == 2
    public = sealing.new_key().public
    assert mailgate("officer", "key", "secret@example.go.th", "--replace", "--public", public)[0] == 0
    assert config_file.load(path).services[1].officers[0].key == public
    assert public in mailgate("officer", "list")[1]
    assert mailgate("officer", "key", "nobody@example.go.th")[0] == 2
    assert mailgate("officer", "key", "officer@example.go.th", "--public", "age1wrong")[0] == 2
    with builders.office(config_file.load(path)) as office:
        events = office.store.db.all("SELECT payload FROM event WHERE kind = 'officer key'")
    assert [json.loads(e["payload"])["key"] for e in events] == [sealing.public_of(private), public]
