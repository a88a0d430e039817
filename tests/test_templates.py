"""The office's texts: shipped ones, overridden file by file, and a broken one refused when mailgate starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.core.compose import context
from mailgate.edges.templates import Templates, shipped
from mailgate.errors import ConfigError
from mailgate.model import Enclosures, Receipt, Receiving
from tests import builders

NAMES = ("acknowledgement.subject.txt", "acknowledgement.txt", "acknowledgement.html")
VALUES = context(
    builders.config(Path("/nowhere")),
    Receipt(123, 2569),
    Receiving(builders.NOW, builders.NOW, builders.NOW, builders.NOW.date()),
    Enclosures((1024,)),
    "0" * 64,
    None,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "texts"
    made.mkdir()
    return made


def refused(folder: Path, name: str, text: str) -> str:
    """What is said about a template with this text."""
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        Templates(folder).check(VALUES)
    assert error.value.hint
    assert name in str(error.value)
    return str(error.value)


def test_the_shipped_templates_are_there_and_fit() -> None:
    for name in (*NAMES, "digest.txt"):
        assert (shipped("templates") / name).is_file()
    Templates(None).check(VALUES)


def test_a_folder_overrides_file_by_file(folder: Path) -> None:
    (folder / "acknowledgement.subject.txt").write_text("OURS {{ receipt }}\n", "utf-8")
    made = Templates(folder)
    made.check(VALUES)
    assert made.render("acknowledgement.subject.txt", VALUES) == "OURS ๑๒๓/๒๕๖๙\n"
    assert made.render("acknowledgement.txt", VALUES) == Templates(None).render("acknowledgement.txt", VALUES)


def test_a_template_can_build_on_the_office_own_files(folder: Path) -> None:
    (folder / "footer.txt").write_text("FOOT", "utf-8")
    (folder / "acknowledgement.txt").write_text('{{ receipt }} {% include "footer.txt" %}', "utf-8")
    assert Templates(folder).render("acknowledgement.txt", VALUES) == "๑๒๓/๒๕๖๙ FOOT"


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.write_text("x")], ids=["missing", "a file"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, make: object) -> None:
    make(tmp_path / "texts")  # type: ignore[operator]
    with pytest.raises(ConfigError, match="is not a folder"):
        Templates(tmp_path / "texts")


def test_a_broken_one_is_refused_with_file_and_line(folder: Path) -> None:
    said = refused(folder, "acknowledgement.txt", "one\ntwo {{ receipt }}\n{% if %}\n")
    assert f"{folder / 'acknowledgement.txt'}, line 3" in said


@pytest.mark.parametrize(
    "text",
    [
        "{{ receipt",
        "{{ receipt }} {{ missing }}",
        "{{ receipt }} {{ office.missing }}",
        "{{ receipt }} {{ missing.deeper }}",
        "{{ receipt }} {{ 1 / 0 }}",
        "{{ receipt }} {{ receipt.nothing() }}",
        "{{ receipt }} {{ receipt + 1 }}",
        "{{ receipt }} {{ sizes[7] }}",
        '{{ receipt }} {% include "missing.txt" %}',
        "{{ receipt }} {{ office | nofilter }}",
        "{{ receipt }} {{ ().__class__ }}",
        "{{ receipt }} {{ ().__class__.__base__.__subclasses__() }}",
        "{{ receipt }} {{ receipt.__init__.__globals__ }}",
        "{{ receipt }} {{ ''|attr('__class__') }}",
        "{{ receipt }} {{ cycler.__init__.__globals__.os }}",
        "{{ receipt }} {{ sizes.append(1) }}",
        "{{ receipt }} {% for n in range(1000000) %}x{% endfor %}",
        "{{ receipt }}" + "x" * 20_001,
        "",
        "no number",
        "{{ en.receipt }}",
    ],
)
def test_what_would_fail_or_say_too_little_is_refused(folder: Path, text: str) -> None:
    refused(folder, "acknowledgement.txt", text)


def test_a_template_that_calls_itself_is_refused(folder: Path) -> None:
    refused(folder, "acknowledgement.txt", '{{ receipt }} {% include "acknowledgement.txt" %}')


def test_a_template_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "acknowledgement.txt").write_bytes("เลขรับ {{ receipt }}".encode("cp874"))
    with pytest.raises(ConfigError, match=r"acknowledgement\.txt"):
        Templates(folder).check(VALUES)


@pytest.mark.parametrize(
    "text",
    ["{{ receipt }}\ntwo", "one\r\n{{ receipt }}", "{{ receipt }}\u2028two", "{{ receipt }}\x0btwo", "", "no number"],
)
def test_a_subject_is_one_line_with_the_number(folder: Path, text: str) -> None:
    refused(folder, "acknowledgement.subject.txt", text)


@pytest.mark.parametrize("char", ["\0", "\x1b", "\x7f", "\x08"])
def test_a_subject_with_a_control_character_is_refused(folder: Path, char: str) -> None:
    """Else every letter's acknowledgement would fail at the moment it is registered."""
    refused(folder, "acknowledgement.subject.txt", f"{{{{ receipt }}}} a{char}b")


def test_a_subject_longer_than_a_line_of_mail_is_refused(folder: Path) -> None:
    """RFC 5322 2.1.1: 998 characters; ASCII is not folded."""
    (folder / "acknowledgement.subject.txt").write_text("{{ receipt }} " + "x" * 2000)
    with pytest.raises(ConfigError, match="subject"):
        Templates(folder).check(dict(VALUES) | {"receipt": "123/2569"})


def test_every_problem_is_named_at_once(folder: Path) -> None:
    for name in NAMES:
        (folder / name).write_text("nothing", "utf-8")
    with pytest.raises(ConfigError) as error:
        Templates(folder).check(VALUES)
    assert len(error.value.problems) == 3
    assert all(name in str(error.value) for name in NAMES)


def test_html_is_escaped_and_text_is_not(folder: Path) -> None:
    (folder / "a.html").write_text("{{ x }}")
    (folder / "a.txt").write_text("{{ x }}")
    made = Templates(folder)
    assert made.render("a.html", {"x": "<b>&"}) == "&lt;b&gt;&amp;"
    assert made.render("a.txt", {"x": "<b>&"}) == "<b>&"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("acknowledgement.txt", "{{ receipt }} {{ sizes[0] }}"),
        ("acknowledgement.txt", "{{ receipt }} {{ due.split()[1] }}"),
    ],
)
def test_a_template_that_needs_what_not_every_letter_has_is_refused_at_the_start(
    tmp_path: Path, folder: Path, name: str, text: str
) -> None:
    """A letter without attachments or date would stop the check at 09:00, and every letter behind it."""
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError), builders.office(builders.config(tmp_path, replies={"templates": folder})):
        pass


def test_an_office_does_not_open_with_a_broken_template(tmp_path: Path, folder: Path) -> None:
    (folder / "acknowledgement.txt").write_text("{% if %}")
    with pytest.raises(ConfigError, match="line 1"):
        builders.office(builders.config(tmp_path, replies={"templates": folder}))
    assert not (tmp_path / "registry.db").exists()
