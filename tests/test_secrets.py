"""Passwords: found in one order, asked anew each time, usable or refused, and never repeated in an error."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mailgate.config import Imap
from mailgate.edges.secrets import secret, token_key
from mailgate.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]
CANARY = "hunter2-canary"


def settings(**changed: object) -> Imap:
    return Imap.model_validate({"host": "mail.example.go.th", "username": "a"} | changed)


def ask(environment: Mapping[str, str] | None = None, **changed: object) -> str:
    return secret("imap", settings(**changed), environment or {})()


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "imap-password").write_text("from systemd\n")
    (folder / "smtp-password").write_text("of smtp\n")
    return folder


def test_the_order_in_which_a_secret_is_looked_for(tmp_path: Path, credentials: Path) -> None:
    for name in ("token", "password"):
        (tmp_path / name).write_text(f"from {name} file")
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "MAILGATE_IMAP_PASSWORD": "from variable"}
    known: dict[str, object] = {
        "token_command": (sys.executable, "-c", "print('from command')"),
        "token_file": tmp_path / "token",
        "password_file": tmp_path / "password",
    }
    found = []
    while known:
        found.append(ask(environment, **known))
        known.pop(next(iter(known)))
    found.append(ask(environment))
    found.append(ask({"MAILGATE_IMAP_PASSWORD": "from variable"}))
    assert found == ["from command", "from token file", "from password file", "from systemd", "from variable"]


def test_imap_and_smtp_have_their_own(credentials: Path) -> None:
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "MAILGATE_SMTP_PASSWORD": "x"}
    assert secret("smtp", settings(), environment)() == "of smtp"
    with pytest.raises(ConfigError, match=r"no password for \[imap\]") as error:
        secret("imap", settings(), {"MAILGATE_SMTP_PASSWORD": "x"})()
    for place in ("password_file", "imap-password", "MAILGATE_IMAP_PASSWORD"):
        assert place in error.value.hint


def test_nothing_is_read_before_it_is_needed_and_then_anew(tmp_path: Path) -> None:
    path = tmp_path / "password"
    fetch = secret("imap", settings(password_file=path), {})
    path.write_text("one")
    assert fetch() == "one"
    path.write_text("two\r\n")
    assert fetch() == "two"


def test_blanks_belong_to_a_password_and_thai_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(" รหัส ผ่าน \n", "utf-8")
    assert ask(password_file=path) == " รหัส ผ่าน "


@pytest.mark.parametrize(
    "content", [b"", b"\n", f"{CANARY}\nmore".encode(), f"{CANARY}\0".encode(), b"\xff\xfe" + CANARY.encode()]
)
def test_an_unusable_secret_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        ask(password_file=path)
    assert str(path) in str(error.value)
    assert CANARY not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("value", ["", f"{CANARY}\n{CANARY}"])
def test_an_unusable_variable_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="MAILGATE_IMAP_PASSWORD") as error:
        ask({"MAILGATE_IMAP_PASSWORD": value})
    assert CANARY not in str(error.value)


def test_a_named_file_that_is_missing_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        ask({"MAILGATE_IMAP_PASSWORD": "x"}, password_file=tmp_path / "missing")
    with pytest.raises(ConfigError, match="directory"):
        ask(password_file=tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        ("/nonexistent/program",),
        ("false",),
        ("true",),
        ("printf", f"{CANARY}\\n{CANARY}"),
        ("sh", "-c", f"echo {CANARY}; exit 1"),
    ],
)
def test_a_command_that_fails_is_an_error_without_its_output(command: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as error:
        ask(token_command=command)
    assert command[0] in str(error.value)
    assert CANARY not in str(error.value)


# -- the key of the reply tokens ------------------------------------------------------------------------------------


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "token.key"
    key = token_key(path)
    assert len(key) == 32
    assert token_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["token.key"]
    assert token_key(tmp_path / "other.key") != key


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64])
def test_a_damaged_key_is_an_error_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    """A new key would make every token that was ever sent a stranger's."""
    path = tmp_path / "token.key"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"token\.key"):
        token_key(path)
    assert path.read_bytes() == content


def test_a_key_with_a_line_end_is_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    key = token_key(path)
    path.write_text(path.read_text() + "\n")
    assert token_key(path) == key


def test_first_starts_at_once_agree(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from mailgate.edges.secrets import token_key; "
    code += "sys.stdin.read(); print(token_key(Path(sys.argv[1])).hex())"
    command = [sys.executable, "-c", code, str(tmp_path / "token.key")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with contextlib.ExitStack() as stack:
        starts = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(3)]
        for start in starts:
            assert start.stdin
            start.stdin.close()  # what they wait for
        found = {start.stdout.read() for start in starts if start.stdout}
    assert found == {token_key(tmp_path / "token.key").hex() + "\n"}
    assert [p.name for p in tmp_path.iterdir()] == ["token.key"]


def test_a_key_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(ConfigError, match="No space left"):
            token_key(tmp_path / "token.key")
    assert not (tmp_path / "token.key").exists()
    assert len(token_key(tmp_path / "token.key")) == 32
