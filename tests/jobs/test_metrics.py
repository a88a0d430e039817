"""The figures: right, parsable, of the last step only, and never of a letter's content."""

from __future__ import annotations

import stat
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailgate.core.identity import judge
from mailgate.edges import copies
from mailgate.errors import ArchiveError, ConfigError
from mailgate.jobs.metrics import Metrics
from mailgate.model import CheckReport
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.registers import check, letter

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    settings = {"listen": "127.0.0.1:0", "textfile": tmp_path / "mailgate.prom"}
    with builders.office(builders.config(tmp_path, metrics=settings)) as made:
        yield made


def samples(text: bytes) -> Samples:
    families = list(text_string_to_metric_families(text.decode()))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def one(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"mailgate_{name}", tuple(sorted(labels.items()))))


def served(metrics: Metrics) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=5) as answer:
        return samples(answer.read())


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.prom*")]


async def figures(office: PaperOffice, alarms: int | None = None) -> Samples:
    metrics = Metrics(office.config)
    await metrics.update(office, alarms)
    return samples(metrics.render())


async def test_a_day_at_the_office(office: PaperOffice) -> None:
    for number in (1, 2):
        office.box.deliver(letter(number), NOW)
    office.box.deliver(builders.raw_mail("Return-Path: <>", "From: MAILER-DAEMON@b.test", "Subject: x"), NOW)
    number = office.store.ledger.begin(None, NOW)
    report = await check(office)
    with office.store.db.immediate("test"):
        office.store.ledger.end(number, report, NOW + timedelta(seconds=30))
    office.paper_clock.advance(timedelta(minutes=5))
    found = await figures(office, alarms=2)
    assert one(found, "letters_registered_total", register="receive", year="2569") == 2
    assert one(found, "mails", fate="registered") == 2
    assert one(found, "mails", fate="bounce") == 1
    assert one(found, "outbox_items", state="queued") == 2
    assert one(found, "outbox_items", state="accepted") == 0
    assert one(found, "outbox_oldest_age_seconds") == 300
    assert one(found, "readings", state="waiting") == 3
    assert one(found, "chain_events_total") == office.store.chain.head()[0]
    assert one(found, "last_check_start_timestamp_seconds") == NOW.timestamp()
    assert one(found, "last_check_end_timestamp_seconds") == NOW.timestamp() + 30
    assert one(found, "last_check_success_timestamp_seconds") == NOW.timestamp() + 30
    assert one(found, "unaccounted_mails") == 0
    assert one(found, "snapshot_timestamp_seconds") == NOW.timestamp() + 300
    assert one(found, "alarms_up") == 2
    assert (one(found, "disk_free_bytes", of="registry") or 0) > 0
    assert (one(found, "disk_free_bytes", of="archive") or 0) > 0


async def test_the_counts_of_the_outbox_agree_with_a_full_count(office: PaperOffice) -> None:
    for number in range(1, 8):
        office.store.receipts.enter(builders.entry(number), judge, builders.draft)
    for state in ("accepted", "accepted", "held"):
        attempt = office.store.outbox.claim(NOW)
        assert attempt is not None
        office.store.db.sql.execute("UPDATE outbox SET state = ? WHERE id = ?", (state, attempt.item_id))
    found = await figures(office)
    counted = office.store.reports.outbox_counts()
    assert {state: one(found, "outbox_items", state=state) for state in counted} == counted


async def test_a_registry_in_which_nothing_happened_yet(office: PaperOffice) -> None:
    found = await figures(office)
    assert one(found, "chain_events_total") == 0
    assert one(found, "last_check_start_timestamp_seconds") is None
    assert one(found, "alarms_up") is None
    assert one(found, "outbox_oldest_age_seconds") == 0


async def test_the_program_itself(office: PaperOffice) -> None:
    found = await figures(office)
    [build] = [labels for name, labels in found if name == "mailgate_build_info"]
    assert dict(build)["version"]
    assert (one(found, "process_resident_memory_bytes") or 0) > 1e6
    assert (one(found, "process_cpu_seconds_total") or 0) > 0


async def test_a_check_that_runs_has_no_end_and_one_that_failed_is_no_success(office: PaperOffice) -> None:
    number = office.store.ledger.begin(None, NOW)
    assert one(await figures(office), "last_check_end_timestamp_seconds") is None
    office.store.ledger.fail(number, "away", NOW)
    found = await figures(office)
    assert one(found, "last_check_end_timestamp_seconds") == NOW.timestamp()
    assert one(found, "last_check_success_timestamp_seconds") is None


async def test_mandated_checks_by_state(office: PaperOffice) -> None:
    office.store.slots.open({NOW: ""}, NOW, NOW)
    assert one(await figures(office), "slots", state="open") == 1


async def test_the_last_copy(tmp_path: Path) -> None:
    changed = {"metrics": {"listen": "127.0.0.1:0"}, "backup": {"directory": tmp_path}}
    with builders.office(builders.config(tmp_path, **changed)) as office:
        assert one(await figures(office), "last_backup_timestamp_seconds") is None
        copies.note_last(tmp_path, {"made_at": NOW.isoformat()})
        assert one(await figures(office), "last_backup_timestamp_seconds") == NOW.timestamp()


async def test_counts_follow_what_happens(office: PaperOffice) -> None:
    metrics = Metrics(office.config)
    for number in (1, 2):
        office.store.receipts.enter(builders.entry(number), judge, builders.draft)
        await metrics.update(office)
        assert one(samples(metrics.render()), "mails", fate="registered") == number


async def test_over_http_and_in_a_file_they_are_those_of_the_last_step(office: PaperOffice) -> None:
    metrics = Metrics(office.config)
    metrics.start()
    try:
        assert one(served(metrics), "snapshot_timestamp_seconds") is None
        await metrics.update(office)
        office.store.receipts.enter(builders.entry(1), judge, builders.draft)
        assert one(served(metrics), "chain_events_total") == 0
    finally:
        metrics.close()
    path = office.config.metrics.textfile
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert one(samples(path.read_bytes()), "chain_events_total") == 0
    assert files(path.parent) == ["mailgate.prom"]


async def test_off_by_default(tmp_path: Path) -> None:
    with builders.office(builders.config(tmp_path)) as office:
        metrics = Metrics(office.config)
        metrics.start()
        await metrics.update(office)
        metrics.close()
        assert metrics.port == 0
        assert b"mailgate_letters" not in metrics.render()


@pytest.mark.parametrize("name", ["mailgate.txt", "nowhere/mailgate.prom"])
def test_a_file_that_nobody_would_read_is_refused_at_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="textfile"):
        Metrics(builders.config(tmp_path, metrics={"textfile": tmp_path / name})).start()


async def test_a_file_that_cannot_be_written_is_a_sentence(office: PaperOffice, tmp_path: Path) -> None:
    (tmp_path / "mailgate.prom").mkdir()
    with pytest.raises(ArchiveError, match="cannot write"):
        await Metrics(office.config).update(office)
    assert files(tmp_path) == ["mailgate.prom"]


async def test_nothing_of_a_letter_is_in_them(office: PaperOffice) -> None:
    office.box.deliver(letter(1, body="ลับมาก".encode()), NOW)
    assert isinstance(await check(office), CheckReport)
    metrics = Metrics(office.config)
    await metrics.update(office)
    text = metrics.render()
    assert not [word for word in (b"citizen", b"example", "ลับ".encode(), b"letter 1") if word in text]
