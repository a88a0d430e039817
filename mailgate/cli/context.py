"""What commands share: finding the config, opening the office, reading a receipt."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from mailgate import config_file
from mailgate.config import Config
from mailgate.errors import ConfigError, UsageError
from mailgate.model import Receipt
from mailgate.office import Office, open_office

NEEDS_A_PERSON = 3
_F = TypeVar("_F", bound=Callable[..., Any])

as_json: Callable[[_F], _F] = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class Settings:
    """The options before the command."""

    def __init__(self, path: str | None) -> None:
        self._path = path

    @cached_property
    def config(self) -> Config:
        """The config. Raises ConfigError."""
        return self.again()

    @property
    def path(self) -> Path:
        """The config file. Raises ConfigError if there is none."""
        return config_file.find(self._path)

    def again(self) -> Config:
        """The config as it is on disk now. Raises ConfigError."""
        return config_file.load(self.path)

    def for_alarm(self) -> Config:
        """The config; of a broken one what an alarm needs, for that may be the alarm. Raises ConfigError."""
        try:
            return self.config
        except ConfigError:
            return config_file.salvage(config_file.find(self._path))

    def office(self) -> Office:
        """The office, with its registry open; to be used with ``with``."""
        return open_office(self.config)


def receipt(text: str) -> Receipt:
    """``123/2569`` (Thai digits too) as a receipt. Raises click.BadParameter."""
    number, _, year = text.partition("/")
    if number.isdecimal() and year.isdecimal():
        return Receipt(int(number), int(year))
    raise click.BadParameter(f"{text!r} is not a receipt such as 123/2569")


def account() -> str:
    """Who is at the terminal; behind sudo, who called it. Raises UsageError."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        raise UsageError("this account has no name", "Say who it is: --by NAME") from None
