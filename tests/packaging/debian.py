"""A clean Debian 12 root, made by debootstrap once and kept, and commands in a copy of it.

They run in a systemd-nspawn container: processes and mounts of its own, the same loopback as the test's mail servers.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import process

PACKAGES = "debootstrap systemd-container zstd"
SUITE = "bookworm"
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "debian"
_FRESH = 7 * 86400  # seconds; an older root has lists of packages that the mirror may have replaced
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--link-journal=no"]


def admin(*command: str, stdin: str = "", seconds: float = 600) -> str:
    """Run a command of this machine as root; its standard output. Fails with all it said."""
    done = subprocess.run([*AS_ROOT, *command], input=stdin, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def clean_root() -> Iterator[Path]:
    """A copy of the kept root, for one user; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="mailgate-debian-") as folder:
        root = Path(folder, "root")
        admin("mkdir", str(root))
        admin("tar", "--zstd", "-C", str(root), "-xf", str(_kept()))
        try:
            yield root
        finally:  # it holds files of other owners
            admin("rm", "-rf", "--one-file-system", str(root))


def in_root(root: Path, *command: str, bind: Path | None = None) -> str:
    """Run a command in a root as in a chroot: no systemd is there. ``bind``: a folder of ours, seen under its path."""
    archives = _CACHE / "archives"  # packages downloaded once
    binds = [f"--bind={archives}:/var/cache/apt/archives", *([f"--bind-ro={bind}"] if bind else [])]
    environment = ["--setenv=DEBIAN_FRONTEND=noninteractive", "--setenv=LC_ALL=C.UTF-8"]
    return admin(*NSPAWN, f"--directory={root}", "--pipe", *binds, *environment, "--", *command)


def _kept() -> Path:
    """The tarball of the root; made when missing or old."""
    tarball = _CACHE / f"{SUITE}.tar.zst"
    if not tarball.exists() or time.time() - tarball.stat().st_mtime > _FRESH:
        for needed in ("debootstrap", "systemd-nspawn", "zstd"):
            process.program(needed, PACKAGES)
        (_CACHE / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="mailgate-debian-") as folder:
            _make(Path(folder, "root"), tarball)
    return tarball


def _make(root: Path, tarball: Path) -> None:
    draft = tarball.with_suffix(".new")
    admin("debootstrap", "--variant=minbase", SUITE, str(root), _mirror())
    # As the installer leaves it; debootstrap alone does not.
    in_root(root, "sh", "-c", "echo 127.0.0.1 localhost > /etc/hosts")
    in_root(root, "apt-get", "update", "-q")
    admin("tar", "--zstd", "-C", str(root), "-cf", str(draft), ".")
    admin("rm", "-rf", "--one-file-system", str(root))
    draft.replace(tarball)


def _mirror() -> str:
    """The mirror this machine uses."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(file.read_text("utf-8", "replace") for file in files if file.is_file())
    found = re.search(r"^(?:URIs:|deb .*?)\s*(https?://\S+/debian)/?\s", text, re.MULTILINE)
    return found[1] if found else "http://deb.debian.org/debian"
