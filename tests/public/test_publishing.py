"""mailgate publish: the same registry makes the same bytes, and nothing of a person is among them."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from dataclasses import replace
from datetime import datetime, time, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailgate.edges.store.cases import Route
from mailgate.edges.templates import Templates
from mailgate.errors import ConfigError
from mailgate.jobs import cases, publishing
from mailgate.jobs.public_data import COLUMNS
from mailgate.model import Draft, Receipt
from mailgate.model_dispatch import Result
from mailgate.model_entry import Judgement, Over
from mailgate.samples import samples
from tests import builders
from tests.builders import PaperOffice
from tests.public import conftest

Files = dict[str, bytes]


def files(folder: Path) -> Files:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def made(office: PaperOffice, folder: Path) -> Files:
    publishing.publish(office, folder)
    return files(folder)


def rows(found: Files, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(found[f"data/{name}.csv"].decode("utf-8-sig").splitlines()))


def route(office: PaperOffice, letter_id: int, service: str) -> None:
    with office.store.db.immediate("test"):
        office.store.cases.route(letter_id, Route(service, "-", None, False), "test", office.clock.now())


def restrict(office: PaperOffice, letter_id: int) -> None:
    with office.store.db.immediate("test"):
        office.store.cases.restrict(letter_id, office.clock.now())


@pytest.fixture(scope="module")
def site(filled: PaperOffice, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return made(filled, tmp_path_factory.mktemp("site") / "x")


def test_the_same_registry_makes_the_same_bytes(filled: PaperOffice, site: Files, tmp_path: Path) -> None:
    filled.store.db.sql.execute("DELETE FROM published_month")
    assert made(filled, tmp_path / "again") == site
    assert made(filled, tmp_path / "from-kept") == site


def test_publishing_appends_no_event(filled: PaperOffice, tmp_path: Path) -> None:
    before = filled.store.chain.head()
    publishing.publish(filled, tmp_path / "x")
    assert filled.store.chain.head() == before


def test_what_is_kept_follows_every_change(office: PaperOffice, tmp_path: Path) -> None:
    """After each change an edition made with the kept months is the one made from nothing."""
    conftest.fill(office, 120)
    office.paper_clock.advance(timedelta(days=40))
    publishing.publish(office, tmp_path / "kept")
    year = office.store.reports.letters(limit=30)[-1]
    changes = [
        lambda: cases.void(office, Receipt(year["number"], year["year"]), "test"),
        lambda: conftest.receive(office, 9001, office.clock.now(), "outing"),
        lambda: conftest.acknowledge(office, office.clock.now()),
        lambda: conftest.decide(office, office.store.reports.letters()[-1]["id"], Result.REFUSED, office.clock.now()),
        lambda: route(office, 30, "outing"),
        lambda: restrict(office, 40),
    ]
    for n, change in enumerate(changes):
        change()
        office.paper_clock.advance(timedelta(days=20))
        office.store.chain.note(office.clock.now(), "test", {})
        kept = made(office, tmp_path / "kept")
        assert publishing.check(office, tmp_path / "kept").state == "same", n
        office.store.db.sql.execute("DELETE FROM published_month")
        assert made(office, tmp_path / f"anew{n}") == kept


def test_nothing_of_a_letter_is_on_the_site(site: Files) -> None:
    for name, content in site.items():
        for word in (conftest.CANARY, "canary", "example.com", "secret", "นางปกปิด"):
            assert word.encode() not in content, name


def test_no_receipt_number_is_on_the_site(filled: PaperOffice, site: Files) -> None:
    """Receipt numbers of a series would tell how many letters came between two others."""
    for letter in filled.store.reports.letters():
        told = f">{letter['number']}/{letter['year']}<".encode()
        assert not any(told in content for content in site.values())


def test_confidential_letters_show_in_no_count_of_a_month(filled: PaperOffice, site: Files) -> None:
    assert {row["service"] for row in rows(site, "by-month")} == {"homeschool", "outing", "other", "all"}
    shown = {row["year_be"] for row in rows(site, "confidential")}
    assert shown == {"2568"}  # the one year that is over
    listed = {row["number"] for name in ("permissions-2568", "permissions-2569") for row in rows(site, name)}
    secret = [d["book_no"] for d in filled.store.dispatches.listed() if d["confidential"]]
    assert secret
    assert not listed & set(secret)


def test_more_confidential_letters_change_nothing_of_the_running_year(office: PaperOffice, tmp_path: Path) -> None:
    """Somebody who compares two editions learns nothing of a complaint."""
    conftest.fill(office, 100)
    before = made(office, tmp_path / "x")
    for n in range(7):
        conftest.receive(office, 5000 + n, office.clock.now(), "corruption", confidential=True)
    after = made(office, tmp_path / "x")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"index.html", "en/index.html", "edition.json"}  # the chain's head
    figures = re.compile(rb"<dd>.*?</dd>")
    assert figures.findall(after["index.html"]) == figures.findall(before["index.html"])


def test_numbers_told_together_are_acknowledged_when_that_mail_is_sent(office: PaperOffice, tmp_path: Path) -> None:
    start = builders.NOW - timedelta(days=90)
    for n in range(1, 9):
        entry = replace(builders.entry(n, now=start), over=Over("test", start + timedelta(hours=1)))
        office.store.receipts.enter(entry, lambda _: Judgement(False, None, ""), lambda *_: None)
    with office.store.db.immediate("test"):
        mail = Draft(builders.OFFICE, builders.CITIZEN, "<s@example.go.th>", "s", b"x")
        item = office.store.cases.send("summary", None, lambda _: mail, start + timedelta(days=31))
        office.store.cases.tell_deferred(list(range(1, 9)), item, builders.CITIZEN, start + timedelta(days=31))
    conftest.acknowledge(office, start + timedelta(days=31))
    office.store.chain.note(builders.NOW, "test", {})
    told = {r["month"]: r for r in rows(made(office, tmp_path / "x"), "by-month") if r["service"] == "all"}
    assert [told[m]["received"] for m in ("2026-08", "2026-09")] == ["8", "0"]
    assert [told[m]["acknowledged"] for m in ("2026-08", "2026-09")] == ["0", "8"]


def test_of_restricted_letters_only_whole_years_are_told_even_where_all_else_is_up_to_date(tmp_path: Path) -> None:
    made_of = conftest.config(tmp_path, up_to="today")
    with builders.office(made_of) as office:  # type: ignore[arg-type]
        for n in range(1, 30):
            conftest.receive(office, n, builders.NOW, "outing", confidential=n > 10)
        found = made(office, tmp_path / "x")
    assert rows(found, "confidential") == []
    assert {r["received"] for r in rows(found, "by-month") if r["service"] == "outing"} == {"10"}


def test_no_small_count_is_shown(site: Files) -> None:
    for row in rows(site, "by-month"):
        for measure in ("received", "acknowledged", "decided"):
            assert row[measure] not in ("1", "2", "3", "4")
            assert (row[measure] == "") == (row[f"{measure}_status"] != "")
    assert any(row["received_status"] == "suppressed" for row in rows(site, "by-month"))


def test_permissions_are_those_of_the_register(filled: PaperOffice, site: Files) -> None:
    shown = [r["number"] for y in (2568, 2569) for r in rows(site, f"permissions-{y}")]
    register = filled.store.dispatches.listed()
    assert sorted(shown) == sorted(
        d["book_no"] for d in register if d["result"] == "approved" and not d["confidential"]
    )
    assert all(r["result"] == "approved" for r in rows(site, "permissions-2568"))


def test_csv_and_json_say_the_same_and_the_dictionary_names_every_column(site: Files) -> None:
    for name in (n for n in COLUMNS if n != "permissions"):
        told = json.loads(site[f"data/{name}.json"])
        read = rows(site, name)
        assert [[("" if r[c] is None else str(r[c])).lstrip("'") for c in COLUMNS[name]] for r in told] == [
            [r[c].lstrip("'") for c in COLUMNS[name]] for r in read
        ]
    named = {(row["file"], row["column"]) for row in rows(site, "dictionary")}
    assert named == {(file, column) for file, columns in COLUMNS.items() for column in columns}


def test_no_cell_is_a_formula(site: Files) -> None:
    for name, content in site.items():
        if name.endswith(".csv"):
            assert content.startswith(b"\xef\xbb\xbf")
            cells = (c for line in csv.reader(content.decode("utf-8-sig").splitlines()) for c in line)
            assert not [c for c in cells if c[:1] in "=+-@" and c], name


def test_catalogues_name_every_file(site: Files) -> None:
    dcat, ckan = json.loads(site["data/catalog.jsonld"]), json.loads(site["data/ckan.json"])
    data = {n.removeprefix("data/") for n in site if n.startswith("data/") and n.endswith((".csv", ".json"))}
    assert {d["dcat:downloadURL"]["@id"] for d in dcat["dcat:distribution"]} == data - {"ckan.json"}
    assert {r["url"] for r in ckan["resources"]} == data - {"ckan.json"}
    for field in "title owner_org objective update_frequency_unit geo_coverage data_source license_id".split():
        assert ckan[field]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        assert not [name for name, _ in attrs if name == "style" or name.startswith("on")]
        self.targets |= {value or "" for name, value in attrs if name in ("href", "src")}


def test_every_link_leads_somewhere_and_nothing_is_fetched_from_elsewhere(site: Files) -> None:
    for name, content in site.items():
        if name.endswith(".html"):
            found = _Links()
            found.feed(content.decode())
            for target in found.targets:
                if target.startswith(("mailto:", "#", "data:", "https://creativecommons.org")):
                    continue
                path = os.path.normpath(os.path.join(os.path.dirname(name), target))
                assert path in site, (name, target)


def test_every_page_is_there_in_both_languages(site: Files) -> None:
    pages = {n for n in site if n.endswith(".html") and "/" not in n}
    assert {f"en/{n}" for n in pages} == {n for n in site if n.startswith("en/")}
    assert {"index.html", "data.html", "year-2568.html", "year-2569.html", "permissions-2568.html"} <= pages


def test_an_office_without_letters_has_a_kind_page(office: PaperOffice, tmp_path: Path) -> None:
    found = made(office, tmp_path / "x")
    assert "ยังไม่มีข้อมูลที่จะแสดง" in found["index.html"].decode()
    assert publishing.check(office, tmp_path / "x").state == "same"


def test_check_names_what_was_changed(filled: PaperOffice, site: Files, tmp_path: Path) -> None:
    publishing.publish(filled, tmp_path / "x")
    page = tmp_path / "x" / "year-2568.html"
    page.write_bytes(page.read_bytes().replace("รับ".encode(), "ส่ง".encode(), 1))
    (tmp_path / "x" / "data" / "checks.csv").unlink()
    found = publishing.check(filled, tmp_path / "x")
    assert (found.state, found.files) == ("different", ["data/checks.csv", "year-2568.html"])


def test_check_tells_an_older_edition_from_a_foreign_one(office: PaperOffice, tmp_path: Path) -> None:
    conftest.fill(office, 20)
    publishing.publish(office, tmp_path / "x")
    office.store.chain.note(office.clock.now(), "test", {})
    assert publishing.check(office, tmp_path / "x").state == "older"
    manifest = tmp_path / "x" / "edition.json"
    told = json.loads(manifest.read_text()) | {"chain_head": "00" * 32}
    manifest.unlink()
    manifest.write_text(json.dumps(told))
    assert publishing.check(office, tmp_path / "x").state == "different"
    with pytest.raises(ConfigError, match="no edition"):
        publishing.check(office, tmp_path / "nothing")


def test_it_is_due_once_a_day_after_its_hour(office: PaperOffice, tmp_path: Path) -> None:
    directory = office.config.publish.directory
    assert directory is not None
    assert publishing.is_due(office)
    publishing.publish(office, directory)
    assert not publishing.is_due(office)
    tomorrow = datetime.combine(builders.NOW.date() + timedelta(days=1), time(0, 59), builders.ZONE)
    office.paper_clock.advance(tomorrow - office.clock.now())
    assert not publishing.is_due(office)
    office.paper_clock.advance(timedelta(minutes=2))
    assert publishing.is_due(office)


def test_without_a_folder_it_is_never_due_and_says_what_to_do(tmp_path: Path) -> None:
    with builders.office(builders.config(tmp_path)) as made:
        assert not publishing.is_due(made)
        with pytest.raises(ConfigError, match="--to DIR"):
            publishing.folder(made)


def test_a_broken_page_of_the_office_is_refused_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    (folder / "public").mkdir(parents=True)
    (folder / "public" / "index.html").write_text("{{ subject }}")
    with pytest.raises(ConfigError, match=r"index\.html"):
        Templates(folder).check_others(samples(builders.config(tmp_path), builders.NOW))
    shutil.rmtree(folder)
