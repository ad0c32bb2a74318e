"""States, columns and counts in words, and who an import is about."""

from __future__ import annotations

from flask import abort

from directory.accounts.policy import NOTHING, Subject
from directory.web import current
from directory.web.cards import kind_word
from directory.web.history_words import field_word
from directory.web.translating import gettext as _
from importers import runs
from importers.columns import LINES, MEANINGS
from importers.models import ImportRun

HOME = "/coordination/imports"


def own_country() -> Subject:
    """A coordinator imports for a country; which one is in the form, and looked at there."""
    country = next((grant.country for grant in current.person().grants if grant.role == "coordinator"), None)
    return Subject(country=country) if country else NOTHING


def subject_of_run(run_id: object, **_more: object) -> Subject:
    """The country the import is for."""
    run = current.session().get(ImportRun, str(run_id))
    return Subject(country=run.country_code) if run else NOTHING


def run_of(run_id: object) -> ImportRun:
    """The import, where this person has to do with it; else the page is not there."""
    run = current.session().get(ImportRun, str(run_id))
    if run is None or not runs.ground_of(current.person()).covers(run.country_code):
        abort(404)
    return run


def meaning_word(meaning: str) -> str:
    """What a column is, in a few words."""
    words = {
        "": _("not used"),
        "key": _("the row’s own lasting id"),
        "name": _("name of the institution"),
        "name_local": _("its name in another language"),
        "name_short": _("its short name"),
        "title": _("title of the post or unit"),
        "country": _("country"),
        "host_country": _("country where it sits"),
        "city": _("town"),
        "official": _("person, whole name"),
        "given_name": _("person, given name"),
        "middle_name": _("person, middle name"),
        "family_name": _("person, family name"),
        "type": _("kind of institution"),
        "role": _("role of the post"),
        "area": _("area it looks after"),
        "hours": _("hours of its numbers"),
        "languages": _("languages spoken there"),
        "asks_for": _("what it asks for"),
        "sop": _("numbers of the procedures"),
        "note": _("note"),
        "checked_on": _("day somebody checked it"),
        "source_url": _("where it was found"),
    }
    return kind_word(meaning) if meaning in LINES else words.get(meaning, meaning)


def meanings() -> list[tuple[str, str]]:
    """Every choice for a column, in order."""
    return [(one, meaning_word(one)) for one in ("", *MEANINGS)]


def state_word(run: ImportRun) -> str:
    """How far an import has come."""
    words = {
        "uploaded": _("uploaded: say what its columns are"),
        "mapped": _("waits to be read"),
        "reading": _("is being read"),
        "previewed": _("read: look at it and decide"),
        "waiting_second": _("waits for a second person"),
        "committing": _("is being written"),
        "done": _("done"),
        "undoing": _("is being taken back"),
        "undone": _("taken back"),
        "failed": _("refused"),
        "discarded": _("let be"),
    }
    return words.get(run.state, run.state)


def section_word(section: str) -> str:
    """The heading over some rows."""
    words = {
        "new": _("New"),
        "changed": _("Changed"),
        "unchanged": _("Unchanged"),
        "refused": _("Refused"),
        "doubtful": _("Perhaps here already"),
        "left_out": _("Values left out or kept"),
    }
    return words[section]


def pair_word(name: str) -> str:
    """The name of a field that changes."""
    if name == "official":
        return _("person")
    return kind_word(name) if name in LINES or name == "intake_phone" else field_word(name)


def problem_words(code: str, what: str) -> str:
    """Why columns make no list yet."""
    words = {
        "unknown": _("“%(what)s” is nothing a column can be.", what=what),
        "no_name": _("Say which column holds the name of the institution."),
        "twice": _("Only one column can be “%(what)s”.", what=meaning_word(what)),
    }
    return words.get(code, "")
