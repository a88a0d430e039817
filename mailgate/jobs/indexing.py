"""What was read is made findable: folded, and put into the index of the registry, some documents at a time."""

from __future__ import annotations

from mailgate.core import thai
from mailgate.core.grams import grams
from mailgate.edges.store.database import Row
from mailgate.model_search import Document
from mailgate.office import Office

_PER_STEP = 200
_LONGEST = 200_000  # characters of a text that can be found; whoever sends more sends no letter


def step(office: Office) -> bool:
    """Index some of what waits; False if nothing is left. Runs on the registry's thread."""
    documents = [_document(row) for row in office.store.search.waiting(_PER_STEP)]
    if documents:
        office.store.search.put(documents)
    return len(documents) == _PER_STEP


def _document(row: Row) -> Document:
    subject, sender, text, names = (thai.fold(row[name] or "") for name in ("subject", "sender", "text", "names"))
    shown = (subject, sender, text[:_LONGEST], names)
    return Document(row["letter_id"], row["mail_id"], row["place"] if row["is_filed"] else 0, *shown, grams(shown))
