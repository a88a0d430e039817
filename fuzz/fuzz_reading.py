"""The full reading: never raises, what comes out is sound and can be handed over, names are safe, nothing grows."""

from __future__ import annotations

import unicodedata

import atheris

with atheris.instrument_imports(include=["mailgate"]):
    from mailgate.core.mime.filenames import safe
    from mailgate.core.mime.plaintext import clean
    from mailgate.core.mime.reading import read
    from mailgate.core.source import BytesSource

from fuzz.harness import real_mails, run
from mailgate.model_reading import READING
from tests.reading.bombs import attached
from tests.reading.shelves import MemoryKeeper
from tests.reading.test_files import DOCM, WINMAIL
from tests.reading.test_messages import SEEDS


def target(raw: bytes) -> None:
    keeper = MemoryKeeper()
    found = read(BytesSource(raw), keeper)
    assert READING.validate_json(READING.dump_json(found)) == found
    assert 0 <= found.quoted_from <= len(found.text) <= 1_000_000
    assert clean(found.text, []) == found.text
    assert len(found.summary) <= 120
    assert "\n" not in found.summary
    names = [unicodedata.normalize("NFC", a.name).casefold() for a in found.attachments]
    assert len(set(names)) == len(names)
    assert all(safe(a.name) == a.name for a in found.attachments)
    assert [a.sha256 for a in found.attachments] == [kept.sha256 for kept in keeper.kept]
    assert sum(a.size for a in found.attachments) <= 2 * len(raw) + (1 << 20)


if __name__ == "__main__":
    run(target, [*SEEDS, attached(WINMAIL, "winmail.dat"), attached(DOCM, "a.zip"), *real_mails()])
