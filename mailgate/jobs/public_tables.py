"""The tables and charts of a year's page, in the words of one language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailgate.core.public import chart, words
from mailgate.core.public.chart import Bar, Group
from mailgate.core.public.figures import MEASURES
from mailgate.core.public.words import Words
from mailgate.core.public.year import RESULTS, SLOTS, Figure, Year
from mailgate.jobs.public_material import Material

_TOGETHER = ("รวม", "All")
_YEAR = ("ทั้งปี", "Year")


class Tables:
    """Values for the templates: a table is a caption, columns, and rows with a head and cells."""

    def __init__(self, material: Material, year: Year, language: str) -> None:
        self._material = material
        self._year = year
        self._words: Words = material.words(language)

    def months(self) -> dict[str, Any]:
        """All services together, month by month."""
        columns = [self._pick(words.MEASURES[name]) for name in MEASURES]
        speeds = [("เวลาแจ้งเลขรับ", "Time to acknowledgement"), ("เวลาแจ้งผล", "Time to decision")]
        rows = []
        for n, day in enumerate(self._year.months):
            counts = [self._count(self._year.table[name][-1][n]) for name in MEASURES]
            speed = self._year.speed_by_month[n]
            times = [self._words.duration(speed.acknowledged), self._words.duration(speed.decided)]
            rows.append(self._row(self._words.month(day), [*counts, *times]))
        total = [self._count(self._year.total(name)) for name in MEASURES]
        rows.append(self._row(self._pick(_TOGETHER), [*total, "", ""], total=True))
        caption = ("จำนวนหนังสือรายเดือน ทุกเรื่อง", "Letters by month, all services")
        return self._table(caption, ("เดือน", "Month"), [*columns, *map(self._pick, speeds)], rows)

    def months_chart(self) -> str:
        groups = [
            Group(
                self._words.short_month(day), [self._bar(self._year.table[name][-1][n], style) for name, style in _BARS]
            )
            for n, day in enumerate(self._year.months)
        ]
        title = self._pick(("หนังสือที่รับและแจ้งผลรายเดือน", "Letters received and decided, by month"))
        return chart.bars("months", title, self._pick(_BELOW), groups, beside=True)

    def services(self, measure: str) -> dict[str, Any]:
        """A measure by service and month."""
        heads = [self._words.short_month(day) for day in self._year.months]
        rows = [
            self._row(
                head, [self._count(figure) for figure in figures[: len(heads) + self._year.complete]], total=total
            )
            for head, figures, total in zip(
                self._heads(), self._year.table[measure], [False] * len(self._year.services) + [True], strict=True
            )
        ]
        name = self._pick(words.MEASURES[measure])
        caption = (f"จำนวนที่{name} จำแนกตามเรื่องและเดือน", f"{name}, by service and month")
        return self._table(caption, _SERVICE, [*heads, *([self._pick(_YEAR)] if self._year.complete else [])], rows)

    def services_chart(self) -> str:
        """Of a year that is over: what was received and decided, by service."""
        groups = [
            Group(head, [self._bar(self._year.table[name][n][-1], style) for name, style in _BARS])
            for n, head in enumerate(self._heads()[:-1])
        ]
        title = self._pick(("หนังสือที่รับและแจ้งผล จำแนกตามเรื่อง", "Letters received and decided, by service"))
        return chart.bars("services", title, self._pick(_BELOW), groups)

    def channels(self) -> dict[str, Any]:
        heads = [self._words.short_month(day) for day in self._year.months]
        rows = [
            self._row(
                self._pick(words.CHANNELS.get(name, (name, name))),
                [self._count(figure) for figure in figures[: len(heads) + self._year.complete]],
            )
            for name, figures in self._year.channels.items()
        ]
        caption = ("จำนวนที่รับ จำแนกตามช่องทาง", "Received, by channel")
        columns = [*heads, *([self._pick(_YEAR)] if self._year.complete else [])]
        return self._table(caption, ("ช่องทาง", "Channel"), columns, rows)

    def results(self) -> dict[str, Any]:
        rows = [
            self._row(self._service(key), [self._count(row[name]) for name in RESULTS])
            for key, row in self._year.results.items()
        ]
        caption = ("ผลการพิจารณา จำแนกตามเรื่อง", "Results, by service")
        return self._table(caption, _SERVICE, [self._pick(words.RESULTS[name]) for name in RESULTS], rows)

    def speed(self) -> dict[str, Any]:
        """Median working time beside the service's own, and its legal basis."""
        heads = [
            ("มัธยฐานเวลาแจ้งเลขรับ", "Median time to acknowledgement"),
            ("มัธยฐานเวลาแจ้งผล", "Median time to decision"),
            ("ระยะเวลาให้บริการ", "Service time"),
            ("แล้วเสร็จในกำหนด", "Decided on time"),
            ("ฐานทางกฎหมาย", "Legal basis"),
        ]
        rows = [self._row(self._service(key), self._speed_cells(key)) for key in self._year.services]
        caption = ("เวลาทำการที่ใช้ เทียบกับระยะเวลาให้บริการ", "Working time taken, beside the service's time")
        return self._table(caption, _SERVICE, [self._pick(head) for head in heads], rows)

    def slots(self) -> dict[str, Any]:
        rows = [
            self._row(self._words.month(day), [self._words.number(counts[state]) for state in SLOTS])
            for day, counts in zip(self._year.months, self._year.slots, strict=True)
        ]
        caption = ("การตรวจตามเวลาที่กำหนด (ข้อ ๓)", "Mandated checks (clause 3)")
        return self._table(caption, ("เดือน", "Month"), [self._pick(words.SLOTS[s]) for s in SLOTS], rows)

    def slots_chart(self) -> str:
        groups = [
            Group(
                self._words.short_month(day),
                [Bar(counts[state], self._words.number(counts[state]), style) for state, style in _SLOT_BARS],
            )
            for day, counts in zip(self._year.months, self._year.slots, strict=True)
        ]
        title = self._pick(("การตรวจตามเวลาที่กำหนด รายเดือน", "Mandated checks, by month"))
        return chart.bars("slots", title, self._pick(_BELOW), groups, beside=True)

    def confidential(self) -> dict[str, Any]:
        titles = self._material.titles
        rows = [
            self._row(self._words.confidential(key, titles), [self._count(figure)])
            for key, figure in self._year.confidential.items()
        ]
        caption = ("เรื่องที่จำกัดการเข้าถึง จำนวนทั้งปี", "Restricted matters, in the whole year")
        return self._table(caption, _SERVICE, [self._pick(words.MEASURES["received"])], rows)

    def _speed_cells(self, key: str) -> list[str]:
        speed = self._year.speed[key]
        service = next((s for s in self._material.office.config.services if s.key == key), None)
        time = "–"
        if service and service.days:
            unit = {"calendar": ("วัน", "days"), "working": ("วันทำการ", "working days")}[service.counted_in]
            time = f"{self._words.number(service.days)} {self._pick(unit)}"
        basis = service.legal_basis if service else ""
        times = [self._words.duration(speed.acknowledged), self._words.duration(speed.decided)]
        return [*times, time, self._words.share(speed.on_time), basis or "–"]

    def _heads(self) -> list[str]:
        return [*map(self._service, self._year.services), self._pick(_TOGETHER)]

    def _service(self, key: str) -> str:
        return self._words.service(key, self._material.titles)

    def _pick(self, both: tuple[str, str]) -> str:
        return self._words.pick(both)

    def _count(self, figure: Figure) -> str:
        return self._words.count(figure, self._material.smallest)

    def _bar(self, figure: Figure, style: str) -> Bar:
        return Bar(figure.value, self._count(figure), style)

    def _row(self, head: str, cells: Sequence[str], *, total: bool = False) -> dict[str, Any]:
        return {"head": self._text(head), "cells": [self._text(cell) for cell in cells], "total": total}

    def _text(self, text: str) -> dict[str, Any]:
        """``thai``: a page in English says that these words are not (WCAG 3.1.2)."""
        return {"text": text, "thai": not self._words.is_thai and any("\u0e00" <= c <= "\u0e7f" for c in text)}

    def _table(
        self, caption: tuple[str, str], first: tuple[str, str], columns: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        return {"caption": self._pick(caption), "columns": [self._pick(first), *columns], "rows": rows, "lines": ""}


_SERVICE = ("เรื่อง", "Service")
_BELOW = ("ตัวเลขทั้งหมดอยู่ในตารางถัดไป", "All numbers stand in the table below.")
_BARS = (("received", "a"), ("decided", "b"))
_SLOT_BARS = (("done", "a"), ("late", "c"), ("missed", "d"))
