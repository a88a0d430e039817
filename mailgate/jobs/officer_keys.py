"""Public keys of officers: in the config, where everybody who answers for it can see them."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from mailgate.config import Config, Person, Service
from mailgate.edges import sealing
from mailgate.edges.durable import replace_file
from mailgate.errors import MailgateError, UsageError


def person(config: Config, email: str, *, replace: bool) -> Person:
    """Whom a key is for. Raises UsageError if nobody has this address, or a key is there already."""
    found = next((p for p in config.staff if p.email.lower() == email.lower()), None)
    if found is None:
        known = ", ".join(p.email for p in config.staff)
        raise UsageError(f"{email} is no officer of this office; known: {known}", "Officers stand in config.toml")
    if any(p.key for p in _entries(config, email)) and not replace:
        raise UsageError(
            f"{email} has a key already", "Another one opens later letters only, the old one earlier ones: --replace"
        )
    return found


def checked(public: str) -> str:
    """A public key as somebody typed it. Raises UsageError."""
    try:
        sealing.check_public(public.strip())
    except MailgateError as e:
        raise UsageError(e.what, "It begins with age1, as age-keygen prints it") from None
    return public.strip()


def write(path: Path, email: str, key: str) -> None:
    """Put a key into every entry of an officer in a config file; nothing else in it changes.

    Raises ArchiveError where it cannot be written, UsageError where no entry is found.
    """
    path = path.resolve()  # a link stays one
    try:
        document = tomlkit.parse(path.read_text("utf-8"))
        about = path.stat()
    except (OSError, UnicodeDecodeError, TOMLKitError) as e:
        raise UsageError(f"{path} cannot be read: {e}") from None
    entries = [e for e in _people(document) if str(e.get("email", "")).lower() == email.lower()]
    if not entries:
        raise UsageError(f"{path} has no entry of {email}")
    for entry in entries:
        entry["key"] = key
    # Whoever could read it can go on doing so: the daemon often is of its group, and no more.
    replace_file(path, tomlkit.dumps(document).encode(), stat.S_IMODE(about.st_mode), group=about.st_gid)


def listed(config: Config) -> list[dict[str, Any]]:
    """Officers with their services and key, the clerk first."""
    rows = []
    for one in config.staff:
        mine = [s.key for s in config.services if any(o.email.lower() == one.email.lower() for o in s.officers)]
        key = next((p.key for p in _entries(config, one.email) if p.key), "")
        rows.append({"name": one.name, "email": one.email, "services": mine, "key": key})
    return rows


def without_key(config: Config) -> list[str]:
    """Confidential services none of whose officers has a key."""
    return [s.key for s in config.services if s.confidential and not any(p.key for p in _readers(config, s))]


def _readers(config: Config, service: Service) -> tuple[Person, ...]:
    """The clerk only for what comes by the website: a mail is encrypted to officers of the service (law 9)."""
    return config.officers_of(service) if service.channel == "website" else service.officers


def _entries(config: Config, email: str) -> list[Person]:
    people = [config.office.clerk, *(o for s in config.services for o in s.officers)]
    return [p for p in people if p.email.lower() == email.lower()]


def _people(document: Any) -> Iterator[Any]:
    yield document.get("office", {}).get("clerk", {})
    for service in document.get("services", []):
        yield from service.get("officers", [])
