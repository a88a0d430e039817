"""One contract for the database and its paper twin: fingerprints tell what changed, rows say what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailgate.edges.amss import PaperRequests, Requests
from mailgate.edges.amss_database import connected
from mailgate.errors import AmssError
from mailgate.model_amss import Source
from tests.amss import requests
from tests.servers.mariadb import PASSWORD, MariaDb


class Real:
    """Outings in MariaDB."""

    def __init__(self, server: MariaDb) -> None:
        self._server = server

    def put(self, key: str, about: str | None) -> None:
        self._server.sql(
            "REPLACE INTO outing (no, about, school) VALUES (%s, %s, '1')", database="amss", rows=[(key, about)]
        )

    def drop(self, key: str) -> None:
        self._server.sql(f"DELETE FROM outing WHERE no = {key}", database="amss")

    @contextmanager
    def opened(self) -> Iterator[Requests]:
        settings = requests.settings(socket=str(self._server.socket))
        with connected(settings, lambda: PASSWORD) as database:
            yield database


class Paper:
    """Outings in memory."""

    def __init__(self) -> None:
        self._twin = PaperRequests()

    def put(self, key: str, about: str | None) -> None:
        self._twin.tables[Source.OUTING][key] = {"key": key, "subject": about, "school": "1"}

    def drop(self, key: str) -> None:
        del self._twin.tables[Source.OUTING][key]

    @contextmanager
    def opened(self) -> Iterator[Requests]:
        yield self._twin


@pytest.fixture(params=["real", "paper"])
def there(request: pytest.FixtureRequest) -> Real | Paper:
    return Real(request.getfixturevalue("amss")) if request.param == "real" else Paper()


def test_fingerprints_tell_new_changed_and_gone(there: Real | Paper) -> None:
    there.put("1", "ก")
    there.put("2", None)
    with there.opened() as asked:
        first = asked.fingerprints(Source.OUTING)
        assert asked.fingerprints(Source.OUTING) == first
    there.put("1", "ข")
    there.put("3", "")
    there.drop("2")
    with there.opened() as asked:
        second = asked.fingerprints(Source.OUTING)
    assert set(first) == {"1", "2"}
    assert set(second) == {"1", "3"}
    assert first["1"] != second["1"]


def test_null_is_not_the_empty_text(there: Real | Paper) -> None:
    there.put("1", None)
    with there.opened() as asked:
        before = asked.fingerprints(Source.OUTING)
    there.put("1", "")
    with there.opened() as asked:
        assert asked.fingerprints(Source.OUTING) != before


def test_rows_are_those_that_were_asked_for(there: Real | Paper) -> None:
    for n in range(1, 1201):
        there.put(str(n), f"เรื่องที่ {n}")
    wanted = [str(n) for n in range(2, 1200, 2)] + ["9999"]
    with there.opened() as asked:
        rows = {row["key"]: row["subject"] for row in asked.rows(Source.OUTING, wanted)}
    assert rows == {str(n): f"เรื่องที่ {n}" for n in range(2, 1200, 2)}


def test_a_sound_mapping_has_no_problems(there: Real | Paper) -> None:
    with there.opened() as asked:
        assert asked.problems(Source.OUTING) == []


def test_what_a_fork_lacks_is_said_with_what_it_has(amss: MariaDb) -> None:
    amss.sql("ALTER TABLE permission_main CHANGE grant_x approve INT", "DROP TABLE la_main", database="amss")
    with connected(requests.settings(socket=str(amss.socket)), lambda: PASSWORD) as database:
        [travel] = database.problems(Source.TRAVEL)
        [leave] = database.problems(Source.LEAVE)
    assert "[amss.travel] outcome: permission_main has no column grant_x" in travel
    assert "approve" in travel
    assert leave == "[amss.leave] table: there is no table la_main"


@pytest.mark.parametrize("lies", [True, False], ids=["bytes in a latin1 column", "a tis620 column"])
def test_old_charsets_are_read(mariadb: MariaDb, lies: bool) -> None:
    mariadb.database("amss", "latin1" if lies else "tis620")
    if lies:
        mariadb.sql(
            f"INSERT INTO outing (no, about) VALUES (1, X'{'พานักเรียน'.encode('cp874').hex()}')", database="amss"
        )
    else:
        mariadb.sql("INSERT INTO outing (no, about) VALUES (1, 'พานักเรียน')", database="amss")
    settings = requests.settings(socket=str(mariadb.socket), charset="tis620" if lies else "utf8")
    with connected(settings, lambda: PASSWORD) as database:
        [row] = database.rows(Source.OUTING, list(database.fingerprints(Source.OUTING)))
    assert row["subject"] == "พานักเรียน"


def test_it_cannot_write(amss: MariaDb) -> None:
    amss.sql("GRANT ALL ON amss.* TO mailgate, mailgate@localhost")
    with connected(requests.settings(socket=str(amss.socket)), lambda: PASSWORD) as database, pytest.raises(AmssError):
        database.write_receipts(Source.OUTING, {"1": "x"})


@pytest.mark.parametrize("wrong", ["password", "database", "away"])
def test_what_is_wrong_is_said_without_the_password(amss: MariaDb, wrong: str) -> None:
    changed = {"database": "nothing"} if wrong == "database" else {}
    socket = "/nonexistent/db.sock" if wrong == "away" else str(amss.socket)
    settings = requests.settings(socket=socket, **changed)
    with (
        pytest.raises(AmssError) as raised,
        connected(settings, lambda: "bad-secret" if wrong == "password" else PASSWORD),
    ):
        pass
    assert "AMSS++ cannot be read" in str(raised.value)
    assert "secret" not in str(raised.value)
