"""A register as a spreadsheet (Office Open XML), written row by row: only the heights of rows that wrap stay in memory.

Whatever a stranger wrote goes in as a string: never a formula, a link or a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

from wcwidth import wcswidth
from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException

from mailgate.errors import MailgateError

MOST_ROWS = 1_048_576  # of a sheet
_LONGEST = 32_767  # characters of a cell
_LINE = 25.0  # points; what wraps is given its height, for not every program does, nor has every one this font
_HIGHEST = 400.0  # Excel has 409 at most
_FONT = {"font_name": "TH SarabunPSK", "font_size": 14}
# Buddhist years, in Thai words and digits: calendar 07, language 041E; 0D are Thai digits.
_DATE = {True: "[$-D07041E]d mmm yyyy", False: "[$-107041E]d mmm yyyy"}
_DAY = {
    True: '[$-D07041E]"วันที่" d "เดือน" mmmm "พ.ศ." yyyy',
    False: '[$-107041E]"วันที่" d "เดือน" mmmm "พ.ศ." yyyy',
}
_WORKBOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


# XlsxWriter takes a string of this shape for a rich one, and writes it into the file as it stands.
_RICH_BEGINS, _RICH_ENDS = "<r>", "</r>"


class Sheet:
    """A workbook of one sheet: A4 landscape, titles, a row of headings repeated on every page. Used with ``with``.

    Columns are as wide as so many characters. Raises MailgateError where it cannot be written.
    """

    def __init__(
        self, path: Path, titles: Sequence[str], headings: Sequence[str], widths: Sequence[int], *, thai_digits: bool
    ) -> None:
        self._book = Workbook(str(path), _WORKBOOK | {"tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet()
        self._columns, self._widths, self._row = len(headings), widths, 0
        self._plain, self._struck = (self._looks(_DATE[thai_digits], struck) for struck in (False, True))
        look = _FONT | {"bold": True, "bg_color": "#F2F2F2", "border": 1, "align": "left"}
        self._day = self._book.add_format(look | {"num_format": _DAY[thai_digits]})
        self._page(len(titles))
        self._head(titles, headings)

    def day(self, day: date) -> None:
        """The line above what was registered on a day."""
        self._sheet.merge_range(self._row, 0, self._row, self._columns - 1, "", self._day)
        self._sheet.write_datetime(self._row, 0, day, self._day)
        self._row += 1

    def line(self, cells: Sequence[str | int | date | None], *, struck: int = 0) -> None:
        """A line; so many of its first cells are struck out."""
        lines = max(_lines(c, w) for c, w in zip(cells, self._widths, strict=True) if isinstance(c, str))
        if lines > 1:
            self._sheet.set_row(self._row, min(_LINE * lines, _HIGHEST))
        for column, cell in enumerate(cells):
            self._write(column, cell, self._struck if column < struck else self._plain)
        self._row += 1

    def _write(self, column: int, cell: str | int | date | None, looks: dict[type, Any]) -> None:
        if isinstance(cell, str) and cell:
            # Formats that wrap; an empty string would be no cell at all.
            self._sheet.write_string(self._row, column, _words(cell), looks[str])
        elif isinstance(cell, int):
            self._sheet.write_number(self._row, column, cell, looks[int])
        elif isinstance(cell, date) and cell.year >= 1900:  # the format knows no earlier ones
            self._sheet.write_datetime(self._row, column, cell, looks[date])
        elif isinstance(cell, date):
            self._sheet.write_string(self._row, column, cell.isoformat(), looks[str])
        else:
            self._sheet.write_blank(self._row, column, None, looks[str])

    def _looks(self, dates: str, struck: bool) -> dict[type, Any]:
        base = _FONT | {"valign": "top", "border": 1, "font_strikeout": struck}
        return {  # as text ("@") what looks like a formula stays words also where somebody edits the cell
            str: self._book.add_format(base | {"text_wrap": True, "num_format": "@"}),
            int: self._book.add_format(base | {"num_format": "0", "align": "center"}),
            date: self._book.add_format(base | {"num_format": dates, "align": "left"}),
        }

    def _page(self, above: int) -> None:
        sheet = self._sheet
        sheet.set_default_row(_LINE)
        for column, width in enumerate(self._widths):
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(above)
        sheet.freeze_panes(above + 1, 0)
        sheet.set_footer('&C&"TH SarabunPSK"หน้า &P จาก &N')

    def _head(self, titles: Sequence[str], headings: Sequence[str]) -> None:
        look = _FONT | {"bold": True, "align": "center"}
        above = self._book.add_format(look | {"font_size": 18})
        named = self._book.add_format(
            look | {"border": 1, "valign": "vcenter", "bg_color": "#E5E5E5", "text_wrap": True}
        )
        for title in titles:
            self._sheet.merge_range(self._row, 0, self._row, self._columns - 1, "", above)
            self._sheet.write_string(self._row, 0, title, above)
            self._row += 1
        for column, heading in enumerate(headings):
            self._sheet.write_string(self._row, column, heading, named)
        self._sheet.set_row(self._row, 2 * _LINE)
        self._row += 1

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self._book.close()
        except XlsxWriterException as e:
            raise MailgateError(f"the spreadsheet cannot be written: {e}", "Check the disk") from e


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column, about: words are not torn, and Thai marks take no room."""
    if len(text) * 8 < width * 7 and "\n" not in text:
        return 1
    return sum(1 + max(0, wcswidth(line)) * 8 // (width * 7) for line in text.splitlines() or [""])


def _words(text: str) -> str:
    """A stranger's words as a cell may hold them; a space keeps what looks like a rich string from being one."""
    cut = text[: _LONGEST - 1]
    return f"{cut} " if cut.lstrip().startswith(_RICH_BEGINS) and cut.rstrip().endswith(_RICH_ENDS) else cut
