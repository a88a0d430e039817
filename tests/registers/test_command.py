"""``mailgate register export`` on the command line."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailgate import config_file
from mailgate.cli import registers
from mailgate.cli.main import cli
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import register_files
from tests import builders
from tests.builders import PaperOffice

Run = Callable[..., Result]


@pytest.fixture
def run(filled: PaperOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, in a folder of its own, for the registry of ``filled``."""
    config = tmp_path / "config.toml"
    registry = {"path": str(tmp_path / "registry.db"), "archive": str(tmp_path / "archive")}
    registry["key_file"] = str(tmp_path / "token.key")
    config.write_text(config_file.render(builders.tables(registry=registry)), "utf-8")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return lambda *a: CliRunner().invoke(cli, ["--config", str(config), "register", "export", *a])


@pytest.mark.parametrize(
    ("options", "name", "begin"),
    [
        ((), "receive-2569.pdf", b"%PDF-"),
        (("--format", "xlsx"), "receive-2569.xlsx", b"PK"),
        (("--out", "a.csv", "--bom"), "a.csv", b"\xef\xbb\xbf"),
        (("--out", "a.HTML"), "a.HTML", b"<!doctype html>"),
        (("--out", "a.txt", "--format", "json"), "a.txt", b"[\n{"),
    ],
)
def test_the_file_is_called_and_made_as_asked(run: Run, options: tuple[str, ...], name: str, begin: bytes) -> None:
    done = run("receive", "--year", "2569", *options)
    assert done.exit_code == 0, done.output
    assert f"wrote {name} (5 entries)" in done.stderr
    assert Path(name).read_bytes().startswith(begin)
    assert [p.name for p in Path().iterdir()] == [name]
    assert Path(name).stat().st_mode & 0o777 == 0o600  # names and addresses of citizens


def test_one_document_for_programs(run: Run) -> None:
    done = run("dispatch", "--year", "๒๕๖๙", "--format", "csv", "--json")
    document = json.loads(done.stdout)
    assert document == {
        "register": "dispatch", "year": 2569, "from": "2026-01-01", "to": "2026-12-31", "entries": 2,
        "file": "dispatch-2569.csv", "sha256": hashlib.sha256(Path("dispatch-2569.csv").read_bytes()).hexdigest(),
    }  # fmt: skip


@pytest.mark.parametrize(("first", "last"), [("2026-11-24", "2026-11-24"), ("24/11/2569", "๓๑/๑๒/๒๕๖๙")])
def test_days_of_a_year(run: Run, first: str, last: str) -> None:
    done = run("receive", "--from", first, "--to", last, "--out", "-", "--format", "json")
    assert [line["number"] for line in json.loads(done.stdout)] == [5]


def test_a_pdf_goes_into_a_pipe(run: Run) -> None:
    assert run("receive", "--year", "2569", "--out", "-", "--format", "pdf").stdout_bytes.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--from", "yesterday"), "2569-12-31"),
        (("--year", "25690"), "2569"),
        (("--year", "2568", "--from", "1/1/2569"), "one year"),
        (("--from", "2/1/2569", "--to", "1/1/2569"), "earlier"),
        (("--out", "x.doc"), "--format"),
        (("--out", "-"), "--format"),
        (("--out", "-", "--format", "csv", "--json"), "--json"),
    ],
)
def test_wrong_usage_is_a_sentence(run: Run, options: tuple[str, ...], says: str) -> None:
    done = run("receive", *options)
    assert isinstance(done.exception, MailgateError)
    assert done.exception.exit_code == 2
    assert says in str(done.exception)


def test_another_register_is_refused(run: Run) -> None:
    assert run("letters").exit_code == 2


def test_a_terminal_is_not_sent_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", _Terminal())
    with pytest.raises(UsageError, match="terminal"):
        registers._form("xlsx", Path("-"), False)
    assert registers._form("csv", Path("-"), False) == "csv"


def test_nothing_half_written_is_left(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("receive-2569.csv").write_text("old")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(register_files.FORMS, "csv", broken)  # type: ignore[arg-type]
    done = run("receive", "--year", "2569", "--format", "csv")
    assert isinstance(done.exception, MailgateError)
    assert "No space left" in str(done.exception)
    assert [(p.name, p.read_text()) for p in Path().iterdir()] == [("receive-2569.csv", "old")]


def test_a_folder_that_is_not_there_is_a_sentence(run: Run) -> None:
    done = run("receive", "--year", "2569", "--out", "away/r.csv")
    assert isinstance(done.exception, MailgateError)
    assert "away" in str(done.exception)


def test_exporting_is_reading_only(run: Run, filled: PaperOffice) -> None:
    before = filled.store.chain.head()
    run("receive", "--year", "2569", "--format", "csv")
    assert filled.store.chain.head() == before


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
