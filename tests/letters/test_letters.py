"""Each mail here, and what a careful clerk would make of it: ``NN-name.eml`` and ``NN-name.expected``.

A new case is two new files. ``MAILGATE_WRITE_EXPECTED=1 pytest tests/letters`` writes missing and changed expectations,
to be read before they are kept. ``mailgate letter show tests/letters/NN-name.eml`` shows the same on the terminal.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from mailgate import config_file
from mailgate.cell import read_file
from mailgate.edges.parser_cell import PaperCell
from mailgate.edges.templates import shipped
from mailgate.jobs.looking import look

FOLDER = Path(__file__).parent
LETTERS = sorted(FOLDER.glob("*.eml"))
WRITE = bool(os.environ.get("MAILGATE_WRITE_EXPECTED"))


def readable(value: Any) -> Any:
    """A value as TOML has it, long text over several lines."""
    if isinstance(value, dict):
        return {k: readable(v) for k, v in value.items() if v not in (None, "", [], ())}
    if isinstance(value, list | tuple):
        return [readable(v) for v in value]
    if isinstance(value, str) and "\n" in value:
        return tomlkit.string(value, multiline=True)
    return value


def expectation(document: dict[str, Any]) -> str:
    """A document of ``letter show`` as the text of an .expected file; what is empty is left out."""
    return tomlkit.dumps(readable(document))


@pytest.mark.parametrize("path", LETTERS, ids=lambda p: p.stem)
async def test_the_letter_is_read_as_expected(path: Path) -> None:
    config = config_file.load(shipped("config.toml"))
    found = expectation(await look(config, path, PaperCell(read_file)))
    expected = path.with_suffix(".expected")
    if WRITE:
        expected.write_text(found, "utf-8")
    assert expected.exists(), f"write what is expected of it into {expected.name}"
    assert found == expected.read_text("utf-8")


def test_there_is_a_letter_of_every_kind() -> None:
    kinds = {tomlkit.parse(p.read_text("utf-8"))["kind"] for p in FOLDER.glob("*.expected")}
    wanted = "letter auto bounce delivery read_receipt feedback list own spam malware test officer".split()
    assert set(wanted) - {"own", "officer"} <= kinds  # these two take a token of ours: tests/jobs/test_cases.py


def test_every_expectation_has_its_letter() -> None:
    assert [p.stem for p in sorted(FOLDER.glob("*.expected"))] == [p.stem for p in LETTERS]
