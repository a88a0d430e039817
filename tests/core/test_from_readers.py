"""Our strict reading of From against the readers others use: where ours names an address, no other names another.

Officers are forged where two readers of one value disagree (CVE-2023-27043, CPython gh-102988, gh-121284).
"""

from __future__ import annotations

import email.utils
import inspect
import random
import warnings
from collections.abc import Iterator
from email.headerregistry import AddressHeader, HeaderRegistry

from mailgate.core.address import strict_mailbox

BUILT = 2_000
MUTATED = 100_000
OFFICER, STRANGER = "officer@office.go.th", "evil@example.net"

ADDRESSES = [OFFICER, STRANGER, "a@b", "a.b+tag@sub.example.co.th", "o'brien@example.org", "ผู้ใช้@ตัวอย่าง.ไทย", "A@B.C"]
NAMES = [
    "",
    "Alice",
    "Alice B. Carol",
    '"Smith, John"',
    '"a \\"nick\\" b"',
    "สมชาย ใจดี",
    "ด.ช. สมชาย",
    "=?utf-8?B?4LiB?=",
    "a_b",
]
NAMES += [f'"{OFFICER}"', "=?utf-8?Q?officer=40office.go.th?=", '"<officer@office.go.th>"', "'q'", "x=y", "(c) Alice"]
COMMENTS = ["", "", "", "(c)", " (a (b) c)", "(ก)", "(officer)", f"({OFFICER})", "(\\))", "("]
SHAPES = ["{n} <{a}>{c}", "{n}{c} <{a}>", "{a} {c}", "<{a}>", "{c}{a}", "{n} <{a}>, <{b}>", "{a}, {b}", "{a} <{b}>"]
SHAPES += [
    "{n}: {a};",
    "{n} <@{b}:{a}>",
    "{a}{c}{b}",
    "<{a}>{b}",
    "{n} < {a} >",
    "\t{n}\t<{a}>\t",
    '"{a}" <{b}>',
    "{a} <{a}>",
    "'{a}' <{a}>",
    "'{a}' {c}<{a}>",
]
HARMLESS = [*"xX1-_ t\t", "ข", "th"]
PIECES = [
    *"<>()[]\"\\,;:@. \t\0\r\n\x80\u200b\u00a0\u202e\uff20=?'ก",
    "\r\n ",
    "=?utf-8?Q?<a@b>?=",
    "@a:",
    "(x)",
    '""',
    "a@b",
]


def built(chosen: random.Random) -> str:
    a, b = chosen.choice(ADDRESSES), chosen.choice(ADDRESSES)
    return chosen.choice(SHAPES).format(a=a, b=b, n=chosen.choice(NAMES), c=chosen.choice(COMMENTS))


def mutated(value: str, chosen: random.Random) -> str:
    """One to three characters put in, taken out, exchanged or doubled."""
    for _ in range(chosen.randint(1, 3)):
        at = chosen.randint(0, len(value))
        upto = min(len(value), at + chosen.choice([0, 0, 1, 1, 2, 5]))
        put = chosen.choice(
            [chosen.choice(HARMLESS), chosen.choice(PIECES), chosen.choice(ADDRESSES), value[at:upto] * 2]
        )
        value = value[:at] + put + value[upto:]
    return value


def values() -> Iterator[str]:
    chosen = random.Random(20261123)
    seeds = [built(chosen) for _ in range(BUILT)]
    yield from seeds
    for _ in range(MUTATED):
        yield mutated(chosen.choice(seeds), chosen)


# --- the other readers


STRICT = {"strict": True} if "strict" in inspect.signature(email.utils.parseaddr).parameters else {}


def by_parseaddr(value: str) -> str:
    return email.utils.parseaddr(value, **STRICT)[1]


def by_getaddresses(value: str) -> str:
    """The first of several is what most programs take."""
    return next((a for _, a in email.utils.getaddresses([value], **STRICT) if a), "")


def by_registry(value: str) -> str:
    """policy.default; it has no answer for what brings it down."""
    try:
        header = HeaderRegistry()("From", value)
        assert isinstance(header, AddressHeader)
        return next((a.addr_spec for a in header.addresses if a.addr_spec not in ("", "<>")), "")
    except (IndexError, AttributeError, ValueError, TypeError, RecursionError):
        return ""


READERS = {"parseaddr": by_parseaddr, "getaddresses": by_getaddresses, "headerregistry": by_registry}


def same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def defect(ours: str, theirs: str) -> bool:
    """Disagreements that are a known defect of the standard library; every one of them is listed here.

    Outlook's 'a@b' <a@b>: all three stop before the angle brackets and keep the quotes. What they name cannot exist,
    for no domain ends with an apostrophe (RFC 5321 2.3.5), and without the quotes it is what we name.
    """
    return theirs.startswith("'") and theirs.endswith("'") and same(theirs[1:-1], ours)


def test_where_we_name_a_sender_no_other_reader_names_another() -> None:
    named, nobody, differing = 0, 0, list[tuple[str, str, str, str]]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for value in values():
            found = strict_mailbox(value.encode("utf-8", "surrogatepass"))
            if found is None:
                nobody += 1
                continue
            named += 1
            for reader, read in READERS.items():
                theirs = read(value)
                if theirs and not same(theirs, found) and not defect(found, theirs):
                    differing.append((reader, value, found, theirs))
    assert differing == []
    assert named > 10_000
    assert nobody > 50_000


def test_the_list_of_defects_hides_nothing_else() -> None:
    assert defect("a@b", "'a@b'")
    for theirs in ("'a@b", "a@b'", "'c@b'", "''a@b''", "c@b"):
        assert not defect("a@b", theirs)
