"""The demo's parts: a mailbox that gives back every byte, a post office that keeps what it gets, and its letters."""

from __future__ import annotations

import asyncio
import imaplib
import re
import smtplib
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from mailgate.core import parse
from mailgate.core.identity import content_digest
from mailgate.demo.imap_server import DemoMailbox
from mailgate.demo.letters import Sample, samples
from mailgate.demo.papers import jpeg, pdf
from mailgate.demo.smtp_server import DemoPost
from mailgate.model import Kind

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=timezone(timedelta(hours=7)))
OFFICE = "mkarea3@mkarea3.go.th"
UNREADABLE = {"homeschool-windows-874", "broken-mime"}  # the standard library knows no windows-874


def by_name(run: int = 1, **options: str) -> dict[str, Sample]:
    return {s.name: s for s in samples(run, NOW, **options)}


def body(sample: Sample) -> bytes:
    return sample.raw.partition(b"\r\n\r\n")[2]


# --- letters ---------------------------------------------------------------------------------------------------------


def test_letters_are_many_dated_in_order_and_deterministic() -> None:
    first = samples(1, NOW)
    assert 21 <= len(first) <= 29
    assert first == samples(1, NOW)
    assert [s.arrived for s in first] == sorted(s.arrived for s in first)
    assert first[-1].arrived < NOW
    assert len({s.name for s in first}) == len(first)


def test_another_run_brings_other_letters() -> None:
    ids = [parse.headers(s.raw).message_id for run in (1, 2, 3) for s in samples(run, NOW)]
    known = [i for i in ids if i]
    assert len(known) - len(set(known)) == 3, "only the second delivery in each run has a Message-ID twice"
    one, nine = by_name(1), by_name(9)
    for name in one:
        assert body(one[name]) != body(nine[name]), name


def test_wire_form_is_that_of_a_final_server() -> None:
    for s in samples(1, NOW):
        assert s.raw.startswith(b"Return-Path: <"), s.name
        assert b"\r\nReceived: from " in s.raw[:600], s.name
        assert s.raw.count(b"\n") == s.raw.count(b"\r\n"), s.name
        assert max(map(len, s.raw.split(b"\r\n"))) <= 998, s.name


def test_only_the_large_letter_is_large() -> None:
    letters = by_name()
    large = letters.pop("homeschool-large")
    assert 8_000_000 < len(large.raw) < 9_000_000
    assert sum(len(s.raw) for s in letters.values()) < 8_000_000


def test_addresses_are_reserved_ones() -> None:
    for s in samples(1, NOW):
        if s.name == "homeschool-large":
            continue
        text = re.sub(rb"(?m)^[A-Za-z0-9+/=]{60,}\r$", b"", s.raw).decode("latin-1")
        domains = set(re.findall(r"@([a-z0-9.-]+[a-z])", text)) - {"mkarea3.go.th"}
        assert all(re.fullmatch(r"(.+\.)?example\.(com|org|net|go\.th|ac\.th)", d) for d in domains), (s.name, domains)


@pytest.mark.parametrize("name", sorted(set(by_name()) - UNREADABLE))
def test_standard_library_reads_well_formed_letters(name: str) -> None:
    message = message_from_bytes(by_name()[name].raw, policy=policy.default)
    assert not [d for part in message.walk() for d in part.defects]
    assert message["To"] == OFFICE


def test_second_delivery_differs_only_in_its_trace() -> None:
    letters = by_name()
    first, again = letters["homeschool-yearly-report"], letters["homeschool-yearly-report-again"]
    assert first.raw != again.raw
    one, two = parse.headers(first.raw), parse.headers(again.raw)
    assert one.message_id == two.message_id != ""
    assert content_digest(one, [body(first)]) == content_digest(two, [body(again)])
    assert one.first("received") != two.first("received")


def test_follow_up_refers_to_the_letter_before_it() -> None:
    letters = by_name()
    parent = parse.headers(letters["homeschool-polite"].raw).message_id
    mail = parse.headers(letters["homeschool-follow-up"].raw)
    assert mail.in_reply_to == mail.references == (parent,)
    assert mail.return_path == parse.headers(letters["homeschool-polite"].raw).return_path


@pytest.mark.parametrize("given", ["<r.7.abc@mkarea3.go.th>", "r.7.abc@mkarea3.go.th"])
def test_later_runs_answer_an_acknowledgement(given: str) -> None:
    letters = by_name(2, reply_to=given)
    for name in ("homeschool-follow-up", "out-of-office"):
        assert parse.headers(letters[name].raw).in_reply_to == ("<r.7.abc@mkarea3.go.th>",)


def test_machines_bear_their_marks() -> None:
    mails = {name: parse.headers(s.raw) for name, s in by_name().items()}
    assert mails["bounce"].return_path == mails["out-of-office"].return_path == ""
    assert "report-type=delivery-status" in mails["bounce"].first("content-type")
    assert mails["out-of-office"].first("auto-submitted") == "auto-replied"
    assert mails["newsletter"].first("list-id")
    kinds = {name: s.kind for name, s in by_name().items() if s.kind is not Kind.LETTER}
    assert kinds == {"bounce": Kind.BOUNCE, "out-of-office": Kind.AUTO, "newsletter": Kind.LIST}
    assert not any(by_name()[name].answer for name in kinds)


def test_odd_forms_are_as_odd_as_they_should_be() -> None:
    letters = by_name()
    raw = {name: s.raw for name, s in letters.items()}
    assert "สอบถาม".encode("cp874") in raw["raw-subject"]
    assert b"charset=iso-8859-1" in raw["mislabelled-latin1"]
    assert b"\r\nSubject:" not in raw["no-subject"]
    assert b"\r\nMessage-ID:" not in raw["no-date-no-id"]
    assert b"\r\nDate:" not in raw["no-date-no-id"]
    assert b"filename*0*=utf-8''" in raw["homeschool-polite"]
    assert b'filename="=?windows-874?B?' in raw["homeschool-windows-874"]
    assert 'filename="รายงานผล'.encode() in raw["homeschool-yearly-report"]
    assert b"--\r\n" not in raw["broken-mime"][-200:]
    assert "โฮมสคูล" in parse.headers(raw["homeschool-hurried"]).subject


def test_papers_are_well_formed() -> None:
    paper = pdf("a (small) one", padding=1000)
    start = int(paper.split(b"startxref\n")[1].split()[0])
    assert paper[start:].startswith(b"xref\n0 7\n")
    for n, entry in enumerate(paper[start:].splitlines()[3:9], 1):
        assert paper[int(entry[:10]) :].startswith(b"%d 0 obj" % n)
    picture = jpeg("a picture")
    assert picture.startswith(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    assert picture.endswith(b"\xff\xd9")


# --- mailbox ---------------------------------------------------------------------------------------------------------


async def test_mailbox_keeps_every_byte_through_move() -> None:
    letters = samples(1, NOW)
    async with DemoMailbox.run(users={"mkarea3": "demo"}) as box:
        for s in letters:
            await box.deliver("mkarea3", s.raw, s.arrived)
        assert await box.count("mkarea3", "INBOX") == len(letters)
        await asyncio.to_thread(move_all, box.port, letters)
        assert await box.count("mkarea3", "INBOX") == 0
        assert await box.count("mkarea3", "Registered/2569") == len(letters)
        assert await box.count("mkarea3", "nowhere") == 0


def move_all(port: int, letters: list[Sample]) -> None:
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login("mkarea3", "demo")
        client.select()
        uids = client.uid("SEARCH", "ALL")[1][0].split()
        for uid, sample in zip(uids, letters, strict=True):
            when = client.uid("FETCH", uid, "(INTERNALDATE)")[1][0]
            assert sample.arrived.strftime("%d-%b-%Y %H:%M:%S +0700").encode() in when
            assert client.uid("FETCH", uid, "(ENVELOPE BODYSTRUCTURE)")[0] == "OK"
        client.create("Registered/2569")
        assert client.uid("MOVE", b",".join(uids), "Registered/2569")[0] == "OK"
        client.select("Registered/2569")
        for n, sample in enumerate(letters, 1):
            assert client.fetch(str(n), "(BODY.PEEK[])")[1][0][1] == sample.raw, sample.name


async def test_mailbox_refuses_a_wrong_password() -> None:
    def login(port: int) -> None:
        with imaplib.IMAP4("127.0.0.1", port) as client:
            client.login("mkarea3", "wrong")

    async with DemoMailbox.run(users={"mkarea3": "demo"}) as box:
        with pytest.raises(imaplib.IMAP4.error):
            await asyncio.to_thread(login, box.port)


async def test_mailbox_port_can_be_given_and_new_mail_wakes_idle() -> None:
    async with DemoMailbox.run(users={"mkarea3": "demo"}) as box:
        port = box.port
    async with DemoMailbox.run(users={"mkarea3": "demo"}, port=port) as box:
        assert box.port == port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for command in (b"a LOGIN mkarea3 demo\r\n", b"b SELECT INBOX\r\n", b"c IDLE\r\n"):
            writer.write(command)
        await asyncio.wait_for(reader.readuntil(b"+ Idling.\r\n"), 5)
        await box.deliver("mkarea3", b"Subject: new\r\n\r\nhello\r\n", NOW)
        assert b"EXISTS" in await asyncio.wait_for(reader.readuntil(b"EXISTS\r\n"), 5)
    # the server is gone while the client was idle: it is told, and nothing is left running
    assert b"BYE" in await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()


# --- post ------------------------------------------------------------------------------------------------------------

MAIL = "From: a@example.com\r\nTo: b@example.com\r\nSubject: ทดสอบ\r\n\r\n.สวัสดี\r\n".encode()


def send(port: int, recipients: list[str], raw: bytes = MAIL, options: tuple[str, ...] = ()) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example.com") as client:
        client.sendmail("a@example.com", recipients, raw, mail_options=options)


async def test_post_stores_exactly_what_came(tmp_path: Path) -> None:
    async with DemoPost.run(tmp_path / "out") as post:
        await asyncio.to_thread(send, post.port, ["b@example.com", "../c/d@example.org"])
    assert [r.path.name for r in post.received] == ["001-b@example.com.eml", "002-.._c_d@example.org.eml"]
    assert all(r.path.parent == tmp_path / "out" and r.path.read_bytes() == r.raw == MAIL for r in post.received)
    assert {r.sender for r in post.received} == {"a@example.com"}
    async with DemoPost.run(tmp_path / "out") as post:
        await asyncio.to_thread(send, post.port, ["b@example.com"])
    assert post.received[0].number == 3


async def test_post_accepts_thai_addresses_null_senders_and_large_mail(tmp_path: Path) -> None:
    def talk(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.ehlo()
            assert client.has_extn("smtputf8")
            assert client.esmtp_features["size"] == str(40 << 20)
            client.sendmail("", ["สมชาย@example.com"], MAIL, mail_options=("SMTPUTF8", "BODY=8BITMIME"))
            client.sendmail("a@example.com", ["b@example.com"], MAIL + (b"x" * 70 + b"\r\n") * 120_000)

    async with DemoPost.run(tmp_path) as post:
        await asyncio.to_thread(talk, post.port)
    assert post.received[0].sender == ""
    assert post.received[0].path.name == "001-สมชาย@example.com.eml"
    assert len(post.received[1].raw) > 8_000_000


async def test_post_hands_mail_on_into_the_mailbox(tmp_path: Path) -> None:
    async with DemoMailbox.run(users={"mkarea3": "demo"}) as box:
        handed: list[tuple[str, bytes]] = []

        async def on_mail(recipient: str, raw: bytes) -> None:
            handed.append((recipient, raw))
            await box.deliver("mkarea3", raw, datetime.now(UTC))

        async with DemoPost.run(tmp_path, on_mail=on_mail) as post:
            await asyncio.to_thread(send, post.port, [OFFICE])
        assert await box.count("mkarea3") == 1
    recipient, raw = handed[0]
    assert recipient == OFFICE
    assert raw.endswith(MAIL)
    assert raw.startswith(b"Return-Path: <a@example.com>\r\nReceived: from client.example.com ")
    assert parse.headers(raw).subject == "ทดสอบ"


async def test_post_says_later_when_the_hook_fails(tmp_path: Path) -> None:
    async def on_mail(_recipient: str, _raw: bytes) -> None:
        raise OSError("no room")

    async with DemoPost.run(tmp_path, on_mail=on_mail) as post:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await asyncio.to_thread(send, post.port, [OFFICE])
    assert refused.value.smtp_code == 451


async def test_post_closes_open_conversations(tmp_path: Path) -> None:
    async with DemoPost.run(tmp_path) as post:
        reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
        assert (await reader.readline()).startswith(b"220 ")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await writer.wait_closed()
