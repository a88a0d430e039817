"""What tests of the whole program share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.sink import Sink, ThreadedSink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """An SMTP server that keeps what it gets."""
    with ThreadedSink() as made:
        yield made
