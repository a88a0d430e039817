"""What people do with a sealed letter afterwards: open it, hand it on, answer it; and officers' keys."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate import config_file
from mailgate.cli.opening import _print
from mailgate.edges import sealing
from mailgate.edges.sealing import KeyPair
from mailgate.errors import MailgateError
from mailgate.jobs import acknowledging, cases, officer_keys, poll
from mailgate.jobs.opening import opened
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import PaperOffice
from tests.sealing.letters import FIRST, SECRET, by_text, carried, more, take
from tests.sealing.test_sealing import PAIR, complaint, config


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(config(tmp_path)) as made:
        yield made


def key_file(folder: Path, *pairs: KeyPair) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.key"
    path.write_text("\n".join(pair.private for pair in pairs), "utf-8")
    return path


class TestOpening:
    async def test_the_officers_own_answer_stands_with_it(self, office: PaperOffice, tmp_path: Path) -> None:
        await take(office, complaint())
        await poll.send(office)
        await take(office, more(office, sender=SECRET, to="referral", body="noted"))
        documents = await opened(office, FIRST, key_file(tmp_path, PAIR), None, office.cell())
        assert ["noted" in d["text"] for d in documents] == [False, True]

    async def test_what_came_while_there_was_no_key_is_passed_over(self, office: PaperOffice, tmp_path: Path) -> None:
        await take(office, complaint())
        await poll.send(office)
        with builders.office(config(tmp_path, key="")) as keyless:
            keyless.box.uidvalidity = 9
            await take(keyless, more(office))
        assert len(await opened(office, FIRST, key_file(tmp_path, PAIR), None, office.cell())) == 1

    async def test_each_key_opens_what_is_of_its_time(self, office: PaperOffice, tmp_path: Path) -> None:
        await take(office, complaint())
        await poll.send(office)
        second = sealing.new_key()
        with builders.office(config(tmp_path, key=second.public)) as later:
            later.box.uidvalidity = 9
            await take(later, more(office))
        tried = [((PAIR,), [False, True]), ((second,), [True, False]), ((PAIR, second), [False, False])]
        for number, (pairs, problems) in enumerate(tried):
            key, folder = key_file(tmp_path, *pairs), tmp_path / f"to-{number}"
            documents = await opened(office, FIRST, key, folder, office.cell())
            assert [bool(d["problem"]) for d in documents] == problems
            assert len(list(folder.glob("*-letter.eml"))) == problems.count(False)
            for document in documents:
                _print(document, True)

    async def test_the_event_names_the_key_that_fitted(self, office: PaperOffice, tmp_path: Path) -> None:
        """Not one that somebody wrote above it."""
        await take(office, complaint())
        await opened(office, FIRST, key_file(tmp_path, sealing.new_key(), PAIR), None, office.cell())
        assert json.loads(office.store.db.value("SELECT payload FROM event WHERE kind = 'opened'"))["by"] == PAIR.public

    async def test_more_about_a_letter_that_a_person_marked(self, office: PaperOffice, tmp_path: Path) -> None:
        await take(office, builders.raw_mail())
        await poll.send(office)
        cases.assign(office, FIRST, service="corruption")
        await take(office, more(office, body="more words"))
        [document] = await opened(office, FIRST, key_file(tmp_path, PAIR), None, office.cell())
        assert "more words" in document["text"]

    async def test_a_damaged_file_is_no_wrong_key(self, office: PaperOffice, tmp_path: Path) -> None:
        await take(office, complaint())
        path = office.archive.path(office.store.sealing.files()[0]["sealed_sha256"])
        path.write_bytes(path.read_bytes()[:-3] + b"abc")
        with pytest.raises(MailgateError, match="cannot be opened"):
            await opened(office, FIRST, key_file(tmp_path, PAIR), None, office.cell())
        assert not office.store.db.value("SELECT count(*) FROM event WHERE kind = 'opened'")


class TestHandingOn:
    async def test_whose_key_it_was_not_encrypted_to_gets_no_file(self, office: PaperOffice) -> None:
        await take(office, complaint())
        cases.assign(office, FIRST, officer="officer@example.go.th")
        cases.assign(office, FIRST, officer=SECRET)
        assert carried(office) == [(SECRET, 1), ("officer@example.go.th", 0), (SECRET, 1)]

    async def test_a_new_key_does_not_open_an_old_letter(self, office: PaperOffice, tmp_path: Path) -> None:
        await take(office, complaint())
        with builders.office(config(tmp_path, key=sealing.new_key().public)) as later:
            cases.assign(later, FIRST, officer=SECRET)
            assert carried(later)[-1] == (SECRET, 0)

    async def test_a_virus_is_not_handed_on_later_either(self, office: PaperOffice) -> None:
        class Finds:
            async def scan(self, path: Path) -> str:
                return "EICAR"

        office.scanner = Finds()
        await take(office, complaint())
        cases.assign(office, FIRST, officer=SECRET)
        assert carried(office) == [(SECRET, 0), (SECRET, 0)]

    async def test_the_same_bytes_of_a_letter_that_a_person_marked_stay(self, office: PaperOffice) -> None:
        await take(office, builders.raw_mail())
        cases.assign(office, FIRST, service="corruption")
        await take(office, builders.raw_mail())
        assert not office.store.sealing.files()
        assert not verify(office).problems
        cases.assign(office, FIRST, officer=SECRET)

    async def test_a_sealed_duplicate_is_no_letter_of_its_own(self, office: PaperOffice) -> None:
        await take(office, by_text())
        await take(office, b"Received: by another way\r\n" + by_text())
        with pytest.raises(MailgateError, match="mail 2 is encrypted with letter 1/2569"):
            cases.register(office, 2, answer=False)

    async def test_its_number_can_be_told_to_an_address_that_a_person_knows(self, office: PaperOffice) -> None:
        await take(office, complaint().replace(b"MIME-Version", b"Precedence: bulk\r\nMIME-Version"))
        with pytest.raises(MailgateError, match="its sender is not known here"):
            acknowledging.acknowledge(office, FIRST)
        assert acknowledging.acknowledge(office, FIRST, "other@example.com")
        assert not verify(office).problems


class TestVerify:
    async def test_the_same_bytes_that_wait_to_be_read_are_no_finding(self, office: PaperOffice) -> None:
        await take(office, complaint())
        office.box.deliver(complaint(), office.clock.now())
        await poll.poll(office, reads=False)
        assert not verify(office).problems

    async def test_a_letter_without_its_file_is_one(self, office: PaperOffice) -> None:
        await take(office, complaint())
        office.store.db.sql.execute("DROP TRIGGER sealed_file_never_deleted")
        office.store.db.sql.execute("DELETE FROM sealed_file")
        assert "letters: 1/2569 is sealed, and has no encrypted file" in verify(office).problems


class TestKeys:
    def test_who_may_read_the_config_still_may(self, tmp_path: Path) -> None:
        real, link = tmp_path / "real.toml", tmp_path / "config.toml"
        real.write_text(config_file.render(builders.tables()), "utf-8")
        group = next((g for g in os.getgroups() if g != os.getegid()), 12345 if os.geteuid() == 0 else os.getegid())
        os.chown(real, -1, group)
        real.chmod(0o640)
        link.symlink_to(real)
        officer_keys.write(link, SECRET, PAIR.public)
        assert link.is_symlink()
        assert (real.stat().st_gid, real.stat().st_mode & 0o777) == (group, 0o640)
        assert config_file.load(link).services[1].officers[0].key == PAIR.public

    def test_the_clerks_key_serves_no_service_without_officers(self, tmp_path: Path) -> None:
        services, office = builders.tables()["services"], builders.tables()["office"]
        services[1]["officers"], office["clerk"]["key"] = [], PAIR.public
        assert officer_keys.without_key(builders.config(tmp_path, services=services, office=office)) == ["corruption"]
