"""Tokens: unguessable, bound to everything they cover, and found again however a server treats case."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core import tokens

KEY = b"k" * 32
ARGUMENTS = (KEY, "acknowledgement", 7, "123/2569", "citizen@example.com")
TOKEN = tokens.token(*ARGUMENTS)


def test_a_token_is_128_bits_of_hmac_sha256_in_lower_case_base32() -> None:
    assert re.fullmatch(r"[a-z2-7]{26}", TOKEN)
    assert len(base64.b32decode(TOKEN.upper() + "======")) == 16
    text = b"mailgate\0acknowledgement\0007\000123/2569\0citizen@example.com"
    digest = hmac.new(KEY, text, hashlib.sha256).digest()
    assert base64.b32decode(TOKEN.upper() + "======") == digest[:16]


@pytest.mark.parametrize(
    "changed",
    [
        (b"j" * 32, "acknowledgement", 7, "123/2569", "citizen@example.com"),
        (KEY, "decision", 7, "123/2569", "citizen@example.com"),
        (KEY, "acknowledgement", 8, "123/2569", "citizen@example.com"),
        (KEY, "acknowledgement", 7, "124/2569", "citizen@example.com"),
        (KEY, "acknowledgement", 7, "123/2569", "officer@example.com"),
        (KEY, "acknowledgement", 71, "23/2569", "citizen@example.com"),
    ],
)
def test_it_covers_key_kind_item_letter_and_addressee(changed: tuple[bytes, str, int, str, str]) -> None:
    assert tokens.token(*changed) != TOKEN


def test_the_case_of_the_addressee_does_not_matter() -> None:
    assert tokens.token(KEY, "acknowledgement", 7, "123/2569", "Citizen@Example.COM") == TOKEN


def test_a_message_id_is_found_again() -> None:
    made = tokens.message_id(7, TOKEN, "example.go.th")
    assert made == f"<r.7.{TOKEN}@example.go.th>"
    assert tokens.candidates([made, "<x@y>", made]) == [(7, TOKEN), (7, TOKEN)]


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "<x@example.go.th>",
        f"r.7.{TOKEN}@example.go.th",
        f"<r.7.{TOKEN}@example.go.th>x",
        f"<r.7.{TOKEN}@example.go.th>\n",
        f"x<r.7.{TOKEN}@example.go.th>",
        f"<r.7.{TOKEN}@a@b>",
        f"<r.7.{TOKEN}@>",
        f"<r.-7.{TOKEN}@a>",
        f"<r.๗.{TOKEN}@a>",
        f"<r.{'9' * 19}.{TOKEN}@a>",
        f"<r.7.{TOKEN[:-1]}@a>",
        f"<r.7.{TOKEN}a@a>",
        f"<r.7.{TOKEN.upper()}@a>",
    ],
)
def test_what_has_not_the_form_of_ours_is_none(identifier: str) -> None:
    assert tokens.candidates([identifier]) == []


def test_the_return_path_carries_the_token_and_is_read_back_in_any_case() -> None:
    path = tokens.return_path("saraban@example.go.th", 7, TOKEN)
    assert path == f"saraban+b.7.{TOKEN}@example.go.th"
    assert tokens.returned(path) == tokens.returned(path.upper()) == (7, TOKEN)
    assert tokens.returned("saraban@example.go.th") is None
    assert tokens.returned(f"saraban+b.7.{TOKEN}") is None


def test_a_local_part_that_would_be_too_long_is_left_untagged() -> None:
    # 64 octets by RFC 5321 4.5.3.1.1; "+b.7." and the token take 31.
    assert tokens.return_path("a" * 33 + "@example.go.th", 7, TOKEN).startswith("a" * 33 + "+b.7.")
    assert tokens.return_path("a" * 34 + "@example.go.th", 7, TOKEN) == "a" * 34 + "@example.go.th"


@given(st.integers(min_value=0, max_value=10**18 - 1), st.text(max_size=20), st.text(max_size=20))
def test_whatever_it_is_made_of_it_can_be_found_again(item: int, letter: str, addressee: str) -> None:
    made = tokens.token(KEY, "acknowledgement", item, letter, addressee)
    assert tokens.candidates([tokens.message_id(item, made, "example.go.th")]) == [(item, made)]
    assert tokens.same(made, tokens.token(KEY, "acknowledgement", item, letter, addressee))


def test_equality_is_compared_in_constant_time_and_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert tokens.same(TOKEN, TOKEN)
    assert not tokens.same(TOKEN, TOKEN[:-1])
    assert not tokens.same("ก", TOKEN)
    assert len(compared) == 3


def test_the_loop_mark_tells_offices_and_keys_apart_and_is_no_reply_token() -> None:
    mark = tokens.loop_mark(KEY, "saraban@example.go.th")
    assert mark != tokens.loop_mark(b"j" * 32, "saraban@example.go.th")
    assert mark != tokens.loop_mark(KEY, "other@example.go.th")
    assert mark != tokens.token(KEY, "acknowledgement", 0, "", "saraban@example.go.th")
