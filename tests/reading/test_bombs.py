"""Every hostile mail goes through the real child: in 2 seconds of computing and 256 MB, and the next letter is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mailgate.edges.parser_cell import ParserCell
from tests.reading.bombs import BOMBS, text
from tests.reading.shelves import computed, peak

LETTER = text("เรียน ผู้อำนวยการ\r\n\r\nขอหนังสือรับรอง\r\n".encode())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cell() -> AsyncIterator[ParserCell]:
    """One child for all of them: what one does must not be felt by the next."""
    made = ParserCell()
    yield made
    await made.close()


def laid(folder: Path, raw: bytes) -> tuple[Path, Path]:
    """A file with a mail, and an empty folder beside it."""
    place = folder / str(len(list(folder.iterdir())))
    place.with_suffix(".eml").write_bytes(raw)
    place.mkdir()
    return place.with_suffix(".eml"), place


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb(cell: ParserCell, tmp_path: Path, name: str) -> None:
    await cell.read(*laid(tmp_path, LETTER))
    child, before = cell._child, computed(cell)
    await cell.read(*laid(tmp_path, BOMBS[name]()))
    # Not the time on the wall, which depends on what else this machine is doing.
    assert computed(cell) - before < 2
    assert (await cell.read(*laid(tmp_path, LETTER))).summary == "ขอหนังสือรับรอง"
    assert cell._child is child
    assert peak(cell) <= 256
