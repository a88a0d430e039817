"""Thai mail in every charset, label and place is read as it was written, all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.core.mime.filenames import safe
from mailgate.core.mime.plaintext import clean
from mailgate.core.parse import headers
from mailgate.core.thai import tidy
from mailgate.edges.parser_cell import ParserCell
from mailgate.model_reading import Reading
from tests.reading.shelves import reading
from tests.reading.thai_set import Written, mails


def difference(mail: Written, found: Reading) -> str:
    """What was read otherwise than it was written; "" if nothing."""
    body = mail.body.replace("\xa0", " ") if mail.html else mail.body
    compared = {
        "body": (clean(body, []), found.text),
        "file name": (safe(mail.name), found.attachments[0].name if found.attachments else "none"),
        "summary": (tidy(mail.body, 120), found.summary),
    }
    return "; ".join(f"{place}: {a!r} was read as {b!r}" for place, (a, b) in compared.items() if a != b)


def test_the_whole_set_is_read_as_it_was_written() -> None:
    wrong, count = [], 0
    for count, mail in enumerate(mails(), 1):  # noqa: B007
        seen = headers(mail.raw)
        found = difference(mail, reading(mail.raw))
        if seen.subject != tidy(mail.subject, 500):
            found += f"; subject: {mail.subject!r} was read as {seen.subject!r}"
        if seen.from_shown.name != tidy(mail.sender, 500):
            found += f"; sender: {mail.sender!r} was read as {seen.from_shown.name!r}"
        if found:
            wrong.append(f"{mail.described}: {found}")
    assert count > 10_000
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:20])


async def test_a_sample_of_it_through_the_real_child(tmp_path: Path) -> None:
    cell = ParserCell()
    for number, mail in enumerate(list(mails())[::35]):
        raw, into = tmp_path / f"{number}.eml", tmp_path / str(number)
        raw.write_bytes(mail.raw)
        into.mkdir()
        assert difference(mail, await cell.read(raw, into)) == "", mail.described
    await cell.close()


def cut_short(kind: str) -> bytes:
    text = "ขอหนังสือรับรองการศึกษา".encode()[:-1]
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + text


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_body_cut_inside_a_character_loses_only_that(kind: str) -> None:
    found = reading(cut_short(kind))
    assert found.text.startswith("ขอหนังสือรับรองการศึกษ")
    assert found.repairs
