"""Working days, the legal receipt time (Act B.E. 2565, s.10), due dates and the mandated checks."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.special_days import DayTable, Special
from mailgate.core.workdays import Workdays
from mailgate.edges.holiday_seed import name_of, of_year
from mailgate.errors import ConfigError, MailgateError

ZONE = ZoneInfo("Asia/Bangkok")
CHECKS = (time(9), time(11), time(14), time(16))
HOLIDAYS = frozenset({date(2026, 12, 10), date(2026, 12, 31), date(2027, 1, 1)})


def days(
    *,
    add: tuple[date, ...] = (),
    remove: tuple[date, ...] = (),
    half: tuple[date, ...] = (),
    half_ends: time = time(12),
) -> Workdays:
    """An office open 08:30-16:30 with three holidays and these corrections."""
    return Workdays(
        ZONE,
        time(8, 30),
        time(16, 30),
        lambda day: "วันหยุด" if day in HOLIDAYS else "",
        frozenset(add),
        frozenset(remove),
        frozenset(half),
        half_ends,
    )


PLAIN = days()


def at(text: str) -> datetime:
    """``2026-11-23 08:00`` in Bangkok."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("arrived", "received"),
    [
        ("2026-11-23 00:00", "2026-11-23 08:30"),
        ("2026-11-23 08:29:59.999999", "2026-11-23 08:30"),
        ("2026-11-23 08:30", "2026-11-23 08:30"),
        ("2026-11-23 08:30:01", "2026-11-23 08:30:01"),
        ("2026-11-23 12:15", "2026-11-23 12:15"),
        ("2026-11-23 16:29", "2026-11-23 16:29"),
        ("2026-11-23 16:29:59.999999", "2026-11-23 16:29:59.999999"),
        ("2026-11-23 16:30", "2026-11-24 08:30"),
        ("2026-11-23 23:59", "2026-11-24 08:30"),
        ("2026-11-27 16:30", "2026-11-30 08:30"),  # Friday
        ("2026-11-28 10:00", "2026-11-30 08:30"),  # Saturday
        ("2026-11-29 10:00", "2026-11-30 08:30"),  # Sunday
        ("2026-12-10 10:00", "2026-12-11 08:30"),  # a holiday, Thursday
        ("2026-12-09 16:30", "2026-12-11 08:30"),
        ("2026-12-30 17:00", "2027-01-04 08:30"),  # New Year, then a weekend
    ],
)
def test_out_of_hours_a_letter_counts_from_the_next_opening(arrived: str, received: str) -> None:
    assert PLAIN.legal_receipt(at(arrived)) == at(received)


def test_the_moment_is_taken_in_the_offices_zone() -> None:
    assert PLAIN.legal_receipt(datetime(2026, 11, 23, 1, 29, tzinfo=UTC)) == at("2026-11-23 08:30")
    assert PLAIN.legal_receipt(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) == at("2026-11-23 08:30")
    found = PLAIN.legal_receipt(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    assert found.isoformat() == "2026-11-23T11:00:00+07:00"


def test_a_half_day_ends_early() -> None:
    half = days(half=(date(2026, 11, 23),))
    assert half.legal_receipt(at("2026-11-23 11:59")) == at("2026-11-23 11:59")
    assert half.legal_receipt(at("2026-11-23 12:00")) == at("2026-11-24 08:30")
    assert half.hours(date(2026, 11, 23)) == (at("2026-11-23 08:30"), at("2026-11-23 12:00"))


def test_the_offices_own_table_overrules_the_seed() -> None:
    corrected = days(add=(date(2026, 11, 23),), remove=(date(2026, 12, 10), date(2026, 11, 28)))
    assert corrected.legal_receipt(at("2026-11-23 10:00")) == at("2026-11-24 08:30")
    assert corrected.legal_receipt(at("2026-12-10 10:00")) == at("2026-12-10 10:00")
    assert corrected.legal_receipt(at("2026-11-28 10:00")) == at("2026-11-28 10:00")  # a worked Saturday


def test_a_half_day_on_a_holiday_is_still_a_holiday() -> None:
    assert days(half=(date(2026, 12, 10),)).legal_receipt(at("2026-12-10 10:00")) == at("2026-12-11 08:30")


def test_a_calendar_that_never_opens_is_an_error() -> None:
    never = Workdays(ZONE, time(8, 30), time(16, 30), lambda _: "วันหยุด")
    with pytest.raises(ConfigError, match="no working day"):
        never.legal_receipt(at("2026-11-23 10:00"))
    with pytest.raises(ConfigError, match="no working day"):
        never.next_slot(at("2026-11-23 10:00"), CHECKS)


@pytest.mark.parametrize(
    ("received", "days_", "due"),
    [
        ("2026-11-23 09:00", 1, "2026-11-24"),
        ("2026-11-23 09:00", 5, "2026-11-30"),  # would end on a Saturday
        ("2026-11-23 09:00", 17, "2026-12-11"),  # would end on a holiday
        ("2026-11-23 09:00", 30, "2026-12-23"),
        ("2026-12-01 09:00", 30, "2027-01-04"),  # 31 December, 1 January, a weekend
    ],
)
def test_calendar_days_end_on_a_working_day(received: str, days_: int, due: str) -> None:
    assert PLAIN.due(at(received), days_, "calendar") == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("received", "days_", "due"),
    [
        ("2026-11-23 09:00", 1, "2026-11-24"),
        ("2026-11-27 09:00", 1, "2026-11-30"),
        ("2026-12-09 09:00", 1, "2026-12-11"),
        ("2026-12-30 09:00", 1, "2027-01-04"),
        ("2026-11-23 09:00", 10, "2026-12-07"),
    ],
)
def test_working_days_skip_what_is_none(received: str, days_: int, due: str) -> None:
    assert PLAIN.due(at(received), days_, "working") == date.fromisoformat(due)


def test_the_day_of_receipt_is_the_offices_day() -> None:
    assert PLAIN.due(datetime(2026, 11, 23, 18, 0, tzinfo=UTC), 1, "calendar") == date(2026, 11, 25)


def test_the_longest_service_time_of_a_config_can_be_reckoned() -> None:
    assert PLAIN.due(at("2026-11-23 09:00"), 3650, "working") > date(2040, 1, 1)
    assert PLAIN.due(at("2026-11-23 09:00"), 3650, "calendar").year == 2036


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-23 08:59:59", None),
        ("2026-11-23 09:00", "2026-11-23 09:00"),
        ("2026-11-23 10:59", "2026-11-23 09:00"),
        ("2026-11-23 11:00", "2026-11-23 11:00"),
        ("2026-11-23 23:59", "2026-11-23 16:00"),
        ("2026-11-28 12:00", None),
        ("2026-12-10 12:00", None),
    ],
)
def test_the_check_a_moment_stands_for(now: str, slot: str | None) -> None:
    assert PLAIN.slot(at(now), CHECKS) == (at(slot) if slot else None)
    assert PLAIN.slot(at(now).astimezone(UTC), reversed(CHECKS)) == (at(slot) if slot else None)


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-11-23 08:59", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 11:00"),
        ("2026-11-23 16:00", "2026-11-24 09:00"),
        ("2026-11-27 16:00:01", "2026-11-30 09:00"),
        ("2026-12-30 16:00", "2027-01-04 09:00"),
    ],
)
def test_the_next_check(now: str, following: str) -> None:
    assert PLAIN.next_slot(at(now), CHECKS) == at(following)
    assert PLAIN.next_slot(at(now), CHECKS[::-1]) == at(following)


@pytest.mark.parametrize(("year", "count"), [(2024, 243), (2025, 240), (2026, 241), (2027, 243)])
def test_the_seed_has_the_measured_number_of_working_days(year: int, count: int) -> None:
    seeded = Workdays(ZONE, time(8, 30), time(16, 30), name_of)
    first = date(year, 1, 1)
    span = (date(year + 1, 1, 1) - first).days
    assert sum(seeded.is_working(first + timedelta(n)) for n in range(span)) == count


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2026, 1, 1), True),
        (date(2025, 5, 1), False),  # Labour Day: government offices are open
        (date(2024, 5, 1), False),
        (date(2025, 5, 9), True),  # Royal Ploughing, of the government's calendar only
        (date(2026, 4, 13), True),  # Songkran
        (date(2026, 12, 5), True),
        (date(2026, 11, 23), False),
    ],
)
def test_the_seed_is_the_governments_calendar(day: date, closed: bool) -> None:
    assert bool(name_of(day)) is closed


FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = st.datetimes(FIRST, FIRST.replace(year=2028), timezones=st.sampled_from([ZONE, UTC]))
DATES = st.frozensets(st.dates(date(2024, 1, 1), date(2028, 12, 31)), max_size=20)


@given(MOMENTS, DATES, DATES, DATES)
def test_legal_receipt_is_never_early_always_in_office_hours_and_stays(
    arrived: datetime, add: frozenset[date], remove: frozenset[date], half: frozenset[date]
) -> None:
    calendar = Workdays(ZONE, time(8, 30), time(16, 30), name_of, add, remove, half)
    received = calendar.legal_receipt(arrived)
    assert received >= arrived
    assert calendar.is_working(received.date())
    opens, closes = calendar.hours(received.date())
    assert opens <= received < closes
    assert calendar.legal_receipt(received) == received
    assert received.utcoffset() == timedelta(hours=7)


@given(MOMENTS, MOMENTS)
def test_who_comes_first_is_received_first(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert PLAIN.legal_receipt(first) <= PLAIN.legal_receipt(second)


@given(MOMENTS, st.integers(1, 120), st.sampled_from(["calendar", "working"]))
def test_what_is_due_is_due_on_a_later_working_day(received: datetime, count: int, counted_in: str) -> None:
    due = PLAIN.due(received, count, counted_in)  # type: ignore[arg-type]
    assert PLAIN.is_working(due)
    assert due > received.astimezone(ZONE).date()
    assert due >= received.astimezone(ZONE).date() + timedelta(days=count)


@given(MOMENTS)
def test_checks_and_the_next_check_agree(now: datetime) -> None:
    following = PLAIN.next_slot(now, CHECKS)
    assert following > now
    assert PLAIN.slot(following, CHECKS) == following
    assert PLAIN.slot(following - timedelta(microseconds=1), CHECKS) != following


HALF = date(2026, 11, 25)  # a Wednesday
SATURDAY = date(2026, 11, 28)
SEEDED = date(2026, 12, 10)
TABLE = DayTable(
    {
        date(2026, 11, 24): Special("holiday", "วันหยุดพิเศษ"),
        HALF: Special("hours", "ทำงานครึ่งวัน", opens=time(10), closes=time(14)),
        SATURDAY: Special("working", "ชดเชย"),
    },
    frozenset({2026}),
    version=3,
)
KEPT = replace(PLAIN, table=TABLE)


def test_a_year_in_the_table_goes_by_the_table_alone() -> None:
    assert not KEPT.is_working(date(2026, 11, 24))
    assert KEPT.is_working(SATURDAY)
    assert KEPT.is_working(SEEDED)  # the seed knows it as a holiday, the office's table does not
    assert not KEPT.is_working(date(2027, 1, 1))  # a year that is not in the table goes by the seed
    assert KEPT.name(date(2026, 11, 24)) == "วันหยุดพิเศษ"
    assert KEPT.name(date(2027, 1, 1)) == "วันหยุด"
    assert KEPT.name(SEEDED) == ""


def test_a_day_with_hours_of_its_own() -> None:
    assert KEPT.hours(HALF) == (at("2026-11-25 10:00"), at("2026-11-25 14:00"))
    assert KEPT.legal_receipt(at("2026-11-25 09:00")) == at("2026-11-25 10:00")
    assert KEPT.legal_receipt(at("2026-11-25 14:00")) == at("2026-11-26 08:30")
    assert KEPT.hours(SATURDAY) == (at("2026-11-28 08:30"), at("2026-11-28 16:30"))


def test_the_configuration_is_stronger_than_the_table() -> None:
    closed = replace(KEPT, add=frozenset({SATURDAY, HALF}), remove=frozenset({date(2026, 11, 24)}))
    assert [closed.is_working(d) for d in (SATURDAY, HALF, date(2026, 11, 24))] == [False, False, True]
    assert closed.name(HALF) == "วันหยุดตามที่สำนักงานกำหนด"
    assert closed.name(date(2026, 11, 24)) == ""
    assert closed.special(date(2026, 11, 24)) == Special("working", "", "config")
    halved = replace(KEPT, half_days=frozenset({HALF, SATURDAY, date(2026, 11, 24)}))
    assert halved.hours(HALF) == (at("2026-11-25 08:30"), at("2026-11-25 12:00"))
    assert halved.special(SATURDAY) == Special("hours", "ชดเชย", "config", time(8, 30), time(12))
    assert not halved.is_working(date(2026, 11, 24))


def test_opening_a_day_keeps_the_hours_the_table_gives_it() -> None:
    opened = replace(KEPT, remove=frozenset({HALF}))
    assert opened.hours(HALF) == (at("2026-11-25 10:00"), at("2026-11-25 14:00"))


def test_due_dates_count_with_the_table() -> None:
    assert KEPT.due(at("2026-11-23 09:00"), 1, "working") == HALF
    assert KEPT.due(at("2026-11-23 09:00"), 1, "calendar") == HALF
    assert KEPT.due(at("2026-11-23 09:00"), 4, "working") == SATURDAY
    assert KEPT.due(at("2026-11-23 09:00"), 17, "calendar") == SEEDED


def test_an_office_that_closes_for_good_has_no_due_date() -> None:
    last = date(2027, 3, 1)
    closing = Workdays(ZONE, time(8, 30), time(16, 30), lambda day: "ปิด" if day > last else "")
    assert closing.due(at("2027-02-26 09:00"), 1, "working") == last
    with pytest.raises(ConfigError, match="mailgate calendar show"):
        closing.due(at("2027-02-26 09:00"), 2, "working")
    with pytest.raises(ConfigError, match="within a year after 2027-03-29"):
        closing.due(at("2027-02-26 09:00"), 31, "calendar")


def test_mandated_checks_skip_days_and_hours_that_are_not_worked() -> None:
    found = KEPT.mandated(at("2026-11-23 14:00"), at("2026-11-30 09:00"), CHECKS)
    assert [f"{due:%d %H}" for due in found] == [
        "23 16", "25 11", "25 14",  # the 24th is a holiday, the 25th is open from 10 to 14
        "26 09", "26 11", "26 14", "26 16", "27 09", "27 11", "27 14", "27 16", "28 09", "28 11", "28 14", "28 16",
        "30 09",
    ]  # fmt: skip
    assert {due.utcoffset() for due in found} == {timedelta(hours=7)}


def test_mandated_takes_the_end_and_not_the_beginning() -> None:
    assert PLAIN.mandated(at("2026-11-23 09:00"), at("2026-11-23 11:00"), CHECKS) == [at("2026-11-23 11:00")]
    assert PLAIN.mandated(at("2026-11-23 11:00"), at("2026-11-23 11:00"), CHECKS) == []
    assert PLAIN.mandated(at("2026-11-25 11:00"), at("2026-11-23 11:00"), CHECKS) == []


def test_mandated_reckons_in_the_offices_zone() -> None:
    span = (at("2026-11-22 23:59").astimezone(UTC), at("2026-11-23 23:59").astimezone(UTC))
    assert len(PLAIN.mandated(*span, iter(CHECKS))) == 4
    assert len(PLAIN.mandated(span[0], span[1] + timedelta(days=1), iter(CHECKS[::-1]))) == 8


def test_times_outside_office_hours_hold_on_ordinary_days_only() -> None:
    night = (time(0), time(23))
    assert len(KEPT.mandated(at("2026-11-22 23:59"), at("2026-11-23 23:59"), night)) == 2
    assert KEPT.mandated(at("2026-11-24 23:59"), at("2026-11-25 23:59"), night) == []


def test_on_a_half_day_the_last_check_stands_and_the_next_is_tomorrows() -> None:
    assert KEPT.slot(at("2026-11-25 16:30"), CHECKS) == at("2026-11-25 14:00")
    assert KEPT.next_slot(at("2026-11-25 14:00"), CHECKS) == at("2026-11-26 09:00")
    assert KEPT.slot(at("2026-11-25 10:59"), CHECKS) is None


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), DATES, DATES, DATES)
def test_one_check_after_the_other_is_what_is_mandated(
    after: datetime, span: timedelta, add: frozenset[date], remove: frozenset[date], half: frozenset[date]
) -> None:
    calendar = Workdays(ZONE, time(8, 30), time(16, 30), name_of, add, remove, half, table=TABLE)
    walked, last = [], calendar.next_slot(after, CHECKS)
    while last <= after + span:
        walked.append(last)
        assert calendar.slot(last, CHECKS) == last
        last = calendar.next_slot(last, CHECKS)
    assert calendar.mandated(after, after + span, CHECKS) == walked


def test_labour_day_is_no_holiday_of_the_seed_and_others_have_thai_names() -> None:
    assert name_of(date(2026, 12, 31)) == "วันสิ้นปี"
    for year in range(2000, 2051):
        assert not any("แรงงาน" in name for name in of_year(year).values())
    assert name_of(date(2022, 5, 2)) == ""  # in lieu of Labour Day


def test_the_holidays_are_asked_for_in_a_process_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("mailgate.edges.holiday_seed")
    assert spec
    assert spec.loader
    fresh = importlib.util.module_from_spec(spec)  # the tests' own copy answers without a process
    spec.loader.exec_module(fresh)
    assert fresh.of_year(2026) == of_year(2026)
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(MailgateError, match="the holidays of 2027 cannot be had"):
        fresh.of_year(2027)
