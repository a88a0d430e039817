"""set-password: the secret ends in one file, for root and the service only."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path


def set_password(folder: Path, which: str, text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mailgate", "set-password", which, "--dir", str(folder)]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)


def test_it_is_kept_for_the_group_of_the_folder(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o750)
    done = set_password(tmp_path, "imap", "ลับ-9 x\n")
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "imap-password"
    assert kept.read_text("utf-8") == "ลับ-9 x"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert kept.stat().st_gid == tmp_path.stat().st_gid
    assert "ลับ" not in done.stdout + done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["imap-password"]


def test_an_empty_one_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "smtp-password").write_text("old", "utf-8")
    done = set_password(tmp_path, "smtp", "\n")
    assert done.returncode == 2
    assert "empty" in done.stderr
    assert (tmp_path / "smtp-password").read_text("utf-8") == "old"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = set_password(tmp_path / "away", "alarm-token", "x\n")
    assert done.returncode == 2
    assert "away" in done.stderr
