"""AMSS++ ([amss]): its database, read at the mandated times, and where each kind of request stands in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mailgate.config_types import Duration, Line, MaybeMoment, MaybePath, Table, is_loopback
from mailgate.model_amss import Source


def _identifier(value: str) -> str:
    if value and not (len(value) <= 64 and all(c == "_" or c.isalnum() for c in value)):
        raise ValueError("must be a name of at most 64 letters, digits and _")
    return value


Name = Annotated[str, AfterValidator(_identifier)]
# What is read of a request, in the order of the fingerprint; each is a column of the table, or "" for none.
COLUMNS = ("school", "subject", "place", "kind", "requested", "starts", "ends", "total", "outcome", "outcome_on",
           "comment")  # fmt: skip


class AmssTable(Table):
    """A table of AMSS++ with requests; the defaults are those of version 6.1."""

    service: Line = Field(
        "", description="Key of its service in [[services]]; the clerk gets what has none.", examples=["head-travel"]
    )
    table: Name = Field("", description="Its table; empty: not read.")
    key: Name = Field("id", description="Column that names a row for good.")
    school: Name = Field(
        "school_code", description="Column with the code of the school; this and what follows is not read if empty."
    )
    subject: Name = Field("", description="Column with what it is about, or the reason.")
    place: Name = Field("", description="Column with the place.")
    kind: Name = Field("", description="Column with the kind of leave: 1 sick, 2 personal, 3 maternity, 4 holiday.")
    requested: Name = Field("rec_date", description="Column with the moment it was made.")
    starts: Name = Field("", description="Column with the first day.")
    ends: Name = Field("", description="Column with the last day.")
    total: Name = Field("", description="Column with the number of days.")
    outcome: Name = Field("", description="Column with what was decided.")
    outcome_on: Name = Field("", description="Column with the day it was decided.")
    comment: Name = Field("", description="Column with the words of whoever decided.")
    granted: Line = Field("1", description="What stands in the column of the outcome where it was granted.")
    refused: Line = Field("2", description="The same, refused.")
    receipt: Name = Field("", description="Column that write_receipt writes to; empty for none.")

    @model_validator(mode="after")
    def _one_column_each(self) -> Self:
        if self.receipt and self.receipt in self.columns.values():
            raise ValueError("receipt must be a column of its own, for it is written to")
        return self

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are read, by their key here; the first is that of the row's own key."""
        return {"key": self.key} | {name: column for name in COLUMNS if (column := getattr(self, name))}


class Travel(AmssTable):
    """Official travel of school heads. The columns are those of AMSS++ 6.1; see `mailgate amss check`."""

    service: Line = Field("head-travel", description="Key of its service in [[services]].")

    table: Name = Field("permission_main", description="Its table; empty: not read.")
    subject: Name = Field("subject", description="Column with what it is about, or the reason.")
    place: Name = Field("place", description="Column with the place.")
    outcome: Name = Field("grant_x", description="Column with what was decided.")
    outcome_on: Name = Field("grant_date", description="Column with the day it was decided.")
    comment: Name = Field("grant_comment", description="Column with the words of whoever decided.")


class Leave(AmssTable):
    """Leave of school heads. Why somebody is on leave is not read: it may tell of an illness."""

    service: Line = Field("head-leave", description="Key of its service in [[services]].")

    table: Name = Field("la_main", description="Its table; empty: not read.")
    kind: Name = Field("la_type", description="Column with the kind: 1 sick, 2 personal, 3 maternity, 4 holiday.")
    starts: Name = Field("la_start", description="Column with the first day.")
    ends: Name = Field("la_finish", description="Column with the last day.")
    total: Name = Field("la_total", description="Column with the number of days.")
    outcome: Name = Field("commander_grant", description="Column with what was decided.")
    outcome_on: Name = Field("grant_date", description="Column with the day it was decided.")
    comment: Name = Field("commander_comment", description="Column with the words of whoever decided.")


class Outing(AmssTable):
    """Taking students outside the school. AMSS++ has no module for it: name the table and columns of the add-on."""

    service: Line = Field("student-outing", description="Key of its service in [[services]].")


class Amss(Table):
    """AMSS++ (clause 2 (3) of the order): its database is read at the mandated times, and never changed, except for
    one column where write_receipt says so. Use an account that may do no more than SELECT."""

    url: Line = Field("", description="Address of AMSS++; kept for reference.")
    host: Line = Field("", description="Host of its database; empty, and no socket either: AMSS++ is not read.")
    port: int = Field(3306, ge=1, le=65535, description="Port of the database.")
    socket: MaybePath = Field(
        None, description="Socket of a database on this machine, instead of host.", examples=["/run/mysqld/mysqld.sock"]
    )
    security: Literal["tls", "none"] = Field("tls", description="tls, or none (only for this machine).")
    ca_file: MaybePath = Field(None, description="Certificate authority to trust instead of the system's.")
    database: Line = Field("", description="Name of the database.", examples=["amssplus"])
    username: Line = Field("", description="Name to log in with.", examples=["mailgate"])
    password_file: MaybePath = Field(
        None, description="File with the password; better: the systemd credential amss-password."
    )
    timeout: Duration = Field(timedelta(seconds=8), description="Longest wait for one answer.", examples=["8s"])
    charset: Literal["utf8", "tis620"] = Field(
        "utf8",
        description="utf8: the database knows how its columns are written (TIS-620 too). tis620: it does not, and "
        "they hold TIS-620 whatever it says.",
    )
    since: MaybeMoment = Field(
        None,
        description="A request made before this and decided already is not registered; by default the moment of "
        "[replies] go_live. What is not decided is registered whatever its date.",
        examples=[datetime(2026, 12, 1, 8, 30)],  # noqa: DTZ001 - TOML's local date-time, in the office's zone
    )
    write_receipt: bool = Field(
        False, description="Write the receipt number into the column `receipt` of the tables below."
    )
    schools: Name = Field("", description="Table with the names of schools; empty: their code is shown.")
    schools_code: Name = Field("school_code", description="Its column with the code.")
    schools_name: Name = Field("school_name", description="Its column with the name.")
    travel: Travel = Field(Travel(), description="Official travel.")
    leave: Leave = Field(Leave(), description="Leave.")
    outing: Outing = Field(Outing(), description="Student outings.")

    @model_validator(mode="after")
    def _clear_text_stays_home(self) -> Self:
        if self.security == "none" and self.host and self.socket is None and not is_loopback(self.host):
            raise ValueError(f'security = "none" is refused for {self.host}: only loopback may be clear text')
        return self

    @model_validator(mode="after")
    def _names_a_database(self) -> Self:
        if self.is_read and not (self.database and self.username):
            raise ValueError("database and username are missing")
        return self

    @property
    def is_read(self) -> bool:
        return bool(self.host or self.socket)

    @property
    def tables(self) -> dict[Source, AmssTable]:
        """The tables that are read."""
        every: dict[Source, AmssTable] = {
            Source.TRAVEL: self.travel, Source.LEAVE: self.leave, Source.OUTING: self.outing
        }  # fmt: skip
        return {source: found for source, found in every.items() if found.table}
