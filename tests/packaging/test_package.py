"""The Debian package on a clean Debian 12: what it brings, the first letter, and that it never loses the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.letters import letter
from tests.packaging import debian
from tests.packaging.conftest import NEWER, SOURCE
from tests.packaging.machine import Machine
from tests.packaging.office import ServiceOffice
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink

pytestmark = pytest.mark.timeout(120, func_only=True)  # the first makes package and root, which takes longer
UNITS = ("mailgate.service", "mailgate-watch.timer", "mailgate-backup.timer")


def owners(machine: Machine, *paths: str) -> list[str]:
    return machine("stat", "--format=%U:%G %a", *paths).splitlines()


def test_apt_installs_it_with_what_it_depends_on(installed: Path) -> None:
    assert "mailgate, version" in debian.in_root(installed, "/usr/lib/mailgate/bin/mailgate", "--version")
    assert "Usage" in debian.in_root(installed, "mailgate", "--help")


def test_it_makes_an_account_and_folders_and_starts_nothing(machine: Machine) -> None:
    assert "/var/lib/mailgate:/usr/sbin/nologin" in machine("getent", "passwd", "mailgate")
    folders = ("/etc/mailgate", "/etc/mailgate/credentials", "/var/lib/mailgate")
    assert owners(machine, *folders) == ["root:root 755", "root:mailgate 750", "mailgate:mailgate 700"]
    assert machine("systemctl", "is-enabled", *UNITS).split() == ["enabled"] * 3
    assert machine.show("mailgate", "ActiveState", "ConditionResult") == {
        "ActiveState": "inactive",
        "ConditionResult": "no",
    }
    assert machine("find", "/var/lib/mailgate", "-type", "f") == ""


def test_without_a_config_it_says_what_to_do(machine: Machine) -> None:
    done = machine.run("mailgate", "doctor")
    assert done.returncode == 2
    assert "mailgate init" in done.stderr


def test_version_and_changelog_are_those_of_the_program(machine: Machine) -> None:
    version = machine("dpkg-query", "--show", "--showformat=${Version}", "mailgate")
    assert machine("mailgate", "--version").split()[-1] == version
    assert f"mailgate ({version})" in (SOURCE / "debian" / "changelog").read_text("utf-8")
    assert f"mailgate=={version}" in machine("cat", "/usr/share/doc/mailgate/libraries.txt")


def test_doctor_passes_and_a_letter_is_registered_and_answered(
    office: ServiceOffice, mailbox: Dovecot, sink: Sink
) -> None:
    assert all(finding["ok"] for finding in office.json("doctor"))
    mailbox.drop_in([letter(1)])
    assert office.json("poll")["registered"] == 1
    sink.await_messages(1)
    assert len(office.receipts()) == 1
    # Everything that root's commands made is the service's.
    assert office.machine("find", "/var/lib/mailgate", "-not", "-user", "mailgate") == ""


def test_passwords_can_be_read_by_the_service_alone(office: ServiceOffice) -> None:
    assert owners(office.machine, "/etc/mailgate/credentials/imap-password") == ["root:mailgate 640"]
    other = office.machine.run("setpriv", "--reuid=nobody", "cat", "/etc/mailgate/credentials/imap-password")
    assert other.returncode != 0


def test_a_pdf_has_all_it_needs(office: ServiceOffice) -> None:
    office.machine("mailgate", "status", "--month", "2569-11", "--pdf", "/var/lib/mailgate/month.pdf")
    assert office.machine("head", "-c5", "/var/lib/mailgate/month.pdf") == "%PDF-"


def test_an_upgrade_makes_a_backup_and_goes_on_with_the_registry(
    office: ServiceOffice, mailbox: Dovecot, sink: Sink, packages: str
) -> None:
    machine = office.machine
    mailbox.drop_in([letter(1), letter(2)])
    machine("systemctl", "start", "mailgate")
    sink.await_messages(2)
    before, pid = office.receipts(), machine.show("mailgate", "MainPID")
    machine("dpkg", "--install", f"{packages}/newer.deb")
    assert machine("ls", "/var/lib/mailgate/backup").count(".db\n") == 1
    assert machine.show("mailgate", "ActiveState") == {"ActiveState": "active"}
    assert machine.show("mailgate", "MainPID") != pid
    assert office.receipts() == before
    machine("mailgate", "verify")


def test_an_upgrade_does_not_start_what_was_stopped(office: ServiceOffice, packages: str) -> None:
    office.json("doctor")
    office.machine("dpkg", "--install", f"{packages}/newer.deb")
    assert office.machine.show("mailgate", "ActiveState") == {"ActiveState": "inactive"}


def test_an_upgrade_without_a_folder_for_backups_finds_one(office: ServiceOffice, packages: str) -> None:
    office.json("doctor")
    office.set("backup", directory="")
    office.machine("dpkg", "--install", f"{packages}/newer.deb")
    assert ".db\n" in office.machine("ls", "/var/lib/mailgate/backup-before-upgrade")


def test_an_upgrade_is_stopped_where_no_backup_can_be_made(office: ServiceOffice, packages: str) -> None:
    machine = office.machine
    office.json("doctor")
    machine("mv", "/var/lib/mailgate/registry.db", "/var/lib/mailgate/aside")
    machine.write("/var/lib/mailgate/registry.db", "no registry")
    done = machine.run("dpkg", "--install", f"{packages}/newer.deb")
    assert done.returncode != 0
    assert "the upgrade is stopped" in done.stderr
    assert NEWER not in machine("dpkg-query", "--show", "mailgate")
    machine("mv", "/var/lib/mailgate/aside", "/var/lib/mailgate/registry.db")
    office.json("doctor")
    machine("env", "MAILGATE_UPGRADE_WITHOUT_BACKUP=1", "dpkg", "--install", f"{packages}/newer.deb")
    assert machine.run("ls", "/var/lib/mailgate/backup").stdout == ""


def test_a_downgrade_is_refused_and_the_service_goes_on(office: ServiceOffice, packages: str) -> None:
    machine = office.machine
    machine("dpkg", "--install", f"{packages}/newer.deb")
    machine("systemctl", "start", "mailgate")
    pid = machine.show("mailgate", "MainPID")
    done = machine.run("dpkg", "--install", f"{packages}/mailgate.deb")
    assert done.returncode != 0
    assert f"version {NEWER} was installed here" in done.stderr
    assert NEWER in machine("dpkg-query", "--show", "mailgate")
    assert machine.show("mailgate", "ActiveState", "MainPID") == {"ActiveState": "active"} | pid


def test_purge_leaves_the_public_record_and_says_so(office: ServiceOffice, mailbox: Dovecot, packages: str) -> None:
    machine = office.machine
    mailbox.drop_in([letter(1)])
    machine("mailgate", "poll")
    before = office.receipts()
    machine("mailgate", "install-service")
    machine("systemctl", "start", "mailgate")
    said = machine.run("dpkg", "--purge", "mailgate")
    assert said.returncode == 0, said.stderr
    assert "only a person may dispose of them" in said.stderr
    assert machine.run("systemctl", "is-active", *UNITS).stdout.split() == ["inactive"] * 3
    assert machine.run("ls", "/etc/mailgate/credentials").returncode != 0
    assert machine("find", "/usr/lib", "/usr/bin", "/etc/systemd", "/etc/credstore", "-name", "*mailgate*") == ""
    machine("dpkg", "--install", f"{packages}/mailgate.deb")
    assert office.receipts() == before
