"""``mailgate install-service``: puts the shipped systemd units in place, for this program and this office's config.

Where the Debian package has put the units already, only what the config adds to them is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from pathlib import Path

from mailgate.config import Config
from mailgate.core import units
from mailgate.edges.durable import replace_file
from mailgate.edges.service_manager import ServiceManager
from mailgate.edges.templates import shipped
from mailgate.errors import UsageError

PLACE = Path("/etc/systemd/system")
ENABLED = ("mailgate.service", "mailgate-watch.timer", "mailgate-backup.timer")
_WEBSITE = ("mailgate-desk.socket", "mailgate-web.service")
_PACKAGED = Path("usr/lib/systemd/system/mailgate.service")
_STATE = Path("/var/lib/mailgate")  # StateDirectory= of the units
_WRITERS = ("mailgate.service", "mailgate-watch.service", "mailgate-backup.service")
_BACKUP_AT = time(1, 30)

# Closed to the units, by ProtectHome= and PrivateTmp=.
_CLOSED = tuple(Path(p) for p in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"))  # noqa: S108
_ELSEWHERE = "Install it where the service can reach it: PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin pipx install …"


def plan(config: Config | None, program: Path, root: Path) -> dict[Path, str]:
    """Every file by its path, without ``root``; one with the text "" is not to be there. Raises ConfigError."""
    packaged = (root / _PACKAGED).exists()
    files = {} if packaged else _shipped(program)
    return files | (_added(config) if config else {})


def enabled(config: Config | None) -> tuple[str, ...]:
    """What is started with the machine: the website's units too, where a service comes by it."""
    has_forms = config is not None and any(s.channel == "website" for s in config.services)
    return ENABLED + (_WEBSITE if has_forms and config and config.website.desk else ())


def write(files: Mapping[Path, str], root: Path, units: Sequence[str] = ENABLED) -> list[Path]:
    """Put the files in their places below ``root``, make account and folders, enable. Returns what was written.

    Nothing is started. Raises UsageError where they cannot be written, MailgateError with what systemd's tools said.
    """
    written = [path for path, text in files.items() if text]
    _remove([path for path, text in files.items() if not text], root)
    for path in written:
        target = _below(root, path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise UsageError(f"cannot make {target.parent}: {e.strerror}", "Run it as root") from None
        replace_file(target, files[path].encode())
    manager = ServiceManager(root)
    manager.prepare()
    manager.reload()
    manager.enable(units)
    return written


def remove(files: Mapping[Path, str], root: Path) -> list[Path]:
    """Take away what ``write`` put there. Registry, config, passwords and account stay. Returns what went."""
    manager = ServiceManager(root)
    if PLACE / ENABLED[0] in files:
        manager.disable(ENABLED + _WEBSITE)
    gone = _remove(files, root)
    manager.reload()
    return gone


def check_reachable(*places: Path) -> None:
    """Raises UsageError if the units could not start a program that lies there."""
    for place in places:
        if any(place.is_relative_to(closed) for closed in _CLOSED):
            raise UsageError(f"the service could not start {place}: that folder is closed to it", _ELSEWHERE)


def _shipped(program: Path) -> dict[Path, str]:
    source = shipped("systemd")
    found = {
        PLACE / f.name: f for pattern in ("*.service", "*.socket", "*.timer") for f in sorted(source.glob(pattern))
    }
    texts = {path: units.for_program(file.read_text("utf-8"), str(program)) for path, file in found.items()}
    for folder in ("sysusers.d", "tmpfiles.d"):
        texts[Path("/etc", folder, "mailgate.conf")] = (source / folder / "mailgate.conf").read_text("utf-8")
    return texts


def _added(config: Config) -> dict[Path, str]:
    """What the config adds, as drop-ins."""
    checks, zone = config.checks, config.office.timezone
    opened = units.paths_drop_in(_folders(config))
    return {_drop_in(name): opened for name in _WRITERS} | {
        _drop_in("mailgate-watch.timer"): units.watch_drop_in(checks.times, checks.grace, zone),
        _drop_in("mailgate-backup.timer"): units.timer_drop_in([_BACKUP_AT], zone),
    }


def _drop_in(unit: str) -> Path:
    return PLACE / f"{unit}.d" / "50-config.conf"


def _folders(config: Config) -> list[str]:
    """Folders outside the state directory that the config lets the program write in."""
    registry, files = config.registry, (config.alarm.dead_man_file, config.metrics.textfile)
    folders = {registry.path.parent, registry.archive, registry.key_file.parent, config.backup.directory}
    folders |= {file.parent for file in files if file}
    if config.publish.directory:
        folders.add(config.publish.directory.parent)  # where the link to the newest edition is changed
    return sorted(str(f) for f in folders if f and not f.is_relative_to(_STATE))


def _remove(paths: Iterable[Path], root: Path) -> list[Path]:
    gone = []
    for path in paths:
        target = _below(root, path)
        if target.exists():
            target.unlink()
            gone.append(path)
        if target.parent.suffix == ".d" and target.parent.is_dir() and not any(target.parent.iterdir()):
            target.parent.rmdir()  # that of drop-ins, which nobody else uses
    return gone


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
