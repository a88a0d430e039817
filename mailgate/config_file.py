"""config.toml on disk: find it, read it into a ``Config`` with every problem reported at once, write it explained."""

from __future__ import annotations

import os
import textwrap
import tomllib
from collections.abc import Mapping
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import tomlkit
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from tomlkit import TOMLDocument
from tomlkit.items import Table as TomlTable

from mailgate.config import Config
from mailgate.errors import ConfigError

SYSTEM_PATH = Path("/etc/mailgate/config.toml")
INIT_HINT = "Write one with: mailgate init"


def find(option: str | None) -> Path:
    """The config file: --config, then $MAILGATE_CONFIG, then ./config.toml, then /etc/mailgate/config.toml.

    Raises ConfigError if there is none.
    """
    named = option or os.environ.get("MAILGATE_CONFIG")
    if named:
        return Path(named)
    for path in (Path("config.toml"), SYSTEM_PATH):
        if path.is_file():
            return path
    raise ConfigError(f"no config.toml here and none at {SYSTEM_PATH}", hint=INIT_HINT)


def load(path: Path) -> Config:
    """Read and check a config file. Relative paths in it start at its folder. Raises ConfigError."""
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as e:
        raise ConfigError(f"cannot read {path}: {e.strerror}", hint=INIT_HINT) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path} is not valid TOML: {e}") from None
    return _rooted(parse(data, str(path)), path.resolve().parent)


def salvage(path: Path) -> Config:
    """Of a config that is broken elsewhere, what an alarm needs: [alarm], and [office] if that is whole.

    Raises ConfigError if [alarm] is broken too, or the file cannot be read at all.
    """
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError) as e:
        raise ConfigError(f"cannot read {path}: {e}") from None
    nowhere = {"host": "localhost", "security": "none"}
    kept = {"alarm": data.get("alarm", {}), "imap": nowhere, "smtp": nowhere}
    try:
        made = parse(kept | {"office": data.get("office")}, str(path))
    except ConfigError:
        nobody = {"name": "mailgate", "email": "mailgate@localhost.localdomain"}
        made = parse(kept | {"office": {"name": "mailgate", "address": nobody["email"], "clerk": nobody}}, str(path))
    return _rooted(made, path.resolve().parent)


def parse(data: dict[str, Any], source: str = "config") -> Config:
    """Check the tables of a config. Raises ConfigError naming every problem: key, what is wrong, an example."""
    try:
        return Config.model_validate(data)
    except ValidationError as e:
        found = [error["loc"] for error in e.errors()]
        # A list whose items are wrong is also "too short": that is no problem of its own.
        real = [x for x in e.errors() if x["type"] != "too_short" or not any(x["loc"] == f[:-1] for f in found)]
        problems = [_sentence(error["loc"], error["msg"]) for error in real]
        raise ConfigError(f"{source} has {len(problems)} problem(s)", problems) from None


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    where = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".") or "config"
    said = message.removeprefix("Value error, ")
    if said == "Extra inputs are not permitted":
        said = f"unknown key; known here: {', '.join(_known(loc[:-1]))}"
    example = _example(loc)
    return f"{where}: {said}" + (f"; for example: {example}" if example else "")


def _model_at(loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Config
    for part in loc:
        if isinstance(part, str):
            field = _field(model, part)
            model = _inner(field.annotation) if field else None
    return model


def _field(model: type[BaseModel] | None, name: str) -> FieldInfo | None:
    if model is None:
        return None
    return next((f for n, f in model.model_fields.items() if name in (n, f.alias)), None)


def _inner(annotation: Any) -> type[BaseModel] | None:
    candidates = [annotation, *get_args(annotation)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _known(loc: tuple[int | str, ...]) -> list[str]:
    model = _model_at(loc)
    return [f.alias or n for n, f in model.model_fields.items()] if model else []


def _example(loc: tuple[int | str, ...]) -> str:
    names = [p for p in loc if isinstance(p, str)]
    field = _field(_model_at(tuple(names[:-1])), names[-1]) if names else None
    if field is None or not field.examples:
        return ""
    return f"{names[-1]} = {tomlkit.item(field.examples[0]).as_string()}"


def _rooted(config: Config, folder: Path) -> Config:
    """Make relative paths start at the config file's folder, whatever the working directory is."""
    updates: dict[str, BaseModel] = {}
    for name in type(config).model_fields:
        table = getattr(config, name)
        if isinstance(table, BaseModel):
            paths = {k: folder / v for k, v in table if isinstance(v, Path)}
            updates[name] = table.model_copy(update=paths)
    return config.model_copy(update=updates)


def render(values: Mapping[str, Any]) -> str:
    """The text of a config.toml with these values, every key explained by the description of its field."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Configuration of mailgate. A line that starts with # shows a key at its default."))
    for name, field in Config.model_fields.items():
        document.add(tomlkit.nl())
        model = _inner(field.annotation)
        assert model is not None, name
        if get_origin(field.annotation) is tuple:
            _add_array(document, name, model, values.get(name, []))
        else:
            document.add(name, _table(model, values.get(name, {})))
    return tomlkit.dumps(document)


def _table(model: type[BaseModel], values: Mapping[str, Any]) -> TomlTable:
    table = tomlkit.table()
    for line in textwrap.wrap(" ".join((model.__doc__ or "").split()), 100):
        table.add(tomlkit.comment(line))
    _fill(table, model, values)
    return table


def _fill(table: TomlTable, model: type[BaseModel], values: Mapping[str, Any], explain: bool = True) -> None:
    for name, field in model.model_fields.items():
        key = field.alias or name
        if isinstance(field.default, BaseModel):  # a table of its own, after all else of this one
            table.add(tomlkit.nl())
            table.add(key, _table(type(field.default), values.get(key, {})))
            continue
        if explain:
            table.add(tomlkit.nl())
            for line in textwrap.wrap(field.description or "", 100):
                table.add(tomlkit.comment(line))
            if key not in values and field.get_default() in (None, ()) and field.examples:
                table.add(tomlkit.comment(f"For example: {key} = {tomlkit.item(field.examples[0]).as_string()}"))
        if key in values:
            table.add(key, _value(values[key]))
        elif explain:
            table.add(tomlkit.comment(f"{key} = {_default(model, name)}"))


def _default(model: type[BaseModel], name: str) -> str:
    return str(tomlkit.item(_plain(model.model_fields[name].get_default())).as_string())


def _plain(value: Any) -> Any:
    """A default as TOML writes it."""
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, timedelta):
        return _duration_text(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return "" if value is None else str(value) if isinstance(value, Path | StrEnum) else value


def _duration_text(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    unit, size = next((u, n) for u, n in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)) if seconds % n == 0)
    return f"{seconds // size}{unit}"


def _add_array(document: TOMLDocument, name: str, model: type[BaseModel], items: list[Mapping[str, Any]]) -> None:
    """An array of tables; an empty one is shown as a comment."""
    array = tomlkit.aot()
    for n, values in enumerate(items):
        table = tomlkit.table()
        _fill(table, model, values, explain=n == 0)
        array.append(table)
    if items:
        document.add(name, array)
        return
    for line in textwrap.wrap(" ".join((model.__doc__ or "").split()), 100):
        document.add(tomlkit.comment(line))
    document.add(tomlkit.comment(f"  [[{name}]]"))
    for key, field in model.model_fields.items():
        example = field.examples[0] if field.examples else _plain(field.get_default())
        document.add(tomlkit.comment(f"  {key} = {tomlkit.item(example).as_string()}  # {field.description}"))


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        array = tomlkit.array()
        for item in value:
            array.append(_value(item))
        return array.multiline(len(value) > 1)
    return value
