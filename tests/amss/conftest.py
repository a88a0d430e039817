"""One MariaDB for the tests of AMSS++, and an AMSS++ of its own for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import server_directory
from tests.servers.mariadb import MariaDb
from tests.servers.process import ServerError


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    with server_directory("mariadb") as directory:
        try:
            running = MariaDb.run(directory)
            server = running.__enter__()
        except ServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield server
        running.__exit__(None, None, None)


@pytest.fixture
def amss(mariadb: MariaDb) -> MariaDb:
    mariadb.database("amss")
    return mariadb
