"""An office with three letters to be copied, and short words for copying and restoring it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from mailgate.config import Config
from mailgate.jobs import poll as polls
from mailgate.jobs.backup import Report, backup
from mailgate.jobs.restore import restore
from mailgate.model import CheckReport
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import letter, with_document
from tests.jobs.registers import check


@asynccontextmanager
async def three_letters(folder: Path) -> AsyncIterator[PaperOffice]:
    """Three letters, the first with a file, read."""
    with builders.office(config(folder)) as made:
        for raw in (with_document(letter(1)), letter(2), letter(3)):
            made.box.deliver(raw, NOW)
        await check(made)
        await polls.read(made, CheckReport())
        yield made


def config(folder: Path, keep: int = 14) -> Config:
    (folder / "config.toml").write_text("# the office's own\n", "utf-8")
    return builders.config(folder, backup={"directory": folder / "copies", "keep": keep})


def copy_now(made: Config, folder: Path | None = None, *, after: timedelta = timedelta()) -> Report:
    return backup(made, made.registry.path.with_name("config.toml"), folder, NOW + after, lambda _: None)


def empty_place(tmp_path: Path) -> Config:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return config(folder)


def into(made: Config, source: Path) -> Any:
    return restore(made, source, lambda _: None).document()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def spoil(path: Path, at: int = 100) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
