"""Requests as heads of schools make them, and the config that reads them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailgate.config import Config
from mailgate.config_file import parse
from tests import builders
from tests.servers.mariadb import READER, MariaDb

PLACES = ("โรงแรมตักสิลา", "สพฐ. กรุงเทพมหานคร", "มหาวิทยาลัยมหาสารคาม", "โรงเรียนโกสุมวิทยาสรรค์")
SUBJECTS = ("ประชุมผู้บริหาร", "อบรมหลักสูตรสถานศึกษา", "ตรวจเยี่ยมสนามสอบ", "ศึกษาดูงาน", "แข่งขันทักษะวิชาการ")
OUTING = {
    "table": "outing", "key": "no", "subject": "about", "place": "goes_to", "requested": "made", "outcome": "result",
    "outcome_on": "result_day", "school": "school", "granted": "yes", "refused": "no",
}  # fmt: skip
SERVICES = [
    {"key": "head-travel", "title": "การขออนุมัติไปราชการของผู้บริหารสถานศึกษา", "channel": "amss", "days": 3,
     "officers": [{"name": "นางธนพร", "email": "thanaporn@example.go.th"},
                  {"name": "นางสาวพจนีย์", "email": "pot@example.go.th"}]},
    {"key": "head-leave", "title": "การขออนุมัติลาของผู้บริหารสถานศึกษา", "channel": "amss",
     "officers": [{"name": "นางธนพร", "email": "thanaporn@example.go.th"}]},
    {"key": "student-outing", "title": "การขออนุญาตพานักเรียนไปนอกสถานศึกษา", "channel": "amss",
     "officers": [{"name": "นางสาวกุลนิศารัตน์", "email": "kul@example.go.th"}]},
]  # fmt: skip


def tables(**changed: Any) -> dict[str, Any]:
    """[amss] without a database."""
    return {
        "database": "amss",
        "username": READER,
        "security": "none",
        "schools": "system_school",
        "outing": dict(OUTING),
    } | changed


def config(folder: Path, server: MariaDb | None = None, **changed: Any) -> Config:
    amss = tables(**changed) | ({"socket": server.socket} if server else {"host": "127.0.0.1"})
    return builders.config(folder, amss=amss, services=SERVICES, referrals={"enabled": True})


def settings(**changed: Any) -> Any:
    """[amss] alone."""
    return parse(builders.tables(amss=tables(**changed), services=SERVICES)).amss


def travel(server: MariaDb, count: int, *, first: datetime = builders.NOW, step: timedelta = timedelta(minutes=1),
           decided: float = 0.0, database: str = "amss") -> None:  # fmt: skip
    """Requests for travel, a share of them decided."""
    chance = random.Random(7)
    rows = []
    for n in range(count):
        made = first - step * (count - n)
        done = chance.random() < decided
        rows.append((
            f"{chance.randrange(10**12, 10**13)}", f"{n}-{made:%s}", chance.choice(SUBJECTS), chance.choice(PLACES),
            _text(made),
            chance.choice((1, 1, 1, 2)) if done else None, _text(made + timedelta(hours=5)) if done else None,
            f"44{chance.randrange(1, 200):06}",
        ))  # fmt: skip
    server.sql(
        "INSERT INTO permission_main (person_id, ref_id, subject, place, rec_date, grant_x, grant_date, school_code) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        database=database,
        rows=rows,
    )


def _text(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"
