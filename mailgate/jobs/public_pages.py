"""The pages of an edition, in Thai and in English, and how they are named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Any

from dateutil.relativedelta import relativedelta

from mailgate.core.letterhead import office_values
from mailgate.core.public import words
from mailgate.core.public.figures import MEASURES
from mailgate.core.public.words import Words
from mailgate.core.public.year import Figure, Year
from mailgate.core.thai import BUDDHIST_OFFSET
from mailgate.jobs import public_data
from mailgate.jobs.public_material import Material
from mailgate.jobs.public_tables import Tables

LONGEST_LIST = 500  # permissions on a page
_INDEX, _DATA = "index.html", "data.html"
_TITLES = {
    _INDEX: ("ฐานข้อมูลการอนุญาตและสถิติ", "Permissions and statistics"),
    _DATA: ("ข้อมูลเปิด", "Open data"),
}


class Pages:
    """The pages of one language."""

    def __init__(self, material: Material, language: str) -> None:
        self._material = material
        self._words: Words = material.words(language)
        self._office = office_values(material.office.config)

    def index(self) -> bytes:
        shown = self._material.as_of
        values = {
            "as_of": self._words.moment(shown) if shown else "",
            "years": [self._year_in_index(year) for year in self._material.years.values()],
            "smallest": self._words.digits(self._material.smallest),
            "so_far": self._material.office.config.publish.up_to == "today",
            "events": self._words.number(self._material.events),
            "chain_head": self._material.chain_head,
        }
        return self._render("public/index.html", _INDEX, self._words.pick(_TITLES[_INDEX]), values)

    def year(self, year: Year) -> bytes:
        tables = Tables(self._material, year, self._words.language)
        values = {
            "measures": {name: self._words.pick(words.MEASURES[name]) for name in MEASURES},
            "states": {name: self._words.pick(both) for name, both in words.SLOTS.items()},
            "complete": year.complete,
            "months": tables.months(),
            "months_chart": tables.months_chart(),
            "services": [tables.services(name) for name in MEASURES],
            "services_chart": tables.services_chart() if year.complete else "",
            "channels": tables.channels(),
            "results": tables.results(),
            "speed": tables.speed(),
            "slots": tables.slots(),
            "slots_chart": tables.slots_chart(),
            "confidential": tables.confidential(),
        }
        title = self._words.pick(("สถิติปี พ.ศ. {}", "Statistics of {}")).format(self._words.year(year.year))
        return self._render("public/year.html", f"year-{year.year}.html", title, values)

    def data(self, files: list[str]) -> bytes:
        named: dict[str, list[str]] = {}
        for path in files:
            named.setdefault(path.rpartition(".")[0], []).append(path)
        values = {
            "licence": self._material.office.config.publish.licence,
            "licence_url": self._material.office.config.publish.licence_url,
            "files": [
                {"name": name.rpartition("/")[2], "links": [self._file(p) for p in p]} for name, p in named.items()
            ],
            "dictionary": self._dictionary(),
        }
        return self._render("public/data.html", _DATA, self._words.pick(_TITLES[_DATA]), values)

    def permissions(self, year: int, part: Part, parts: list[Part]) -> bytes:
        """A page of the list of a Buddhist year."""
        columns = [("เลขที่หนังสือ", "Number"), ("ลงวันที่", "Date"), ("เรื่อง", "Service"), ("ผล", "Result")]
        title = self._words.pick(("การอนุญาตปี พ.ศ. {}", "Permissions granted in {}")).format(self._words.year(year))
        caption = title if len(parts) == 1 else f"{title} – {self._part(part, parts)}"
        lines = "\n".join(self._granted(part))
        table = {"caption": caption, "columns": [self._words.pick(c) for c in columns], "rows": [], "lines": lines}
        pages = [{"href": p.path, "label": self._part(p, parts), "here": p == part} for p in parts]
        return self._render("public/permissions.html", part.path, caption, {"list": table, "pages": pages})

    def _granted(self, part: Part) -> Iterator[str]:
        """A row of the table for each permission; put together here, for there may be a hundred thousand."""
        granted, other = self._words.pick(words.RESULTS["approved"]), self._words.pick(("เรื่องอื่น ๆ", "Other matters"))
        rows = public_data.permissions_between(self._material, part.first, part.before, part.start, part.count)
        for row in rows:
            title = other if row["service"] == "other" else row["service_title"]
            cells = [self._words.date(date.fromisoformat(row["date"])), title, granted]
            told = "".join(f"<td>{self._marked(cell)}</td>" for cell in cells)
            yield f'<tr><th scope="row">{self._marked(row["number"])}</th>{told}</tr>'

    def _marked(self, text: str) -> str:
        """Text for a page, with its language where that is another (WCAG 3.1.2)."""
        shown = escape(text)
        return f'<span lang="th">{shown}</span>' if self._text(text)["thai"] else shown

    def _year_in_index(self, year: Year) -> dict[str, Any]:
        granted = self._material.permissions(year.year)
        figures = [
            {"label": self._words.pick(words.MEASURES[name]), "told": self._count(year.total(name))}
            for name in MEASURES
        ]
        running = "" if year.complete or not year.months else self._words.month(year.months[-1])
        parts_of_year = parts(self._material, year.year)
        return {
            "name": self._words.year(year.year),
            "figures": figures if year.months else [],
            "running": running,
            "href": f"year-{year.year}.html",
            "permissions": parts_of_year[0].path if parts_of_year else "",
            "permitted": self._words.number(sum(granted.values())),
        }

    def _dictionary(self) -> dict[str, Any]:
        heads = [("แฟ้ม", "File"), ("คอลัมน์", "Column"), ("ชนิด", "Type"), ("ความหมาย", "Meaning")]
        meaning = self._words.pick(("meaning_th", "meaning_en"))
        rows = [
            {
                "head": self._text(r["file"]),
                "cells": [self._text(r[n]) for n in ("column", "type", meaning)],
                "total": False,
            }
            for r in public_data.dictionary()
        ]
        caption = self._words.pick(("ความหมายของแต่ละคอลัมน์", "What each column means"))
        return {"caption": caption, "columns": [self._words.pick(head) for head in heads], "rows": rows, "lines": ""}

    def _file(self, path: str) -> dict[str, str]:
        name = path.rpartition("/")[2]
        return {"href": f"{self._root}{path}", "label": name}

    def _part(self, part: Part, parts: list[Part]) -> str:
        same = [p for p in parts if p.first == part.first]
        number = f" ({self._words.digits(same.index(part) + 1)})" if len(same) > 1 else ""
        return f"{self._words.month(part.first)}{number}"

    def _text(self, text: str) -> dict[str, Any]:
        return {"text": text, "thai": not self._words.is_thai and any("\u0e00" <= c <= "\u0e7f" for c in text)}

    def _count(self, figure: Figure) -> str:
        return self._words.count(figure, self._material.smallest)

    @property
    def _root(self) -> str:
        return "" if self._words.is_thai else "../"

    def _render(self, template: str, name: str, title: str, values: dict[str, Any]) -> bytes:
        other = "en" if self._words.is_thai else "th"
        nav = [{"href": page, "label": self._words.pick(both), "here": page == name} for page, both in _TITLES.items()]
        shared = {
            "lang": self._words.language,
            "root": self._root,
            "title": title,
            "office": self._office,
            "nav": nav,
            "other": {"lang": other, "href": f"en/{name}" if self._words.is_thai else f"../{name}"},
        }
        return self._material.office.head.render(template, shared | values).encode()


class Part:
    """A page of the list of permissions: those dated in [first, before), from the ``start``-th on."""

    def __init__(self, path: str, first: date, before: date, start: int, count: int) -> None:
        self.path, self.first, self.before, self.start, self.count = path, first, before, start, count


def parts(material: Material, year: int) -> list[Part]:
    """The pages of a year's list: one, or one a month where there is much, or several."""
    granted = material.permissions(year)
    first = date(year - BUDDHIST_OFFSET, 1, 1)
    if sum(granted.values()) <= LONGEST_LIST:
        before = first + relativedelta(years=1)
        return [Part(f"permissions-{year}.html", first, before, 0, LONGEST_LIST)] if granted else []
    return [part for day, count in granted.items() for part in _parts_of_month(year, day, count)]


def _parts_of_month(year: int, day: date, count: int) -> Iterator[Part]:
    for n, start in enumerate(range(0, count, LONGEST_LIST), 1):
        suffix = f"-{n}" if n > 1 else ""
        path = f"permissions-{year}-{day.month:02d}{suffix}.html"
        yield Part(path, day, day + relativedelta(months=1), start, LONGEST_LIST)
