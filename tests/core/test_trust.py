"""Authentication-Results: only our own server's, only the topmost, and nothing a sender can put into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.parse import headers
from mailgate.core.trust import Authentication, authentication

OURS = "mx.example.go.th"
PASSES = "spf=pass smtp.mailfrom=a@b.test; dkim=pass header.d=b.test; dmarc=pass (p=reject) header.from=b.test"
FAILS = "spf=fail smtp.mailfrom=a@evil.test; dkim=none; dmarc=fail (p=reject dis=none) header.from=b.test"


def read(*values: str, server: str = OURS) -> Authentication:
    """The results of a mail with these Authentication-Results, topmost first."""
    raw = "".join(f"Authentication-Results: {value}\r\n" for value in values) + "From: a@b.test\r\n\r\n"
    return authentication(headers(raw.encode()), server)


def test_the_results_of_our_own_server_are_read() -> None:
    found = read(f"{OURS}; {PASSES}")
    assert found == Authentication("pass", "pass", "pass", "reject")
    assert found.confirmed
    assert not found.forged


def test_a_header_folded_over_lines_and_in_capitals_is_read() -> None:
    assert read(f"{OURS} 1;\r\n\tSPF=Pass smtp.mailfrom=a;\r\n\tDMARC = PASS").dmarc == "pass"


@pytest.mark.parametrize(
    "value",
    [
        f"evil.test; {PASSES}",
        f"evil.{OURS}; {PASSES}",
        f"{OURS}.evil.test; {PASSES}",
        f"(({OURS})) evil.test; {PASSES}",
        f'"{OURS} x"; {PASSES}',
        f"; {PASSES}",
        PASSES,
        f"evil.test {OURS}; {PASSES}",
        "",
    ],
)
def test_another_servers_word_is_ignored(value: str) -> None:
    assert read(value) == Authentication()


def test_without_a_configured_name_nobody_is_believed() -> None:
    assert read(f"{OURS}; {PASSES}", server="") == Authentication()
    assert read(f"; {PASSES}", server="") == Authentication()


def test_only_the_topmost_of_ours_counts() -> None:
    assert not read(f"{OURS}; {FAILS}", f"{OURS}; {PASSES}").confirmed
    assert read(f"{OURS}; {FAILS}", f"{OURS}; {PASSES}").forged
    assert not read(f"{OURS}; none", f"{OURS}; {PASSES}").confirmed


@pytest.mark.parametrize(
    "results",
    [
        "spf=none (dmarc=pass)",
        "spf=none (; dmarc=pass)",
        "spf=none (a (b) ; dmarc=pass)",
        "spf=none (never closed ; dmarc=pass",
        "spf=none reason=dmarc=pass",
        "xdmarc=pass",
        "dmarc-x=pass",
        "none",
    ],
)
def test_a_pass_in_a_comment_or_a_longer_word_is_none(results: str) -> None:
    assert not read(f"{OURS}; {results}").confirmed


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mailfrom="a; dmarc=pass"@evil.test; dkim=none; dmarc=fail (p=reject)',
        'spf=pass smtp.mailfrom="a\\"; dmarc=pass"@evil.test; dmarc=fail (p=reject)',
    ],
)
def test_a_pass_that_the_sender_quoted_in_the_envelope_is_none(results: str) -> None:
    """A quoted local part may hold ";", and servers copy the envelope sender into this header (RFC 8601 2.2)."""
    found = read(f"{OURS}; {results}")
    assert not found.confirmed
    assert found.forged


def test_a_bracket_that_the_sender_quoted_in_the_envelope_hides_nothing() -> None:
    found = read(f'{OURS}; spf=pass smtp.mailfrom="("@evil.test; dkim=none; dmarc=fail (p=reject)')
    assert found.dmarc == "fail"
    assert found.forged


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mailfrom="p=none"@evil.test; dmarc=fail (p=reject)',
        "spf=pass smtp.mailfrom=p=none@evil.test; dmarc=fail (p=reject)",
        "spf=pass smtp.helo=p=none; dmarc=fail (p=reject sp=none)",
    ],
)
def test_a_policy_that_the_sender_wrote_into_the_envelope_is_none(results: str) -> None:
    """ "=" is allowed in a local part, so "p=none" may stand anywhere before the result of DMARC."""
    assert read(f"{OURS}; {results}").forged


@pytest.mark.parametrize(
    ("results", "forged"),
    [
        ("dmarc=fail (p=reject)", True),
        ("dmarc=fail (p=quarantine sp=none)", True),
        ("dmarc=fail policy.published-domain-policy=reject", True),
        ("dmarc=fail (p=none)", False),
        ("dmarc=fail", False),
        ("spf=fail", True),
        ("spf=fail; dkim=none", True),
        ("spf=fail; dkim=fail", True),
        ("spf=fail; dkim=pass", False),
        ("spf=softfail", False),
        ("spf=pass; dkim=fail", False),
        ("dmarc=pass (p=reject)", False),
        ("", False),
    ],
)
def test_when_a_sender_counts_as_forged(results: str, forged: bool) -> None:
    assert read(f"{OURS}; {results}").forged is forged


def test_the_first_result_of_a_method_counts() -> None:
    assert read(f"{OURS}; dmarc=fail; dmarc=pass").dmarc == "fail"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(value: bytes) -> None:
    raw = b"Authentication-Results: " + OURS.encode() + b"; " + value.replace(b"\n", b"").replace(b"\r", b"")
    authentication(headers(raw + b"\r\n\r\n"), OURS)
