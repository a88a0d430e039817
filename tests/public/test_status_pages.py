"""The citizen's page: three states and their days, at an address nobody can guess, and the same for every letter."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.core import compose, compose_more
from mailgate.core.public import status_link
from mailgate.edges.site import Site
from mailgate.jobs import cases, publishing, status_pages
from mailgate.model import Receipt
from mailgate.model_dispatch import Result
from tests import builders
from tests.builders import PaperOffice
from tests.public import conftest

BASE = "https://www.example.go.th/letters"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(conftest.config(tmp_path, base_url=f"{BASE}/")) as made:  # type: ignore[arg-type]
        yield made


def pages(office: PaperOffice) -> dict[str, str]:
    while status_pages.refresh(office):
        pass
    assert office.config.publish.directory
    folder = Site(office.config.publish.directory).status
    return {p.name: p.read_text() for p in folder.glob("*.html") if p.name != "index.html"}


def page(office: PaperOffice, number: int) -> str:
    name = status_link.url(office.config, office.head.key, f"{number}/2569").rpartition("/")[2]
    return pages(office)[name]


def steps(text: str) -> list[str]:
    return re.findall(r"<strong>(.*?)</strong>", text.partition('lang="en"')[0])


def test_the_address_is_unguessable_and_the_letters_own(office: PaperOffice) -> None:
    first, second = (status_link.url(office.config, office.head.key, f"{n}/2569") for n in (1, 2))
    assert re.fullmatch(re.escape(BASE) + r"/s/[a-z2-7]{26}\.html", first)
    assert first != second
    assert status_link.url(office.config, b"another", "1/2569") != first


def test_the_acknowledgement_bears_it_whatever_the_service(office: PaperOffice) -> None:
    entry = builders.entry(1)
    url = status_link.url(office.config, office.head.key, "1/2569")
    for service in (*office.config.services, None):
        mail = compose.acknowledgement(office.head, entry, Receipt(1, 2569), 1, service)
        values = compose.context(
            office.config, Receipt(1, 2569), entry.receiving, entry.enclosures, entry.sha256, service, office.head.key
        )
        assert values["status"] == url
        assert mail.raw
        for name in ("acknowledgement.txt", "acknowledgement.html"):
            assert office.head.render(name, values).count(url) >= 2


def test_without_an_address_there_is_no_link_and_no_page(tmp_path: Path) -> None:
    with builders.office(conftest.config(tmp_path)) as made:  # type: ignore[arg-type]
        conftest.receive(made, 1, builders.NOW, None)
        assert status_pages.refresh(made) == 0
        assert status_link.url(made.config, made.head.key, "1/2569") == ""


def test_a_letter_goes_through_its_states(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, "homeschool")
    assert steps(page(office, 1)) == ["ได้รับแล้ว", "อยู่ระหว่างดำเนินการ"]
    conftest.decide(office, 1, Result.MORE_DOCUMENTS, builders.NOW + timedelta(days=1))
    conftest.decide(office, 1, Result.REFUSED, builders.NOW + timedelta(days=2))
    shown = page(office, 1)
    assert steps(shown) == ["ได้รับแล้ว", "อยู่ระหว่างดำเนินการ", "แจ้งผลแล้ว"]
    assert "๒๕ พฤศจิกายน ๒๕๖๙" in shown
    assert "25 November 2026" in shown


def test_a_void_letter_says_so(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, "homeschool")
    cases.void(office, Receipt(1, 2569), "test")
    assert steps(page(office, 1)) == ["ได้รับแล้ว", "ยกเลิกเลขรับ"]


def test_what_another_agency_answers_is_at_its_end_too(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, None)
    row = office.store.reports.letter_by_id(1)
    assert row is not None
    with office.store.db.immediate("test"):
        office.store.cases.close(row, "closed", "-", builders.NOW)
    assert steps(page(office, 1))[-1] == "แจ้งผลแล้ว"
    office.store.chain.note(builders.NOW + timedelta(days=91), "test", {})
    assert pages(office) == {}


def test_another_key_leaves_no_page_of_the_former_one(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, None)
    before = pages(office)
    office.head = office.head._replace(key=b"k" * 32)
    assert len(pages(office)) == 1
    assert not before.keys() & pages(office).keys()


def test_it_says_nothing_else_and_the_same_for_a_confidential_letter(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, "homeschool")
    conftest.receive(office, 2, builders.NOW, "corruption", confidential=True)
    conftest.decide(office, 1, Result.APPROVED, builders.NOW)
    conftest.decide(office, 2, Result.REFUSED, builders.NOW, confidential=True)
    assert page(office, 1) == page(office, 2)
    for word in (conftest.CANARY, "canary", "homeschool", "/2569", "/๒๕๖๙", "อนุมัติ"):
        assert word not in page(office, 1)
    assert 'name="robots" content="noindex' in page(office, 1)
    assert 'name="referrer" content="no-referrer"' in page(office, 1)


def test_it_goes_some_days_after_the_decision(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, "homeschool")
    conftest.receive(office, 2, builders.NOW, "homeschool")
    conftest.decide(office, 1, Result.APPROVED, builders.NOW)
    office.store.chain.note(builders.NOW + timedelta(days=89), "test", {})
    assert len(pages(office)) == 2
    office.store.chain.note(builders.NOW + timedelta(days=90), "test", {})
    assert len(pages(office)) == 1
    assert steps(page(office, 2)) == ["ได้รับแล้ว", "อยู่ระหว่างดำเนินการ"]


def test_nothing_is_done_twice_and_everything_is_made_again_where_it_was_lost(office: PaperOffice) -> None:
    for n in range(1, 30):
        conftest.receive(office, n, builders.NOW, "homeschool")
    before = pages(office)
    assert len(before) == 29
    assert status_pages.refresh(office) == 0
    directory = office.config.publish.directory
    assert directory
    site = Site(directory)
    for name in before:
        site.drop_page(name)
    site.note("status.json")
    assert pages(office) == before


def test_many_events_are_taken_in_steps(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_pages, "_EVENTS", 10)
    for n in range(1, 26):
        conftest.receive(office, n, builders.NOW, None)
    assert status_pages.refresh(office) == 10
    assert len(pages(office)) == 25


def test_publishing_links_them_into_the_edition(office: PaperOffice) -> None:
    conftest.receive(office, 1, builders.NOW, None)
    directory = office.config.publish.directory
    assert directory
    publishing.publish(office, directory)
    assert {p.name for p in (directory / "s").iterdir()} == {*pages(office), "index.html"}
    assert (directory / "s" / "index.html").read_bytes() == b""  # no web server lists the others


async def test_numbers_told_together_bear_the_links_too(tmp_path: Path) -> None:
    receipts = [Receipt(n, 2569) for n in range(1, 31)]
    with builders.office(conftest.config(tmp_path, base_url=f"{BASE}/")) as made:  # type: ignore[arg-type]
        mail = compose_more.summary(made.head, receipts, "citizen@example.com", 1, builders.NOW)
        body = email.message_from_bytes(mail.raw, policy=email.policy.default).get_body(("plain",))
        links = [line.split(": ")[1] for line in body.get_content().splitlines() if BASE in line]  # type: ignore[union-attr]
        assert links == [status_link.url(made.config, made.head.key, str(r)) for r in receipts[:20]]
