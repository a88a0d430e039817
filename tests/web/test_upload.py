"""A form as it comes over the wire: in pieces of any size, slow, cut off; and what of it touches the disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config_website import Website
from mailgate.edges.veil import Veil
from mailgate.web import app as pages
from mailgate.web.limits import Limits
from mailgate.web.upload import FormError, receive
from tests.web.visitor import website

LIMITS = Website(max_file=300_000, max_total=1_000_000, max_files=3)
KIND = "multipart/form-data; boundary=cut"


def form(*files: tuple[str, bytes], **fields: str) -> bytes:
    parts = [f'--cut\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    parts += [
        f'--cut\r\nContent-Disposition: form-data; name="files"; filename="{n}"\r\n\r\n'.encode() + content + b"\r\n"
        for n, content in files
    ]
    return b"".join([*parts, b"--cut--\r\n"])


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


@given(st.integers(1, 5000), st.binary(max_size=3000), st.text(max_size=50))
def test_pieces_of_any_size_make_the_same_form(size: int, content: bytes, text: str) -> None:
    text = text.replace("\r", "").replace("\n", "").encode("utf-8", "ignore").decode()
    body = form(("a.bin", content.replace(b"--cut", b"")), facts=text)
    received = asyncio.run(receive(KIND, pieces(body, size), LIMITS))
    assert received.fields == {"facts": text}
    [(shown, veil)] = received.files
    assert b"".join(veil.pieces()) == content.replace(b"--cut", b"")
    assert (shown.name, shown.size) == ("a.bin", veil.size)
    received.close()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Users\\\\a\\\\x.doc", "x.doc"),
        ("..", "file"),
        ("ก" * 300 + ".pdf", "ก" * 130 + ".pdf"),
        ("a\u202egpj.exe", "agpj.exe"),
    ],
)
async def test_names_are_no_paths(name: str, shown: str) -> None:
    received = await receive(KIND, pieces(form((name, b"x")), 100), LIMITS)
    assert [s.name for s, _ in received.files] == [shown]
    received.close()


async def test_an_empty_choice_of_files_is_none() -> None:
    received = await receive(KIND, pieces(form(("", b"")), 10), LIMITS)
    assert received.files == []


async def test_what_is_cut_off_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, close = [], Veil.close
    monkeypatch.setattr(Veil, "close", lambda self: closed.append(close(self)))
    with pytest.raises(FormError):
        await receive(KIND, pieces(form(("a", b"x" * 70_000))[:-20], 1000), LIMITS)
    assert len(closed) == 1


async def test_a_visitor_who_falls_silent_gets_a_page_and_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_SILENCE", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield b"--cut\r\n"
        await asyncio.Event().wait()

    with website(tmp_path) as visitor:
        headers = {"content-type": KIND}
        slow = asyncio.create_task(visitor.client.post("/form/corruption", content=silent(), headers=headers))
        assert (await visitor.send(facts="ก")).status_code == 200
        page = await slow
        assert page.status_code == 408
        assert "นานเกินไป" in page.text


def test_the_disk_has_noise(tmp_path: Path) -> None:
    veil = Veil()
    veil.write("ความลับ".encode() * 50_000)
    assert b"".join(veil.pieces()) == "ความลับ".encode() * 50_000
    on_disk = os.pread(veil._file.fileno(), 2_000_000, 0)
    assert len(on_disk) > 900_000
    assert "ความลับ".encode() not in on_disk
    veil.close()


async def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with website(tmp_path) as visitor:
        token = await visitor.form()
        monkeypatch.setattr(Veil, "write", full)
        page = await visitor.send(token=token, facts="ก", files=[("files", ("a", b"x", ""))])
        assert page.status_code == 503
        assert "ยังไม่ได้รับเรื่อง" in page.text


def test_visitors_are_told_apart_for_an_hour_and_then_forgotten() -> None:
    now = [0.0]
    limits = Limits(2, 100, lambda: now[0])
    assert [limits.allows("203.0.113.1") for _ in range(3)] == [True, True, False]
    assert limits.allows("203.0.113.2")
    assert [limits.allows(f"2001:db8::{n}") for n in range(3)] == [True, True, False]
    assert all(limits.allows("127.0.0.1") for _ in range(9))
    before = dict(vars(limits))
    now[0] = 3600.0
    assert limits.allows("203.0.113.1")
    assert vars(limits)["_key"] != before["_key"]
    assert not any(b"203" in str(value).encode() for value in vars(limits).values())


def test_all_together_are_limited_by_the_minute() -> None:
    now = [0.0]
    limits = Limits(100, 3, lambda: now[0])
    assert [limits.allows("127.0.0.1") for _ in range(4)] == [True, True, True, False]
    now[0] = 60.0
    assert limits.allows("127.0.0.1")
