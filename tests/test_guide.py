"""The clerk's guide: every command it names can be typed as it stands there, and its files are those of its source."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from docs import build
from mailgate.cli.main import cli

SOURCE = build.SOURCE.read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"^mailgate .+$|`mailgate [^`]+`", SOURCE, re.M)))


def test_the_guide_names_commands() -> None:
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_guide_can_be_typed(line: str) -> None:
    words = shlex.split(line.strip("`"))[1:]
    command: click.Command = cli
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found
    command.make_context(line, [_existing(w) for w in words])  # refuses what is no option, or has no value


def _existing(word: str) -> str:
    """A file that is there in the place of one that the guide makes up."""
    return str(build.SOURCE) if word == "decision.pdf" else word


def test_every_picture_is_there_and_used() -> None:
    named = set(re.findall(r"\(pictures/([a-z-]+\.png)\)", SOURCE))
    assert named == {p.name for p in (build.FOLDER / "pictures").glob("*.png")}


def test_the_page_is_that_of_the_source() -> None:
    made = Path(build.SOURCE.with_suffix(".html")).read_text("utf-8")
    assert made == build.page(SOURCE), "run: python -m docs.build"
    assert "<script" not in made
