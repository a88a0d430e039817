"""The desk behind its socket: what the website's own user can ask, and what it cannot."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailgate.config_website import Website
from mailgate.edges import desk_socket, sealing
from mailgate.errors import MailgateError
from mailgate.jobs.desk import Desk, RefusedError
from mailgate.jobs.desk_door import Door
from mailgate.web.counter import Remote
from tests import builders
from tests.builders import PaperOffice
from tests.web import visitor

PAIR = sealing.new_key()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[PaperOffice]:
    with builders.office(visitor.config(tmp_path, PAIR)) as made:
        door = Door(Desk(lambda: made), Website(desk=tmp_path / "desk.sock", max_file=1_000, max_total=5_000))
        await door.open()
        yield made
        await door.close()


@pytest.fixture
def remote(office: PaperOffice, tmp_path: Path) -> Remote:
    return Remote(tmp_path / "desk.sock", 5)


def handed(form: str = "f" * 64, **changed: object) -> dict[str, object]:
    made = {"form": form, "service": "corruption", "sealed": True, "salt": "00" * 16, "recipient": PAIR.public}
    return made | changed


async def test_what_is_handed_in_is_kept_byte_for_byte_and_numbered_once(office: PaperOffice, remote: Remote) -> None:
    body = b"age-encryption.org/v1 \x00\xff" * 100
    for _ in range(2):
        answer, _ = await remote.ask({"do": "submit", "handed": handed()}, io.BytesIO(body), len(body))
        assert (answer["number"], answer["year"]) == (1, 2569)
    [letter] = office.store.db.all("SELECT * FROM letter")
    assert office.archive.read(letter["sha256"]) == body
    assert (await remote.ask({"do": "done", "form": "f" * 64}))[0]["number"] == 1
    assert (await remote.ask({"do": "done", "form": "0" * 64}))[0] == {}


async def test_a_case_is_shown_to_its_key_only(office: PaperOffice, remote: Remote) -> None:
    await remote.ask({"do": "submit", "handed": handed()}, io.BytesIO(b"x"), 1)
    asked = {"do": "case", "number": 1, "year": 2569}
    found, _ = await remote.ask(asked | {"recipient": PAIR.public})
    assert (found["state"], found["answers"]) == ("open", [])
    for wrong in (sealing.new_key().public, "", "age1"):
        with pytest.raises(RefusedError):
            await remote.ask(asked | {"recipient": wrong})
    with pytest.raises(RefusedError):
        await remote.ask({"do": "case", "number": 2, "year": 2569, "recipient": ""})


async def test_a_number_without_a_case_has_a_salt_too_and_always_the_same(office: PaperOffice, remote: Remote) -> None:
    first, _ = await remote.ask({"do": "salt", "number": 77, "year": 2569})
    second, _ = await remote.ask({"do": "salt", "number": 77, "year": 2569})
    assert first == second
    assert len(bytes.fromhex(first["salt"])) == 16


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "letters"},
        {},
        {"do": "case"},
        {"do": "case", "number": "x", "year": []},
        {"do": "submit", "handed": handed(service="homeschool")},
        {"do": "submit", "handed": handed(sealed=False)},
        {"do": "submit", "handed": {"unknown": 1}},
        {"do": "submit", "handed": handed(salt="no hex")},
    ],
)
async def test_anything_else_is_refused_and_changes_nothing(
    office: PaperOffice, remote: Remote, asked: dict[str, object]
) -> None:
    with pytest.raises(MailgateError):
        await remote.ask(asked, io.BytesIO(b"x"), 1)
    assert office.store.db.value("SELECT count(*) FROM letter") == 0
    assert not list((office.archive.folder / "incoming").iterdir())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\0\0\0\2[]",
        b"\0\0\0\4nono",
        len(head := json.dumps({"do": "submit", "size": 9}).encode()).to_bytes(4, "big") + head + b"cut",
        len(head := json.dumps({"do": "submit", "size": 99_999}).encode()).to_bytes(4, "big") + head,
    ],
    ids=["nothing", "too long", "a list", "no JSON", "cut off", "too much"],
)
async def test_noise_on_the_socket_disturbs_nobody(
    office: PaperOffice, remote: Remote, tmp_path: Path, sent: bytes
) -> None:
    reader, writer = await desk_socket.connect(tmp_path / "desk.sock")
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    assert (await remote.ask({"do": "done", "form": "0" * 64}))[0] == {}
    assert not list((office.archive.folder / "incoming").iterdir())


async def test_a_desk_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(MailgateError, match="does not answer"):
        await Remote(tmp_path / "nobody.sock").ask({"do": "done", "form": "0"})


async def test_a_socket_of_the_service_manager_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "handed.sock"
    made = desk_socket.listening(path)
    assert path.stat().st_mode & 0o777 == 0o660
    monkeypatch.setattr(desk_socket, "_FIRST", made.fileno())
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    again = desk_socket.listening(path)
    assert again.fileno() == made.fileno()
    again.detach()
    made.close()
