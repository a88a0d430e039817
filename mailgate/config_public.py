"""What people are told regularly: the clerk and the officers ([digests]), the public ([publish])."""

from __future__ import annotations

from datetime import time
from typing import Literal, Self

from pydantic import Field, model_validator

from mailgate.config_types import Clock, Email, Line, MaybePath, Table, WebAddress

Period = Literal["slot", "day", "week", "month"]


class Digests(Table):
    """Summaries by mail to the clerk and to each officer."""

    to_clerk: tuple[Period, ...] = Field(
        ("slot", "day", "week", "month"),
        description="What the clerk gets: after each check that brought something, at the end of the day, of the week, "
        "of the month; empty for none.",
    )
    to_officers: tuple[Period, ...] = Field(
        ("day",), description="The same for each officer, of their own letters, where there is something to tell."
    )
    also_to: tuple[Email, ...] = Field((), description="Addresses that get the clerk's digests too.")
    attach_register: bool = Field(
        True, description="Attach the day's receive register as XLSX to the clerk's daily digest."
    )


class Publish(Table):
    """The public database (annex item 6 of the order)."""

    directory: MaybePath = Field(
        None,
        description="Folder of the public pages, for any web server to serve; none are made if empty. It becomes a "
        "link to the newest edition in a folder beside it.",
        examples=["/srv/www/mailgate"],
    )
    base_url: WebAddress = Field(
        "",
        description="Address the folder is served at; with it each acknowledgement bears a link to a page that shows "
        "how far the letter is.",
        examples=["https://www.example.go.th/letters"],
    )
    at: Clock = Field(time(1), description="When they are made anew, every day.", examples=["01:00"])
    up_to: Literal["month", "today"] = Field(
        "month",
        description="month: a month is counted when it is over, yearly totals and results when the year is, so that "
        "not even who keeps every edition can reckon a count that is not shown. today: all that there is so far; who "
        "compares the editions of two days sees when a count has reached `smallest`.",
    )
    status_days: int = Field(
        90, ge=1, le=3650, description="Days after the decision for which the page of a letter stays.", examples=[90]
    )
    smallest: int = Field(
        5, ge=2, le=100, description="Counts of persons' letters below this are not shown.", examples=[5]
    )
    licence: Line = Field("CC-BY-4.0", description="Licence of the data, as data catalogues write it.")
    licence_url: WebAddress = Field(
        "https://creativecommons.org/licenses/by/4.0/", description="Where that licence can be read."
    )
    geo_coverage: Line = Field(
        "เขตพื้นที่รับผิดชอบของหน่วยงาน", description="Area the data are about, for the catalogue of data.go.th."
    )

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> Self:
        if self.base_url and self.directory is None:
            raise ValueError("base_url needs directory: acknowledgements would bear links to pages that are not made")
        return self
