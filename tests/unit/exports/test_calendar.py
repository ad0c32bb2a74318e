"""The event for the next confirmation: the same for every calendar, replaced by the next, and discreet."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from directory.exports.calendar import Reminder, TellingWords, confirmation_event

REMINDER = Reminder(
    entry_id="00000000-0000-0000-0000-000000000001",
    due_on=date(2027, 2, 10),
    round_number=3,
    made_at=datetime(2026, 11, 24, 21, 30, tzinfo=UTC),
    link="https://directory.example.org/account/confirm",
)
JUDGE = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const { default: ICAL } = await import(pathToFileURL(process.argv[1]).href);
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
const event = calendar.getFirstSubcomponent("vevent");
const read = new ICAL.Event(event);
console.log(JSON.stringify({
  method: calendar.getFirstPropertyValue("method"), uid: read.uid, sequence: read.sequence, summary: read.summary,
  description: read.description, start: read.startDate.toString(), end: read.endDate.toString(),
  isDay: read.startDate.isDate, url: event.getFirstPropertyValue("url"), events: calendar.getAllSubcomponents("vevent").length,
  alarms: event.getAllSubcomponents("valarm").map((alarm) => String(alarm.getFirstPropertyValue("trigger"))),
}));
"""


def test_icalendar_reads_what_was_meant() -> None:
    calendar = Calendar.from_ical(confirmation_event(REMINDER))
    (event,) = calendar.walk("VEVENT")
    (alarm,) = calendar.walk("VALARM")
    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"] == "confirm-00000000-0000-0000-0000-000000000001@directory"
    assert event["SEQUENCE"] == 3
    assert event["DTSTART"].dt == date(2027, 2, 10)
    assert event["DTEND"].dt == date(2027, 2, 11)
    assert event["SUMMARY"] == "Confirm your contact details"
    assert event["URL"] == REMINDER.link
    assert event["DESCRIPTION"].endswith(f"\n{REMINDER.link}")
    assert alarm["TRIGGER"].dt == timedelta(hours=-9)
    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event


def test_ical_js_reads_the_same(ical_js: Path) -> None:
    words = replace(REMINDER, summary="Confirm; desk, Cluj \\ “ș”", text="First line\r\nSecond; line, \\n done")
    command = ["node", "--input-type=module", "-e", JUDGE, str(ical_js)]
    done = subprocess.run(command, input=confirmation_event(words), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {
        "method": "PUBLISH",
        "uid": "confirm-00000000-0000-0000-0000-000000000001@directory",
        "sequence": 3,
        "summary": "Confirm; desk, Cluj \\ “ș”",
        "description": f"First line\nSecond; line, \\n done\n{REMINDER.link}",
        "start": "2027-02-10",
        "end": "2027-02-11",
        "isDay": True,
        "url": REMINDER.link,
        "events": 1,
        "alarms": ["-PT9H"],
    }


def test_a_new_round_replaces_the_old_event() -> None:
    later = replace(REMINDER, due_on=date(2027, 5, 11), round_number=4)
    first, second = (Calendar.from_ical(confirmation_event(one)).walk("VEVENT")[0] for one in (REMINDER, later))
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert confirmation_event(REMINDER) == confirmation_event(REMINDER)


def test_what_the_directory_is_about_stands_in_no_calendar() -> None:
    assert b"traffick" not in confirmation_event(REMINDER).lower()
    with pytest.raises(TellingWords):
        confirmation_event(replace(REMINDER, summary="Trafficking directory: confirm"))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_stay_words(summary: str, text: str) -> None:
    if "traffick" in (summary + text).casefold():
        return
    content = confirmation_event(replace(REMINDER, summary=summary, text=text))
    unfolded = content.replace(b"\r\n ", b"")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert len(re.findall(rb"^BEGIN:", unfolded, re.MULTILINE)) == 3
    assert len(re.findall(rb"^(?:UID|URL|SUMMARY|DESCRIPTION|TRIGGER)", unfolded, re.MULTILINE)) in {5, 6}
