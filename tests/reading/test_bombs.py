"""Every hostile mail goes through the real child: within 2 seconds and 256 MB, and the next letter is read."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mailgate.edges.parser_cell import ParserCell
from tests.reading.bombs import BOMBS, text
from tests.reading.shelves import peak

LETTER = text("เรียน ผู้อำนวยการ\r\n\r\nขอหนังสือรับรอง\r\n".encode())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cell() -> AsyncIterator[ParserCell]:
    """One child for all of them: what one does must not be felt by the next."""
    made = ParserCell()
    yield made
    await made.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb(cell: ParserCell, tmp_path: Path, name: str) -> None:
    for number, raw in enumerate((LETTER, BOMBS[name](), LETTER)):
        (tmp_path / f"{number}.eml").write_bytes(raw)
        into = tmp_path / str(number)
        into.mkdir()
        start = time.perf_counter()
        found = await cell.read(tmp_path / f"{number}.eml", into)
        if number == 1:
            assert time.perf_counter() - start < 2
        else:
            assert found.summary == "ขอหนังสือรับรอง"
    assert peak(cell) <= 256
