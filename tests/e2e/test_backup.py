"""backup and restore as a sysadmin uses them: beside the daemon, after a crash, on a full disk, with an old copy."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.crash.letters import letter
from tests.e2e.program import Program, Result
from tests.servers.dovecot import Dovecot
from tests.servers.process import as_root
from tests.servers.sink import Sink


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    """One letter is registered; copies go to a folder beside the registry."""
    made = Program.at(tmp_path / "office", mailbox, sink.port).set("backup", directory="copies")
    mailbox.drop_in([letter(1)])
    assert made("poll").code == 0
    return made


def lose_the_registry(office: Program) -> None:
    """All but the copies is gone, as with its disk."""
    for path in office.folder.iterdir():
        if path.name.startswith("registry.db") or path.name == "token.key":
            path.unlink()
    shutil.rmtree(office.folder / "archive")


def backup(office: Program, *arguments: str) -> Result:
    """Copies are named by the second; in the same one as the last there is none."""
    while "this very second" in (made := office("backup", "--json", *arguments)).err:
        pass
    return made


def restore(office: Program) -> Result:
    return office("restore", str(office.folder / "copies"), "--json")


def test_a_lost_registry_comes_back_and_work_goes_on(office: Program, mailbox: Dovecot) -> None:
    made = office("backup", "--json")
    assert (made.code, made.json["last"], made.json["problems"]) == (0, {"receive 2569": 1}, []), made.err
    assert "checking the copy" in made.err
    before = office("letter", "list", "--json").json
    lose_the_registry(office)
    restored = restore(office)
    assert (restored.code, restored.json["archive"]["there"], restored.json["problems"]) == (0, 0, []), restored.err
    assert Path(restored.json["config"]).read_text("utf-8") == (office.folder / "config.toml").read_text("utf-8")
    assert office("verify").code == 0
    mailbox.drop_in([letter(2)])
    assert office("poll", "--json").json["receipts"] == ["2/2569"]
    assert office("letter", "list", "--json").json[0] == before[0]


def test_an_old_copy_gives_no_number_twice(office: Program, mailbox: Dovecot) -> None:
    assert office("backup").code == 0
    mailbox.drop_in([letter(2)])
    assert office("poll").code == 0
    lose_the_registry(office)
    assert restore(office).code == 0
    mailbox.drop_in([letter(3)])
    refused = office("poll")
    assert refused.code == 1
    assert "older than the anchor in the mailbox" in refused.err
    assert len(mailbox.folder("INBOX")) == 1


def test_a_registry_that_is_there_is_not_replaced(office: Program) -> None:
    assert office("backup").code == 0
    before = (office.folder / "registry.db").read_bytes()
    refused = restore(office)
    assert (refused.code, refused.out) == (1, "")
    assert "registry.db is there already" in refused.err
    assert (office.folder / "registry.db").read_bytes() == before


def test_a_backup_is_made_while_another_mailgate_works(office: Program) -> None:
    lock = office.folder / "registry.db.lock"
    assert office("backup", wrapper=("flock", str(lock))).code == 0


def test_without_a_folder_it_is_wrong_usage(office: Program) -> None:
    office.set("backup", directory="")
    assert office("backup").code == 2
    assert office("backup", "--to", str(office.folder / "here")).code == 0


def test_wherever_it_is_cut_off_there_is_a_good_copy_and_the_next_is_made(
    office: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = office.folder / "points"
    monkeypatch.setenv("MAILGATE_POINTS_LOG", str(points))
    assert office("backup").code == 0
    monkeypatch.delenv("MAILGATE_POINTS_LOG")
    passed = points.read_text("ascii").split()
    assert len(passed) >= 8
    for point in passed:
        shutil.rmtree(office.folder / "copies" / "archive")  # so that it passes every point again
        monkeypatch.setenv("MAILGATE_CRASH_AT", point)
        assert backup(office).code == -9, point
        monkeypatch.delenv("MAILGATE_CRASH_AT")
        assert backup(office).json["problems"] == []
        assert [p.name for p in (office.folder / "copies").rglob("*.new*")] == [], point
    lose_the_registry(office)
    assert restore(office).json["problems"] == []


def test_a_full_disk_is_a_sentence_and_leaves_the_last_copy(office: Program) -> None:
    small = office.folder / "small"
    small.mkdir()
    as_root("mount", "-t", "tmpfs", "-o", f"size=8m,uid={os.geteuid()}", "tmpfs", str(small))
    try:
        made = backup(office, "--to", str(small / "copies"))
        assert made.code == 0, made.err
        with (small / "filler").open("wb") as file:
            file.write(b"x" * (os.statvfs(small).f_bavail * 4096 - (100 << 10)))
        failed = backup(office, "--to", str(small / "copies"))
        assert (failed.code, "Free some space" in failed.err) == (1, True), failed.err
        last = json.loads((small / "copies" / "last-backup.json").read_bytes())
        assert last["registry"] == made.json["registry"]
        lose_the_registry(office)
        assert office("restore", str(small / "copies")).code == 0
    finally:
        as_root("umount", str(small))


def test_a_registry_on_a_read_only_disk_can_be_copied(office: Program) -> None:
    state = office.folder / "state"
    state.mkdir()
    for name in ("registry.db", "archive", "token.key"):
        (office.folder / name).rename(state / name)
    office.set("registry", path="state/registry.db", archive="state/archive", key_file="state/token.key")
    as_root("mount", "--bind", str(state), str(state))
    try:
        as_root("mount", "-o", "remount,ro,bind", str(state))
        made = office("backup", "--json")
        assert (made.code, made.json["last"]) == (0, {"receive 2569": 1}), made.err
    finally:
        as_root("umount", str(state))
