"""Where the text somebody answers begins in a mail, and the first words that are new."""

from __future__ import annotations

import re

from mailgate.core.thai import tidy

SUMMARY_LIMIT = 120
_LONGEST_LINE = 400
_MOST_LINES = 20_000

# "On <time>, <writer> wrote:" in three tests that take linear time each.
_SAYS = re.compile(
    r"(?:\b(?:wrote|writes|a écrit|schrieb.{0,80}|escribió|escreveu|ha scritto|schreef|skrev|napsal\(a\))|เขียน|เขียนว่า"
    r"|เขียนข้อความ|เขียนข้อความว่า|เขียนไว้ว่า) ?[:：]?\Z|> ?[:：]\Z",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\d{1,2}[:.]\d{2}|\d{4}|[๐-๙]{4}")
_STARTS = re.compile(r"(?:on|am|le|el|il|op|em|den)\b|เมื่อ|ใน|วัน|\d{1,4}[-/.]\d{1,2}[-/.]", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}")

_RULED = r"(?:-{2,}|_{2,}|\*{2,})"
_MARK = re.compile(
    rf"{_RULED} ?(?:original message|original appointment|forwarded message|forwarded by .{{1,100}}|reply message"
    "|ข้อความเดิม|ข้อความต้นฉบับ|ต้นฉบับ|ข้อความที่ส่งต่อ|ข้อความที่ถูกส่งต่อ|ข้อความส่งต่อ|อีเมลต้นฉบับ|จดหมายต้นฉบับ"
    "|message d'origine|ursprüngliche nachricht|mensaje original|mensagem original|原始邮件|元のメッセージ)"
    rf" ?{_RULED}?|begin forwarded message ?:|เริ่มข้อความที่ส่งต่อ ?:",
    re.IGNORECASE,
)
_FROM = re.compile(r"\*?(?:from|จาก|ผู้ส่ง|von|de|da|van) ?[:：]\*? ?\S.*", re.IGNORECASE)
_FIELD = re.compile(
    r"\*?(?:from|sent|date|to|cc|subject|reply-to|importance|จาก|ผู้ส่ง|ส่ง|ส่งเมื่อ|วันที่|วันที่ส่ง|ถึง|สำเนา|สำเนาถึง|เรื่อง"
    r"|หัวเรื่อง|ชื่อเรื่อง|หัวข้อ|gesendet|an|betreff|envoyé|à|objet) ?[:：]\*?.*",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_*=—]{5,}")
_GREETING = re.compile(
    r"(?:(?:กราบ)?เรียน|(?:กราบ)?สวัสดี|กราบนมัสการ|นมัสการ|ถึง|dear|hello|hi|good (?:morning|afternoon|day|evening)|to whom)"
    r"(?![a-z]).{0,80}",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W_]")


def quoted_from(text: str) -> int:
    """Where quoted history begins; the end of the text if there is none, or if new text stands below it."""
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    position, first, opener_ends = 0, -1, 0
    for number, line in enumerate(lines):
        opener_ends = max(opener_ends, number + _answers_below(lines, number))
        if line.startswith(">") or number < opener_ends:
            first = position if first < 0 else first
        elif line.strip():
            if _opens(lines, number):
                return position if first < 0 else first
            first = -1
        position += len(line) + 1
    return len(text) if first < 0 else first


def _answers_below(lines: list[str], number: int) -> int:
    """How many lines name the writer of the ">" lines that follow: between and below these there may be new text."""
    length = _wrote(lines, number)
    following = [line for line in lines[number + length : number + length + 3] if line.strip()]
    return length if any(line.startswith(">") for line in following) else 0


def _opens(lines: list[str], number: int) -> bool:
    """Whether nothing new is expected from this line on."""
    line = lines[number].strip()
    if len(line) > _LONGEST_LINE:
        return False
    if _MARK.fullmatch(line) or _wrote(lines, number):
        return True
    if _RULE.fullmatch(line):
        behind = next((n for n in range(number + 1, min(number + 3, len(lines))) if lines[n].strip()), number)
        return _from_block(lines, behind)
    # At the very beginning it is the head of a letter: "จาก: … ถึง: … เรื่อง: …".
    return number > 0 and _from_block(lines, number)


def _from_block(lines: list[str], number: int) -> bool:
    """ "From:" and two more fields of a header, as Outlook puts them over what it quotes."""
    if not _FROM.fullmatch(lines[number].strip()[:_LONGEST_LINE]):
        return False
    following = lines[number + 1 : number + 8]
    return sum(bool(_FIELD.fullmatch(line.strip()[:_LONGEST_LINE])) for line in following) >= 2


def _wrote(lines: list[str], number: int) -> int:
    """How many lines from here say who wrote when: none, one, or two because programs wrap it."""
    line = lines[number].strip()
    if len(line) > _LONGEST_LINE or not (_STARTS.match(line) or _ADDRESS.search(line)):
        return 0
    if _names_writer(line):
        return 1
    both = line + " " + "".join(lines[number + 1 : number + 2]).strip()
    return 2 if len(both) <= _LONGEST_LINE and _WHEN.search(line) and _names_writer(both) else 0


def _names_writer(line: str) -> bool:
    if not (_SAYS.search(line) and _WHEN.search(line)):
        return False
    english = line.isascii() and _STARTS.match(line)
    return bool(_ADDRESS.search(line) or english or (_STARTS.match(line) and _CLOCK.search(line)))


def summary(text: str) -> str:
    """The first words that say something, without the greeting if more follows; at most 120 characters."""
    lines = text[:20_000].split("\n")
    said = [
        line.strip()
        for number, line in enumerate(lines[:200])
        if _LETTER.search(line) and not line.startswith(">") and not _wrote(lines, number)
    ]
    while len(said) > 1 and _GREETING.fullmatch(said[0]):
        said = said[1:]
    made = ""
    for line in said:
        made = f"{made} {line}".strip()
        if len(made) >= SUMMARY_LIMIT // 2:
            break
    return tidy(made, SUMMARY_LIMIT)
