"""install-service: units for another place of the program, what the config adds, and taking all away again."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest

from mailgate.core import units
from mailgate.errors import ConfigError, UsageError
from mailgate.jobs import installing
from tests import builders

SYSTEM = Path("etc/systemd/system")


def install(root: Path, *options: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mailgate", *options[:0], "install-service", "--root", str(root), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def config(root: Path, text: str = "") -> None:
    """A config as the service reads it, with these lines behind it."""
    path = root / "etc/mailgate/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        '[office]\nname = "ส"\naddress = "a@example.go.th"\nclerk = {name = "ก", email = "c@example.go.th"}\n'
        '[imap]\nhost = "127.0.0.1"\nsecurity = "none"\nusername = "u"\n'
        '[smtp]\nhost = "127.0.0.1"\nsecurity = "none"\n'
        f'[registry]\npath = "/var/lib/mailgate/registry.db"\narchive = "/var/lib/mailgate/archive"\n'
        f'key_file = "/var/lib/mailgate/token.key"\n{text}',
        "utf-8",
    )


def files(root: Path) -> set[str]:
    return {str(p.relative_to(root / SYSTEM)) for p in (root / SYSTEM).rglob("*.*") if p.is_file() or p.is_symlink()}


SHIPPED = {
    "mailgate.service",
    "mailgate-alarm@.service",
    "mailgate-watch.service",
    "mailgate-watch.timer",
    "mailgate-backup.service",
    "mailgate-backup.timer",
    "mailgate-web.service",
    "mailgate-desk.socket",
}
WANTED = {
    "multi-user.target.wants/mailgate.service",
    "timers.target.wants/mailgate-watch.timer",
    "timers.target.wants/mailgate-backup.timer",
}
TIMERS = {"mailgate-watch.timer.d/50-config.conf", "mailgate-backup.timer.d/50-config.conf"}


def test_it_writes_units_for_this_program_and_enables_them(tmp_path: Path) -> None:
    said = install(tmp_path)
    assert files(tmp_path) - {"multi-user.target.wants", "timers.target.wants"} == SHIPPED | WANTED
    program = Path(sys.executable).with_name("mailgate")
    unit = (tmp_path / SYSTEM / "mailgate.service").read_text("utf-8")
    assert f'ExecStart="{program}" --config /etc/mailgate/config.toml run' in unit
    assert "mailgate" in (tmp_path / "etc/passwd").read_text("utf-8")
    assert (tmp_path / "etc/mailgate/credentials").stat().st_mode & 0o777 == 0o750
    assert "there is no" in said.stderr


def test_what_the_config_says_comes_as_drop_ins(tmp_path: Path) -> None:
    config(tmp_path, '[checks]\ntimes = ["08:30", "23:55"]\ngrace = 10\n[metrics]\ntextfile = "/srv/figures/m.prom"\n')
    install(tmp_path)
    watch = (tmp_path / SYSTEM / "mailgate-watch.timer.d/50-config.conf").read_text("utf-8")
    assert watch.splitlines()[1:] == [
        "[Timer]",
        "OnCalendar=",
        "OnCalendar=*-*-* 08:40:00 Asia/Bangkok",
        "OnCalendar=*-*-* 00:05:00 Asia/Bangkok",
    ]
    paths = (tmp_path / SYSTEM / "mailgate.service.d/50-config.conf").read_text("utf-8")
    assert 'ReadWritePaths="-/srv/figures"\n' in paths
    assert 'RequiresMountsFor="/srv/figures"\n' in paths


def test_a_folder_that_is_no_longer_named_is_closed_again(tmp_path: Path) -> None:
    config(tmp_path, '[backup]\ndirectory = "/srv/copies"\n')
    install(tmp_path)
    assert "mailgate-backup.service.d/50-config.conf" in files(tmp_path)
    path = tmp_path / "etc/mailgate/config.toml"
    path.write_text(path.read_text("utf-8").replace("/srv/copies", "/var/lib/mailgate/copies"), "utf-8")
    install(tmp_path)
    assert files(tmp_path) == SHIPPED | WANTED | TIMERS
    assert not (tmp_path / SYSTEM / "mailgate-backup.service.d").exists()


def test_where_a_package_has_put_the_units_only_the_rest_is_written(tmp_path: Path) -> None:
    packaged = tmp_path / "usr/lib/systemd/system"
    packaged.mkdir(parents=True)
    for name in SHIPPED:
        (packaged / name).write_text((installing.shipped("systemd") / name).read_text("utf-8"), "utf-8")
    for folder in ("sysusers.d", "tmpfiles.d"):
        (tmp_path / "usr/lib" / folder).mkdir()
        text = (installing.shipped("systemd") / folder / "mailgate.conf").read_text("utf-8")
        (tmp_path / "usr/lib" / folder / "mailgate.conf").write_text(text, "utf-8")
    config(tmp_path)
    said = json.loads(install(tmp_path, "--json").stdout)
    assert said == {"written": [f"/{SYSTEM}/{name}" for name in sorted(TIMERS, reverse=True)]}


def test_the_website_is_started_where_it_has_a_form_and_a_desk(tmp_path: Path) -> None:
    website = '[website]\ndesk = "/run/mailgate/desk.sock"\n[[services]]\nkey = "a"\ntitle = "ก"\nchannel = "website"\n'
    config(tmp_path, website)
    install(tmp_path)
    wants = {"multi-user.target.wants/mailgate-web.service", "sockets.target.wants/mailgate-desk.socket"}
    assert wants <= files(tmp_path)
    assert "mailgate-web" in (tmp_path / "etc/passwd").read_text("utf-8")
    install(tmp_path, "--remove")
    assert not wants & files(tmp_path)


def test_print_changes_nothing(tmp_path: Path) -> None:
    shown = json.loads(install(tmp_path, "--print", "--json").stdout)["files"]
    assert {name for name in shown if name.startswith(f"/{SYSTEM}")} == {f"/{SYSTEM}/{name}" for name in SHIPPED}
    assert "# /etc/systemd/system/mailgate.service\n" in install(tmp_path, "--print").stdout
    assert list(tmp_path.iterdir()) == []


def test_remove_takes_away_what_it_wrote_and_nothing_else(tmp_path: Path) -> None:
    config(tmp_path)
    install(tmp_path)
    own = tmp_path / SYSTEM / "mailgate-watch.timer.d/own.conf"
    own.write_text("[Timer]\n", "utf-8")
    install(tmp_path, "--remove")
    assert files(tmp_path) == {"mailgate-watch.timer.d/own.conf"}
    assert (tmp_path / "etc/mailgate/config.toml").exists()
    assert (tmp_path / "var/lib/mailgate").is_dir()
    install(tmp_path, "--remove")  # nothing is there any more


def test_a_broken_config_changes_nothing(tmp_path: Path) -> None:
    config(tmp_path, "[checks]\ntimes = []\n")
    said = install(tmp_path, code=2)
    assert "checks.times" in said.stderr
    assert not (tmp_path / SYSTEM).exists()


def test_another_config_than_the_services_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailgate", "--config", "other.toml", "install-service", "--root", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "not other.toml" in done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("a file", "utf-8")
    assert "cannot make" in install(tmp_path, code=2).stderr


def test_a_program_in_somebodys_home_is_refused() -> None:
    with pytest.raises(UsageError, match="closed to it"):
        installing.check_reachable(Path("/usr/bin/mailgate"), Path("/root/.local/share/pipx/venvs/mailgate/bin/python"))
    installing.check_reachable(Path("/opt/pipx/venvs/mailgate/bin/mailgate"), Path("/usr/bin/python3.11"))


def test_every_folder_the_config_names_is_opened(tmp_path: Path) -> None:
    made = builders.config(
        tmp_path, alarm={"dead_man_file": "/srv/alive/file"}, metrics={"textfile": "/var/lib/mailgate/m.prom"}
    )
    drop_in = installing.plan(made, Path("/x"), tmp_path)[installing.PLACE / "mailgate.service.d/50-config.conf"]
    opened = [line for line in drop_in.splitlines() if line.startswith("ReadWritePaths=")]
    assert opened == [
        f'ReadWritePaths="-{folder}"' for folder in sorted(["/srv/alive", str(tmp_path), f"{tmp_path}/archive"])
    ]


def test_strange_paths_are_quoted_or_refused() -> None:
    assert 'ReadWritePaths="-/srv/a b\\"c\\\\d%%e"\n' in units.paths_drop_in(['/srv/a b"c\\d%e'])
    assert units.paths_drop_in([]) == ""
    with pytest.raises(ConfigError, match="no systemd unit can name"):
        units.paths_drop_in(["/srv/a\n[Service]\nExecStartPre=/evil"])
    with pytest.raises(ConfigError):
        units.for_program("ExecStart=/usr/lib/mailgate/bin/mailgate run", "/opt/\x07/mailgate")


def test_grace_may_pass_midnight() -> None:
    assert "OnCalendar=*-*-* 00:30:00 Asia/Bangkok\n" in units.watch_drop_in([time(23, 50)], 40, "Asia/Bangkok")
