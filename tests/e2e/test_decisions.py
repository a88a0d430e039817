"""From a letter in Dovecot through the officer's answer by mail to the server's report and the proof of service."""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges import pdf
from tests.e2e.program import Program
from tests.e2e.test_answers import from_, wait_for
from tests.jobs.officers import AUTHSERV, officers_mail
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix

YEAR = 2569


@pytest.fixture(scope="session")
def result() -> bytes:
    return pdf.render("<h1>อนุมัติ</h1>")


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, postfix: Postfix) -> Program:
    made = Program.at(tmp_path / "office", mailbox, postfix.smtp_port)
    made.set("office", letter_code="ศธ ๐๔๐๕๙")
    made.set("imap", done="flag")
    return made.set("trust", authserv_id=AUTHSERV)


def mails(mailbox: Dovecot, subject: str) -> list[EmailMessage]:
    """What came with this in its subject: staff share the office's mailbox here."""
    found = [email.message_from_bytes(raw, policy=email.policy.default) for raw in mailbox.folder()]
    return [m for m in found if subject in str(m["Subject"])]  # type: ignore[misc]


def awaited(mailbox: Dovecot, subject: str) -> EmailMessage:
    wait_for(lambda: bool(mails(mailbox, subject)))
    return mails(mailbox, subject)[-1]


def until(step: Callable[[], Any], seconds: float = 30) -> Any:
    """Do it again until it finds something."""
    end = time.monotonic() + seconds
    while not (found := step()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.5)
    return found


def test_a_letter_from_arrival_to_the_proof_of_service(
    office: Program, mailbox: Dovecot, result: bytes, tmp_path: Path
) -> None:
    mailbox.drop_in([from_("parent@citizen.test", subject="ขอโฮมสคูล")])
    assert office("poll", "--json").json["registered"] == 1
    referral = awaited(mailbox, "เลขรับ ๑/๒๕๖๙ เรื่อง")

    mailbox.drop_in([officers_mail(referral, "ผล: อนุมัติ\nให้เริ่มจัดการศึกษาได้", pdf=result)])
    assert office("poll", "--json").json["follow_ups"] == 1
    notice = awaited(mailbox, "โปรดพิจารณาอนุญาตให้ส่ง")
    assert [f.get_content() for f in notice.iter_attachments()] == [result]
    [held] = office("outbox", "list", "--state", "held", "--json").json

    preview = office("outbox", "release", str(held["id"]), "--preview", str(tmp_path / "preview"))
    assert preview.code == 0
    assert "อนุมัติ" in (tmp_path / "preview/decision.txt").read_text("utf-8")
    assert office("dispatch", "list", "--json").json == []

    released = office("outbox", "release", str(held["id"]), "--json")
    assert released.code == 0, released.err
    assert office("letter", "show", f"1/{YEAR}", "--json").json["action"].startswith("อนุมัติ ที่ ศธ ๐๔๐๕๙/๑ ลงวันที่")
    office("poll")

    def delivered() -> bool:
        office("poll")
        return bool(office("dispatch", "show", f"1/{YEAR}", "--json").json["delivery"] == "delivered")

    until(delivered)
    proof = office("dispatch", "show", f"1/{YEAR}", "--proof", "--json", "--pdf", str(tmp_path / "proof.pdf")).json
    [mail] = proof["mails"]
    assert mail["recipient"] == "parent@citizen.test"
    assert mail["sha256"] == mail["sha256_now"]
    assert [a["verdict"] for a in mail["attempts"]] == ["accepted"]
    assert "queued as" in mail["attempts"][0]["text"]
    assert [r["action"] for r in mail["reports"]] == ["delivered"]
    said = subprocess.run(["pdftotext", str(tmp_path / "proof.pdf"), "-"], capture_output=True, text=True, check=True)
    assert "parent@citizen.test" in said.stdout
    assert office("verify").code == 0


def test_a_decision_that_bounces_comes_back_to_officer_and_clerk(
    office: Program, mailbox: Dovecot, result: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "คำสั่ง.pdf"
    file.write_bytes(result)
    mailbox.drop_in([from_("somebody@bounce.test", subject="ขอโฮมสคูล")])
    office("poll")
    decided = office("decide", f"1/{YEAR}", "--result", "refused", "--file", str(file), "--json")
    assert decided.code == 0, decided.err
    assert decided.json["book_no"] == "ศธ 04059/1"
    office("poll")

    def told() -> list[EmailMessage]:
        office("poll")
        return mails(mailbox, "หนังสือแจ้งผลส่งไม่ถึงผู้รับ")

    until(lambda: len(told()) == 2)
    found = mails(mailbox, "หนังสือแจ้งผลส่งไม่ถึงผู้รับ")
    assert sorted(m["To"] for m in found) == ["clerk@example.go.th", "officer@example.go.th"]
    assert "5.1.1" in str(found[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert office("dispatch", "show", f"1/{YEAR}", "--json").json["delivery"] == "bounced"

    again = office("dispatch", "send", f"1/{YEAR}", "--to", "other@citizen.test", "--json")
    assert again.code == 3, again.err  # another address than the letter's: a second person lets it go
    [held] = office("outbox", "list", "--state", "held", "--json").json
    assert office("outbox", "release", str(held["id"])).code == 0
    office("poll")
    assert office("dispatch", "list", "--json").json[0]["dispatch"] == f"1/{YEAR}"
    assert office("dispatch", "paper", f"1/{YEAR}").code == 0
    assert office("verify").code == 0


def test_refused_at_once_and_given_up_later(office: Program, mailbox: Dovecot) -> None:
    """One server refuses the decision in the dialogue; the other is away until our relay gives up and reports so."""
    office.set("referrals", enabled=False)
    mailbox.drop_in([from_(f"x@{domain}.test", n, subject="ขอข้อมูล") for n, domain in enumerate(("reject", "defer"), 1)])
    office("poll")
    letters = {d["from_address"]: d["receipt"] for d in office("letter", "list", "--json").json}
    for receipt in letters.values():
        assert office("decide", receipt, "--result", "information", "--text", "ตามที่แนบ").code == 0

    def ended() -> list[str]:
        office("poll")
        return sorted(d["delivery"] for d in office("dispatch", "list", "--json").json)

    until(lambda: ended() == ["bounced", "refused"])
    dispatches = {d["delivery"]: d for d in office("dispatch", "list", "--json").json}
    assert dispatches["refused"]["letter"] == letters["x@reject.test"]
    shown = office("dispatch", "show", dispatches["refused"]["dispatch"], "--json").json["mails"][0]
    assert (shown["attempts"][-1]["stage"], shown["attempts"][-1]["code"]) == ("rcpt", 550)
    bounced = office("dispatch", "show", dispatches["bounced"]["dispatch"], "--json").json["mails"][0]
    assert bounced["reports"][-1]["action"] == "failed"
    assert office("outbox", "retry", str(shown["item"])).code == 0  # mended over there, it may go again
    assert office("dispatch", "paper", dispatches["bounced"]["dispatch"]).code == 0
    assert office("verify").code == 0


def test_bad_input_is_answered_with_a_sentence(
    office: Program, mailbox: Dovecot, result: bytes, tmp_path: Path
) -> None:
    good, broken, text = (tmp_path / name for name in ("a.pdf", "b.pdf", "c.pdf"))
    good.write_bytes(result)
    broken.write_bytes(b"%PDF-1.7\nbroken")
    text.write_bytes(b"text")
    mailbox.drop_in([from_("a@citizen.test", subject="ขอโฮมสคูล"), from_("b@citizen.test", 2, subject="แจ้งทุจริต")])
    office("poll")
    receipts = {d["confidential"]: d["receipt"] for d in office("letter", "list", "--json").json}
    one, secret = receipts[False], receipts[True]
    decide = ("decide", one, "--result", "approved", "--json")
    wrong = [
        (("decide", "9/2569", "--result", "approved", "--file", str(good)), "there is no letter 9/2569", 1),
        ((*decide, "--file", str(broken)), "cannot go out", 1),
        ((*decide, "--file", str(text)), "it is not a PDF", 1),
        ((*decide, "--file", str(tmp_path / "none.pdf")), "cannot be read", 1),
        ((*decide, "--file", str(good), "--to", "nobody"), "is not an e-mail address", 1),
        (("decide", secret, "--result", "information", "--text", "x", "--json"), "confidential", 1),
        ((*decide,), "needs --file or --text", 2),
        (("decide", one, "--result", "maybe"), "maybe", 2),
        (("outbox", "release", "999"), "no outbox item 999", 1),
    ]
    for arguments, said, code in wrong:
        found = office(*arguments)
        assert (found.code, said in found.err) == (code, True), (arguments, found)
    assert office("dispatch", "list", "--json").json == []
    assert office(*decide, "--file", str(good)).code == 0
    assert "answered already" in office(*decide, "--file", str(good)).err
    assert office("letter", "void", secret, "--reason", "ผิด").code == 0
    assert "is void" in office("decide", secret, "--result", "information", "--text", "x", "--paper").err
    assert json.loads(office("dispatch", "list", "--json").out)[0]["number"] == 1
    assert office("verify").code == 0
