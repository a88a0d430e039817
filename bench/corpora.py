"""How the screening judges folders of mail: ``python -m bench.corpora --machine DIR… --human DIR…``.

``--machine``: bounces, reports and automatic answers; none should be answered. ``--human``: what people wrote; none
should be kept out of the register (posts of mailing lists are counted apart). Files may be raw mails or mailboxes
(mbox). Each mail is judged as if it had been sent to an office at the first address it names. Nothing is kept; no
corpus is part of this repository.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mailgate.core.parse import header_block, headers
from mailgate.core.screen import screen
from mailgate.core.screen_signs import Facts
from mailgate.model import Kind, Screening

_HEADER, _BEGINS = 256 * 1024, 64 * 1024
_FROM_LINE = re.compile(rb"^From \S+.*\d{4}\r?\n", re.MULTILINE)
_A_HEADER = re.compile(rb"^(?:from|subject|received|return-path|to|date)[ \t]*:", re.IGNORECASE | re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", "--bounces", nargs="*", type=Path, default=[])
    parser.add_argument("--human", nargs="*", type=Path, default=[])
    options = parser.parse_args()
    for name, folders, is_wrong in (("machine", options.machine, _answered), ("human", options.human, _kept_out)):
        for folder in folders:
            _print(f"{name} {folder}", list(_judged(folder)), is_wrong)
    return 0


def mails(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every mail below a folder, with its name; what does not look like a mail is passed over."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else [folder]:
        raw = path.read_bytes()
        pieces = _FROM_LINE.split(raw)[1:] if len(_FROM_LINE.findall(raw)) > 1 else [raw]
        for n, piece in enumerate(pieces):
            if len(_A_HEADER.findall(piece[:4096])) >= 2:
                yield (f"{path}#{n}" if len(pieces) > 1 else str(path)), piece


def _judged(folder: Path) -> Iterator[tuple[str, Screening, str]]:
    for name, raw in mails(folder):
        mail = headers(raw[:_HEADER])
        start = header_block(raw[:_HEADER])[1]
        sender = mail.from_shown.address.lower()
        office = frozenset(a.lower() for a in mail.named[:1] if a.lower() != sender)
        found = screen(mail, Facts(office, begins=raw[start : start + _BEGINS]))
        yield name, found, mail.subject


def _answered(found: Screening) -> bool:
    return found.answer


def _kept_out(found: Screening) -> bool:
    return found.kind not in (Kind.LETTER, Kind.LIST)


def _print(name: str, judged: list[tuple[str, Screening, str]], is_wrong: object) -> None:
    assert callable(is_wrong)
    wrong = [(n, s, subject) for n, s, subject in judged if is_wrong(s)]
    silent = sum(not s.answer for _, s, _ in judged)
    print(f"{name}: {len(judged)} mails, {len(wrong)} wrong, {silent} not answered")
    print("    " + ", ".join(f"{count} {kind}" for kind, count in Counter(s.kind for _, s, _ in judged).most_common()))
    for rule, count in Counter(s.rule for _, s, _ in judged).most_common():
        print(f"    {count:>6}  {rule}")
    for n, s, subject in wrong[:60]:
        print(f"  ! {n}: {s.kind} {s.rule} [{s.evidence[:80]}] {subject[:60]}")


if __name__ == "__main__":
    raise SystemExit(main())
