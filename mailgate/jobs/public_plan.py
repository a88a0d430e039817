"""The files of an edition, in order, each with how it is made; large ones say from what, so that few are made again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial

from mailgate.edges.site import Planned
from mailgate.jobs import public_catalog, public_data, public_pages
from mailgate.jobs.public_data import COLUMNS, DICTIONARY
from mailgate.jobs.public_material import LANGUAGES, Material
from mailgate.jobs.public_pages import Pages, Part

_ALWAYS = ""  # small: made each time


def plan(material: Material) -> Iterator[Planned]:
    """Every file of an edition but its manifest."""
    data = [*_data(material)]
    files = [file.path for file in data]
    style = material.office.head.render("public/style.css", {}).encode()
    yield Planned("style.css", _ALWAYS, lambda: style)
    yield from data
    yield Planned("data/catalog.jsonld", _ALWAYS, partial(public_catalog.dcat, material, files))
    yield Planned("data/ckan.json", _ALWAYS, partial(public_catalog.ckan, material, files))
    for language in LANGUAGES:
        yield from _pages(material, language, files)


def _pages(material: Material, language: str, files: list[str]) -> Iterator[Planned]:
    pages, folder = Pages(material, language), "" if language == "th" else f"{language}/"
    yield Planned(f"{folder}index.html", _ALWAYS, pages.index)
    yield Planned(f"{folder}data.html", _ALWAYS, partial(pages.data, files))
    for year in material.years.values():
        if year.months:
            yield Planned(f"{folder}year-{year.year}.html", _ALWAYS, partial(pages.year, year))
        parts = public_pages.parts(material, year.year)
        layout = _layout(pages, year.year, parts)
        for part in parts:
            made = partial(pages.permissions, year.year, part, parts)
            yield Planned(f"{folder}{part.path}", f"{layout}{_granted(material, part)}", made)


def _data(material: Material) -> Iterator[Planned]:
    for name, rows in public_data.tables(material).items():
        yield Planned(f"data/{name}.csv", _ALWAYS, partial(_csv, rows, COLUMNS[name]))
        yield Planned(f"data/{name}.json", _ALWAYS, partial(_json, rows))
    for year in material.years:
        rows = partial(public_data.permissions, material, year)
        titles = _digest(repr(sorted(material.titles.items())))
        source = titles + _digest(
            "".join(material.months.by_first_day[d].permitted for d in material.permissions(year))
        )
        yield Planned(f"data/permissions-{year}.csv", source, partial(_csv, rows, COLUMNS["permissions"]))
        yield Planned(f"data/permissions-{year}.json", source, partial(_json, rows))
    yield Planned("data/dictionary.csv", _ALWAYS, partial(_csv, public_data.dictionary, DICTIONARY))
    yield Planned("data/dictionary.json", _ALWAYS, partial(_json, public_data.dictionary))


def _csv(rows: public_data.Source, columns: list[str]) -> bytes:
    return public_data.as_csv(rows(), columns)


def _json(rows: public_data.Source) -> bytes:
    return public_data.as_json(rows())


def _layout(pages: Pages, year: int, parts: list[Part]) -> str:
    """A digest of everything around the rows of a list: template, words, names of services, the other pages."""
    empty = Part("", parts[0].first, parts[0].first, 0, 0) if parts else None
    return _digest(pages.permissions(year, empty, [*parts, empty]).decode()) if empty else ""


def _granted(material: Material, part: Part) -> str:
    """A digest of the rows of a list."""
    months = material.months.by_first_day
    inside = [months[day].permitted for day in sorted(months) if part.first <= day < part.before]
    titles = repr(sorted(material.titles.items()))
    return _digest(f"{part.path} {part.start} {inside} {titles}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
