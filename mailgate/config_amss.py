"""AMSS++ ([amss]): its database, read at the mandated times."""

from __future__ import annotations

from pydantic import Field

from mailgate.config_types import Line, Table


class Amss(Table):
    """AMSS++ (clause 2 (3) of the order)."""

    url: Line = Field("", description="Address of AMSS++; kept for reference, nothing is read from there yet.")
