"""Messages in messages, limits of size and number, and that nothing is ever raised."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.core.mime import enclosed
from mailgate.core.mime import reading as module
from mailgate.core.source import BytesSource
from mailgate.edges import points
from mailgate.edges.attachments import Attachments
from mailgate.errors import ArchiveError
from mailgate.model_reading import READING, Attachment, Flag, Forwarded, Reading
from tests.core.test_parts import mixed
from tests.reading.bombs import attached
from tests.reading.shelves import MemoryKeeper, reading, reading_and_files

TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\nข้อความ".encode()
INNER = (
    "From: สมชาย <somchai@example.com>\r\nSubject: เรื่องเดิม\r\nDate: Mon, 23 Nov 2026 08:00:00 +0700\r\n".encode()
    + attached("แนบ".encode(), "a.txt").partition(b"Subject: x\r\n")[2].replace(
        b"--BB\r\n", "--BB\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nข้างใน\r\n--BB\r\n".encode(), 1
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Type: message/rfc822\r\n\r\n", INNER),
        (b"Content-Type: message/global\r\n\r\n", INNER),
        (b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n", base64.encodebytes(INNER)),
    ],
)
def test_a_message_inside_is_kept_and_read(head: bytes, body: bytes) -> None:
    found, files = reading_and_files(mixed(TEXT, head + body, boundary=b"OUT"))
    assert found.text.startswith("ข้อความ\n\n----------")
    assert found.text[: found.quoted_from].strip() == "ข้อความ"
    assert found.text.endswith(
        "จาก: สมชาย <somchai@example.com>\nวันที่: 2026-11-23T08:00:00+07:00\nเรื่อง: เรื่องเดิม\n\nข้างใน"
    )
    assert found.forwarded == (Forwarded("สมชาย <somchai@example.com>", "เรื่องเดิม", "2026-11-23T08:00:00+07:00", 1),)
    assert [a.name for a in found.attachments] == ["เรื่องเดิม.eml", "a.txt"]
    assert files == [INNER, "แนบ".encode()]
    assert found.complete


def test_a_mail_that_only_forwards_has_a_summary() -> None:
    found = reading(mixed(b"Content-Type: message/rfc822\r\n\r\n" + INNER, boundary=b"OUT"))
    assert found.quoted_from == 0
    assert found.summary == "เรื่องเดิม"


def test_a_text_with_a_file_name_is_both() -> None:
    named = TEXT.replace(b"\r\n\r\n", b"\r\nContent-Disposition: inline; filename=a.txt\r\n\r\n")
    found = reading(mixed(named, named.replace(b"a.txt", b"b.txt")))
    assert found.text == "ข้อความ"
    assert [a.name for a in found.attachments] == ["a.txt", "b.txt"]


def test_what_a_report_returns_is_no_attachment() -> None:
    report = mixed(
        TEXT,
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed",
        b"Content-Type: message/rfc822\r\n\r\n" + INNER,
        kind=b"report",
        boundary=b"OUT",
    )
    found = reading(report)
    assert (found.text, found.attachments, found.forwarded) == ("ข้อความ", (), ())


def test_leaves_for_the_reader_of_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(module.reports, "report", lambda mail, leaves: seen.extend(leaves))
    large = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(
        b"x" * 200_000
    )
    reading(
        mixed(
            TEXT,
            b"Content-Type: Message/Delivery-Status; x=y\r\n\r\nAction: failed",
            large,
            b"Content-Type: message/rfc822\r\n\r\n" + INNER,
            kind=b"report",
            boundary=b"OUT",
        )
    )
    assert [leaf.kind for leaf in seen] == [
        "text/plain",
        "message/delivery-status",
        "application/pdf",
        "message/rfc822",
    ]
    assert seen[1].declared == b"Message/Delivery-Status; x=y"
    assert seen[1].body == b"Action: failed"
    assert seen[2].body == b"x" * module.MAX_LEAF
    assert seen[3].body == INNER


def test_messages_nested_too_deeply() -> None:
    found = reading(b"Content-Type: message/rfc822\r\n\r\n" * 50 + b"Subject: x\r\n\r\ny")
    assert not found.complete
    assert len(found.forwarded) == module.MAX_MESSAGE_DEPTH


def test_more_attachments_than_are_kept() -> None:
    part = b"Content-Type: a/b; name=x\r\n\r\ny"
    found = reading(mixed(*[part] * 600))
    assert len(found.attachments) == enclosed.MAX_ATTACHMENTS
    assert len({a.name.casefold() for a in found.attachments}) == enclosed.MAX_ATTACHMENTS
    assert not found.complete


def test_what_there_is_no_room_for_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosed, "_SPARE", -4000)
    raw = attached(b"x" * 1500)
    found, files = reading_and_files(raw)
    assert files == [b"x" * (2 * len(raw) - 4000)]
    assert found.attachments[0].flags == (Flag.CUT,)
    assert not found.complete


SEEDS = [
    INNER,
    mixed(TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER, boundary=b"OUT"),
    mixed(TEXT, b"Content-Type: text/html\r\n\r\n<p style='color:#fff'>a<b>c</table>", kind=b"alternative"),
    b"Content-Type: text/plain; format=flowed\r\n\r\n> a \r\nbegin 644 a\r\n#0V%T\r\nend\r\n",
]


def sound(found: Reading) -> None:
    """What holds of every reading."""
    assert 0 <= found.quoted_from <= len(found.text) <= 1_000_000
    assert "\r" not in found.text
    assert len(found.summary) <= 120
    names = [a.name.casefold() for a in found.attachments]
    assert len(set(names)) == len(names)
    assert READING.validate_json(READING.dump_json(found)) == found


@given(st.binary(max_size=500))
def test_any_bytes(raw: bytes) -> None:
    sound(reading(raw))


@settings(deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_any_change(seed: bytes, data: st.DataObject) -> None:
    raw = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(start + 40, len(raw))))
        raw[start:end] = data.draw(st.binary(max_size=20)) * data.draw(st.integers(0, 3))
    sound(reading(bytes(raw)))


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Attachments]:
    into = tmp_path / "into"
    into.mkdir()
    return into, Attachments(tmp_path / "archive" / "attachments")


def named(name: str, sha256: str = "believe me") -> Attachment:
    return Attachment(name, "", "", 999, sha256)


def test_attachments_are_kept_once_under_their_own_hash(kept: tuple[Path, Attachments]) -> None:
    into, store = kept
    for number, content in enumerate((b"one", b"two", b"one")):
        (into / str(number)).write_bytes(content)
    found = store.keep(into, Reading("", 0, "", tuple(map(named, "abc"))))
    assert [a.size for a in found.attachments] == [3, 3, 3]
    assert found.attachments[0].sha256 == found.attachments[2].sha256 != "believe me"
    assert store.path(found.attachments[1].sha256).read_bytes() == b"two"
    assert len([p for p in store.folder.rglob("*") if p.is_file()]) == 2
    assert store.path(found.attachments[0].sha256).stat().st_mode & 0o777 == 0o600
    assert store.check(found.attachments[0].sha256) == ""
    store.path(found.attachments[0].sha256).write_bytes(b"changed")
    assert "changed" in store.check(found.attachments[0].sha256)
    assert "cannot be read" in store.check("0" * 64)


def test_every_step_can_be_crashed_at(kept: tuple[Path, Attachments], tmp_path: Path) -> None:
    into, store = kept
    (into / "0").write_bytes(b"one")
    log = tmp_path / "points"
    points.arm({"MAILGATE_POINTS_LOG": str(log)})
    try:
        store.keep(into, Reading("", 0, "", (named("a"),)))
    finally:
        points.arm({})
    passed = [line.partition(":")[0] for line in log.read_text().splitlines()]
    assert passed == ["attachment.fsynced", "attachment.renamed", "attachment.kept"]


def test_keeping_again_is_harmless(kept: tuple[Path, Attachments]) -> None:
    into, store = kept
    for _ in range(2):
        (into / "0").write_bytes(b"one")
        found = store.keep(into, Reading("", 0, "", (named("a"),)))
        assert store.check(found.attachments[0].sha256) == ""


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "nothing"])
def test_what_is_no_file_is_refused(kept: tuple[Path, Attachments], what: str) -> None:
    import os

    into, store = kept
    match what:
        case "link":
            (into / "0").symlink_to("/etc/passwd")
        case "pipe":
            os.mkfifo(into / "0")
        case "folder":
            (into / "0").mkdir()
    with pytest.raises(ArchiveError):
        store.keep(into, Reading("", 0, "", (named("a"),)))


def test_a_source_smaller_than_it_says() -> None:
    class Lying(BytesSource):
        @property
        def size(self) -> int:
            return super().size + 1000

    for seed in SEEDS:
        module.read(Lying(seed), MemoryKeeper())
