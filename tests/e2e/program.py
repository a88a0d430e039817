"""The program as its users run it: a config file, a command line, an exit code, two streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailgate import config_file
from tests.servers.dovecot import Dovecot


@dataclass
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


class Program:
    """An office in a folder, run as a subprocess."""

    def __init__(self, folder: Path, values: Mapping[str, Any], password: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.values: dict[str, Any] = {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}
        self.password = password

    @classmethod
    def at(cls, folder: Path, dovecot: Dovecot, smtp_port: int) -> Program:
        """An office at a test Dovecot over IMAPS, and a clear-text SMTP server on loopback."""
        values = {
            "office": {
                "name": "สำนักงานเขตพื้นที่การศึกษาตัวอย่าง",
                "name_en": "Sample Office",
                "address": dovecot.address,
                "clerk": {"name": "สารบรรณกลาง", "email": "clerk@example.go.th"},
            },
            "imap": {
                "host": "localhost",
                "port": dovecot.imaps_port,
                "ca_file": str(dovecot.ca_file),
                "username": dovecot.user,
                "timeout": "5s",
            },
            "smtp": {"host": "127.0.0.1", "port": smtp_port, "security": "none", "timeout": "5s"},
            "registry": {"path": "registry.db", "archive": "archive"},
            "replies": {},
            "digests": {"to_clerk": [], "to_officers": []},  # what is mailed does not depend on the time of day
            "services": [
                {
                    "key": "homeschool",
                    "title": "การขอจัดการศึกษาขั้นพื้นฐานโดยครอบครัว",
                    "keywords": ["โฮมสคูล"],
                    "days": 30,
                    "officers": [{"name": "นางสาวตัวอย่าง ใจดี", "email": "officer@example.go.th"}],
                },
                {"key": "corruption", "title": "ร้องเรียนการทุจริต", "keywords": ["ทุจริต"], "confidential": True},
            ],
        }
        return cls(folder, values, dovecot.password)

    def set(self, table: str, **values: Any) -> Program:
        """Change keys of the config."""
        self.values.setdefault(table, {}).update(values)
        return self

    def __call__(self, *arguments: str, wrapper: tuple[str, ...] = ()) -> Result:
        config = self.folder / "config.toml"
        config.write_text(config_file.render(self.values), "utf-8")
        command = [*wrapper, sys.executable, "-m", "mailgate", "--config", str(config), *arguments]
        environment = os.environ | {"MAILGATE_IMAP_PASSWORD": self.password, "MAILGATE_SMTP_PASSWORD": "smtp-secret-9"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=110)
        assert "Traceback" not in done.stderr, done.stderr
        assert self.password not in done.stdout + done.stderr
        return Result(done.returncode, done.stdout, done.stderr)
