"""An office as its sysadmin sets it up on a machine where the package is installed."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from mailgate import config_file
from tests.e2e.program import Program
from tests.packaging.machine import Machine

CONFIG = "/etc/mailgate/config.toml"
# Lets an alarm's command keep what it is told: the subject is its last argument, the text its standard input.
KEEP_ALARMS = ["/bin/sh", "-c", '{ echo "$1"; cat; } >> /var/lib/mailgate/told', "sh"]


class ServiceOffice:
    """Set up by the commands of the guide: init, edit, set-password. ``set`` changes the config later."""

    def __init__(self, machine: Machine, program: Program, ca: str) -> None:
        self.machine = machine
        self._program = program
        machine("mailgate", "init", CONFIG)
        initial = tomllib.loads(machine("cat", CONFIG))
        machine.write("/etc/mailgate/ca.pem", ca)
        program.set("imap", ca_file="/etc/mailgate/ca.pem")
        program.values |= {table: initial[table] for table in ("registry", "backup")}
        machine("mailgate", "set-password", "imap", stdin=program.password + "\n")
        self.write()

    def set(self, table: str, **values: Any) -> ServiceOffice:
        self._program.set(table, **values)
        return self.write()

    def write(self) -> ServiceOffice:
        self.machine.write(CONFIG, config_file.render(self._program.values))
        return self

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.machine("mailgate", *arguments, "--json"))

    def receipts(self) -> list[str]:
        """The receive register, in order."""
        return [f"{letter['number']}/{letter['year']}" for letter in self.json("letter", "list")]

    def told(self) -> str:
        """The alarms sent by ``KEEP_ALARMS``."""
        return self.machine.run("cat", "/var/lib/mailgate/told").stdout
