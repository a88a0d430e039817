"""Passwords and tokens: never in config.toml, a log, an error text or a process list."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from mailgate.config_servers import Server
from mailgate.errors import ConfigError

Secret = Callable[[], str]
_COMMAND_SECONDS = 30


def secret(table: str, settings: Server, environment: Mapping[str, str]) -> Secret:
    """How to get the password or OAuth2 token of ``[imap]`` or ``[smtp]``; asked anew at each login.

    In this order: token_command, token_file, password_file, $CREDENTIALS_DIRECTORY/imap-password (systemd),
    $MAILGATE_IMAP_PASSWORD. The returned function raises ConfigError if there is none.
    """
    credential = Path(environment.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / f"{table}-password"
    variable = f"MAILGATE_{table.upper()}_PASSWORD"

    def fetch() -> str:
        if settings.token_command:
            return _printed_by(settings.token_command)
        for path in (settings.token_file, settings.password_file, credential):
            if path is not None and (path is not credential or path.is_file()):
                return _read(path)
        if variable in environment:
            return _usable(environment[variable], f"${variable}")
        raise ConfigError(
            f"there is no password for [{table}]",
            hint=f"Set password_file, the systemd credential {table}-password, or ${variable}",
        )

    return fetch


def token(name: str, environment: Mapping[str, str]) -> Secret:
    """A token that may be missing: the systemd credential ``name``, or $MAILGATE_NAME; "" without either."""
    credential = Path(environment.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / name
    variable = f"MAILGATE_{name.upper().replace('-', '_')}"
    return lambda: _read(credential) if credential.is_file() else environment.get(variable, "")


def password(name: str, path: Path | None, environment: Mapping[str, str]) -> Secret:
    """A password from a file, or else as ``token``."""
    return (lambda: _read(path)) if path is not None else token(name, environment)


def _read(path: Path) -> str:
    try:
        return _usable(path.read_text("utf-8").strip("\r\n"), str(path))
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"cannot read the secret in {path}: {getattr(e, 'strerror', 'not UTF-8')}") from None


def _usable(value: str, source: str) -> str:
    if not value or any(c in value for c in "\r\n\0"):
        raise ConfigError(f"the secret of {source} is empty or has more than one line")
    return value


def _printed_by(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_COMMAND_SECONDS)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as e:
        raise ConfigError(f"token_command {command[0]} failed: {type(e).__name__}") from None
    return _usable(done.stdout.decode("utf-8", "replace").strip(), command[0])


def token_key(path: Path) -> bytes:
    """The key of our reply tokens, 32 bytes; made on first use, readable only by us. Raises ConfigError."""
    try:
        _make_key(path)
        key = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as e:
        raise ConfigError(f"cannot use the token key {path}: {getattr(e, 'strerror', 'it is damaged')}") from None
    if len(key) != 32:
        raise ConfigError(f"the token key {path} is damaged", hint="Restore it from the backup")
    return key


def _make_key(path: Path) -> None:
    # Written under another name and linked, so that two first starts at once agree and no half key is ever read.
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, secrets.token_hex(32).encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
