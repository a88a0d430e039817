"""Attachments counted from structure agree with what the standard library decodes."""

import binascii
import email
import email.policy
import time
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.core.mime import structure
from mailgate.core.mime.structure import MAX_DEPTH
from mailgate.core.parts import enclosures
from mailgate.core.source import CHUNK, BytesSource
from mailgate.model import Enclosures


def count(raw: bytes) -> Enclosures:
    return enclosures(BytesSource(raw))


def mixed(*leaves: bytes, boundary: bytes = b"BB", kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + leaf + b"\r\n" for leaf in leaves)
    head = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
    return head + b"preamble\r\n" + body + b"--" + boundary + b"--\r\n"


TEXT = b"Content-Type: text/plain\r\n\r\nhello"
PDF = b"Content-Type: application/pdf; name=a.pdf\r\n\r\n1234567"
INNER = mixed(TEXT, PDF, boundary=b"CC")


@pytest.mark.parametrize(
    ("raw", "sizes"),
    [
        (b"", ()),
        (b"Subject: x\r\n\r\nbody", ()),
        (b"Content-Type: application/pdf\r\n\r\n12345", (5,)),
        (b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\nZA==\r\n", (4,)),
        (b"Content-Type: text/html; name=body.html\r\n\r\n<p>", ()),
        (b"Content-Type: text/csv; name=a.csv\r\n\r\n1,2", (3,)),
        (b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nabc", (3,)),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny", (15,)),
        (mixed(TEXT), ()),
        (mixed(TEXT, PDF), (7,)),
        (mixed(TEXT, PDF, PDF), (7, 7)),
        (mixed(PDF, TEXT), (7,)),
        (mixed(b"Content-Type: text/plain; name=body.txt\r\n\r\nx", PDF), (7,)),
        (mixed(TEXT, b"Content-Type: text/plain; name=note.txt\r\n\r\nxyz"), (3,)),
        (mixed(TEXT, b"Content-Type: image/png\r\nContent-Disposition: inline; filename=l.png\r\n\r\nabc"), (3,)),
        (mixed(TEXT, b"Content-Type: image/png\r\nContent-ID: <x>\r\n\r\nabc"), ()),
        (mixed(TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER), (len(INNER),)),
        (mixed(mixed(TEXT, TEXT, boundary=b"CC", kind=b"alternative"), PDF), (7,)),
        (mixed(mixed(TEXT, PDF, boundary=b"BBB"), PDF), (7, 7)),
        (mixed(b"\r\nSubject: inner\r\n\r\nx", kind=b"digest"), (19,)),
        (mixed(TEXT, b"Content-Type: application/pdf; name=a.pdf\r\n\r\n"), (0,)),
        (mixed(TEXT, b"Content-Type: application/pdf; name=a.pdf"), (0,)),
        (mixed(TEXT, b"Content-Type: application/pdf;\r\n name*=windows-874''%A1.pdf\r\n\r\nab"), (2,)),
        (mixed(TEXT, PDF, boundary=b"=_?x?q:y"), (7,)),
        (mixed(TEXT, PDF) + b"epilogue\r\n--BB\r\n" + PDF, (7,)),
        (mixed(TEXT, PDF).replace(b"--BB\r\n", b"--BB \t\r\n"), (7,)),
        (mixed(TEXT + b"\r\n--BBB\r\n--\r\n-- \r\nsig", PDF), (7,)),
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_what_counts_as_an_attachment(raw: bytes, sizes: tuple[int, ...], end: bytes) -> None:
    found = count(raw.replace(b"\r\n", end))
    assert found.complete
    assert len(found.sizes) == len(sizes)
    if end == b"\r\n":
        assert found.sizes == sizes


@pytest.mark.parametrize(
    "raw",
    [
        mixed(TEXT, PDF)[:-8],
        b"Content-Type: multipart/mixed\r\n\r\n--BB\r\n\r\nx\r\n--BB--\r\n",
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\nx',
    ],
)
def test_broken_structure_is_reported(raw: bytes) -> None:
    assert not count(raw).complete


def test_a_cut_message_still_counts_what_is_there() -> None:
    assert count(mixed(TEXT, PDF)[: -len(b"567\r\n--BB--\r\n")]) == Enclosures((4,), complete=False)


def decoded(raw: bytes) -> list[int]:
    """The oracle: sizes of named or attached leaves as the standard library decodes them."""
    found = []
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    for leaf in message.walk():
        if not leaf.is_multipart() and (leaf.get_filename() or leaf.get_content_disposition() == "attachment"):
            content = leaf.get_payload(decode=True)
            assert isinstance(content, bytes)
            found.append(len(content))
    return found


FILES = st.lists(
    st.tuples(
        st.binary(max_size=400) | st.text(alphabet="a =\n\r\t.-ก", max_size=200).map(str.encode),
        st.sampled_from(["base64", "quoted-printable", "8bit"]),
    ),
    max_size=5,
)


def attached(content: bytes, encoding: str, end: bytes) -> MIMEApplication:
    part = MIMEApplication(b"", name="a.bin")
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = encoding
    if encoding == "base64":
        body = b"".join(binascii.b2a_base64(content[i : i + 57]) for i in range(0, len(content), 57))
    elif encoding == "quoted-printable":
        body = binascii.b2a_qp(content)
    else:
        body = content.replace(b"\r", b"").replace(b"\0", b"")
    part.set_payload(body.decode("ascii", "surrogateescape"))
    return part


@settings(max_examples=150, deadline=None)
@given(FILES, st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.integers(1, 3))
def test_sizes_are_what_the_standard_library_decodes(
    files: list[tuple[bytes, str]], end: bytes, nested: bool, chunk: int
) -> None:
    message = MIMEMultipart("mixed", boundary="=_outer")
    message.attach(MIMEText("เรียน ผู้อำนวยการ", "plain", "utf-8"))
    inner = MIMEMultipart("related", boundary="=_outer_inner") if nested else message
    if nested:
        message.attach(inner)
    for content, encoding in files:
        inner.attach(attached(content, encoding, end))
    raw = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "CHUNK", 7 * chunk**4)
        found = count(raw)
    assert list(found.sizes) == decoded(raw)
    assert found.complete


def test_a_message_of_the_modern_library() -> None:
    message = EmailMessage()
    message["Subject"] = "คำร้อง"
    message.set_content("สวัสดี\n")
    message.add_alternative("<p>สวัสดี</p>", subtype="html")
    message.add_attachment(b"\x00" * 12_345, maintype="application", subtype="pdf", filename="คำร้อง.pdf")
    message.add_attachment("a,b\n" * 10, subtype="csv", filename="ตาราง.csv")
    raw = message.as_bytes(policy=email.policy.SMTP)
    assert count(raw) == Enclosures(tuple(decoded(raw)))
    assert count(raw).sizes[0] == 12_345


@given(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"--BB\r\n", b"--BB--\r\n", TEXT, PDF, b"\r\n", b"="]), max_size=9),
)
def test_never_raises(junk: bytes, pieces: list[bytes]) -> None:
    for raw in (junk, b'Content-Type: multipart/mixed; boundary="BB"\r\n\r\n' + b"".join(pieces) + junk):
        assert all(size >= 0 for size in count(raw).sizes)
        assert sum(count(raw).sizes) <= len(raw)


class Endless:
    """A large message that is made as it is read, and remembers the largest piece asked for."""

    def __init__(self, size: int) -> None:
        self.head = mixed(TEXT, b"Content-Type: a/b; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\n")[:-10]
        self.tail = b"\r\n--BB--\r\n"
        self.line = b"A" * 76 + b"\r\n"
        self.lines = size // len(self.line)
        self.size = len(self.head) + self.lines * len(self.line) + len(self.tail)
        self.largest = 0

    def read(self, offset: int, length: int) -> bytes:
        self.largest = max(self.largest, length)
        middle = len(self.line)
        before = max(offset - len(self.head), 0)
        lines = min(length // middle + 2, self.lines - before // middle)
        body = self.line * max(lines, 0)
        if offset < len(self.head):
            return (self.head[offset:] + body + self.tail)[:length]
        if lines <= 0:
            return self.tail[before - self.lines * middle :][:length]
        return (body[before % middle :] + self.tail * (before // middle + lines == self.lines))[:length]


def test_sixty_megabytes_in_bounded_memory() -> None:
    source = Endless(60_000_000)
    start = time.perf_counter()
    found = enclosures(source)
    assert time.perf_counter() - start < 10
    assert found == Enclosures((source.lines * 57,))
    assert source.largest <= CHUNK


def nest(depth: int) -> bytes:
    raw = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return raw + PDF + b"".join(b"\r\n--b%d--" % n for n in reversed(range(depth))) + b"\r\n"


def test_limits_of_depth_and_parts() -> None:
    assert count(nest(MAX_DEPTH)) == Enclosures((7,))
    assert not count(nest(MAX_DEPTH + 1)).complete
    assert not count(nest(3000)).complete
    assert count(mixed(*[PDF] * 999)) == Enclosures((7,) * 999)
    many = count(mixed(*[PDF] * 5000))
    assert not many.complete
    assert set(many.sizes) == {7}


HEAD = b'Content-Type: multipart/mixed; boundary="BB"\r\n\r\n'
BOMBS = {
    "parts": HEAD + b"--BB\r\n\r\nx\r\n" * 500_000,
    "nested messages": b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    "dashes": HEAD + b"--\n" * 2_000_000,
    "no line ends": HEAD + b"-" * 5_000_000,
    "long headers": HEAD + (b"--BB\r\n" + b"a" * 70_000 + b"\r\n") * 300,
    "no headers": HEAD + (b"--BB\r\n" + b"a:\n" * 5000) * 300,
    "escapes": HEAD
    + b"--BB\r\nContent-Type: a/b; name=x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    + b"=" * 5_000_000,
}


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS)
def test_bombs_take_linear_time(raw: bytes) -> None:
    start = time.perf_counter()
    count(raw)
    assert time.perf_counter() - start < 5
