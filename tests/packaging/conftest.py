"""The package, built once; a root where it is installed; a machine booted from that root for each test."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.daemon import due_now
from tests.e2e.program import Program
from tests.packaging import debian
from tests.packaging.machine import Machine, booted
from tests.packaging.office import ServiceOffice
from tests.servers.dovecot import Dovecot
from tests.servers.process import ServerError
from tests.servers.sink import Sink, ThreadedSink

SOURCE = Path(__file__).resolve().parents[2]
NEWER = "99.0"


@pytest.fixture(scope="session")
def packages() -> Iterator[Path]:
    """A folder with mailgate.deb, and newer.deb: the same program under a higher version."""
    done = subprocess.run(["make", "deb"], cwd=SOURCE, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    with tempfile.TemporaryDirectory(prefix="mailgate-packages-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (built,) = (SOURCE / "build" / "deb").glob("*.deb")
        (folder / "mailgate.deb").write_bytes(built.read_bytes())
        subprocess.run(["dpkg-deb", "--raw-extract", folder / "mailgate.deb", folder / "newer"], check=True)
        control = folder / "newer" / "DEBIAN" / "control"
        text = control.read_text("utf-8")
        control.write_text("".join(_renamed(line) for line in text.splitlines(keepends=True)), "utf-8")
        pack = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", folder / "newer", folder / "newer.deb"]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
        yield folder


def _renamed(line: str) -> str:
    return f"Version: {NEWER}\n" if line.startswith("Version:") else line


@pytest.fixture(scope="session")
def installed(packages: Path) -> Iterator[Path]:
    """A clean Debian 12 root in which apt has installed the package, and all it says it depends on."""
    install = ["apt-get", "install", "-qy", "--no-install-recommends", str(packages / "mailgate.deb")]
    with debian.clean_root() as root:
        debian.in_root(root, *install, bind=packages)
        yield root


@dataclass
class Boots:
    """Whether systemd can be booted here, as the first try shows; later failures are failures."""

    any: bool = False
    refusal: str = ""


@pytest.fixture(scope="session")
def boots() -> Boots:
    return Boots()


@pytest.fixture
def machine(installed: Path, packages: Path, tmp_path: Path, boots: Boots) -> Iterator[Machine]:
    """Where the kernel boots no systemd in a container, tests/e2e/test_run.py alone speaks for systemd's side."""
    if boots.refusal:
        pytest.skip(boots.refusal)
    with ExitStack() as stack:
        try:
            made = stack.enter_context(booted(installed, tmp_path / "console", packages))
        except ServerError as error:
            if boots.any:
                raise
            boots.refusal = str(error)
            pytest.skip(boots.refusal)
        boots.any = True
        yield made


@pytest.fixture
def sink() -> Iterator[Sink]:
    with ThreadedSink() as made:
        yield made


@pytest.fixture
def office(tmp_path: Path, machine: Machine, mailbox: Dovecot, sink: Sink) -> ServiceOffice:
    """The machine with a configuration for the test's servers; a check is due, and the service is not started yet."""
    program = due_now(Program.at(tmp_path / "office", mailbox, sink.port))
    return ServiceOffice(machine, program, mailbox.ca_file.read_text("ascii"))
