"""The office's own pages on the web ([website]): forms, and a page for each case."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from mailgate.config_types import Line, Listen, MaybePath, Table, WebAddress


class Website(Table):
    """The office's website (clause 2 (2) of the order), and the forms that `mailgate web` serves there."""

    url: Line = Field("", description="Address of the website, given in replies; empty leaves the line out.")
    listen: Listen = Field(
        "127.0.0.1:8025",
        description="Where `mailgate web` listens, behind the office's web server, which speaks HTTPS with the world.",
    )
    forms_url: WebAddress = Field(
        "",
        description="Address that the web server hands to `mailgate web`, with the path if there is one.",
        examples=["https://www.example.go.th/forms"],
    )
    desk: MaybePath = Field(
        None,
        description="Socket that the daemon registers submissions by, for `mailgate web` runs as another user, who "
        "cannot read the registry; if empty, `mailgate web` writes the registry itself.",
        examples=["/run/mailgate/desk.sock"],
    )
    key_file: Path = Field(Path("web.key"), description="Key that the forms are signed with, made when missing.")
    max_files: int = Field(10, ge=1, le=100, description="Files in one submission.")
    max_file: int = Field(20_000_000, ge=1_000, description="Bytes of one file.")
    max_total: int = Field(50_000_000, ge=1_000, le=500_000_000, description="Bytes of one submission.")
    per_visitor_hour: int = Field(
        60,
        ge=1,
        description="Forms that one visitor may send within an hour, to hand in, to open a case, to fetch a file; told "
        "apart without being remembered.",
    )
    per_minute: int = Field(1_000, ge=1, description="Forms of all visitors within a minute.")
    strip_metadata: bool = Field(
        True,
        description="Offer to take out what pictures (JPEG, PNG) and PDFs say of place, device and author; the box is "
        "ticked at first.",
    )

    @model_validator(mode="after")
    def _files_fit(self) -> Self:
        if self.max_file > self.max_total:
            raise ValueError("max_file is more than max_total")
        return self
