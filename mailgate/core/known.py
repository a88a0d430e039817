"""Whom the office knows, and whether a name or address only resembles theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mailgate.core.address import unwrap
from mailgate.core.lookalike import VETTED, skeleton, within

# "|" and "!" inside a word stand for a letter; a dot parts Latin names only, for "ด.ช." is one title.
_LOOSE_STROKE = re.compile(r"(?<!\w)[|!]+|[|!]+(?!\w)")
_BREAKS = re.compile(r"[\s()\[\]{}<>,;:/\\\"'“”‘’?+*=_–—-]+|(?<=[a-z]{2})\.(?=[a-z])")
_THAI_TITLES = """ว่าที่ ร้อยตรี ร้อยโท ร้อยเอก พันตรี พันโท พันเอก ผู้อำนวยการ นางสาว นาง นาย ผอ. ผอ ดร. ดร น.ส. ผศ. รศ. ศ.
ร.ต. ร.ท. ร.อ."""
_LATIN_TITLES = "mrs miss mr ms dr prof"
# Names of desks, which every office has.
_DESK = re.compile(r"(?:เจ้าหน้าที่|งาน|ฝ่าย|กลุ่ม|แผนก|สารบรรณ|ธุรการ|ผู้ดูแล|admin|office|saraban|info)", re.IGNORECASE)
# A school names the office it is under.
_BELOW = re.compile(r"โรงเรียน|วิทยาลัย|ศูนย์การเรียน|สังกัด|ร\.ร\.|school", re.IGNORECASE)
_SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the office knows: (name, address) of staff, its own addresses, its name."""

    staff: tuple[tuple[str, str], ...]
    own_addresses: frozenset[str]
    office: str


class Person(NamedTuple):
    """A member of staff, ready to be compared."""

    name: str
    address: str
    words: tuple[str, ...]
    desk: bool


class Marks(NamedTuple):
    """What imitations of the office are told by."""

    people: tuple[Person, ...]
    office: tuple[str, ...]
    addresses: frozenset[str]
    own_domains: frozenset[str]
    domains: tuple[str, ...]


@lru_cache(maxsize=4)
def marks(known: Known) -> Marks:
    """Made once per office."""
    people = tuple(Person(n, a.lower(), _words(n), bool(_DESK.match(n.strip()))) for n, a in known.staff)
    own = frozenset(_domain(a.lower()) for a in known.own_addresses)
    addresses = frozenset(p.address for p in people) | {a.lower() for a in known.own_addresses}
    domains = sorted(own) + sorted({_domain(p.address) for p in people} - own)
    return Marks(people, _words(known.office), addresses, own, tuple(domains))


def ours(address: str, known: Known) -> bool:
    """Whether it is, letter by letter, an address of the office or of its staff."""
    return unwrap(address).lower() in marks(known).addresses


def in_own_domain(address: str, known: Known) -> bool:
    """Whether it is in or below a domain of the office's own addresses."""
    domain = _domain(address.lower())
    return any(within(domain, own) for own in marks(known).own_domains)


def namesake(name: str, address: str, known: Known) -> str:
    """The member of staff, or the office, whose name this resembles; "" if none. The address is not theirs."""
    words, vetted = _words(name), _domain(address.lower()).endswith(VETTED)
    for person in marks(known).people:
        if not (person.desk and vetted) and _same_person(words, person):
            return person.name
    return known.office if _is_office(name, words, marks(known).office) else ""


def double(address: str, known: Known) -> str:
    """The address of staff or office whose local part, in the same domain, this one resembles; "" if none."""
    local, _, domain = address.lower().rpartition("@")
    for other in sorted(marks(known).addresses):
        its_local, _, its_domain = other.rpartition("@")
        if domain == its_domain and local != its_local and skeleton(local) == skeleton(its_local):
            return other
    return ""


def _same_person(words: tuple[str, ...], person: Person) -> bool:
    """All its words in any order, or, as one word, the same letters; of one word alone, only the same."""
    if not person.words or not words:
        return False
    several = len(person.words) > 1 and set(person.words) <= set(words)
    return several or "".join(words) == "".join(person.words)


def _is_office(name: str, words: tuple[str, ...], office: tuple[str, ...]) -> bool:
    """The office's name, or that of a part of it; not that of a school under it, nor of "เขต 10" where ours is 1."""
    if not office or len("".join(office)) < _SHORTEST or _BELOW.search(name):
        return False
    runs = (words[at : at + len(office)] for at in range(len(words) - len(office) + 1))
    # Thai joins a part to its whole without a space: ฝ่ายการเงินสำนักงาน…
    return "".join(words).endswith("".join(office)) or any(run == office for run in runs)


@lru_cache(maxsize=64)
def _words(name: str) -> tuple[str, ...]:
    """Skeletons of the words of a name without titles, which may be written together with it."""
    words = _BREAKS.split(skeleton(_LOOSE_STROKE.sub(" ", name)))
    bare = (_titles().sub("", word, count=1).strip(".") for word in words)
    return tuple(word for word in bare if word)


@lru_cache(maxsize=1)
def _titles() -> re.Pattern[str]:
    """Titles at the beginning of a word, by their look: an imitated name may have an imitated title. Longest first."""
    thai = sorted(map(skeleton, _THAI_TITLES.split()), key=len, reverse=True)
    latin = map(skeleton, _LATIN_TITLES.split())
    return re.compile(rf"\A(?:{'|'.join(map(re.escape, thai))}|(?:{'|'.join(latin)})(?:\.|\Z))+")


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
