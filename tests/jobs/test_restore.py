"""Restoring: what was copied, only what is whole, only where nothing is."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges import pdf
from mailgate.errors import MailgateError, RegistryError
from mailgate.jobs import decisions, dispatching
from mailgate.jobs.decisions import Wish
from mailgate.jobs.restore import restore
from mailgate.jobs.verify import verify
from mailgate.model import Receipt
from mailgate.model_dispatch import Result
from tests import builders
from tests.builders import PaperOffice
from tests.jobs.copying import copy_now, empty_place, into, names, spoil, three_letters


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[PaperOffice]:
    async with three_letters(tmp_path) as made:
        yield made


class TestRestore:
    def test_it_is_what_was_copied(self, office: PaperOffice, tmp_path: Path) -> None:
        report = copy_now(office.config)
        made = empty_place(tmp_path)
        document = into(made, report.copy.folder)
        assert document["last"] == {"receive 2569": 3}
        assert document["archive"] == {"copied": 4, "there": 0}
        assert (document["problems"], document["config"]) == ([], str(report.copy.config))
        assert made.registry.key_file.read_bytes() == office.config.registry.key_file.read_bytes()
        with builders.office(made) as restored:
            assert verify(restored).problems == []
            assert list(restored.store.db.sql.iterdump()) == list(office.store.db.sql.iterdump())
        for path in (made.registry.path, made.registry.key_file):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_what_went_out_is_there_with_its_files(self, office: PaperOffice, tmp_path: Path) -> None:
        paper = tmp_path / "decision.pdf"
        paper.write_bytes(pdf.render("<p>อนุมัติ</p>"))
        files = dispatching.looked_into(office, [paper])
        out = decisions.outbound(office, Receipt(1, 2569), Wish(Result.APPROVED), files)
        dispatching.keep(office, [paper], files)
        dispatching.enter(office, out)
        made = empty_place(tmp_path)
        document = into(made, copy_now(office.config).copy.folder)
        assert document["last"] == {"receive 2569": 3, "dispatch 2569": 1}
        with builders.office(made) as restored:
            assert verify(restored).problems == []
            assert restored.attachments.read(files[0].sha256) == paper.read_bytes()

    def test_the_newest_good_copy_is_taken_and_worse_ones_are_told(self, office: PaperOffice, tmp_path: Path) -> None:
        reports = [copy_now(office.config, after=timedelta(hours=n)) for n in range(4)]
        spoil(reports[3].copy.registry)
        reports[2].copy.manifest.write_bytes(b"{")
        document = into(empty_place(tmp_path), reports[0].copy.folder)
        assert document["copy"] == str(reports[1].copy.registry)
        newest, second = document["problems"]
        assert reports[3].copy.registry.name in newest
        assert reports[2].copy.registry.name in second

    def test_a_copy_can_be_named(self, office: PaperOffice, tmp_path: Path) -> None:
        reports = [copy_now(office.config, after=timedelta(hours=n)) for n in range(2)]
        assert into(empty_place(tmp_path), reports[0].copy.registry)["made_at"] == "2026-11-23T09:00:00+07:00"

    def test_what_the_archive_still_has_is_kept_and_what_it_has_spoilt_is_mended(
        self, office: PaperOffice, tmp_path: Path
    ) -> None:
        first, second, _ = office.store.reports.raw_hashes()
        folder = copy_now(office.config).copy.folder
        made = empty_place(tmp_path)
        for sha256 in (first, second):
            target = made.registry.archive / sha256[0] / f"{sha256}.eml"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(office.archive.path(sha256).read_bytes())
        spoil(made.registry.archive / second[0] / f"{second}.eml", 0)
        assert into(made, folder)["archive"] == {"copied": 3, "there": 1}
        with builders.office(made) as restored:
            assert verify(restored).problems == []

    def test_a_mail_that_the_copy_has_lost_is_told_and_the_register_is_restored(
        self, office: PaperOffice, tmp_path: Path
    ) -> None:
        folder = copy_now(office.config).copy.folder
        lost, spoilt, _ = office.store.reports.raw_hashes()
        (folder / "archive" / lost[0] / f"{lost}.eml").unlink()
        spoil(folder / "archive" / spoilt[0] / f"{spoilt}.eml", 0)
        made = empty_place(tmp_path)
        assert len(into(made, folder)["problems"]) == 2
        assert not (made.registry.archive / spoilt[0] / f"{spoilt}.eml").exists()
        with builders.office(made) as restored:
            assert len(verify(restored).problems) == 2

    @pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
    def test_nothing_is_replaced(self, office: PaperOffice, tmp_path: Path, end: str) -> None:
        folder = copy_now(office.config).copy.folder
        made = empty_place(tmp_path)
        there = made.registry.path.with_name(f"registry.db{end}")
        there.write_bytes(b"something")
        with pytest.raises(RegistryError, match="move away"):
            into(made, folder)
        assert there.read_bytes() == b"something"
        assert set(names(made.registry.path.parent)) == {"config.toml", there.name, "registry.db.lock"}

    def test_a_registry_made_meanwhile_is_not_replaced(self, office: PaperOffice, tmp_path: Path) -> None:
        folder = copy_now(office.config).copy.folder
        made = empty_place(tmp_path)

        def somebody_looks(_: str) -> None:
            made.registry.path.write_bytes(b"new")

        with pytest.raises(MailgateError, match="there already"):
            restore(made, folder, somebody_looks)
        assert made.registry.path.read_bytes() == b"new"

    def test_another_token_key_is_refused(self, office: PaperOffice, tmp_path: Path) -> None:
        folder = copy_now(office.config).copy.folder
        made = empty_place(tmp_path)
        made.registry.key_file.write_text("0" * 64, "ascii")
        with pytest.raises(MailgateError, match="another key"):
            into(made, folder)
        assert not made.registry.path.exists()

    def test_what_is_no_copy_is_refused(self, office: PaperOffice, tmp_path: Path) -> None:
        folder = copy_now(office.config).copy.folder
        made = empty_place(tmp_path)
        for wrong in (tmp_path, folder / "last-backup.json", folder / "registry-20200101T000000Z.db"):
            with pytest.raises(MailgateError, match="cop"):
                into(made, wrong)
        assert not made.registry.path.exists()

    @pytest.mark.parametrize("change", [{"seq": 1}, {"counts": {}}, {"files": []}, {"files": {}}, {"last": None}])
    def test_a_manifest_that_is_not_its_registrys_is_refused(
        self, office: PaperOffice, tmp_path: Path, change: dict[str, Any]
    ) -> None:
        copy = copy_now(office.config).copy
        copy.manifest.write_text(json.dumps(json.loads(copy.manifest.read_bytes()) | change), "utf-8")
        with pytest.raises(RegistryError, match="manifest"):
            into(empty_place(tmp_path), copy.registry)

    def test_a_copy_that_was_changed_with_its_manifest_is_found_by_the_chain(
        self, office: PaperOffice, tmp_path: Path
    ) -> None:
        copy = copy_now(office.config).copy
        other = sqlite3.connect(copy.registry)
        for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {name}")
        other.execute("UPDATE event SET payload = '{}' WHERE seq = 2")
        other.commit()
        other.close()
        manifest = json.loads(copy.manifest.read_bytes())
        manifest["files"][copy.registry.name] = hashlib.sha256(copy.registry.read_bytes()).hexdigest()
        copy.manifest.write_text(json.dumps(manifest), "utf-8")
        with pytest.raises(RegistryError, match="content of event 2 was changed"):
            into(empty_place(tmp_path), copy.folder)
