"""Complaints on the website: ``python -m bench.web [--submissions 500] [--bytes 2000000] [--at-once 8]``.

A daemon and ``mailgate web`` as processes of their own, joined by the desk's socket, without any mail server; clients
on the same machine send forms with a file each over HTTP. Prints submissions a minute, the slowest answer, peak memory
of both; then looks whether each has a number of its own and is in the archive, and opens ten of them with the officer's
key. Exit code 1 if one is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

import httpx

from mailgate import config_file
from mailgate.edges import sealing
from tests.servers.process import free_ports
from tests.web.visitor import services

_FORM = "/form/corruption"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--bytes", type=int, default=2_000_000)
    parser.add_argument("--at-once", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-web-") as name:
        folder, pair = Path(name), sealing.new_key()
        port = _config(folder, pair.public)
        with _started(folder, "run") as daemon, _started(folder, "web") as web:
            url = f"http://127.0.0.1:{port}"
            asyncio.run(_until_up(url))
            began = time.perf_counter()
            told = asyncio.run(_send(url, options.submissions, options.bytes, options.at_once))
            seconds = time.perf_counter() - began
            peaks = {name: _peak(process.pid) for name, process in (("web", web), ("daemon", daemon))}
            for process in (web, daemon):
                process.send_signal(signal.SIGTERM)
                process.wait(60)
        print(f"{60 * len(told) / seconds:.0f} submissions a minute ({len(told)} of {options.bytes:,} bytes each)")
        print(f"slowest answer {max(t for _, t in told):.2f} s")
        print("peak memory " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in peaks.items()))
        return _check(folder, pair.private, [receipt for receipt, _ in told], options)


def _config(folder: Path, public: str) -> int:
    nowhere, port = free_ports(2)
    server = {"host": "127.0.0.1", "port": nowhere, "security": "none", "username": "office", "timeout": "1s"}
    clerk = {"name": "สารบรรณกลาง", "email": "clerk@example.go.th"}
    values = {
        "office": {"name": "สำนักงาน", "address": "saraban@example.go.th", "clerk": clerk},
        "imap": server,
        "smtp": server,
        "registry": {"path": "registry.db", "archive": "archive"},
        "digests": {"to_clerk": [], "to_officers": []},
        "website": {"listen": f"127.0.0.1:{port}", "desk": "desk.sock", "per_minute": 100_000},
        "services": services(public),
    }
    (folder / "config.toml").write_text(config_file.render(values), "utf-8")
    return port


def _started(folder: Path, command: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"MAILGATE_IMAP_PASSWORD": "-", "MAILGATE_SMTP_PASSWORD": "-"}
    log = (folder / f"{command}.log").open("wb")
    return subprocess.Popen(
        [sys.executable, "-m", "mailgate", "--config", str(folder / "config.toml"), command],
        env=environment, stderr=log, stdout=log, cwd=folder,
    )  # fmt: skip


async def _until_up(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            try:
                if (await client.get(f"{url}/healthz")).status_code == 200:
                    await asyncio.sleep(1)  # the daemon's socket
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise SystemExit("mailgate web did not come up")


async def _send(url: str, count: int, size: int, at_once: int) -> list[tuple[str, float]]:
    """Receipt and seconds of each."""
    content = random.Random(1).randbytes(size)
    left = iter(range(count))

    async def client() -> list[tuple[str, float]]:
        async with httpx.AsyncClient(base_url=url, timeout=120) as visitor:
            return [await _one(visitor, number, content) for number in left]

    found = await asyncio.gather(*(client() for _ in range(at_once)))
    return [one for some in found for one in some]


async def _one(visitor: httpx.AsyncClient, number: int, content: bytes) -> tuple[str, float]:
    page = await visitor.get(_FORM)
    token = unescape(re.findall(r'name="token" value="([^"]*)"', page.text)[0])
    began = time.perf_counter()
    files = {"files": (f"{number}.bin", content, "application/octet-stream")}
    sent = await visitor.post(_FORM, data={"token": token, "facts": f"complaint {number}"}, files=files)
    receipt = re.search(r'data-plain="([^"]+)"', sent.text)
    if receipt is None:
        raise SystemExit(f"not registered: {sent.status_code} {sent.text[:500]}")
    return receipt[1], time.perf_counter() - began


def _peak(pid: int) -> float:
    """Peak resident memory in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def _check(folder: Path, private: str, receipts: list[str], options: argparse.Namespace) -> int:
    with sqlite3.connect(folder / "registry.db") as db:
        rows = db.execute("SELECT number, sha256, size FROM letter ORDER BY number").fetchall()
    lost = len(receipts) - len({*receipts} & {f"{n}/{y}" for n, y in _numbers(receipts, rows)})
    whole = sum(1 for _, sha256, size in rows if _path(folder, sha256).stat().st_size == size >= options.bytes)
    for _, sha256, _ in random.Random(2).sample(rows, min(10, len(rows))):
        with _path(folder, sha256).open("rb") as file:
            sealing.unseal(file, io.BytesIO(), [private])
    good = not lost and whole == len(rows) == len(receipts) and [r[0] for r in rows] == list(range(1, len(rows) + 1))
    print(f"end state {'as it must be' if good else f'{lost} lost, {len(rows)} rows, {whole} whole'}")
    return 0 if good else 1


def _numbers(receipts: list[str], rows: list[tuple[int, str, int]]) -> list[tuple[int, str]]:
    years = {receipt.partition("/")[2] for receipt in receipts}
    return [(row[0], year) for row in rows for year in years]


def _path(folder: Path, sha256: str) -> Path:
    return folder / "archive" / sha256[0] / f"{sha256}.eml"


if __name__ == "__main__":
    raise SystemExit(main())
