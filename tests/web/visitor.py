"""A visitor of the website, without a browser: opens forms, fills them in, reads what the page says."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from mailgate.config import Config
from mailgate.edges import sealing
from mailgate.edges.sealing import KeyPair
from mailgate.jobs.desk import Desk
from mailgate.web.app import app
from mailgate.web.counter import Here
from tests import builders
from tests.builders import PaperOffice

KEY = bytes(range(32))
OFFICER = "secret@example.go.th"

File = tuple[str, tuple[str, bytes, str]]


def services(public: str) -> list[dict[str, Any]]:
    """A confidential service whose officer has a key, and an open one."""
    tables = builders.tables()["services"]
    complaint = tables[1] | {"channel": "website"}
    complaint["officers"] = [{"name": "นางปกปิด ลับ", "email": OFFICER, "key": public}]
    return [
        tables[0] | {"key": "transfer", "title": "ขอย้ายสถานศึกษา", "channel": "website", "keywords": ["ขอย้าย"]},
        complaint,
    ]


def config(folder: Path, pair: KeyPair, **changed: Any) -> Config:
    website = {"key_file": folder / "web.key"} | changed.pop("website", {})
    return builders.config(
        folder, services=services(pair.public), website=website, referrals={"enabled": True}, **changed
    )


@dataclass
class Visitor:
    """One browser. ``office``: what stands behind the page."""

    client: httpx.AsyncClient
    office: PaperOffice
    pair: KeyPair
    last: httpx.Response | None = field(default=None)

    async def form(self, key: str = "corruption", lang: str = "") -> str:
        """Open a form; its token."""
        return await self.token(f"{lang}/form/{key}")

    async def token(self, path: str) -> str:
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        return hidden(page.text, "token")

    async def send(
        self, key: str = "corruption", files: list[File] | None = None, token: str | None = None, **fields: str
    ) -> httpx.Response:
        """Fill in and send a form."""
        data = {"token": await self.form(key) if token is None else token} | fields
        self.last = await self.client.post(f"/form/{key}", data=data, files=files or [("files", ("", b"", ""))])
        return self.last

    async def open(self, number: str, passphrase: str) -> httpx.Response:
        """Open a case."""
        data = {"token": await self.token("/case"), "number": number, "passphrase": passphrase}
        return await self.client.post("/case", data=data, files=[("none", ("", b"", ""))])


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])


def told(page: str) -> tuple[str, str]:
    """Receipt and passphrase of a page of thanks."""
    receipt, words = re.search(r'data-plain="([^"]+)"', page), re.search(r'id="passphrase-given">([0-9-]+)<', page)
    assert receipt, page
    assert words, page
    return receipt[1], words[1]


@contextmanager
def website(folder: Path, **changed: Any) -> Any:
    """A visitor before an office on paper twins."""
    pair = sealing.new_key()
    made = config(folder, pair, **changed)
    with builders.office(made) as office:
        transport = httpx.ASGITransport(app(made, Here(Desk(lambda: office)), KEY), client=("203.0.113.9", 1))
        client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        yield Visitor(client, office, pair)
