"""The small rules of the mail: return addresses, quiet hours, return dates, the circuit breaker."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from directory.mail.breaker import DomainCount, Limits, trips
from directory.mail.quiet import next_allowed
from directory.mail.received.dates import return_date
from directory.mail.return_address import LONGEST_NAME, BadReturnPath, ReturnAddresses

KEY, OLD, OTHER = b"k" * 32, b"o" * 32, b"x" * 32
RETURNS = ReturnAddresses("bounce@directory.example", (KEY, OLD))
SKOPJE = ZoneInfo("Europe/Skopje")


def test_a_return_address_names_its_letter_in_any_case() -> None:
    mail_id = str(uuid4())
    address = RETURNS.of(mail_id)
    assert re.fullmatch(r"bounce\+[a-z2-7]{26}\.[a-z2-7]{16}@directory\.example", address)
    assert RETURNS.letter(address) == RETURNS.letter(address.upper()) == mail_id


def test_an_older_key_still_reads_and_the_newest_signs() -> None:
    mail_id = str(uuid4())
    assert RETURNS.letter(ReturnAddresses(RETURNS.path, (OLD,)).of(mail_id)) == mail_id
    assert RETURNS.of(mail_id) == ReturnAddresses(RETURNS.path, (KEY,)).of(mail_id)
    assert ReturnAddresses(RETURNS.path, (OTHER,)).letter(RETURNS.of(mail_id)) is None


def test_no_change_of_a_return_address_names_a_letter() -> None:
    address = RETURNS.of("0b7d3f1e-5f3c-4b62-9f63-3a4e6a1f0c11")
    for place, letter in enumerate(address):
        for other in "a7@+":
            forged = address[:place] + other + address[place + 1 :]
            if forged != address:
                read = RETURNS.letter(forged)
                assert read is None or (place == 32 and UUID(read)), (place, letter, other)
    for forged in ("", "bounce@directory.example", address + "x", "x" + address, address.replace("directory.", "")):
        assert RETURNS.letter(forged) is None


@pytest.mark.parametrize("path", ["", "bounce", "@x.example", "a+b@x.example", "x" * (LONGEST_NAME + 1) + "@x.example"])
def test_a_path_that_makes_no_addresses_is_refused(path: str) -> None:
    with pytest.raises(BadReturnPath):
        ReturnAddresses(path, (KEY,))


def test_the_longest_name_still_fits() -> None:
    address = ReturnAddresses("x" * LONGEST_NAME + "@x.example", (KEY,)).of(str(uuid4()))
    assert len(address.partition("@")[0]) == 64


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SKOPJE)


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-11-24 10:00", "2026-11-24 10:00"),  # a Tuesday
        ("2026-11-24 07:59", "2026-11-24 08:00"),
        ("2026-11-24 18:00", "2026-11-25 08:00"),
        ("2026-11-27 17:59", "2026-11-27 17:59"),
        ("2026-11-27 18:01", "2026-11-30 08:00"),
        ("2026-11-28 06:00", "2026-11-30 08:00"),
        ("2026-11-28 12:00", "2026-11-30 08:00"),
        ("2026-03-27 19:00", "2026-03-30 08:00"),  # the clocks change that night
        ("2026-10-23 19:00", "2026-10-26 08:00"),
    ],
)
def test_a_letter_that_can_wait_comes_in_working_hours(now: str, allowed: str) -> None:
    found = next_allowed(at(now), SKOPJE)
    assert found == at(allowed)
    assert found.tzinfo is UTC


def test_a_holiday_is_no_working_day() -> None:
    found = next_allowed(at("2026-11-24 19:00"), SKOPJE, is_holiday=lambda day: day == date(2026, 11, 25))
    assert found == at("2026-11-26 08:00")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I am out until 5 January", date(2027, 1, 5)),
        ("from 20.12.2026 to 05.01.2027", date(2027, 1, 5)),
        ("20.12.2026 – 05.01.2027", date(2027, 1, 5)),
        ("back on Monday, January 4th, 2027", date(2027, 1, 4)),
        ("du 21 décembre 2026 au 4 janvier 2027", date(2027, 1, 4)),
        ("dal 21 dicembre al 4 gennaio", date(2027, 1, 4)),
        ("od 20.12. do 5.1.2027.", date(2027, 1, 5)),
        ("до петка, 8. јануара 2027.", date(2027, 1, 8)),
        ("do ponedjeljka 4. siječnja", date(2027, 1, 4)),
        ("2027-01-05", None),
        ("until 5 January 2020", None),
        ("until 31.02.2027", None),
        ("until 5 January 2099", None),
        ("call 5.1.2027 times", None),
        ("until further notice", None),
    ],
)
def test_the_day_of_return(text: str, day: date | None) -> None:
    assert return_date(text, today=date(2026, 12, 15)) == day


@pytest.mark.parametrize(
    ("domains", "is_held"),
    [
        ({}, False),
        ({f"d{n}.example": DomainCount(1, 1) for n in range(20)}, False),
        ({f"d{n}.example": DomainCount(1, 1) for n in range(21)}, True),
        ({"ministry.example": DomainCount(4, 4)}, False),
        ({"ministry.example": DomainCount(5, 1)}, False),
        ({"ministry.example": DomainCount(5, 2)}, True),
        ({"ministry.example": DomainCount(100, 20)}, False),
        ({"ministry.example": DomainCount(99, 20)}, True),
    ],
)
def test_too_many_at_once_are_held(domains: dict[str, DomainCount], is_held: bool) -> None:
    assert bool(trips(domains, Limits())) is is_held
