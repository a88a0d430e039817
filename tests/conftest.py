"""Fixtures for tests against real servers. A server starts when the first test asks for it.

Nothing is skipped: where a server cannot run, its tests fail and say what to install.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from mailgate.edges import holiday_seed
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.process import ServerError

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session", autouse=True)
def holidays_at_once() -> Iterator[None]:
    """Years of holidays without a process for each, which has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holiday_seed, "_asked", holiday_seed.computed)
        yield


@contextlib.contextmanager
def server_directory(name: str) -> Iterator[Path]:
    """A short path that the servers' own accounts can reach; pytest's directories are closed to them."""
    with tempfile.TemporaryDirectory(prefix=f"mailgate-{name}-") as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, Debian's package of this name."""
    assert Path(CHROMIUM).exists(), "install it: apt-get install chromium"
    with sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Certs:
    """A test authority and its server certificate for localhost."""
    return Certs.write(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="session")
def dovecot(certs: Certs) -> Iterator[Dovecot]:
    """The IMAP server of this run; see `mailbox` for one without old mail."""
    with server_directory("dovecot") as directory, contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(Dovecot.run(directory, certs=certs))
        except ServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield server


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Dovecot:
    """The IMAP server with an empty mailbox."""
    dovecot.empty()
    return dovecot


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot, certs: Certs) -> Iterator[Postfix]:
    """The mail transfer agent in front of `dovecot`."""
    with server_directory("postfix") as directory, contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(Postfix.run(directory, lmtp_port=dovecot.lmtp_port, certs=certs))
        except ServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield server
