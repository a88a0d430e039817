"""config.toml: every problem said at once and how to mend it, the shipped file complete, nothing that changes later."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from mailgate import config_file
from mailgate.config import Config
from mailgate.config_answers import Rule
from mailgate.config_file import find, load, parse, render
from mailgate.edges.templates import shipped
from mailgate.errors import ConfigError
from tests.builders import tables

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = shipped("config.toml").read_text("utf-8")
Change = Callable[[dict[str, Any]], object]


def put(table: str, **values: object) -> Change:
    """A change of a table's keys."""
    return lambda data: data.setdefault(table, {}).update(values)


def take(table: str, key: str) -> Change:
    return lambda data: data[table].pop(key)


def service(**values: object) -> Change:
    return lambda data: data["services"][1].update(values)


def refused(*changes: Change) -> ConfigError:
    data = copy.deepcopy(tables())
    for change in changes:
        change(data)
    with pytest.raises(ConfigError) as error:
        parse(data)
    return error.value


BROKEN = {
    "no office": (lambda d: d.pop("office"), ("office", "required")),
    "no imap": (lambda d: d.pop("imap"), ("imap", "required")),
    "no smtp": (lambda d: d.pop("smtp"), ("smtp", "required")),
    "unknown table": (put("imapp", host="x"), ("imapp", "unknown key", "known here", "imap", "services")),
    "table that is none": (lambda d: d.update(checks=5), ("checks",)),
    "no name": (take("office", "name"), ("office.name", "required", "name = ")),
    "empty name": (put("office", name=""), ("office.name", "at least 1", "name = ")),
    "name of two lines": (put("office", name="a\nb"), ("office.name", "one line")),
    "no address": (take("office", "address"), ("office.address", "required", "saraban@example.go.th")),
    "no e-mail address": (put("office", address="saraban"), ("office.address", "one e-mail address", "saraban@example")),  # noqa: E501
    "two e-mail addresses": (put("office", address="a@b.th,c@d.th"), ("office.address", "one e-mail address")),
    "address with a name": (put("office", address="A <a@b.th>"), ("office.address", "one e-mail address")),
    "address with a line end": (put("office", address="a@b.th\r\nBcc: x@y.z"), ("office.address", "one line")),
    "bad alias": (put("office", aliases=["a@b.th", "nobody"]), ("office.aliases[2]", "one e-mail address")),
    "clerk without address": (put("office", clerk={"name": "A"}), ("office.clerk.email", "required")),
    "no such zone": (put("office", timezone="Asia/Bankok"), ("office.timezone", "time zone", "Asia/Bangkok")),
    "a zone outside the folder": (put("office", timezone="../../etc/passwd"), ("office.timezone", "time zone")),
    "closes before it opens": (put("office", hours="16:30-08:30"), ("office.hours", "open before it closes", "08:30-16:30")),  # noqa: E501
    "hours that are none": (put("office", hours="always"), ("office.hours", "08:30-16:30")),
    "unknown key": (put("office", adress="x"), ("office.adress", "unknown key", "address", "timezone")),
    "time that is none": (put("checks", times=["09:00", "25:00"]), ("checks.times[2]",)),
    "time without minutes": (put("checks", times=["09:00", "9"]), ("checks.times[2]", "HH:MM")),
    "no times": (put("checks", times=[]), ("checks.times", "at least 1", "09:00")),
    "no grace": (put("checks", grace=0), ("checks.grace", "greater than or equal to 1", "grace = 10")),
    "duration without unit": (put("checks", deadline=30), ("checks.deadline", "unit s, m, h or d", "30m")),
    "duration of no unit": (put("replies", retry_for="4w"), ("replies.retry_for", "unit s, m, h or d", "4d")),
    "date that is none": (put("calendar", add=["2026-02-30"]), ("calendar.add[1]",)),
    "Buddhist date": (put("calendar", add=["๒๕๖๙-๐๑-๐๑"]), ("calendar.add[1]",)),
    "port too high": (put("imap", port=70000), ("imap.port", "65535")),
    "security of no kind": (put("imap", security="ssl"), ("imap.security", "'tls'", "'starttls'", 'security = "tls"')),
    "clear text abroad": (put("imap", host="mail.example.go.th"), ("imap", 'security = "none"', "mail.example.go.th", "loopback")),  # noqa: E501
    "password in the file": (put("imap", password="x"), ("imap.password", "unknown key", "password_file")),
    "done of no kind": (put("imap", done="delete"), ("imap.done", "'move'", "'flag'")),
    "max_size too small": (put("imap", max_size=10), ("imap.max_size", "1000000")),
    "too many connections": (put("smtp", connections=21), ("smtp.connections", "20")),
    "bad sender": (put("smtp", **{"from": "nobody"}), ("smtp.from", "one e-mail address")),
    "return path of no kind": (put("replies", return_path="me"), ("replies.return_path", "'token'", "'plain'", "'null'")),  # noqa: E501
    "service key": (service(key="Home School"), ("services[2].key", "pattern", "homeschool")),
    "service without title": (lambda d: d["services"][0].pop("title"), ("services[1].title", "required")),
    "service of no channel": (service(channel="fax"), ("services[2].channel", "'email'", "'website'", "'amss'")),
    "service in no time": (service(days=0), ("services[2].days", "greater than or equal to 1", "days = 30")),
    "service key twice": (service(key="homeschool"), ("key used twice", "homeschool")),
    "officer without address": (service(officers=[{"name": "A"}]), ("services[2].officers[1].email", "required")),
    "unknown key of an officer": (
        service(officers=[{"name": "A", "email": "a@b.th", "phone": "1"}]),
        ("services[2].officers[1].phone", "unknown key", "known here: name, email"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_config_is_refused_with_key_reason_and_example(name: str) -> None:
    change, words = BROKEN[name]
    said = refused(change)
    assert said.exit_code == 2
    assert len(said.problems) == 1, said.problems
    for word in words:
        assert word.lower() in str(said).lower()
    assert "pydantic" not in str(said)
    assert "Traceback" not in str(said)


def test_every_problem_is_said_at_once() -> None:
    said = refused(
        put("office", address="x", hours="x"), put("imap", port=-1), service(days=0), put("trust", authserv="x")
    )
    assert len(said.problems) == 5
    assert "5 problem(s)" in str(said)
    for key in ("office.address", "office.hours", "imap.port", "services[2].days", "trust.authserv"):
        assert f"\n  - {key}: " in str(said)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_clear_text_stays_on_this_machine(host: str) -> None:
    plain = tables()
    plain["imap"]["host"] = host
    assert parse(plain).imap.real_port == 143


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.1", "localhost.example.com", "127.0.0.1.example.com", "LOCALHOST.example", "1.1"],
)
@pytest.mark.parametrize("table", ["imap", "smtp"])
def test_clear_text_to_any_other_host_is_refused(table: str, host: str) -> None:
    assert "loopback" in str(refused(put(table, host=host)))


# What can be read but cannot work. Each stops a letter, or all of them, at a time when nobody looks.
@pytest.mark.parametrize(
    ("change", "key"),
    [
        (service(keywords=[" "]), "keywords"),
        (service(keywords=["\u200b"]), "keywords"),
        (put("office", name=" "), "office.name"),
        (put("calendar", half_day_ends="08:00"), "half_day_ends"),
        (put("office", address="สารบรรณ@example.go.th"), "office.address"),
        (put("smtp", **{"from": "สารบรรณ@example.go.th"}), "smtp.from"),
        (put("office", address="a@.th"), "office.address"),
    ],
    ids=["blank keyword", "invisible keyword", "blank name", "half day before opening", "thai", "thai from", "no domain"],  # noqa: E501
)  # fmt: skip
def test_what_can_be_read_but_cannot_work_is_refused(change: Change, key: str) -> None:
    assert key in str(refused(change))


# -- files ----------------------------------------------------------------------------------------------------------


def test_relative_paths_start_at_the_configs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    data = tables(
        registry={"path": "data/r.db", "archive": "/var/archive"},
        replies={"templates": "texts"},
        publish={"directory": "public"},
    )
    data["imap"]["password_file"] = "secrets/imap"
    data["smtp"]["ca_file"] = "ca.pem"
    (folder / "config.toml").write_text(render(data), "utf-8")
    monkeypatch.chdir(tmp_path)
    found = load(Path("etc/config.toml"))
    assert found.registry.path == folder / "data/r.db"
    assert found.registry.key_file == folder / "token.key"
    assert found.registry.archive == Path("/var/archive")
    assert found.replies.templates == folder / "texts"
    assert found.publish.directory == folder / "public"
    assert found.imap.password_file == folder / "secrets/imap"
    assert found.smtp.ca_file == folder / "ca.pem"
    assert found.imap.ca_file is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[office\n", ("not valid TOML", "line 1")),
        (b"\xff\xfe[office]\n", ("not valid TOML",)),
        (b"a = 1\na = 2\n", ("not valid TOML",)),
        (b"", ("office", "imap", "smtp", "3 problem(s)")),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load(path)
    assert str(path) in str(error.value)
    assert all(word in str(error.value) for word in words)


def test_a_file_that_is_missing_or_a_folder_is_said_so(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "none.toml", "No such file"), (tmp_path, "directory")):
        with pytest.raises(ConfigError, match=word) as error:
            load(path)
        assert "mailgate init" in str(error.value)


def test_where_the_config_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILGATE_CONFIG", raising=False)
    monkeypatch.setattr(config_file, "SYSTEM_PATH", tmp_path / "etc.toml")
    with pytest.raises(ConfigError, match=r"no config\.toml") as error:
        find(None)
    assert "mailgate init" in str(error.value)
    (tmp_path / "etc.toml").touch()
    assert find(None) == tmp_path / "etc.toml"
    (tmp_path / "config.toml").touch()
    assert find(None) == Path("config.toml")
    monkeypatch.setenv("MAILGATE_CONFIG", "/of/the/environment.toml")
    assert find(None) == Path("/of/the/environment.toml")
    assert find("/of/the/option.toml") == Path("/of/the/option.toml")
    monkeypatch.setenv("MAILGATE_CONFIG", "")
    assert find(None) == Path("config.toml")


def test_nothing_of_it_can_be_changed() -> None:
    made = parse(tables())
    for table, name in ((made, "office"), (made.office, "name"), (made.services[0], "key"), (made.imap, "host")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(table, name, getattr(table, name))
    assert isinstance(made.services, tuple)
    assert isinstance(made.services[0].keywords, tuple)


def test_values_come_out_as_their_kind() -> None:
    made = parse(
        tables(checks={"times": ["09:00"], "deadline": "90s"}, calendar={"add": [date(2026, 5, 11), "2026-05-12"]})
    )
    assert made.checks.times == (time(9),)
    assert made.checks.deadline == timedelta(seconds=90)
    assert made.calendar.add == (date(2026, 5, 11), date(2026, 5, 12))
    assert made.office.opening == (time(8, 30), time(16, 30))
    assert made.sender == made.office.address
    assert made.own_addresses == {"saraban@example.go.th"}
    data = tables()
    data["smtp"]["from"] = "Reply@example.go.th"
    data["office"]["aliases"] = ["Old@example.go.th"]
    assert parse(data).own_addresses == {"saraban@example.go.th", "reply@example.go.th", "old@example.go.th"}


@pytest.mark.parametrize(("security", "imap", "smtp"), [("tls", 993, 465), ("starttls", 143, 587), ("none", 143, 25)])
def test_the_usual_ports(security: str, imap: int, smtp: int) -> None:
    data = tables()
    for table in ("imap", "smtp"):
        data[table]["security"] = security
    assert (parse(data).imap.real_port, parse(data).smtp.real_port) == (imap, smtp)
    data["imap"]["port"] = 1143
    assert parse(data).imap.real_port == 1143


# -- the shipped file -----------------------------------------------------------------------------------------------


def test_the_shipped_config_is_what_render_makes_of_it() -> None:
    assert render(tomllib.loads(SHIPPED)) == SHIPPED


def test_init_writes_the_same(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "MAILGATE_CONFIG"} | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "mailgate", "init", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    assert run().returncode == 0
    assert (tmp_path / "config.toml").read_text("utf-8") == SHIPPED
    (tmp_path / "config.toml").write_text("mine")
    again = run()
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (tmp_path / "config.toml").read_text() == "mine"
    assert run("--force").returncode == 0
    assert (tmp_path / "config.toml.old").read_text() == "mine"
    assert (tmp_path / "config.toml").read_text("utf-8") == SHIPPED


def tables_of(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Each table of the config by its header, also those inside others."""
    found = {n: m for n, f in model.model_fields.items() if (m := config_file._inner(f.annotation)) and n != "rules"}
    return found | {f"{n}.{inner}": m for n in found for inner, m in tables_of(found[n]).items() if n not in PEOPLE}


PEOPLE = ("services", "office")  # whose people stand in one line each


def test_the_example_of_a_rule_is_a_rule() -> None:
    """The shipped config has no rule; its commented example must be one that can be used as it stands."""
    example = SHIPPED.partition("#   [[rules]]\n")[2]
    lines = [line.removeprefix("#   ") for line in example.splitlines() if line.startswith("#   ")]
    rule = Rule.model_validate(tomllib.loads("\n".join(lines)))
    assert rule.sender.startswith("@")


def keys_in(table: str) -> set[str]:
    """Keys set or commented under a table's first header."""
    header = f"[[{table}]]" if table == "services" else f"[{table}]"
    section = SHIPPED.split(f"\n{header}\n", 1)[1].split("\n[", 1)[0]
    return set(re.findall(r"^(?:# )?([a-z0-9_]+) = ", section, re.MULTILINE))


@pytest.mark.parametrize("table", tables_of(Config))
def test_every_key_of_the_model_is_in_the_shipped_config(table: str) -> None:
    model = tables_of(Config)[table]
    own = {n: f for n, f in model.model_fields.items() if f"{table}.{n}" not in tables_of(Config)}
    assert keys_in(table) == {f.alias or n for n, f in own.items()}


@pytest.mark.parametrize("table", tables_of(Config))
def test_every_key_is_explained(table: str) -> None:
    for name, field in tables_of(Config)[table].model_fields.items():
        assert field.description, f"{table}.{name}"


def _commented() -> list[tuple[str, str]]:
    found, table = [], ""
    for line in SHIPPED.splitlines():
        if header := re.fullmatch(r"\[+([a-z.]+)\]+", line):
            table = header[1]
        elif re.match(r"# [a-z0-9_]+ = ", line):
            found.append((table, line[2:]))
    return found


@pytest.mark.parametrize(("table", "line"), _commented(), ids=str)
def test_a_commented_line_is_the_default_as_the_file_says(table: str, line: str) -> None:
    """ "A line that starts with # shows a key at its default": to take the mark away changes nothing."""
    opened = SHIPPED.replace(f"\n# {line}\n", f"\n{line}\n") if SHIPPED.count(f"# {line}\n") == 1 else None
    if opened is None:  # the same line stands in [imap] and [smtp]
        before, after = SHIPPED.split(f"\n[{table}]\n", 1)
        opened = f"{before}\n[{table}]\n" + after.replace(f"# {line}\n", f"{line}\n", 1)
    assert parse(tomllib.loads(opened)) == parse(tomllib.loads(SHIPPED))


def test_the_shipped_config_is_the_order() -> None:
    made = parse(tomllib.loads(SHIPPED))
    assert made.office.address == "mkarea3@mkarea3.go.th"
    assert made.checks.times == (time(9), time(11), time(14), time(16))
    annex = {
        "การขอจัดการศึกษาขั้นพื้นฐานโดยครอบครัว": ("email", ["นางสาวสุภาวดี แสนภักดี"]),
        "ร้องเรียนการทุจริตและประพฤติมิชอบ": ("website", ["นางรัตนาธิ์ ปุณยาสีหเดช"]),
        "การขออนุมัติไปราชการของผู้บริหารสถานศึกษา": ("amss", ["นางธนพร เคลือบสกุล", "นางสาวพจนีย์ ตันเกษ"]),
        "การขออนุมัติลาของผู้บริหารสถานศึกษา": ("amss", ["นางธนพร เคลือบสกุล", "นางสาวพจนีย์ ตันเกษ"]),
        "การขออนุญาตพานักเรียนไปนอกสถานศึกษา": ("amss", ["นางสาวกุลนิศารัตน์ โกคินเดชสกุล"]),
    }
    assert {s.title: (s.channel, [p.name for p in s.officers]) for s in made.services} == annex
    assert [s.key for s in made.services if s.confidential] == ["corruption"]
    people = [made.office.clerk, *(p for s in made.services for p in s.officers)]
    assert all(p.email.endswith("@example.go.th") for p in people)
    assert "mkarea3.go.th" in made.website.url


def test_the_shipped_config_holds_no_secret_and_no_clear_text() -> None:
    made = parse(tomllib.loads(SHIPPED))
    assert {made.imap.security, made.smtp.security} <= {"tls", "starttls"}
    assert not re.search(r"^(password|token|secret)\b", SHIPPED, re.MULTILINE)


def test_links_to_pages_that_are_not_made_are_refused() -> None:
    error = refused(put("publish", base_url="https://www.example.go.th/letters"))
    assert "base_url needs directory" in str(error)
