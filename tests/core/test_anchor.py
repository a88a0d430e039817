"""The anchor: what is written is read back, whatever else stands in the message; nothing unsigned is believed."""

from __future__ import annotations

import pytest

from mailgate.core import anchor
from mailgate.core.anchor import Anchor
from tests.builders import NOW, OFFICE

KEY = bytes(32)
WRITTEN = Anchor("a1b2", 7, "00" * 32, {"receive 2569": 3, "dispatch 2569": 1})


def message(key: bytes = KEY) -> bytes:
    return anchor.compose(WRITTEN, key, OFFICE, NOW)


def test_what_was_written_is_read_back() -> None:
    assert anchor.read(message(), KEY) == WRITTEN


@pytest.mark.parametrize(
    "raw",
    [
        message(b"another key" * 3),
        message().replace(b'"seq":7', b'"seq":8'),
        message().replace(b"X-Mailgate-Anchor", b"X-Other"),
        b"Subject: x\r\n\r\n" + message(),
        b"",
    ],
)
def test_nothing_else_is_believed(raw: bytes) -> None:
    assert anchor.read(raw, KEY) is None


@pytest.mark.parametrize(
    ("ours", "link", "fault"),
    [
        (WRITTEN, "00" * 32, ""),
        (Anchor("a1b2", 9, "11" * 32, {"receive 2569": 5, "dispatch 2569": 1}), "00" * 32, ""),
        (Anchor("a1b2", 6, "11" * 32, {"receive 2569": 2, "dispatch 2569": 1}), "", "receive 2569: 3 there, 2 here"),
        (Anchor("a1b2", 6, "11" * 32, WRITTEN.last), "", "event 7 there, 6 here"),
        (Anchor("a1b2", 9, "11" * 32, WRITTEN.last), "22" * 32, "event 7 is not the one the anchor names"),
        (Anchor("other", 1, "11" * 32, {}), "", ""),
    ],
)
def test_a_registry_behind_its_anchor_is_known(ours: Anchor, link: str, fault: str) -> None:
    assert anchor.fault(WRITTEN, ours, link) == fault
