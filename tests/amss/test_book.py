"""The receive register in AMSS++'s own, by file and directly: beside what is there, once, and as long as it may be."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailgate.core import amss_book
from mailgate.core.registers import Entry
from mailgate.errors import AmssError
from mailgate.jobs import amss_book as book
from tests import builders
from tests.amss import requests
from tests.builders import NOW, PaperOffice
from tests.servers.mariadb import PASSWORD, MariaDb
from tests.servers.process import program

LINE = Entry(1, 2569, "ศธ 1", NOW.date(), "นายมี", "ผอ.", "ขอย้าย", "", "", NOW, "open", False)
HARD = "'); DROP TABLE la_main; -- \\ 😀 " + "ก" * 400


@pytest.fixture
def office(amss: MariaDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaperOffice]:
    monkeypatch.setenv("MAILGATE_AMSS_PASSWORD", PASSWORD)
    amss.sql("GRANT INSERT, LOCK TABLES ON amss.* TO mailgate, mailgate@localhost")
    with builders.office(requests.config(tmp_path, amss)) as made:
        yield made


def lines(amss: MariaDb) -> list[tuple[object, ...]]:
    return amss.sql("SELECT register_number, subject, ref_id FROM bookregister_receive ORDER BY 1", database="amss")


def test_directly_and_again(office: PaperOffice, amss: MariaDb) -> None:
    hard = replace(LINE, number=2, subject=HARD, sender=HARD)
    assert book.write(office, iter([LINE, hard])) == book.Written(2, 0)
    assert book.write(office, iter([LINE, hard, replace(LINE, number=3)])) == book.Written(1, 2)
    found = lines(amss)
    assert [row[0] for row in found] == [1, 2, 3]
    assert len(str(found[1][1])) == 150
    assert "□" in str(found[1][1])


def test_a_number_that_has_another_line_stops_all(office: PaperOffice, amss: MariaDb) -> None:
    amss.sql("INSERT INTO bookregister_receive (year, register_number, subject) VALUES (2569, 2, 'x')", database="amss")
    with pytest.raises(AmssError, match="another letter under 2/2569"):
        book.write(office, iter([LINE, replace(LINE, number=2)]))
    assert [row[0] for row in lines(amss)] == [2]


def test_the_lock_is_given_back_whatever_happens(office: PaperOffice, amss: MariaDb) -> None:
    amss.sql("REVOKE INSERT ON amss.* FROM mailgate, mailgate@localhost")
    with pytest.raises(AmssError):
        book.write(office, iter([LINE]))
    amss.sql("INSERT INTO bookregister_receive (year, register_number) VALUES (2569, 9)", database="amss")


def test_as_a_file_for_the_mysql_program(amss: MariaDb) -> None:
    statements = "".join(amss_book.sql([LINE, replace(LINE, number=2, subject=HARD)]))
    command = [program("mariadb", "mariadb-client"), "--no-defaults", f"--socket={amss.socket}", "-u", "root", "amss"]
    for _ in range(2):
        subprocess.run(command, input=statements.encode(), check=True)
    assert [row[0] for row in lines(amss)] == [1, 2]
    assert amss.sql("SELECT count(*) FROM la_main", database="amss") == [(0,)]
