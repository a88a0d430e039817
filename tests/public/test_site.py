"""The folder a web server serves: whole editions, readable whatever the umask, nothing of others replaced."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.edges.site import Planned, Site
from mailgate.errors import ConfigError, MailgateError

FACTS = {"events": 1, "chain_head": "ab", "as_of": None}


def planned(*, broken: str = "", **files: str) -> Iterator[Planned]:
    for name, text in files.items():
        yield Planned(f"{name}.html", f"from {text}", text.encode)
        if name == broken:
            raise OSError(28, "No space left on device")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "www" / "site")
    made.prepare()
    return made


def test_an_edition_replaces_the_former_one_as_a_whole(site: Site) -> None:
    first = site.write(planned(a="1", b="2"), FACTS)
    second = site.write(planned(a="1", c="3"), FACTS)
    assert site.link.is_symlink()
    assert {p.name for p in site.link.iterdir()} == {"a.html", "c.html", "edition.json", "s"}
    assert (first.written, second.written) == (2, 1)
    assert (site.link / "a.html").stat().st_nlink == 2  # the same file in both editions


def test_the_same_content_is_the_same_edition(site: Site) -> None:
    first = site.write(planned(a="1"), FACTS)
    assert site.write(planned(a="1"), FACTS).name == first.name


def test_only_the_former_edition_is_kept(site: Site) -> None:
    names = [site.write(planned(a=str(n)), FACTS).name for n in range(4)]
    kept = {p.name for p in site.status.parent.iterdir() if p.is_dir()}
    assert kept == {*names[-2:], "status"}


def test_a_full_disk_leaves_the_former_edition_in_place(site: Site) -> None:
    site.write(planned(a="1"), FACTS)
    with pytest.raises(MailgateError, match="No space left"):
        site.write(planned(broken="a", a="2", b="3"), FACTS)
    assert (site.link / "a.html").read_text() == "1"
    site.write(planned(a="2"), FACTS)
    assert (site.link / "a.html").read_text() == "2"


def test_everything_is_readable_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        made = Site(tmp_path / "site")
        made.prepare()
        made.write(iter([Planned("en/deep/a.html", "", lambda: b"x")]), FACTS)
        made.put_pages({"t.html": b"y"})
    finally:
        os.umask(before)
    for path in [*made.status.parent.rglob("*")]:
        wanted = 0o755 if path.is_dir() else 0o644
        assert (
            path.is_symlink()
            or path.suffix == ".lock"
            or path.name == "lock"
            or stat.S_IMODE(path.stat().st_mode) == wanted
        ), path


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_not_ours_is_never_replaced(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "site"
    if kind == "folder":
        place.mkdir()
        (place / "index.html").write_text("theirs")
    elif kind == "file":
        place.write_text("theirs")
    else:
        place.symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="did not make"):
        Site(place).prepare()


def test_an_empty_folder_becomes_the_link(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    made = Site(tmp_path / "site")
    made.prepare()
    made.write(planned(a="1"), FACTS)
    assert made.link.is_symlink()


def test_differences_are_named(site: Site) -> None:
    site.write(planned(a="1", b="2"), FACTS)
    assert site.differences(planned(a="1", b="2")) == []
    (site.link / "strange.html").write_text("x")
    assert site.differences(planned(a="1", b="3", c="4")) == ["b.html", "c.html", "edition.json", "strange.html"]


def test_pages_of_letters_outlive_editions(site: Site) -> None:
    site.put_pages({"t.html": b"y"})
    site.write(planned(a="1"), FACTS)
    site.write(planned(a="2"), FACTS)
    assert (site.link / "s" / "t.html").read_bytes() == b"y"
    site.put_pages({f"{n}.html": b"z" for n in range(300)})
    site.drop_page("t.html")
    assert not (site.link / "s" / "t.html").exists()


def test_one_writer_at_a_time(site: Site) -> None:
    with site.alone(), pytest.raises(MailgateError, match="another mailgate"), Site(site.link).alone():
        pass
