"""The demo's AMSS++: a journey, a leave and an outing of school heads, on the paper twin of its database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from mailgate.edges.amss import PaperRequests, Requests
from mailgate.edges.durable import replace_file
from mailgate.jobs import amss
from mailgate.model import CheckReport
from mailgate.model_amss import Source
from mailgate.office import Office

OUTING = {"table": "outing", "subject": "subject", "place": "place", "starts": "starts", "outcome": "outcome"}
_SCHOOLS = {"44010001": "โรงเรียนบ้านตัวอย่างพัฒนา", "44010002": "โรงเรียนชุมชนสมมุติวิทยา"}


class School:
    """What heads of schools have asked for, in this run and those before it; kept in a file of the demo's folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "amss.json"
        self._tables = PaperRequests()
        self._tables.names = dict(_SCHOOLS)
        if self._file.exists():
            for source, rows in json.loads(self._file.read_text("utf-8")).items():
                self._tables.tables[Source(source)] = rows

    @contextmanager
    def opened(self) -> Iterator[Requests]:
        yield self._tables

    def ask(self, run: int, now: datetime) -> None:
        """Three requests of a run; those of runs before are there still."""
        today = f"{now:%Y-%m-%d}"
        travel = {"subject": "ประชุมเชิงปฏิบัติการพัฒนาหลักสูตร", "place": "โรงแรมตัวอย่าง จังหวัดขอนแก่น"}
        outing = {"subject": "ทัศนศึกษาแหล่งเรียนรู้", "place": "พิพิธภัณฑ์ตัวอย่าง", "starts": today}
        self._put(Source.TRAVEL, run, now, **travel)
        self._put(Source.LEAVE, run, now, kind="2", starts=today, school="44010002")
        self._put(Source.OUTING, run, now, **outing)

    async def decide(self, office: Office, run: int) -> CheckReport:
        """Those of the last run are decided, which the next reading sees."""
        for source, outcome in ((Source.TRAVEL, "1"), (Source.LEAVE, "1"), (Source.OUTING, "2")):
            row = self._tables.tables[source][str(run)]
            row |= {"outcome": outcome, "outcome_on": f"{office.clock.now():%Y-%m-%d}"}
        replace_file(self._file, json.dumps(self._tables.tables, ensure_ascii=False).encode())
        report = CheckReport()
        await amss.read(office, report)
        return report

    def _put(self, source: Source, key: int, now: datetime, **row: str) -> None:
        made = {"key": str(key), "school": "44010001", "requested": f"{now:%Y-%m-%d} 08:45:00"} | row
        self._tables.tables[source].setdefault(str(key), dict(made))
