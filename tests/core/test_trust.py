"""Authentication-Results: only our own server's, only the topmost, and nothing a sender can put into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.parse import headers
from mailgate.core.trust import Authentication, Known, Trust, authentication, verdict

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
        f"{OURS.upper()}; {PASSES}",
        f"{OURS} 2; {PASSES}",
        f"{OURS} 1 x; {PASSES}",
        f"(c) {OURS}; {PASSES}",
        f"{OURS}. ; {PASSES}",
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


# --- where the field stands (RFC 8601 5)

FIELD = f"Authentication-Results: {OURS}; {PASSES}"
BY_US = f"Received: from mail.b.test (mail.b.test [192.0.2.1]) by {OURS} (Postfix) with ESMTPS id 1; Mon"
INSIDE = "Received: from mx by imap.example.go.th with LMTP id 2; Mon"
OTHERS = "Received: from home (unknown [192.0.2.9]) by mail.b.test with ESMTPSA id 3; Mon"
FORWARDED = "Received: from mail.b.test by relay.other.example with ESMTPS id 4; Mon"


def placed(*lines: str, server: str = OURS) -> Authentication:
    return authentication(headers("\r\n".join([*lines, "From: a@b.test", "", ""]).encode()), server)


@pytest.mark.parametrize(
    "lines",
    [
        (FIELD, BY_US, OTHERS),
        (BY_US, FIELD, OTHERS),
        (INSIDE, BY_US, FIELD, OTHERS),
        (INSIDE, FIELD, BY_US, OTHERS),
        ("Return-Path: <a@b.test>", "Delivered-To: x@example.go.th", INSIDE, BY_US, "Received-SPF: pass", FIELD),
        ("Received: by 2002:a05:7300:1:b0:1 with SMTP id 5; Mon", BY_US, FIELD),
        ("Received: from localhost (localhost [127.0.0.1]) by localhost (Postfix) with ESMTP id 6", BY_US, FIELD),
        ("Received: from [10.1.2.3] by 10.1.2.4 with LMTP; Mon", BY_US, FIELD),
        ("Received: from x by mbx1.office.local (10.0.0.1) with Microsoft SMTP Server; Mon", BY_US, FIELD),
        ("Received: from x by MX.Example.GO.TH. with ESMTP", FIELD),
        ("Received: (qmail 1 invoked by uid 89); Mon", FIELD),
        ("Received: nothing readable", FIELD),
        (FIELD,),
    ],
)
def test_the_results_are_found_wherever_a_server_puts_them(lines: tuple[str, ...]) -> None:
    assert placed(*lines).confirmed


def test_gmail_and_its_own_name() -> None:
    field = "Authentication-Results: mx.google.com;\r\n dkim=pass header.i=@b.test;\r\n spf=pass (google.com: ok);"
    field += "\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=b.test"
    lines = ("Delivered-To: o@gmail.com", "Received: by 2002:a05:6a10:1 with SMTP id 7", "ARC-Seal: i=1; a=b")
    border = "Received: from mail.b.test (mail.b.test. [192.0.2.1]) by mx.google.com with ESMTPS id 8"
    assert placed(*lines, border, field, OTHERS, server="mx.google.com") == Authentication(
        "pass", "pass", "pass", "reject"
    )


def test_a_mailbox_at_a_provider_whose_names_differ() -> None:
    field = "Authentication-Results: mx.scan.example; dmarc=pass header.from=b.test"
    top = "Received: from mx.scan.example by box.hoster.example with LMTP"
    border = "Received: from mail.b.test by in7.scan.example with ESMTPS"
    assert placed(top, "Received: from x by store.hoster.example", border, field, server="mx.scan.example").confirmed


@pytest.mark.parametrize(
    "lines",
    [
        (BY_US, OTHERS, FIELD),
        (INSIDE, BY_US, FORWARDED, FIELD),
        (INSIDE, BY_US, FORWARDED, OTHERS, FIELD, BY_US),
        (BY_US, OTHERS, BY_US, FIELD),
    ],
)
def test_a_field_that_came_with_the_mail_is_not_believed(lines: tuple[str, ...]) -> None:
    assert placed(*lines) == Authentication()


@pytest.mark.parametrize("name", ["by", "by mail.b.test", '"by mx.example.go.th"', "(by mx.example.go.th"])
def test_a_client_that_calls_itself_by_gains_nothing(name: str) -> None:
    relayed = f"Received: from x (helo {name}) by relay.other.example with ESMTP"
    assert placed(BY_US, relayed, FIELD) == Authentication()


def test_a_forged_field_below_our_own_changes_nothing() -> None:
    ours = f"Authentication-Results: {OURS}; {FAILS}"
    for lines in [(ours, BY_US, FIELD), (BY_US, ours, FIELD), (BY_US, ours, OTHERS, FIELD)]:
        assert placed(*lines).forged


# --- whom the result is about


@pytest.mark.parametrize(
    ("sender", "stated", "confirmed"),
    [
        ("a@b.test", "b.test", True),
        ("a@B.Test", "b.TEST", True),
        ("a@sub.b.test", "b.test", True),
        ("a@b.test", "sub.b.test", False),
        ("a@b.test", "other.test", False),
        ("a@b.test", "a@b.test", True),
        ("a@ไทย.th", "xn--o3cw4h.th", True),
        ("a@b.test", "", True),
    ],
)
def test_a_pass_for_another_domain_than_ours_reads_is_none(sender: str, stated: str, confirmed: bool) -> None:
    about = f" header.from={stated}" if stated else ""
    raw = f"Authentication-Results: {OURS}; dmarc=pass (p=none){about}\r\nFrom: {sender}\r\n\r\n"
    assert authentication(headers(raw.encode()), OURS).confirmed is confirmed


@pytest.mark.parametrize(
    "results",
    [
        "spf=pass (x ; dmarc=pass header.from=b.test) smtp.mailfrom=e; dmarc=pass (p=none) header.from=evil.test",
        "dmarc=pass (header.from=b.test) header.from=evil.test",
        'spf=pass smtp.mailfrom="; dmarc=pass header.from=b.test"@e; dmarc=pass header.from=evil.test',
    ],
)
def test_a_domain_that_the_sender_wrote_elsewhere_is_none(results: str) -> None:
    assert not read(f"{OURS}; {results}").confirmed


def test_the_verdict_follows_the_results() -> None:
    known = Known((), frozenset({"office@example.go.th"}), "")
    raw = headers(b"From: a@b.test\r\n\r\n")
    assert verdict(raw, Authentication(dmarc="pass"), known).trust is Trust.CONFIRMED
    assert verdict(raw, Authentication(), known) == verdict(raw, Authentication("pass"), known)
    assert verdict(raw, Authentication(), known).trust is Trust.UNCONFIRMED
    assert verdict(raw, Authentication(dmarc="fail"), known).trust is Trust.UNCONFIRMED
    assert verdict(raw, Authentication(dmarc="fail"), known).reasons
    assert verdict(raw, Authentication(dmarc="fail", policy="reject"), known).trust is Trust.SUSPICIOUS


@given(st.lists(st.sampled_from([FIELD, BY_US, INSIDE, OTHERS, FORWARDED]), max_size=6))
def test_nothing_below_another_organisations_line_is_ever_read(lines: list[str]) -> None:
    strangers = [at for at, line in enumerate(lines) if line in (OTHERS, FORWARDED)]
    if (
        lines
        and strangers
        and FIELD not in lines[: strangers[0]]
        and any(x in lines[: strangers[0]] for x in (BY_US, INSIDE))
    ):
        assert placed(*lines) == Authentication()
