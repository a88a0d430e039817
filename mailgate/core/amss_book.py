"""The receive register as rows of AMSS++'s own (bookregister_receive): its columns, their lengths, its charset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from mailgate.core.amss import clean
from mailgate.core.registers import Entry

TABLE = "bookregister_receive"
# Columns that are written, with the characters they hold; what is 0 is a number or a date.
COLUMNS = {
    "year": 0, "register_number": 0, "book_no": 50, "signdate": 0, "book_from": 200, "book_to": 200, "subject": 150,
    "operation": 150, "comment": 100, "register_date": 0, "ref_id": 50, "secret": 0,
}  # fmt: skip
Value = str | int | None
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "''", "\0": "", "\n": " ", "\r": " ", "\x1a": ""})


def row(entry: Entry) -> dict[str, Value]:
    """One line of the register; what is confidential is masked there already. ``ref_id`` says that it is ours."""
    said = {
        "book_no": entry.book_no, "book_from": entry.sender, "book_to": entry.addressee, "subject": entry.subject,
        "operation": entry.action, "comment": entry.remarks,
    }  # fmt: skip
    return {
        "year": entry.year,
        "register_number": entry.number,
        "signdate": _day(entry.dated),
        "register_date": _day(entry.registered_at.date()),
        "ref_id": f"mailgate-{entry.year}-{entry.number}",
        "secret": int(entry.confidential),
        **{name: fitted(text, COLUMNS[name]) for name, text in said.items()},
    }


def fitted(text: str, most: int) -> str:
    """Text as a column of three-byte utf8 takes it: nothing beyond U+FFFF, at most so many characters."""
    plain = "".join(c if ord(c) < 0x10000 else "□" for c in clean(text))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def sql(entries: Iterable[Entry]) -> Iterator[str]:
    """A file for the mysql program, a statement a line; run twice it enters nothing twice."""
    columns = ", ".join(f"`{name}`" for name in COLUMNS)
    yield "SET NAMES utf8;\n"
    yield f"LOCK TABLES `{TABLE}` WRITE, `{TABLE}` AS there READ;\n"
    for entry in entries:
        values = row(entry)
        shown = ", ".join(_literal(values[name]) for name in COLUMNS)
        known = f"year = {values['year']} AND register_number = {values['register_number']}"
        yield (
            f"INSERT INTO `{TABLE}` ({columns}) SELECT {shown} FROM DUAL "  # noqa: S608 - escaped, for a person to run
            f"WHERE NOT EXISTS (SELECT 1 FROM `{TABLE}` AS there WHERE {known});\n"
        )
    yield "UNLOCK TABLES;\n"


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else f"'{value.translate(_ESCAPES)}'"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
