"""The verdict on a sender: every imitation of an officer is told, no ordinary sender is suspected."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.known import ours
from mailgate.core.parse import headers
from mailgate.core.trust import Authentication, Known, Trust, Trusted, authentication, verdict

OURS = "mx.sesao99.go.th"
OFFICE = "สำนักงานเขตพื้นที่การศึกษามัธยมศึกษาตัวอย่าง เขต 1"
STAFF = (
    ("เจ้าหน้าที่สารบรรณกลาง", "saraban@sesao99.go.th"),
    ("นางสาวตัวอย่าง ใจดี", "officer@sesao99.go.th"),
    ("ดร.สมชาย รักการเรียน", "somchai.r@sesao99.go.th"),
    ("Malee Wongdee", "malee.wongdee@gmail.com"),
    ("นายวิชัย แซ่ลิ้ม", "wichai_s@hotmail.co.th"),
)
KNOWN = Known(STAFF, frozenset({"office@sesao99.go.th", "mail@office99.in.th"}), OFFICE)
ADDRESSES = [address for _, address in STAFF]


def judge(*lines: str, results: Authentication | None = None) -> Trusted:
    return verdict(headers("\r\n".join([*lines, "", ""]).encode()), results or Authentication(), KNOWN)


def sent_by(name: str, address: str, results: Authentication | None = None) -> Trusted:
    word = base64.b64encode(name.encode()).decode()
    return judge(f"From: =?utf-8?B?{word}?= <{address}>" if name else f"From: {address}", results=results)


PASS = Authentication("pass", "pass", "pass", "reject")


# --- ordinary senders

THAI_NAMES = """สมชาย ใจดี|นางสมหญิง รักไทย|นายประยุทธ์ มั่นคง|น.ส.กนกวรรณ ศรีสุข|ด.ช.ณัฐพล ทองดี|ดร.วิภา แสงทอง
|ผอ.โรงเรียนบ้านหนองบัว|ว่าที่ร้อยตรี อนุชา พลเยี่ยม|พ.ต.ท.ชาติชาย กล้าหาญ|ผู้ปกครองน้องมะลิ|ครูแอน|แม่น้องพลอย
|โรงเรียนบ้านหนองบัว สังกัดสำนักงานเขตพื้นที่การศึกษามัธยมศึกษาตัวอย่าง เขต 1|โรงเรียนมัธยมตัวอย่าง
|ร.ร.บ้านนา สังกัด สำนักงานเขตพื้นที่การศึกษามัธยมศึกษาตัวอย่าง เขต 1
|สำนักงานเขตพื้นที่การศึกษามัธยมศึกษาตัวอย่าง เขต 10|สำนักงานเขตพื้นที่การศึกษาประถมศึกษาตัวอย่าง เขต 1
|สำนักงานคณะกรรมการการศึกษาขั้นพื้นฐาน|ตัวอย่าง ใจดีมาก|ตัวอย่าง|วิชัย แซ่ตั้ง|สมชาย รักการอ่าน|วิชัย|บริษัท ตัวอย่าง จำกัด (มหาชน)
|ฝ่ายบุคคล บจก.สยามการพิมพ์|เทศบาลตำบลบางพลี|สมชาย (Somchai)|Somchai ใจดี|iPhone ของแม่|ศรีสุดา จันทร์หอม"""
WESTERN_NAMES = """Somchai Jaidee|John Smith|Anna-Lena Müller|José García|O'Brien, Pat|Dr. Jane Doe|malee w.|Malee
|Wong Dee|Info|Facebook|Google Workspace Team|no-reply|LINE|Иван Петров|田中太郎|Nguyễn Văn A
|support (Example Co., Ltd.)|3BB|A"""
NAMES = [name.strip() for name in (THAI_NAMES + "|" + WESTERN_NAMES).replace("\n", "").split("|")] + [""]
DOMAINS = """
gmail.com hotmail.com hotmail.co.th outlook.com outlook.co.th yahoo.com yahoo.co.th icloud.com live.com
googlemail.com ymail.com mail.com protonmail.com moe.go.th obec.go.th obecmail.org sesao1.go.th sesao98.go.th
sesao9.go.th nma1.go.th moi.go.th mol.go.th onesqa.or.th opm.go.th dla.go.th bangkok.go.th nacc.go.th
royalthaipolice.go.th chula.ac.th ku.th cmu.ac.th student.chula.ac.th nongbua.ac.th school.in.th
office98.in.th scb.co.th ais.co.th thaipost.co.th pantip.com egov.go.th dga.or.th rta.mi.th example.net
mext.go.jp moe.go.kr service.gov.uk europa.eu ไปรษณีย์.ไทย ครู.ไทย xn--o3cw4h.th logo.th line.me
facebookmail.com mail.thaipbs.or.th go.in.th
""".split()
LOCALS = (
    "somchai somchai.j s_jaidee info admin saraban officer99 office 0812345678 a.b+tag JohnS kru.anne สมชาย".split()
)


@pytest.mark.parametrize("results", [Authentication(), PASS], ids=["unknown", "pass"])
def test_ordinary_senders_are_not_suspected(results: Authentication) -> None:
    chosen = random.Random(1)
    everybody = [(n, f"{chosen.choice(LOCALS)}@{d}") for n in NAMES for d in DOMAINS]
    suspected = [(n, a, v.reasons) for n, a in everybody if (v := sent_by(n, a, results)).trust is Trust.SUSPICIOUS]
    assert len(everybody) > 2000
    assert suspected == []


@pytest.mark.parametrize(
    ("name", "address"), [*STAFF, (OFFICE, "office@sesao99.go.th"), ("งานไอที", "it@sesao99.go.th")]
)
def test_our_own_people_are_not_suspected(name: str, address: str) -> None:
    assert sent_by(name, address, PASS) == Trusted(Trust.CONFIRMED)
    assert sent_by(name, address).trust is Trust.UNCONFIRMED
    assert sent_by(name, address.upper()).trust is Trust.UNCONFIRMED
    assert sent_by(name, f"prvs=0123456789={address}").trust is Trust.UNCONFIRMED


def test_an_unconfirmed_address_of_ours_is_remarked() -> None:
    assert "ยังไม่ได้ยืนยัน" in sent_by("", "officer@sesao99.go.th").reasons[0]
    assert sent_by("", "a@gmail.com").reasons == ()


def test_a_desk_of_another_authority_may_bear_the_clerks_name() -> None:
    assert sent_by("เจ้าหน้าที่สารบรรณกลาง", "saraban@moe.go.th").trust is Trust.UNCONFIRMED
    assert sent_by("เจ้าหน้าที่สารบรรณกลาง", "saraban99@gmail.com").trust is Trust.SUSPICIOUS


def test_an_officers_second_address_in_our_domain_counts_once_confirmed() -> None:
    assert sent_by("นางสาวตัวอย่าง ใจดี", "tuayang@sesao99.go.th", PASS).trust is Trust.CONFIRMED
    assert sent_by("นางสาวตัวอย่าง ใจดี", "tuayang@sesao99.go.th").trust is Trust.SUSPICIOUS


@pytest.mark.parametrize(
    "lines",
    [
        ("Return-Path: <bounce@mailer.example.net>", "From: A <a@school.ac.th>"),
        ("Return-Path: <>", "From: A <a@school.ac.th>"),
        ("From: A <a@school.ac.th>", "Reply-To: B <b@school.ac.th>"),
        ("From: A <a@mail.school.ac.th>", "Reply-To: <b@school.ac.th>"),
        ("From: A <a@school.ac.th>", "Reply-To: b@dept.SCHOOL.ac.th, a@school.ac.th"),
        ("From: A <a@ไทย.th>", "Reply-To: <a@xn--o3cw4h.th>"),
        ("From: A <a@school.ac.th>", "Reply-To: "),
        ("From: a@school.ac.th <a@school.ac.th>",),
        ('From: "a@school.ac.th (somchai)" <a@school.ac.th>',),
        ('From: "A@School.ac.th" <a@school.ac.th>',),
        ('From: "ครู @โรงเรียน" <a@school.ac.th>',),
        ('From: "me @ home" <a@school.ac.th>',),
    ],
)
def test_what_is_not_suspicious_by_itself(lines: tuple[str, ...]) -> None:
    assert judge(*lines).trust is Trust.UNCONFIRMED, judge(*lines)
    assert judge(*lines, results=PASS) == Trusted(Trust.CONFIRMED)


# --- signs one by one


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("From: a@school.ac.th", "From: b@school.ac.th"), "มากกว่าหนึ่งช่อง"),
        (("From: a@school.ac.th, b@school.ac.th",), "ไม่ได้ระบุที่อยู่เดียว"),
        (("From: officer@sesao99.go.th <evil@example.net>",), "ไม่ได้ระบุที่อยู่เดียว"),
        (("From: somebody",), "ไม่ได้ระบุที่อยู่เดียว"),
        (("From:",), "ไม่ได้ระบุที่อยู่เดียว"),
        (("Subject: x",), "ไม่มีช่องผู้ส่ง"),
        (('From: "officer@sesao99.go.th" <evil@example.net>',), "ที่อยู่อีเมลอื่น"),
        (('From: "Officer (officer@sesao99.go.th)" <evil@example.net>',), "ที่อยู่อีเมลอื่น"),
        (('From: "officer @ sesao99.go.th" <evil@example.net>',), "ที่อยู่อีเมลอื่น"),
        (('From: "officer＠sesao99.go.th" <evil@example.net>',), "ที่อยู่อีเมลอื่น"),
        (('From: "a@school.ac.th b@school.ac.th" <a@school.ac.th>',), "ที่อยู่อีเมลอื่น"),
        (("From: Malee Wongdee <evil@example.net>",), "Malee Wongdee"),
        (('From: "Wongdee, Malee" <evil@example.net>',), "Malee Wongdee"),
        (("From: MALEE.WONGDEE <evil@example.net>",), "Malee Wongdee"),
        (("From: Mrs. Malee Wongdee (SESAO) <evil@example.net>",), "Malee Wongdee"),
        (("From: MaleeWongdee <evil@example.net>",), "Malee Wongdee"),
        (("From: น.ส.ตัวอย่าง ใจดี <evil@example.net>",), "นางสาวตัวอย่าง ใจดี"),
        (("From: ผอ. ตัวอย่าง  ใจดี <evil@example.net>",), "นางสาวตัวอย่าง ใจดี"),
        (("From: ตัวอย่างใจดี <evil@example.net>",), "นางสาวตัวอย่าง ใจดี"),
        (("From: สมชาย รักการเรียน (ผอ.เขต) <evil@example.net>",), "ดร.สมชาย รักการเรียน"),
        ((f"From: {OFFICE} <evil@example.net>",), OFFICE),
        ((f"From: ฝ่ายการเงิน {OFFICE.replace('1', '๑')} <evil@example.net>",), OFFICE),
        ((f"From: ฝ่ายการเงิน{OFFICE} <evil@example.net>",), OFFICE),
        ((f"From: {OFFICE} (กลุ่มกฎหมาย) <evil@example.net>",), OFFICE),
        (("From: A <a@sesao99-go.th>",), "คล้ายกับ sesao99.go.th"),
        (("From: A <a@moe.g0.th>",), "หน่วยงานราชการ"),
        (("From: A <0fficer@sesao99.go.th>",), "คล้ายกับ officer@sesao99.go.th"),
        (("From: A <malee.wongclee@gmail.com>",), "คล้ายกับ malee.wongdee@gmail.com"),
        (("From: A <аnna@example.net>",), "อักษร"),
        (("From: A <anna@exаmple.net>",), "อักษร"),
        (("From: A <anna@xn--exmple-4nf.net>",), "อักษร"),
        (("From: A <a@school.ac.th>", "Reply-To: <a@example.net>"), "Reply-To"),
        (("From: A <a@school.ac.th>", "Reply-To: a@school.ac.th", "Reply-To: b@example.net"), "Reply-To"),
        (("From: A <a@school.ac.th>", "Reply-To: a@myschool.ac.th"), "Reply-To"),
    ],
)
def test_each_sign_has_its_reason(lines: tuple[str, ...], reason: str) -> None:
    for results in (Authentication(), PASS):
        found = judge(*lines, results=results)
        assert found.trust is Trust.SUSPICIOUS
        assert any(reason in one for one in found.reasons), found.reasons


def test_what_our_server_found_forged_is_the_first_reason() -> None:
    found = judge("From: Malee Wongdee <evil@example.net>", results=Authentication(dmarc="fail", policy="reject"))
    assert found.trust is Trust.SUSPICIOUS
    assert len(found.reasons) == 2
    assert "ปลอมแปลง" in found.reasons[0]


@given(st.binary(max_size=300), st.binary(max_size=100), st.sampled_from([Authentication(), PASS]))
def test_any_sender_gets_a_verdict(sender: bytes, reply: bytes, results: Authentication) -> None:
    raw = b"From: " + sender.replace(b"\n", b"") + b"\r\nReply-To: " + reply.replace(b"\n", b"") + b"\r\n\r\n"
    found = verdict(headers(raw), results, KNOWN)
    assert all(len(r) < 300 and r.isprintable() and "; " not in r for r in found.reasons)


# --- imitations, made in numbers

# Written down here, not taken from the tables under test; what those add comes from Unicode's own file.
HAND: dict[str, Sequence[str]] = {
    "a": "аαɑａ𝐚áạ", "c": "сϲⅽｃç", "d": "ԁⅾｄ", "e": "ееｅé3", "f": "ｆ𝐟", "g": "ɡｇ9", "h": "һｈ", "i": "іíıｉ1l",
    "l": "ⅼ1Iｌ", "m": "ｍⅿ", "n": "ո𝐧ｎ", "o": "оοօ0๐ｏó", "r": "г𝐫ｒ", "s": "ѕｓ5", "t": "ｔ𝐭7", "w": "ԝｗ",
    "y": "уｙ", "9": "𝟗９", ".": "．。",
}  # fmt: skip
SEQUENCES: dict[str, Sequence[str]] = {"m": ["rn"], "w": ["vv"], "d": ["cl"]}
THAI: dict[str, Sequence[str]] = {"า": "ๅ", "ต": "ดค", "ด": "คต", "ช": "ซ", "ท": "ฑ", "แ": ["เเ"], "ฏ": "ฎ", "ข": "ฃ"}
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u034f\ufe0f"


def listed(char: str) -> list[str]:
    """What Unicode lists under a letter, in the form the package keeps it, as far as NFKC and case leave it one."""
    data = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8"))
    return [e["c"] for e in data.get(char, []) if len(e["c"]) == 1 and e["c"].isalnum() and not e["c"].isascii()]


UNICODE: dict[str, Sequence[str]] = {char: listed(char) for char in "acdeghilmnorstwy"}


def changed(text: str, chosen: random.Random, table: Mapping[str, Sequence[str]]) -> str:
    """One to three of the characters that have look-alikes replaced; "" if there are none."""
    places = [at for at, char in enumerate(text) if table.get(char)]
    if not places:
        return ""
    parts = list(text)
    for at in chosen.sample(places, min(len(places), chosen.randint(1, 3))):
        parts[at] = chosen.choice(list(table[parts[at]]))
    return "".join(parts)


def invisible(text: str, chosen: random.Random) -> str:
    at = chosen.randint(1, len(text) - 1)
    return text[:at] + chosen.choice(INVISIBLE) + text[at:]


def separators(domain: str, chosen: random.Random) -> str:
    joined = domain.replace(".", chosen.choice(["-", ""]))
    return chosen.choice(
        [
            f"{joined}.com",
            f"{domain}.example.com",
            f"{joined}.example.net",
            f"mail.{joined}.org",
            domain.replace(".", "-", 1),
        ]
        if domain.count(".") > 1
        else [f"{domain}.example.com", f"{joined}.example.net"]
    )


def in_punycode(domain: str) -> str:
    labels = domain.lower().split(".")
    return ".".join(x if x.isascii() else "xn--" + x.encode("punycode").decode() for x in labels)


def imitations_of(address: str, chosen: random.Random) -> Iterator[str]:
    """One of each technique, as far as the address has letters for it."""
    local, _, domain = address.partition("@")
    for table in (HAND, UNICODE, SEQUENCES):
        for spot in ("local", "domain", "punycode"):
            old = local if spot == "local" else domain
            new = changed(old, chosen, table)
            if new and new != old:
                yield (
                    f"{new}@{domain}"
                    if spot == "local"
                    else f"{local}@{in_punycode(new) if spot == 'punycode' else new}"
                )
    yield f"{invisible(local, chosen)}@{domain}"
    yield f"{local}@{invisible(domain, chosen)}"
    yield f"{local}@{separators(domain, chosen)}"


def forged(sender: str, address: str) -> Trusted:
    """With everything an owner of the look-alike domain can have: DMARC passes."""
    domain = address.rpartition("@")[2]
    results = f"Authentication-Results: {OURS}; spf=pass; dkim=pass; dmarc=pass (p=reject) header.from={domain}"
    raw = "\r\n".join([results, f"From: {sender}", f"Return-Path: <{address}>", "", ""]).encode(
        "utf-8", "surrogateescape"
    )
    mail = headers(raw)
    assert mail.sender is None or not ours(mail.sender.address, KNOWN)
    return verdict(mail, authentication(mail, OURS), KNOWN)


def test_imitated_addresses_are_never_confirmed_and_nearly_all_told() -> None:
    chosen = random.Random(20261123)
    made = [(a, i) for _ in range(40) for a in ADDRESSES for i in imitations_of(a, chosen) if i.lower() != a]
    verdicts = [(i, forged(f"Officer <{i}>", i)) for _, i in made]
    missed = [i for i, v in verdicts if v.trust is not Trust.SUSPICIOUS]
    assert len(made) >= 2000
    assert [i for i, v in verdicts if v.trust is Trust.CONFIRMED] == []
    assert len(missed) <= len(made) / 100, missed


NAMED = [name for name, _ in STAFF[1:]] + [OFFICE]
SPELLINGS: list[Callable[[str, random.Random], str]] = [
    lambda name, chosen: changed(name, chosen, HAND | THAI),
    lambda name, chosen: changed(name, chosen, UNICODE | THAI),
    lambda name, chosen: changed(name, chosen, SEQUENCES | THAI),
    lambda name, chosen: invisible(name, chosen),
    lambda name, chosen: name.replace(" ", chosen.choice(["  ", "\u00a0", "\u3000", "\u200b ", ""])),
    lambda name, chosen: (
        chosen.choice(["Dr. ", "ผอ.", "(", ""]) + name + chosen.choice(["", ")", " (เจ้าหน้าที่)", " - Office"])
    ),
    lambda name, chosen: name.upper(),
    lambda name, chosen: " ".join(reversed(name.split(" ", 1))) if name != OFFICE else name,
]


def test_imitated_names_are_never_confirmed_and_nearly_all_told() -> None:
    chosen = random.Random(20261124)
    made = [s for _ in range(50) for n in NAMED for spelling in SPELLINGS if (s := spelling(n, chosen))]
    verdicts = []
    for name in made:
        word = base64.b64encode(name.encode()).decode()
        verdicts.append((name, forged(f"=?utf-8?B?{word}?= <somebody@example.net>", "somebody@example.net")))
    missed = [n for n, v in verdicts if v.trust is not Trust.SUSPICIOUS]
    assert len(made) >= 1000
    assert len(missed) <= len(made) / 100, missed


def test_a_hostile_header_takes_no_time() -> None:
    """Linear in what core.parse lets through; half a second is a hundred times more than it takes."""
    reply = "Reply-To: " + ", ".join(f"a@{n}é.test" for n in range(4000))
    received = "Received: from x (" + "((" * 20_000 + " by y"
    many = ["Received: by x by y (by z"] * 500
    label = "-".join("а" * 100)
    began = time.process_time()
    mail = headers("\r\n".join([reply, received, *many, f'From: "{"@" * 150}" <{label}@{label}.th>', "", ""]).encode())
    parsed = time.process_time()
    verdict(mail, authentication(mail, OURS), KNOWN)
    assert time.process_time() - parsed < 0.5, parsed - began
