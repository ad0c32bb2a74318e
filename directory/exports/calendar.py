"""The date by which an entry is to be confirmed, for the owner's calendar: one event, one reminder, no invitation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from icalendar import Alarm, Calendar, Event, vUri

from directory.exports.words import plain_line

PRODUCT = "-//TRM Directory//Confirmations 1//EN"
REMIND_BEFORE = timedelta(hours=-9)  # a whole day begins at midnight: the afternoon before
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reminder:
    """What the event says. `due_on` is the day; `round_number` rises with each change of it, so that calendars replace.

    `link` is where one confirms; words come translated from whoever writes the letter or page. Others in the office see
    the calendar: nothing in it may say what the directory is about.
    """

    entry_id: str
    due_on: date
    round_number: int
    made_at: datetime
    link: str
    summary: str = "Confirm your contact details"
    text: str = "Look whether everything is still right; it takes two minutes."


class TellingWords(ValueError):
    """Words that would say in an office calendar what the directory is about."""


def confirmation_event(reminder: Reminder) -> bytes:
    """An iCalendar file (METHOD:PUBLISH): the same UID for an entry for ever, so that a newer one replaces it.

    Raises TellingWords.
    """
    if "traffick" in f"{reminder.summary} {reminder.text} {reminder.link}".casefold():
        raise TellingWords("An event for a calendar must not name the subject of the directory")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(reminder))
    content: bytes = calendar.to_ical()
    return content


def _event(reminder: Reminder) -> Event:
    event = Event()
    event.add("uid", f"confirm-{reminder.entry_id}@directory")
    event.add("sequence", reminder.round_number)
    event.add("dtstamp", reminder.made_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", reminder.due_on)
    event.add("dtend", reminder.due_on + A_DAY)
    event.add("summary", plain_line(reminder.summary))
    event.add("description", "\n".join(plain_line(line) for line in [*reminder.text.splitlines(), reminder.link]))
    event.add("url", vUri(reminder.link))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    event.add_component(_alarm(reminder))
    return event


def _alarm(reminder: Reminder) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", plain_line(reminder.summary))
    alarm.add("trigger", REMIND_BEFORE)
    return alarm
