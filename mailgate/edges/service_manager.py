"""systemd of this machine, or of a root below which one is being prepared: its own tools, run one by one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from mailgate.errors import MailgateError

_SECONDS = 60
_RUNNING = Path("/run/systemd/system")  # sd_booted(3)


class ServiceManager:
    """Accounts, folders and units below ``root``. Each method raises MailgateError with what the tool said."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._live = root == Path("/") and _RUNNING.is_dir()

    def prepare(self) -> None:
        """Make the service's account and folders, by sysusers.d and tmpfiles.d."""
        self._run("systemd-sysusers", "mailgate.conf")
        self._run("systemd-tmpfiles", "--create", "mailgate.conf")

    def enable(self, units: Iterable[str]) -> None:
        """Let units start with the machine, not now."""
        self._run("systemctl", "enable", *units)

    def disable(self, units: Iterable[str]) -> None:
        """Let units start no longer, and end those that run."""
        self._run("systemctl", "disable", *(["--now"] if self._live else []), *units)

    def reload(self) -> None:
        """Let a running systemd read the units anew."""
        if self._live:
            self._run("systemctl", "daemon-reload")

    def _run(self, tool: str, *arguments: str) -> None:
        command = [tool, f"--root={self._root}", *arguments] if self._root != Path("/") else [tool, *arguments]
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, timeout=_SECONDS, env=os.environ | {"LC_ALL": "C.UTF-8"}
            )
        except (OSError, subprocess.SubprocessError) as e:
            raise MailgateError(f"{tool} cannot be run: {type(e).__name__}", "This needs systemd") from None
        if done.returncode:
            said = (done.stderr.strip() or "it says nothing").splitlines()[-1]
            raise MailgateError(f"{tool} ended with {done.returncode}: {said}", "Run it by hand to see why")
