"""When two mails are the same letter: what counts as written by the sender, and the table of duplicates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.identity import content_digest, judge
from mailgate.core.parse import header_block, headers
from mailgate.model import Receipt
from mailgate.model_entry import Twins

WRITTEN = (
    b"From: A <a@example.com>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0700\r\nMessage-ID: <1@example.com>\r\n"
    b"Subject: letter\r\nTo: b@example.go.th\r\nCc: c@example.com\r\nIn-Reply-To: <0@x>\r\nReferences: <0@x>\r\n"
)
BODY = b"line one\r\nline two\r\n"
ONE, TWO = Receipt(1, 2569), Receipt(2, 2569)


def digest(raw: bytes, step: int = 1 << 20) -> str:
    body = raw[header_block(raw)[1] :]
    return content_digest(headers(raw), [body[n : n + step] for n in range(0, len(body), step)])


PLAIN = digest(WRITTEN + b"\r\n" + BODY)


@pytest.mark.parametrize(
    "added",
    [
        b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0700\r\n",
        b"Return-Path: <other@example.com>\r\n",
        b"Delivered-To: b@example.go.th\r\n",
        b"X-Spam-Status: No\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256\r\n",
        b"Authentication-Results: mx; dmarc=pass\r\n",
        b"ARC-Seal: i=1\r\n",
        b"List-Unsubscribe: <mailto:x@y>\r\n",
    ],
)
def test_what_servers_add_on_the_way_changes_nothing(added: bytes) -> None:
    assert digest(added + WRITTEN + b"\r\n" + BODY) == PLAIN


def test_another_folding_other_line_ends_and_other_pieces_change_nothing() -> None:
    folded = WRITTEN.replace(b"From: A <", b"From: A\r\n\t<")
    assert digest(folded + b"\r\n" + BODY) == PLAIN
    assert digest((WRITTEN + b"\r\n" + BODY).replace(b"\r\n", b"\n")) == PLAIN
    assert digest(WRITTEN + b"\r\n" + BODY, step=1) == PLAIN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a@example.com", b"e@example.com"),
        (b"09:00:00", b"09:00:01"),
        (b"<1@", b"<2@"),
        (b"letter", b"Letter"),
        (b"b@example", b"d@example"),
        (b"c@example", b"e@example"),
        (b"In-Reply-To: <0", b"In-Reply-To: <9"),
        (b"References: <0", b"References: <9"),
        (b"line two", b"line 2"),
    ],
)
def test_whatever_the_sender_wrote_counts(old: bytes, new: bytes) -> None:
    assert digest((WRITTEN + b"\r\n" + BODY).replace(old, new, 1)) != PLAIN


def test_a_header_and_a_body_that_looks_like_one_are_not_confused() -> None:
    """Else a mail could be made whose digest is another's with other headers, and swallow it."""
    inside = b"From: a@example.com\r\nMessage-ID: <1@x>\r\nSubject: letter\r\n\r\nbody\r\n"
    below = b"From: a@example.com\r\nMessage-ID: <1@x>\r\n\r\nsubject:letter\r\nbody\r\n"
    assert digest(inside) != digest(below)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_how_the_body_comes_in_pieces_does_not_matter(pieces: list[bytes]) -> None:
    mail = headers(WRITTEN)
    assert content_digest(mail, pieces) == content_digest(mail, [b"".join(pieces)])


# reliability.md table 2.1, its rows after K1
@pytest.mark.parametrize(
    ("twins", "duplicate", "of", "remarks"),
    [
        (Twins(raw=True, raw_letter=ONE), True, ONE, ()),
        (Twins(raw=True, raw_letter=None), True, None, ()),
        (Twins(raw=True, raw_letter=ONE, content=TWO, content_same_id=TWO, message_id=TWO), True, ONE, ()),
        (Twins(content=ONE, content_same_id=ONE, message_id=ONE), True, ONE, ()),
        (Twins(content=ONE), False, None, ("1/2569",)),
        (Twins(message_id=ONE), False, None, ("1/2569",)),
        (Twins(content=ONE, message_id=TWO), False, None, ("1/2569", "2/2569")),
        (Twins(referred=ONE), False, None, ("1/2569",)),
        (Twins(), False, None, ()),
    ],
)
def test_the_table_of_duplicates(twins: Twins, duplicate: bool, of: Receipt | None, remarks: tuple[str, ...]) -> None:
    found = judge(twins)
    assert (found.duplicate, found.of) == (duplicate, of)
    assert bool(found.why) is duplicate
    assert len(found.remarks) == len(remarks)
    assert all(receipt in remark for receipt, remark in zip(remarks, found.remarks, strict=True))
