"""A mail that answers one of ours: a letter of its own, or filed with the case."""

from __future__ import annotations

from typing import Literal

from mailgate.model import Kind, Screening

FILED = "เป็นข้อความเพิ่มเติมของเรื่องเดิม เก็บไว้กับเรื่องนั้น"


def judge(found: Screening, policy: Literal["documents", "always", "never"], brings_documents: bool) -> Screening:
    """``documents``: one that brings documents is a letter, words alone are filed with the case (no number)."""
    own = policy == "always" or (policy == "documents" and brings_documents)
    if found.kind is not Kind.LETTER or own:
        return found
    return Screening(Kind.FOLLOW_UP, False, "follow-up", FILED, found.evidence)
