"""The office's texts: the shipped templates, replaced file by file by a folder of the configuration.

A sandbox renders them with plain values; a broken one is refused when mailgate starts, not at 09:00.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailgate.errors import ConfigError

_LONGEST = 20_000
_LONGEST_SUBJECT = 300
PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """A file that comes with mailgate: inside the installed package, or at the top of a source tree."""
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name


class Templates:
    """Renders templates by file name. Raises ConfigError naming file and line for one that cannot be used."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"[replies] templates: {folder} is not a folder")
        folders = [folder] if folder else []
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(f) for f in [*folders, shipped("templates")]]),
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(".html")),
            keep_trailing_newline=True,
        )

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(values)
        except TemplateSyntaxError as e:
            raise ConfigError(f"template {e.filename or name}, line {e.lineno}: {e.message}") from None
        except TemplateError as e:
            raise ConfigError(f"template {name} cannot be rendered: {e.message}") from None
        except RecursionError:
            raise ConfigError(f"template {name} includes itself") from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as e:
            raise ConfigError(f"template {name} cannot be rendered: {e}") from None

    def compiles(self, names: Iterable[str]) -> None:
        """Read templates that are rendered elsewhere. Raises ConfigError for one that is broken."""
        for name in names:
            try:
                self._environment.get_template(name)
            except TemplateSyntaxError as e:
                raise ConfigError(f"template {e.filename or name}, line {e.lineno}: {e.message}") from None

    def check(self, values: Mapping[str, Any]) -> None:
        """Try every acknowledgement template with sample values: would a citizen get what the order asks?"""
        problems = []
        for name in ("acknowledgement.subject.txt", "acknowledgement.txt", "acknowledgement.html"):
            try:
                problems += _faults(name, self.render(name, values), str(values["receipt"]))
            except ConfigError as e:
                problems.append(e.what)
        if problems:
            raise ConfigError(
                "the templates cannot be used", problems, "Mend them, or remove them to use the shipped ones"
            )

    def check_others(self, samples: Mapping[str, Mapping[str, Any]]) -> None:
        """Try the other templates, by name, each with its sample values."""
        for name, values in samples.items():
            text = self.render(name, values).strip()
            if name.endswith("subject.txt") and not (text.isprintable() and len(text) <= _LONGEST_SUBJECT):
                raise ConfigError(f"template {name} must be one line of at most {_LONGEST_SUBJECT} characters")


def _faults(name: str, text: str, receipt: str) -> list[str]:
    faults = []
    if receipt not in text:
        faults.append(f"template {name} does not show the receipt number: {{{{ receipt }}}}")
    if len(text) > _LONGEST:
        faults.append(f"template {name} makes {len(text)} characters; at most {_LONGEST}")
    if name.endswith("subject.txt") and not (text.strip().isprintable() and len(text.strip()) <= _LONGEST_SUBJECT):
        faults.append(f"template {name} must be one line of at most {_LONGEST_SUBJECT} characters")
    return faults
