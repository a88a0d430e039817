"""Bytes to text when the label is missing, unknown to Python, or a lie. Never raises.

Order: strict UTF-8, then cp874 for every Thai label or none, then the labelled codec, then replaced bytes.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from encodings.aliases import aliases

THAI = "cp874"
_WESTERN = "cp1252"

# tis-620 and iso-8859-11 lack curly quotes, dashes, the ellipsis and the euro sign, tis-620 even NBSP.
# cp874 has them all, and Microsoft programs send it under every one of these names.
_THAI_LABELS = (
    "874 cp874 xcp874 windows874 xwindows874 win874 ms874 xms874 ibm874 xibm874 dos874 ibm1162 cp1162 "
    "tis620 tis6200 tis6201 tis6202529 tis62025291 tis62025330 tis6202533 tis620253300 xtis620 cstis620 "
    "iso885911 iso8859112001 csiso885911 xiso885911 isoir166 latinthai thai macthai xmacthai xmacosthai"
)
_NO_LABEL = frozenset(("", "unknown", "unknown8bit", "xunknown", "xuserdefined", "default", "none", "8bit", "binary"))

# Text encodings only, by name: utf-7 hides script, unicode_escape computes, idna and punycode are slow, and
# base64, zlib or rot13 are no character sets. Labels never reach codecs.lookup, which remembers each one for ever.
_SAFE_NAMES = (
    "ascii latin_1 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10 "
    "iso8859_13 iso8859_14 iso8859_15 iso8859_16 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 "
    "cp1258 cp437 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 "
    "koi8_r koi8_u koi8_t mac_roman mac_cyrillic mac_greek mac_latin2 mac_turkish mac_iceland "
    "big5 big5hkscs cp950 gb2312 gbk gb18030 hz shift_jis shift_jis_2004 shift_jisx0213 cp932 "
    "euc_jp euc_jis_2004 euc_jisx0213 euc_kr cp949 johab "
    "iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr "
    "utf_8 utf_8_sig utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be"
)
_SAFE = frozenset(_SAFE_NAMES.split())
# Mail programs mean the larger set (https://encoding.spec.whatwg.org/#names-and-labels).
_SUPERSET = {
    "latin_1": _WESTERN,
    "iso8859_9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "utf_8_sig": "utf_8",
}
_EXTRA = {"utf8mb4": "utf_8", "utf8mb3": "utf_8", "iso88598i": "iso8859_8", "iso88598e": "iso8859_8"}
# In these, ASCII bytes do not mean themselves, so they are tried before UTF-8.
_STATEFUL = frozenset(name for name in _SAFE if name.startswith(("iso2022", "hz", "utf_16", "utf_32")))
_WEAK = frozenset(("", "ascii", _WESTERN, "utf_8"))

_SQUEEZE = re.compile(r"[^a-z0-9]+")
_THAI_LETTER = re.compile("[ก-๛]")
_NEUTRAL = "\xa0“”‘’…–—•€"
_HIGH = re.compile(f"[^\x00-\x7f๐-๙{_NEUTRAL}]")
_SPOKEN = re.compile("[ก-๏๚๛]")
_NUMBER = re.compile("[๐-๙]{3}")
_RUN = re.compile("[ก-๛](?:[. ]?[ก-๛])+")
_CONSONANT = re.compile("[ก-ฮ]")
_ORPHAN_MARK = re.compile("(?<![ก-ฺเ-๎])[ัิ-ฺ็-๎]")
_SAMPLE = 65_536
_WORD = re.compile(r"[^\W\d_]{2,}")
_NOT_OF_ONE = re.compile("[\x00-\x7f\xaa\xb5\xba]+")
# Where Latin ends, then Greek, Cyrillic, Armenian, Hebrew, Arabic, Syriac, Thaana and N'Ko begin.
_BLOCKS = (0x300, 0x370, 0x400, 0x530, 0x590, 0x600, 0x700, 0x780, 0x7C0)


def _squeeze(label: str) -> str:
    return _SQUEEZE.sub("", label.lower())


def _table() -> dict[str, str]:
    known = {_squeeze(alias): codec for alias, codec in aliases.items() if codec in _SAFE}
    known |= {_squeeze(codec): codec for codec in _SAFE} | _EXTRA
    known = {label: _SUPERSET.get(codec, codec) for label, codec in known.items()}
    return known | dict.fromkeys(_THAI_LABELS.split(), THAI)


_CODECS = _table()


def codec_of(label: str | None) -> str:
    """The codec a charset label stands for, or an empty string for none, an unknown or an unsafe one."""
    if not label or len(label) > 100:
        return ""
    return _CODECS.get(_squeeze(label.partition("*")[0]), "")


def decode(raw: bytes, label: str | None = None) -> tuple[str, str]:
    """The text, and a short note of the repair; no note if the label (or UTF-8 where there is none) just worked."""
    codec = codec_of(label)
    if codec in _STATEFUL:
        text = _strict(raw, codec)
        if text is not None:
            return text, ""
    elif raw.isascii():
        return raw.decode("ascii"), ""
    text = _utf8(raw, codec)
    if text is not None:
        return text, _note(label, codec, "utf_8", text)
    text, used = _eight_bit(raw, codec, named=not _unnamed(label))
    return text, _note(label, codec, used, text)


def _unnamed(label: str | None) -> bool:
    return _squeeze((label or "")[:100]) in _NO_LABEL


def _strict(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _replaced(raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return raw.decode("latin_1")


def _utf8(raw: bytes, codec: str) -> str | None:
    """The text if the bytes are UTF-8, or were before somebody cut or damaged a few of them."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        text = raw.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        good = len(text) - len(text.encode("ascii", "ignore")) - bad
        cut = fault.reason == "unexpected end of data" and fault.end == len(raw)
        if not (good > 4 * bad or (cut and (good or codec == "utf_8"))):
            return None
    return None if _is_thai_in_disguise(raw, codec, text[:_SAMPLE]) else text


def _is_thai_in_disguise(raw: bytes, codec: str, text: str) -> bool:
    """Two Thai bytes can be one valid UTF-8 character: C2 A1 is "ยก", and "อนุญาต" is three.

    Under a Thai label they are Thai; else where as UTF-8 they would be no word of any language.
    """
    if _THAI_LETTER.search(text):
        return False
    thai = _strict(raw, THAI)
    if thai is None:
        return False
    if codec == THAI:
        return not re.search("[^\x00-\x7fก-๛]", thai)
    return _is_no_word(text) and _looks_thai(thai[:_SAMPLE])


def _is_no_word(text: str) -> bool:
    """A character that is none, or letters of two scripts in one word."""
    letters = set(text) - {"\ufffd"}
    if max(letters, default="") > "\u07ff":  # three Thai bytes in a row are no character
        return False
    if any(unicodedata.category(letter) == "Cn" for letter in letters):
        return True
    return any(len(set(map(_script, _NOT_OF_ONE.sub("", word)))) > 1 for word in _WORD.findall(text))


def _script(letter: str) -> int:
    """The block of a letter that takes two bytes."""
    return bisect(_BLOCKS, ord(letter))


def _eight_bit(raw: bytes, codec: str, *, named: bool) -> tuple[str, str]:
    """Bytes that are not UTF-8: Thai by label or by look, else the label, else western European."""
    if codec == THAI:
        return _thai(raw), THAI
    guess = raw[:_SAMPLE].decode(THAI, "replace")
    if codec not in _WEAK:
        text = _strict(raw, codec)
        if text is not None:
            return text, codec
    if _looks_thai(guess) or (not named and _could_be_thai(guess)):
        return _thai(raw), THAI
    if codec not in _WEAK:
        return _replaced(raw, codec), codec
    text = _strict(raw, _WESTERN)
    return (text, _WESTERN) if text is not None else (raw.decode("latin_1"), "latin_1")


def _thai(raw: bytes) -> str:
    for codec in (THAI, "iso8859_11"):
        text = _strict(raw, codec)
        if text is not None:
            return text
    return _replaced(raw, THAI)


def _looks_thai(text: str) -> bool:
    """True where a label of another language is not believed.

    Accented letters of western text become Thai vowels and tone marks, single and behind ASCII letters;
    Thai comes in runs with many consonants and no tone mark without one.
    """
    runs = "".join(_RUN.findall(text))
    letters, high = len(_SPOKEN.findall(runs)), len(_HIGH.findall(text))
    if not high:
        return bool(_NUMBER.search(text))
    return (
        letters >= 2
        and letters >= 0.7 * high
        and len(_CONSONANT.findall(runs)) >= 0.35 * letters
        and 10 * len(_ORPHAN_MARK.findall(text)) <= letters
    )


def _could_be_thai(text: str) -> bool:
    """Enough for bytes without a label: an office of the Thai state gets more Thai than anything else."""
    return (
        bool(_CONSONANT.search(text) or _NUMBER.search(text)) and "\ufffd" not in text and not _ORPHAN_MARK.search(text)
    )


def _note(label: str | None, codec: str, used: str, text: str) -> str:
    broken = ", some bytes replaced" if "\ufffd" in text else ""
    read = used.replace("_", "-")
    if _unnamed(label):
        return f"unlabelled, read as {read}{broken}" if used != "utf_8" or broken else ""
    if codec == used and not broken:
        return ""
    shown = re.sub(r"[^!-~]", "?", (label or "")[:40])
    return f"labelled {shown}, read as {read}{broken}"
