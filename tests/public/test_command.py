"""mailgate publish as a person types it; it needs no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import tables
from tests.e2e.program import Program


@pytest.fixture
def office(tmp_path: Path) -> Program:
    return Program(tmp_path / "office", tables(registry={"path": "registry.db", "archive": "archive"}), "imap-secret-8")


def test_it_says_what_is_missing(office: Program) -> None:
    found = office("publish")
    assert found.code == 2
    assert found.out == ""
    assert "--to DIR" in found.err


def test_it_publishes_and_checks(office: Program, tmp_path: Path) -> None:
    folder = tmp_path / "www" / "site"
    made = office("publish", "--to", str(folder), "--json")
    assert made.code == 0, made
    assert made.json["directory"] == str(folder)
    assert made.json["files"] == made.json["written"] > 10
    assert (folder / "index.html").is_file()
    assert office("publish", "--to", str(folder), "--check").code == 0
    assert office("publish", "--to", str(folder), "--check", "--json").json == {"state": "same", "files": []}
    (folder / "style.css").write_text("body { display: none }")
    found = office("publish", "--to", str(folder), "--check")
    assert (found.code, found.out) == (1, "style.css\n")


def test_an_older_edition_needs_a_person(office: Program, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert office("publish", "--to", str(folder)).code == 0
    assert office("calendar", "confirm", "2569", "--by", "test").code == 0
    found = office("publish", "--to", str(folder), "--check")
    assert found.code == 3
    assert "publish again" in found.err


def test_a_folder_of_others_is_refused(office: Program, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "theirs").write_text("x")
    found = office("publish", "--to", str(tmp_path / "site"))
    assert found.code == 2
    assert "did not make" in found.err
    assert (tmp_path / "site" / "theirs").read_text() == "x"
