"""The calendar on a paper office: seeded, corrected, confirmed, taken in while working, and warned about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.core.special_days import Special
from mailgate.edges import holiday_seed
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import calendars, doctor
from mailgate.jobs.verify import verify
from mailgate.office import reloaded
from tests import builders
from tests.builders import NOW, ZONE, PaperOffice
from tests.jobs.letters import letter, poll

TOMORROW = date(2026, 11, 24)
SATURDAY = date(2026, 11, 28)
NEW_YEARS_EVE = date(2026, 12, 31)
CLOSED = Special("holiday", "วันหยุดพิเศษ")
HALF = Special("hours", "ครึ่งวัน", opens=time(8, 30), closes=time(12))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path)) as made:
        yield made
        assert verify(made).problems == []


def acts(office: PaperOffice) -> list[Any]:
    events = [json.loads(e["payload"]) for e in office.store.chain.events() if e["kind"] == "calendar"]
    return [(e["act"], e.get("year") or [d["day"] for d in e["days"]]) for e in events]


def december(day: int = 1) -> datetime:
    return NOW.replace(month=12, day=day)


def test_the_year_at_hand_is_seeded_once(office: PaperOffice) -> None:
    assert calendars.refresh(office) is True
    assert calendars.refresh(office) is False
    assert acts(office) == [("seed", 2026)]
    assert office.workdays.table.years == {2026}
    assert dict(office.workdays.table.days) == {
        day: Special("holiday", name, "seed") for day, name in holiday_seed.of_year(2026).items()
    }


def test_in_december_the_next_year_is_seeded_too(office: PaperOffice) -> None:
    office.paper_clock.set(datetime(2026, 11, 30, 23, 59, tzinfo=ZONE))
    calendars.refresh(office)
    assert acts(office) == [("seed", 2026)]
    office.paper_clock.advance(timedelta(minutes=1))
    assert calendars.refresh(office) is True
    assert acts(office) == [("seed", 2026), ("seed", 2027)]


def test_a_clock_that_is_quite_wrong_seeds_nothing(office: PaperOffice) -> None:
    office.paper_clock.set(NOW.replace(year=1970))
    assert calendars.refresh(office) is False
    assert acts(office) == []


def test_a_later_version_of_the_seed_moves_no_day(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    calendars.refresh(office)
    due = office.workdays.due(NOW, 30, "calendar")
    monkeypatch.setattr(holiday_seed, "of_year", lambda year: {due: "วันหยุดใหม่"} if year == 2026 else {})
    with builders.office(office.config) as again:
        calendars.refresh(again)
        assert again.workdays.due(NOW, 30, "calendar") == due


def test_without_a_row_for_its_year_a_date_is_reckoned_by_the_seed(office: PaperOffice) -> None:
    assert not office.workdays.is_working(NEW_YEARS_EVE)
    assert not office.workdays.is_working(date(2027, 1, 1))
    assert acts(office) == []


async def test_a_day_is_closed_and_the_work_goes_by_it(office: PaperOffice) -> None:
    made = calendars.change(office, "add", {TOMORROW: CLOSED})
    assert made.days == {TOMORROW: (None, CLOSED)}
    assert acts(office) == [("seed", 2026), ("add", ["2026-11-24"])]
    assert office.workdays.next_slot(NOW.replace(hour=16), office.config.checks.times) == NOW.replace(day=25)
    office.paper_clock.set(NOW.replace(hour=17))
    await poll(office, letter(1))
    [row] = office.store.reports.letters()
    assert row["legally_received_at"] == "2026-11-25T01:30:00.000000+00:00"


def test_a_seeded_holiday_can_be_worked_and_stays_so(office: PaperOffice) -> None:
    made = calendars.change(office, "remove", {NEW_YEARS_EVE: None})
    assert made.days == {NEW_YEARS_EVE: (Special("holiday", "วันสิ้นปี", "seed"), None)}
    assert office.workdays.is_working(NEW_YEARS_EVE)
    calendars.refresh(office)
    with builders.office(office.config) as again:
        assert again.workdays.is_working(NEW_YEARS_EVE)


def test_what_is_so_already_is_no_change(office: PaperOffice) -> None:
    wanted = {NEW_YEARS_EVE: Special("holiday", "วันสิ้นปี"), TOMORROW: None}
    assert calendars.change(office, "import", wanted).days == {}
    assert acts(office) == []


def test_several_days_change_together_or_not_at_all(office: PaperOffice) -> None:
    wanted = {TOMORROW: CLOSED, SATURDAY: Special("working", "ชดเชย"), date(2026, 11, 20): CLOSED}
    with pytest.raises(UsageError, match=r"1 day\(s\) to be changed have passed \(2026-11-20\).*--past"):
        calendars.change(office, "import", wanted)
    assert (acts(office), office.workdays.is_working(TOMORROW)) == ([], True)
    calendars.change(office, "import", wanted, past=True)
    assert [office.workdays.is_working(day) for day in wanted] == [False, True, False]
    assert acts(office)[-1] == ("import", ["2026-11-20", "2026-11-24", "2026-11-28"])


def test_today_has_not_passed_until_midnight_in_bangkok(office: PaperOffice) -> None:
    office.paper_clock.set(datetime(2026, 11, 23, 23, 59, tzinfo=ZONE))
    calendars.change(office, "add", {NOW.date(): CLOSED})
    office.paper_clock.advance(timedelta(minutes=1))
    with pytest.raises(UsageError, match="have passed"):
        calendars.change(office, "remove", {NOW.date(): None})


def test_a_dry_run_tells_the_same_and_writes_nothing(office: PaperOffice) -> None:
    dry = calendars.change(office, "import", {TOMORROW: CLOSED}, dry=True)
    assert acts(office) == []
    assert calendars.change(office, "import", {TOMORROW: CLOSED}) == dry


async def test_letters_already_counted_are_told_and_keep_their_due_date(office: PaperOffice) -> None:
    await poll(office, letter(1, subject="ขอ homeschool"))
    [row] = office.store.reports.letters()
    assert row["due_on"] == "2026-12-23"
    named_only = calendars.change(office, "add", {NEW_YEARS_EVE: Special("holiday", "วันสุดท้ายของปี")})
    shorter = calendars.change(office, "add", {TOMORROW: HALF})
    assert (named_only.open_letters, shorter.open_letters) == (0, 0)
    assert calendars.change(office, "add", {date(2026, 12, 24): CLOSED}).open_letters == 0
    assert calendars.change(office, "add", {date(2026, 12, 23): CLOSED}).open_letters == 1
    [row] = office.store.reports.letters()
    assert row["due_on"] == "2026-12-23"


def test_a_day_the_configuration_overrules_is_told(tmp_path: Path) -> None:
    config = builders.config(tmp_path, calendar={"remove": ["2026-11-24"]})
    with builders.office(config) as office:
        made = calendars.change(office, "add", {TOMORROW: CLOSED, SATURDAY: CLOSED})
        assert made.overruled == [TOMORROW]
        assert office.workdays.is_working(TOMORROW)
        assert calendars.change(office, "add", {TOMORROW: Special("working", "ชดเชย")}).overruled == []
        assert calendars.change(office, "add", {TOMORROW: CLOSED}).overruled == [TOMORROW]
        shown = {d["date"]: d["source"] for d in calendars.show(office, 2026)["days"]}
        assert (shown["2026-11-24"], shown["2026-11-28"], shown["2026-12-31"]) == ("config", "office", "seed")


def test_a_half_day_of_the_configuration_overrules_longer_hours(tmp_path: Path) -> None:
    with builders.office(builders.config(tmp_path, calendar={"half_days": ["2026-11-24"]})) as office:
        assert calendars.change(office, "add", {TOMORROW: HALF}, dry=True).overruled == []
        assert calendars.change(office, "add", {TOMORROW: CLOSED}, dry=True).overruled == []
        assert calendars.change(office, "remove", {TOMORROW: None}, dry=True).overruled == [TOMORROW]


def test_what_another_process_changes_is_taken_in(office: PaperOffice) -> None:
    calendars.refresh(office)
    with builders.office(office.config) as beside:
        calendars.change(beside, "add", {TOMORROW: CLOSED})
    assert office.workdays.is_working(TOMORROW)
    assert calendars.refresh(office) is True
    assert not office.workdays.is_working(TOMORROW)
    assert calendars.refresh(office) is False


def test_a_change_builds_on_what_another_process_has_written(office: PaperOffice) -> None:
    with builders.office(office.config) as beside:
        calendars.change(beside, "add", {TOMORROW: CLOSED})
    assert calendars.change(office, "add", {TOMORROW: HALF}).days == {TOMORROW: (CLOSED, HALF)}
    assert acts(office) == [("seed", 2026), ("add", ["2026-11-24"]), ("add", ["2026-11-24"])]


def test_a_reload_of_the_configuration_keeps_the_table(
    office: PaperOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILGATE_IMAP_PASSWORD", "x")
    calendars.change(office, "add", {TOMORROW: CLOSED})
    made = reloaded(office, builders.config(tmp_path, calendar={"add": ["2026-11-25"]}))
    assert [made.workdays.is_working(NOW.date() + timedelta(days=n)) for n in range(4)] == [True, False, False, True]


def test_a_year_is_confirmed_and_the_confirmation_taken_back(office: PaperOffice) -> None:
    calendars.confirm(office, 2026, "สมหญิง")
    shown = calendars.show(office, 2026)
    assert (shown["seeded"], shown["confirmed"], shown["confirmed_by"]) == (True, True, "สมหญิง")
    assert shown["confirmed_at"] == "2026-11-23T09:00:00+07:00"
    calendars.change(office, "add", {TOMORROW: CLOSED})
    assert calendars.show(office, 2026)["confirmed"] is True
    calendars.confirm(office, 2026, "")
    assert calendars.show(office, 2026)["confirmed"] is False
    with pytest.raises(UsageError, match="2569 is not confirmed"):
        calendars.confirm(office, 2026, "")
    assert [act for act, _ in acts(office)[-1:]] == ["unconfirm"]


def test_a_year_is_shown_with_what_is_particular_about_it(office: PaperOffice) -> None:
    before = calendars.show(office, 2026)
    assert (before["buddhist_year"], before["working_days"], before["seeded"]) == (2569, 241, False)
    calendars.change(office, "import", {SATURDAY: Special("working", "ชดเชย"), NEW_YEARS_EVE: HALF})
    after = calendars.show(office, 2026)
    assert after["working_days"] == 243
    assert {
        "date": "2026-12-31", "kind": "hours", "name": "ครึ่งวัน", "source": "office", "opens": "08:30", "closes": "12:00"
    } in after["days"]  # fmt: skip
    assert [d["date"] for d in after["days"]] == sorted(d["date"] for d in after["days"])


def test_years_nobody_confirmed_are_warned_about(office: PaperOffice) -> None:
    this, following = (f"ยังไม่มีผู้ยืนยันปฏิทินวันทำการ พ.ศ. {y} (mailgate calendar confirm {y})" for y in (2569, 2570))
    assert calendars.warnings(office, NOW) == [this]
    assert calendars.warnings(office, datetime(2026, 11, 30, 23, 59, tzinfo=ZONE)) == [this]
    assert calendars.warnings(office, december()) == [this, following]
    calendars.confirm(office, 2026, "สมหญิง")
    assert calendars.warnings(office, NOW) == []
    assert calendars.warnings(office, december(31)) == [following]
    calendars.confirm(office, 2027, "สมหญิง")
    assert calendars.warnings(office, december(31)) == []
    assert calendars.warnings(office, NOW.replace(year=2028)) != []


async def test_the_doctor_says_whether_the_year_is_confirmed(office: PaperOffice) -> None:
    look = dict(doctor.TESTS)["calendar"]
    assert (await look(office.config, office.clock)).endswith("the calendar of 2569 is not confirmed by anybody")
    calendars.change(office, "add", {TOMORROW: CLOSED})
    calendars.confirm(office, 2026, "สมหญิง")
    office.paper_clock.set(NOW.replace(hour=17))
    assert await look(office.config, office.clock) == (
        "next mandated check 2026-11-25 09:00 +07; the calendar of 2569 is confirmed by สมหญิง"
    )


async def test_the_doctor_says_that_the_office_never_opens(tmp_path: Path) -> None:
    every = [NOW.date() + timedelta(days=n) for n in range(800)]
    config = builders.config(tmp_path, calendar={"add": every})
    with builders.office(config) as office, pytest.raises(MailgateError, match="no working day within a year"):
        await dict(doctor.TESTS)["calendar"](office.config, office.clock)
