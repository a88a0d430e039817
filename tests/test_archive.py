"""The archive of raw mails: durable before anything speaks of it, checked against its name, never half written."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mailgate.edges import archive as module
from mailgate.edges.archive import Archive, Kept
from mailgate.errors import ArchiveError

RAW = b"From: a@b.test\r\n\r\nbody\r\n"
SHA = hashlib.sha256(RAW).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def keep(archive: Archive, raw: bytes = RAW) -> Kept:
    incoming = archive.begin()
    try:
        incoming.write(raw)
        return archive.keep(incoming)
    except BaseException:
        incoming.abandon()
        raise


def files(archive: Archive) -> list[str]:
    return sorted(str(p.relative_to(archive.folder)) for p in archive.folder.rglob("*") if p.is_file())


def test_a_mail_is_kept_byte_for_byte_under_its_hash(archive: Archive) -> None:
    kept = keep(archive)
    assert kept == Kept(SHA, archive.path(SHA), len(RAW))
    assert kept.path.name == f"{SHA}.eml"
    assert kept.path.is_relative_to(archive.folder)
    assert kept.path.read_bytes() == RAW
    assert files(archive) == [str(kept.path.relative_to(archive.folder))]


@pytest.mark.parametrize("raw", [b"", b"\0\r\n.\r\n\xff", b"x" * (2 * (1 << 20) + 3)], ids=["empty", "odd", "large"])
def test_any_bytes_in_any_pieces(archive: Archive, raw: bytes) -> None:
    incoming = archive.begin()
    for start in range(0, len(raw), 700_001):
        incoming.write(bytearray(raw[start : start + 700_001]))
    kept = archive.keep(incoming)
    assert kept.sha256 == hashlib.sha256(raw).hexdigest()
    assert b"".join(kept.chunks()) == raw
    assert b"".join(kept.chunks(3)) == raw[3:]
    assert kept.read(1, 5) == raw[1:6]
    assert archive.check(kept.sha256) == ""


def test_the_same_bytes_again_are_harmless(archive: Archive) -> None:
    assert keep(archive) == keep(archive)
    assert len(files(archive)) == 1
    assert keep(Archive(archive.folder)).sha256 == SHA


def test_several_can_be_written_at_once(archive: Archive) -> None:
    one, other = archive.begin(), archive.begin()
    one.write(b"one")
    other.write(b"other")
    assert {archive.keep(other).path.read_bytes(), archive.keep(one).path.read_bytes()} == {b"one", b"other"}


def test_it_is_for_its_owner_only(archive: Archive) -> None:
    old = os.umask(0)
    try:
        kept = keep(Archive(archive.folder / "deep" / "er"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((archive.folder / "deep" / "er" / "incoming").stat().st_mode) == 0o700
    assert stat.S_IMODE((archive.folder / "deep" / "er").stat().st_mode) == 0o700, "nobody else may list it"


# -- durability -----------------------------------------------------------------------------------------------------


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, str]]) -> Iterator[None]:
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        steps.append(("fsync", os.readlink(f"/proc/self/fd/{descriptor}")))
        real_fsync(descriptor)

    def replace(old: Any, new: Any) -> None:
        steps.append(("replace", str(new)))
        real_replace(old, new)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        patched.setattr(os, "replace", replace)
        yield


def test_bytes_then_name_then_folder_are_made_durable_in_this_order(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str]] = []
    with recorded(monkeypatch, steps):
        kept = keep(archive)
    content = next(path for kind, path in steps if kind == "fsync" and "incoming" in path)
    expected = [
        ("fsync", content),
        ("fsync", str(archive.folder)),  # the new folder of this hash
        ("replace", str(kept.path)),
        ("fsync", str(kept.path.parent)),
    ]
    assert steps == expected
    steps.clear()
    with recorded(monkeypatch, steps):
        keep(archive)
    assert [kind for kind, _ in steps] == ["fsync", "replace", "fsync"]


def test_the_archives_own_folder_is_made_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut after the first letter takes the whole new folder away, and the registry keeps the row."""
    steps: list[tuple[str, str]] = []
    with recorded(monkeypatch, steps):
        keep(Archive(tmp_path / "archive"))
    assert ("fsync", str(tmp_path)) in steps


# -- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir", "open"])
def test_what_the_disk_refuses_is_an_error_with_a_remedy(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, broken)
        with pytest.raises(ArchiveError, match=os.strerror(code)) as error:
            keep(archive)
    assert "stays on the server" in error.value.hint
    assert ("space" in error.value.hint) is (code in (errno.ENOSPC, errno.EDQUOT))
    assert archive.check(SHA) != "", "what failed is not kept"
    assert keep(archive).sha256 == SHA


def test_a_disk_that_fills_up_while_a_mail_is_written_is_an_error_with_a_remedy(archive: Archive) -> None:
    """/dev/full refuses every write as a full disk does."""
    incoming = archive.begin()
    incoming._file.close()
    incoming._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115 - closed by abandon()
    try:
        with pytest.raises(ArchiveError, match="No space left"):
            incoming.write(RAW)
    finally:
        incoming.abandon()


def test_what_could_not_be_kept_leaves_nothing_behind(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon goes on trying on a full disk, and sweeps only when it starts: each try would fill it further."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    incoming = archive.begin()
    incoming.write(RAW)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ArchiveError):
            archive.keep(incoming)
    left = files(archive)
    incoming.abandon()
    assert left == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match="cannot use the archive"):
        Archive(tmp_path / "file" / "archive")


def test_what_a_crash_left_is_swept_and_what_is_kept_stays(archive: Archive) -> None:
    kept = keep(archive)
    for half in (b"half", b""):
        incoming = archive.begin()
        incoming.write(half)
        incoming._file.close()  # as the end of a process does
    assert Archive(archive.folder).sweep() == 2
    assert archive.sweep() == 0
    assert files(archive) == [str(kept.path.relative_to(archive.folder))]


def test_an_abandoned_mail_leaves_nothing(archive: Archive) -> None:
    incoming = archive.begin()
    incoming.write(b"half")
    incoming.abandon()
    incoming.abandon()
    assert files(archive) == []


@pytest.mark.parametrize("changed", [RAW + b"x", RAW[:-1], b"", RAW.replace(b"body", b"bodY")])
def test_changed_bytes_are_found(archive: Archive, changed: bytes) -> None:
    kept = keep(archive)
    kept.path.write_bytes(changed)
    assert "changed" in archive.check(SHA)


def test_a_missing_mail_is_found(archive: Archive) -> None:
    assert "cannot be read" in archive.check(SHA)
    keep(archive).path.unlink()
    assert "No such file" in archive.check(SHA)


def test_room_is_asked_for_before_a_mail_is_fetched(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk(free: int) -> None:
        monkeypatch.setattr(module.os, "statvfs", lambda _: SimpleNamespace(f_bavail=free, f_frsize=1))

    disk(module._ROOM + 1000)
    archive.room_for(1000)
    with pytest.raises(ArchiveError, match="nearly full") as error:
        archive.room_for(1001)
    assert "Free some space" in error.value.hint
    disk(0)
    with pytest.raises(ArchiveError, match="0 KiB free"):
        archive.room_for(0)
