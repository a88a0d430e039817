"""The texts of IMAP: names, sets, FETCH answers, dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.edges import imap_text
from mailgate.edges.imap_text import Fetched, fetched, mailbox_name, modified_utf7, quoted, uid_set
from tests.servers.utf7 import from_utf7, to_utf7

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
# Lone surrogates are no text; the other implementation writes control characters otherwise.
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]))

# --- names


@given(NAMES)
def test_names_survive_modified_utf7(name: str) -> None:
    written = modified_utf7(name)
    assert written.isascii()
    assert written.isprintable()
    assert from_utf7(written.encode()) == name


@given(NAMES)
def test_modified_utf7_is_as_another_wrote_it(name: str) -> None:
    assert modified_utf7(name).encode() == to_utf7(name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", ""),
        ("INBOX", "INBOX"),
        ("&", "&-"),
        ("A&B", "A&-B"),
        ("&&", "&-&-"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("กล่องรับ", "&DgEOJQ5IDi0OBw4jDjEOGg-"),
        ("ก&ข", "&DgE-&-&DgI-"),
        ("😀", "&2D3eAA-"),
        ("a\x7fb", "a&AH8-b"),
        ("a\r\nb", "a&AA0ACg-b"),
    ],
)
def test_names_of_rfc_3501(name: str, written: str) -> None:
    assert modified_utf7(name) == written


@pytest.mark.parametrize("char", ["\r", "\n", "\0"])
def test_quoted_refuses_what_would_be_a_second_command(char: str) -> None:
    for text in (char, f"a{char}", f"{char}b", f"a{char}b"):
        with pytest.raises(ValueError, match="IMAP string"):
            quoted(text)


@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])))
def test_quoted_can_be_read_back(text: str) -> None:
    written = quoted(text)
    assert written[0] == written[-1] == '"'
    read, inside = [], iter(written[1:-1])
    for char in inside:
        assert char != '"'
        read.append(next(inside) if char == "\\" else char)
    assert "".join(read) == text


@pytest.mark.parametrize(
    ("name", "prefix", "separator", "written"),
    [
        ("INBOX", "", "/", '"INBOX"'),
        ("inbox", "INBOX.", ".", '"INBOX"'),
        ("Inbox/Done", "INBOX.", ".", '"Inbox.Done"'),
        ("Registered/2569", "", "/", '"Registered/2569"'),
        ("Registered/2569", "", ".", '"Registered.2569"'),
        ("Registered/2569", "INBOX.", ".", '"INBOX.Registered.2569"'),
        ("INBOX/Registered", "INBOX.", ".", '"INBOX.Registered"'),
        ("Registered/2569", "INBOX/", "/", '"INBOX/Registered/2569"'),
        ("Inboxes", "INBOX.", ".", '"INBOX.Inboxes"'),
        ('a"b\\c', "", "/", '"a\\"b\\\\c"'),
        ("ก", "INBOX.", ".", '"INBOX.&DgE-"'),
        ("a/b", "", "\\", '"a\\\\b"'),
    ],
)
def test_names_for_a_server(name: str, prefix: str, separator: str, written: str) -> None:
    assert mailbox_name(name, prefix, separator) == written


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'NAMESPACE (("" "/")) NIL NIL', ("", "/")),
        (b'NAMESPACE (("INBOX." ".")) NIL NIL', ("INBOX.", ".")),
        (b'NAMESPACE (("" "/" "X-PARAM" ("a" "b"))) (("~" "/")) NIL', ("", "/")),
        (b'NAMESPACE (("" "\\\\")) NIL NIL', ("", "\\")),
        (b'namespace (("" "."))', ("", ".")),
        (b'NAMESPACE (("" NIL)) NIL NIL', ("", "/")),
        (b'NAMESPACE NIL NIL (("Public/" "/"))', ("", "/")),
        (b"1 EXISTS", ("", "/")),
    ],
)
def test_namespaces(line: bytes, found: tuple[str, str]) -> None:
    assert imap_text.personal_namespace([b"3 EXISTS", line, b"done"]) == found


def test_a_prefix_that_is_not_ascii_is_written_once() -> None:
    prefix, separator = imap_text.personal_namespace([b'NAMESPACE (("&DgE-/" "/")) NIL NIL'])
    assert mailbox_name("x", prefix, separator) == '"&DgE-/x"'


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (rb'LIST (\Noselect) "/" ""', "/"),
        (rb'LIST () "." INBOX', "."),
        (rb'LIST () "\\" ""', "\\"),
        (b'LIST () NIL ""', ""),
        (b"", ""),
    ],
)
def test_list_separators(line: bytes, found: str) -> None:
    assert imap_text.list_separator([line]) == found


# --- sets


@given(st.sets(st.integers(1, 2**32 - 1), max_size=60) | st.sets(st.integers(1, 40)))
def test_sets_name_the_same_uids(uids: set[int]) -> None:
    named: list[int] = []
    for part in uid_set(uids).split(",") if uids else []:
        first, _, last = part.partition(":")
        assert last == "" or int(last) > int(first)
        named.extend(range(int(first), int(last or first) + 1))
    assert named == sorted(uids)


def test_sets_are_short_and_in_order() -> None:
    assert uid_set([7, 3, 1, 2, 3]) == "1:3,7"
    assert uid_set(range(1, 1_000_001)) == "1:1000000"
    assert uid_set([5]) == "5"


@pytest.mark.parametrize(
    ("lines", "uids"),
    [
        ([b"SEARCH 3 1 2", b"done"], [1, 2, 3]),
        ([b"SEARCH"], []),
        ([b"search 5"], [5]),
        ([b"SEARCH 1", b"SEARCH 2 1"], [1, 2]),
        ([b"SEARCH 4 (MODSEQ 917162500)"], [4]),
        ([b"3 EXISTS", b"SEARCHED 4"], []),
        ([], []),
    ],
)
def test_search_answers(lines: list[bytes], uids: list[int]) -> None:
    assert imap_text.searched(lines) == uids


def test_response_codes() -> None:
    lines = [b"3 EXISTS", b"OK [UIDVALIDITY 7] ids", rb"OK [PERMANENTFLAGS (\Seen \*)] x", b"[READ-WRITE] done"]
    assert imap_text.code(lines, "UIDVALIDITY") == "7"
    assert imap_text.code(lines, "uidvalidity") == "7"
    assert imap_text.code(lines, "PERMANENTFLAGS") == r"(\Seen \*)"
    assert imap_text.code(lines, "UIDNEXT") == ""


# --- FETCH


ODD = st.lists(
    st.binary(max_size=30)
    | st.binary(max_size=30).map(bytearray)
    | st.sampled_from(
        [
            b"1 FETCH (",
            b"1 FETCH (UID 1 BODY[] {3}",
            bytearray(b"abc"),
            b")",
            b" UID 7)",
            b'1 FETCH (BODY[] "abc" UID 2)',
            b'1 FETCH (BODY[] "abc',
            b"2 FETCH (UID 99999999999999999999 BODY[] NIL)",
            b'3 FETCH (UID 3 RFC822.SIZE 99999999999999999999999 INTERNALDATE "99-Abc-0000 99:99:99 +9999")',
            b'3 FETCH (UID 3 INTERNALDATE "\xff\xff")',
            b"1 EXISTS",
        ]
    )
)


@given(ODD)
def test_odd_answers_never_raise(lines: list[bytes | bytearray]) -> None:
    for found in fetched(lines):
        assert found.uid is None or found.uid >= 0
        assert found.size >= 0
        assert found.arrived(NOW).tzinfo is not None
        assert found.body is None or isinstance(found.body, (bytes, bytearray))


@given(ODD)
def test_what_arrives_can_be_stored(lines: list[bytes | bytearray]) -> None:
    for found in fetched(lines):
        assert (found.uid or 0) < 2**32
        assert found.size < 2**63
        assert timedelta(0) <= abs(found.arrived(NOW).astimezone(UTC) - NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("23-Nov-2026 09:00:00 +0700", datetime(2026, 11, 23, 2, tzinfo=UTC)),
        (" 3-Nov-2026 09:00:00 +0000", datetime(2026, 11, 3, 9, tzinfo=UTC)),
        ("03-NOV-2026 09:00:00 -0930", datetime(2026, 11, 3, 18, 30, tzinfo=UTC)),
        ("29-Feb-2028 23:59:59 +0000", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("29-Feb-2027 23:59:59 +0000", NOW),
        ("23-Nov-2026 09:00:00", NOW),
        ("23-พ.ย.-2569 09:00:00 +0700", NOW),
        ("23-Nov-2026 24:00:00 +0700", NOW),
        ("", NOW),
    ],
)
def test_dates(text: str, moment: datetime) -> None:
    assert Fetched(f'1 FETCH (UID 1 INTERNALDATE "{text}")'.encode()).arrived(NOW) == moment


@pytest.mark.parametrize("text", ["01-Jan-0001 00:00:00 +0700", "31-Dec-9999 23:59:59 -0700"])
def test_dates_at_the_ends_of_time_can_be_reckoned_with(text: str) -> None:
    arrived = Fetched(f'1 FETCH (UID 1 INTERNALDATE "{text}")'.encode()).arrived(NOW)
    assert arrived.astimezone(UTC) + timedelta(days=3650)


def test_no_date_is_the_other_one() -> None:
    assert Fetched(b"1 FETCH (UID 1)").arrived(NOW) == NOW
