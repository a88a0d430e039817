"""``mailgate outbox``: one item and its bytes, what is not done with, and a person's word on what is unsure."""

from __future__ import annotations

import email
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailgate import config_file
from mailgate.cli.main import main
from mailgate.edges.clock import SystemClock
from mailgate.jobs import decisions, dispatching, poll, views_outbox
from mailgate.jobs.decisions import Wish
from mailgate.model import Outcome, Receipt, Verdict
from mailgate.model_dispatch import Result
from mailgate.model_reading import Delivery, Recipient
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import letter
from tests.jobs.letters import poll as check

Run = Callable[..., tuple[int, str, str]]
UNSURE = Outcome(Verdict.UNSURE, "dot", 0, "connection lost")
UNKNOWN = Outcome(Verdict.REFUSED, "rcpt", 550, "5.1.1 <citizen2@b2.test>: unknown user")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path)) as made:
        yield made


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The program in this process, on the same registry: exit code and both streams."""
    values = builders.tables(registry={"path": "registry.db", "archive": "archive", "key_file": "token.key"})
    (tmp_path / "config.toml").write_text(config_file.render(values), "utf-8")

    def once(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["mailgate", "--config", str(tmp_path / "config.toml"), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capfd.readouterr()
        return int(str(left.value.code)), said.out, said.err

    return once


async def decided(office: PaperOffice, *outcomes: Outcome) -> list[int]:
    """So many letters answered with a file, and what came of each first attempt. The items."""
    path = office.config.registry.path.with_name("a.pdf")
    path.write_bytes(b"%PDF-1.4\n" + b"%" * 5000)
    file = office.attachments.keep_file(path, path.name)
    await check(office, *(letter(n) for n in range(1, len(outcomes) + 1)))
    for n in range(1, len(outcomes) + 1):
        dispatching.enter(office, decisions.outbound(office, Receipt(n, 2569), Wish(Result.APPROVED), [file]))
    office.paper_courier.script = list(outcomes)
    one = office.config.smtp.model_copy(update={"connections": 1})  # so that the outcomes are met in order
    office.config = office.config.model_copy(update={"smtp": one})
    await poll.send(office)
    return [row["id"] for row in office.store.reports.outbox() if row["kind"] == "decision"]


async def test_an_item_is_shown_with_all_that_is_known_of_it(office: PaperOffice, run: Run, tmp_path: Path) -> None:
    (item,) = await decided(office, UNSURE)
    with office.store.db.immediate("reported"):
        report = Recipient("citizen1@b1.test", Delivery.DELAYED, "4.4.1", "connection timed out")
        office.store.outbox.reported(item, 1, report, NOW)
    shown = json.loads(run("outbox", "show", str(item), "--json")[1])
    assert shown["state"] == "unsure"
    assert (shown["receipt"], shown["dispatch"], shown["recipient"]) == ("1/2569", "1/2569", "citizen1@b1.test")
    assert [(a["verdict"], a["stage"], a["text"]) for a in shown["tried"]] == [("unsure", "dot", "connection lost")]
    assert [(r["action"], r["diagnostic"]) for r in shown["reports"]] == [("delayed", "connection timed out")]
    assert [f["kept_in"] for f in shown["files"]] == ["attachments"]
    code, out, hint = run("outbox", "show", str(item))
    assert (code, "connection timed out" in out, "1/2569" in out) == (0, True, True)
    assert f"mailgate outbox resolve {item} --sent" in hint
    code, out, error = run("outbox", "show", "99")
    assert (code, out) == (1, "")
    assert "there is no outbox item 99" in error


async def test_the_bytes_of_an_item_are_those_that_were_fixed(office: PaperOffice, run: Run, tmp_path: Path) -> None:
    (item,) = await decided(office, Outcome(Verdict.ACCEPTED, "dot", 250, "ok"))
    out = tmp_path / "mail.eml"
    raw = run("outbox", "show", str(item), "--raw")[1].encode()
    assert run("outbox", "show", str(item), "--out", str(out))[:2] == (0, "")
    assert run("outbox", "show", str(item), "--out", str(out), "--json")[0] == 0
    [event] = office.store.dispatches.all_events()
    assert json.loads(event["payload"])["mails"] == {str(item): hashlib.sha256(out.read_bytes()).hexdigest()}
    assert raw.replace(b"\r\n", b"\n") == out.read_bytes().replace(b"\r\n", b"\n")
    parts = [part.get_content_type() for part in email.message_from_bytes(raw).walk()]
    assert "application/pdf" in parts
    assert run("outbox", "show", str(item), "--raw", "--json")[0] == 2
    office.attachments.path(hashlib.sha256(b"%PDF-1.4\n" + b"%" * 5000).hexdigest()).unlink()
    code, _, error = run("outbox", "show", str(item), "--raw")
    assert (code, "No such file" in error) == (1, True)


async def test_a_confidential_item_names_nobody(office: PaperOffice, run: Run) -> None:
    await check(office, letter(1))
    office.paper_courier.script = [UNKNOWN]
    await check(office, letter(2, subject="ร้องเรียนทุจริต"))
    shown = "".join(run("outbox", *words)[1] for words in (("show", "2"), ("show", "2", "--json"), ("list",)))
    assert "citizen2" not in shown
    assert "citizen1" in shown
    assert json.loads(run("outbox", "show", "2", "--json")[1])["tried"][0]["code"] == 550


async def test_a_code_is_shown_to_nobody(office: PaperOffice) -> None:
    await check(office, letter(1))
    office.store.db.sql.execute("DROP TRIGGER outbox_final")
    office.store.db.sql.execute("UPDATE outbox SET kind = 'code'")
    with pytest.raises(Exception, match="one-time code"):
        views_outbox.raw(office, 1)


async def test_a_persons_word_on_what_is_unsure(office: PaperOffice, run: Run) -> None:
    one, two, three = await decided(office, UNSURE, UNSURE, UNSURE)
    for wrong in ((), ("--sent", "--send-again")):
        code, _, error = run("outbox", "resolve", str(one), *wrong)
        assert (code, "say one of --sent and --send-again" in error) == (2, True)
    done = run("outbox", "resolve", str(one), str(two), "--sent", "--note", "ผู้รับได้รับแล้ว", "--json")
    assert [(d["id"], d["state"], d["note"]) for d in json.loads(done[1])] == [
        (one, "accepted", "ผู้รับได้รับแล้ว"),
        (two, "accepted", "ผู้รับได้รับแล้ว"),
    ]
    assert json.loads(run("outbox", "resolve", str(three), "--send-again", "--json")[1])[0]["state"] == "queued"
    code, _, error = run("outbox", "resolve", str(one), "--send-again")
    assert code == 1
    assert f"item {one} is accepted: it cannot be told to send again" in error
    office.paper_clock.set(max(NOW, SystemClock(builders.ZONE).now()))  # the command had the real time
    await poll.send(office)
    assert [a.item_id for a in office.paper_courier.delivered if a.kind == "decision"] == [three]


async def test_what_is_listed(office: PaperOffice, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = Outcome(Verdict.ACCEPTED, "dot", 250, "ok")
    items = await decided(office, accepted, UNSURE, accepted, UNKNOWN)

    def ids(*arguments: str) -> list[int]:
        return [d["id"] for d in json.loads(run("outbox", "list", "--json", *arguments)[1])]

    everything = [row["id"] for row in office.store.reports.outbox()]
    assert ids() == ids("--all") == everything
    assert ids("--state", "unsure") == [items[1]]
    assert ids("--open") == [items[1], items[3]]
    assert ids("--limit", "3") == everything[-3:]
    assert ids("--state", "accepted", "--limit", "1") == [items[2]]
    assert ids("--state", "bounced") == []
    assert run("outbox", "list", "--state", "bounced", "--json")[1] == "[]\n"
    assert run("outbox", "list", "--open", "--all")[0] == 2
    assert "connection lost" in run("outbox", "list")[1]
    monkeypatch.setattr(views_outbox, "_PAGE", 2)
    assert ids() == everything


def test_a_document_is_the_same_in_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    from mailgate.edges.terminal import emit, emit_all

    for documents in ([], [{"a": "ก", "b": [1, {"c": None}]}], [1, "x", {}]):  # type: list[Any]
        emit(documents)
        emit_all(iter(documents))
        whole = capsys.readouterr().out
        assert whole[: len(whole) // 2] == whole[len(whole) // 2 :]
