"""Copies of the registry: whole while letters come in, checked; earlier copies stay as they were."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from mailgate.core.identity import judge
from mailgate.edges import copies
from mailgate.edges.copies import Copy
from mailgate.edges.store import Store, schema, snapshot
from mailgate.edges.store.guards import migrations
from mailgate.errors import MailgateError, RegistryError, UsageError
from mailgate.jobs.backup import backup
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.copying import config, copy_now, empty_place, into, names, spoil, three_letters, tree


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[PaperOffice]:
    async with three_letters(tmp_path) as made:
        yield made


class TestBackup:
    def test_it_consists_of_everything_and_is_for_us_alone(self, office: PaperOffice) -> None:
        report = copy_now(office.config)
        folder = report.copy.folder
        assert names(folder) == [
            ".lock", "archive", "config-20261123T020000Z.toml", "last-backup.json", "manifest-20261123T020000Z.json",
            "registry-20261123T020000Z.db", "token-20261123T020000Z.key",
        ]  # fmt: skip
        assert (report.archive.copied, report.archive.there, report.archive.problems) == (4, 0, [])
        assert report.copy.key.read_bytes() == office.config.registry.key_file.read_bytes()
        assert report.copy.config.read_text("utf-8") == "# the office's own\n"
        kept = {p.name: p.read_bytes() for p in office.archive.folder.rglob("*") if p.is_file()}
        assert {p.name: p.read_bytes() for p in (folder / "archive").rglob("*") if p.is_file()} == kept
        for path in [folder, *folder.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def test_its_manifest_says_what_it_is(self, office: PaperOffice) -> None:
        report = copy_now(office.config)
        seq, head = office.store.chain.head()
        manifest = json.loads(report.copy.manifest.read_bytes())
        assert (manifest["seq"], manifest["head"], manifest["last"]) == (seq, head, {"receive 2569": 3})
        assert manifest["counts"]["letter"] == 3
        assert manifest["made_at"] == "2026-11-23T09:00:00+07:00"
        assert manifest["schema"][0] == "0001_registers"
        assert set(manifest["files"]) == {report.copy.registry.name, report.copy.key.name, report.copy.config.name}
        assert copies.last_made(report.copy.folder) == NOW

    def test_it_only_reads(self, office: PaperOffice) -> None:
        before = list(office.store.db.sql.iterdump())
        files = tree(office.archive.folder)
        copy_now(office.config)
        assert list(office.store.db.sql.iterdump()) == before
        assert tree(office.archive.folder) == files

    def test_the_second_copies_only_what_is_new(self, office: PaperOffice) -> None:
        copy_now(office.config)
        assert copy_now(office.config, after=timedelta(hours=1)).archive.copied == 0
        assert len(copies.copies(office.config.registry.path.with_name("copies"))) == 2

    def test_letters_that_come_in_meanwhile_do_not_spoil_it(self, office: PaperOffice) -> None:
        stop, count = threading.Event(), [0]

        def write() -> None:
            with_other = Store(office.config.registry.path)
            while not stop.is_set():
                count[0] += 1
                with_other.receipts.enter(builders.entry(1000 + count[0]), judge, builders.draft)
            with_other.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while count[0] < 20:
                assert writer.is_alive()
            reports = [copy_now(office.config, after=timedelta(minutes=n)) for n in range(5)]
        finally:
            stop.set()
            writer.join()
        lasts = [report.facts.last["receive 2569"] for report in reports]
        assert lasts == sorted(lasts)
        assert lasts[-1] > lasts[0]
        assert count[0] + 3 >= lasts[-1]

    def test_it_works_with_no_daemon(self, tmp_path: Path) -> None:
        made = config(tmp_path)
        builders.office(made).__exit__(None, None, None)
        assert names(tmp_path) == ["archive", "config.toml", "registry.db", "token.key"]
        assert copy_now(made).facts.counts["letter"] == 0
        assert made.registry.path.with_name("registry.db-wal").stat().st_size == 0
        with builders.office(made) as opened:
            assert verify(opened).problems == []

    def test_a_registry_in_a_folder_that_cannot_be_written_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = config(tmp_path)
        builders.office(made).__exit__(None, None, None)
        monkeypatch.setattr(snapshot.os, "access", lambda *_: False)
        assert copy_now(made).facts.counts["letter"] == 0
        assert not made.registry.path.with_name("registry.db-wal").exists()

    def test_an_older_schema_is_copied_as_it_is(self, tmp_path: Path) -> None:
        made = config(tmp_path)
        db = Database(made.registry.path)
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        migrations.apply(db, stop_before="0002_readings")
        db.close()
        report = copy_now(made)
        assert report.facts.schema == ["0001_registers"]
        assert into(empty_place(tmp_path), report.copy.folder)["problems"] == []

    def test_old_copies_go_when_the_new_one_is_whole(self, tmp_path: Path) -> None:
        made = config(tmp_path, keep=2)
        builders.office(made).__exit__(None, None, None)
        reports = [copy_now(made, after=timedelta(hours=n)) for n in range(4)]
        assert [report.removed for report in reports] == [
            [], [], ["registry-20261123T020000Z.db"], ["registry-20261123T030000Z.db"],
        ]  # fmt: skip
        assert [n for n in names(tmp_path / "copies") if "20261123T02" in n or "20261123T03" in n] == []

    def test_a_mail_that_the_archive_has_lost_or_spoilt_is_told(self, office: PaperOffice) -> None:
        first, second, third = office.store.reports.raw_hashes()
        copy_now(office.config)
        office.archive.path(first).unlink()  # the copy has it
        assert copy_now(office.config, after=timedelta(hours=1)).archive.problems == []
        office.archive.path(second).unlink()
        spoil(office.archive.path(third), 0)
        found = copy_now(office.config, office.config.registry.path.with_name("new")).archive.problems
        assert sorted(found) == sorted(
            [
                f"mail {first[:16]}… cannot be read: No such file or directory",
                f"mail {second[:16]}… cannot be read: No such file or directory",
                f"mail {third[:16]}… its bytes have been changed",
            ]
        )

    def test_one_at_a_time(self, office: PaperOffice) -> None:
        folder = copy_now(office.config).copy.folder
        with copies.locked(folder), pytest.raises(MailgateError, match="another backup"):
            copy_now(office.config, after=timedelta(hours=1))
        assert len(copies.copies(folder)) == 1

    def test_what_an_interrupted_one_left_is_swept(self, office: PaperOffice) -> None:
        folder = copy_now(office.config).copy.folder
        draft = folder / ".registry-20261122T020000Z.db.new"
        draft.write_bytes(b"half")
        draft.with_name(draft.name + "-journal").write_bytes(b"half")
        copy_now(office.config, after=timedelta(hours=1))
        assert [n for n in names(folder) if ".new" in n] == []


class TestBackupRefuses:
    def test_no_folder_and_the_archives_own(self, office: PaperOffice, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no folder"):
            backup(builders.config(tmp_path), tmp_path / "config.toml", None, NOW, lambda _: None)
        for wrong in (tmp_path, office.archive.folder, office.archive.folder / "a"):
            with pytest.raises(UsageError, match="where the archive itself is"):
                copy_now(office.config, wrong)

    def test_a_folder_whose_parent_is_not_there(self, office: PaperOffice, tmp_path: Path) -> None:
        with pytest.raises(MailgateError, match="disk is mounted"):
            copy_now(office.config, tmp_path / "not-mounted" / "copies")
        assert not (tmp_path / "not-mounted").exists()

    @pytest.mark.parametrize("content", [b"", b"no registry", b"SQLite format 3\0" + bytes(100)])
    def test_no_registry(self, tmp_path: Path, content: bytes) -> None:
        made = config(tmp_path)
        with pytest.raises(RegistryError, match="there is no registry"):
            copy_now(made)
        made.registry.path.write_bytes(content)
        with pytest.raises(RegistryError, match=r"registry\.db"):
            copy_now(made)
        assert names(tmp_path / "copies") == [".lock"]

    def test_a_damaged_registry_leaves_earlier_copies_alone(self, office: PaperOffice) -> None:
        folder = copy_now(office.config).copy.folder
        before = tree(folder)
        other = sqlite3.connect(office.config.registry.path)
        for name in ("event_final", "event_payload_only_erased"):
            other.execute(f"DROP TRIGGER {name}")
        other.execute("UPDATE event SET at = '2000' WHERE seq = 2")
        other.commit()
        other.close()
        with pytest.raises(RegistryError, match="event 2 does not continue the chain"):
            copy_now(office.config, after=timedelta(hours=1))
        assert tree(folder) == before

    def test_a_full_disk_leaves_earlier_copies_alone(
        self, office: PaperOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = copy_now(office.config).copy.folder
        before = tree(folder)
        office.store.receipts.enter(builders.entry(50, sha256="f" * 64), judge, builders.draft)
        office.archive.path("f" * 64).parent.mkdir(exist_ok=True)
        office.archive.path("f" * 64).write_bytes(b"x")

        def full(*_: object) -> int:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(copies.os, "write", full)
        with pytest.raises(MailgateError, match="Free some space"):
            copy_now(office.config, after=timedelta(hours=1))
        monkeypatch.undo()
        assert tree(folder) == before

    def test_a_second_one_in_the_same_second(self, office: PaperOffice) -> None:
        copy_now(office.config)
        with pytest.raises(MailgateError, match="try again"):
            copy_now(office.config)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"made_at": 5}', '{"made_at": "2026-11-23T09:00:00"}', "{"])
def test_a_broken_note_of_the_last_copy_is_no_copy(tmp_path: Path, text: str) -> None:
    assert copies.last_made(tmp_path) is None
    (tmp_path / "last-backup.json").write_text(text, "utf-8")
    assert copies.last_made(tmp_path) is None


def test_a_copy_is_named_by_the_second_in_utc(tmp_path: Path) -> None:
    made = Copy(tmp_path, NOW)
    assert made.registry.name == "registry-20261123T020000Z.db"
    assert copies.copy_of(made.registry) == Copy(tmp_path, NOW)
    assert copies.copy_of(tmp_path / "registry-20261399T020000Z.db") is None
    assert copies.copy_of(tmp_path / "registry.db") is None
    assert isinstance(made.made_at, datetime)
