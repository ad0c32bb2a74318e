"""A line of history in words. Of a restricted number only the last three digits: the whole is revealed, not read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from directory.entries.queries import display_of
from directory.history.models import Change
from directory.registry import rules
from directory.web.cards import kind_word
from directory.web.translating import gettext as _
from directory.web.words import country_word

SHOWN_DIGITS = 3


@dataclass(frozen=True, slots=True)
class LineWords:
    """One line as the page writes it."""

    at: datetime
    who: str
    what: tuple[str, ...]
    why: str
    path: str
    is_of_house: bool


def line_words(line: Change, names: Mapping[str, str]) -> LineWords:
    """Who did what, why, on which path."""
    return LineWords(
        at=line.at,
        who=who_words(line.by, names),
        what=tuple(_what(line)),
        why=line.reason,
        path=path_word(line.path) if line.path != line.by else "",
        is_of_house=line.subject_type == "institution",
    )


def accounts_in(lines: Collection[Change]) -> set[str]:
    """The accounts that are named in these lines."""
    return {part for line in lines for part in line.by.split(" with ")}


def who_words(by: str, names: Mapping[str, str]) -> str:
    """A name for an account, a phrase for a process; two people where it took two."""
    processes = {
        "demo": _("the demo directory"),
        "init": _("the first set-up"),
        "console": _("somebody at the machine itself"),
        "quota": _("the directory by itself"),
        "worker": _("the directory by itself"),
        "visitor": _("a visitor"),
    }
    parts = [names.get(part) or processes.get(part) or _("somebody") for part in by.split(" with ")]
    return _("%(first)s, agreed by %(second)s", first=parts[0], second=parts[1]) if len(parts) == 2 else parts[0]


def path_word(path: str) -> str:
    """How it came in."""
    words = {
        "form": _("on a page"),
        "api": _("by another program"),
        "import": _("from a list"),
        "merge": _("when two entries became one"),
        "console": _("at the machine"),
        "letter": _("by the letter’s link"),
        "demo": _("with the demo"),
        "init": _("at the first set-up"),
    }
    return words.get(path, "")


def _what(line: Change) -> Iterator[str]:
    if line.erased_at is not None:
        yield _("This line told about a person, who was taken out. That it was is all that is kept.")
        return
    if line.action in {"change", "take_back"} and line.after and "proposal" not in line.after:
        before = line.before or {}
        for name in sorted(line.after):
            yield from _field_words(name, before.get(name), line.after[name])
        return
    yield _action_words(line)


def _action_words(line: Change) -> str:
    after, before = line.after or {}, line.before or {}
    fields = ", ".join(field_word(name) for name in after.get("fields", ()))
    words = {
        "add": _("Entered"),
        "remove": _("Taken out of the directory"),
        "appoint": _("%(name)s was put into the post", name=after.get("holder", "")),
        "relieve": _(
            "%(name)s leaves the post on %(day)s", name=before.get("holder", ""), day=after.get("until_on", "")
        ),
        "propose": _("A change was proposed: %(fields)s", fields=fields),
        "accept": _("The proposed change was accepted"),
        "schedule": _("The proposed change was agreed for its day"),
        "apply": _("The day of an agreed change came"),
        "refuse": _("The proposed change was refused"),
        "withdrawn": _("The proposed change was withdrawn"),
        "outdated": _("The proposed change was out of date"),
        "take_back": _("An accepted change was taken back"),
        "confirm": _("Confirmed"),
        "import": _("A list was imported"),
        "finding": _finding_words(str(after.get("finding", ""))),
        "drill": _drill_words(after),
        "answered": _answer_words(str(after.get("answer", ""))),
        "succession": _("The named successor answered"),
        "same_person": _("Two records of the holder became one: they are the same person"),
        "two_persons": _("What had become one record of a holder is two again"),
        "agree": _("The holder agreed that readers see their name"),
        "decline": _("The holder said that nobody is to see their name"),
    }
    return words.get(line.action) or line.action.replace("_", " ").capitalize()


def _finding_words(kind: str) -> str:
    words = {"bounced": _("Mail came back"), "reported": _("Readers met somebody else, or nobody any more")}
    return words.get(kind, _("Something speaks against it"))


def _answer_words(answer: str) -> str:
    words = {
        "still_right": _("Said that it is still right"),
        "needs_change": _("Said that something needs a change"),
        "left": _("Said that somebody has left"),
        "not_mine": _("Said that it is not theirs"),
    }
    return words.get(answer, _("Answered"))


def _drill_words(after: Mapping[str, Any]) -> str:
    words = {
        "answered": _("A duty line was answered in a test"),
        "no_answer": _("A duty line did not answer in a test"),
        "wrong": _("A duty line reached somebody else in a test"),
    }
    return words.get(str(after.get("outcome", "")), _("A duty line was tested"))


def field_word(name: str) -> str:
    """What a field is called on pages."""
    words = {
        "title": _("Title"),
        "role": _("Role"),
        "area": _("Area"),
        "is_desk": _("Desk"),
        "asks_for": _("What they will ask you for"),
        "contact_points": _("How to reach them"),
        "responsibilities": _("What they answer for"),
        "country": _("Country"),
        "host_country": _("Where it sits"),
        "serves": _("Countries it serves"),
        "city": _("City"),
        "note": _("Note"),
        "names": _("Names"),
        "type": _("Kind of institution"),
        "source_url": _("Source"),
        "holder": _("Holder"),
        "from_on": _("Since"),
        "closed": _("The whole entry"),
    }
    return words.get(name, name.replace("_", " ").capitalize())


def _field_words(name: str, before: Any, after: Any) -> Iterator[str]:
    if name == "contact_points":
        yield from _contact_words(before or [], after or [])
        return
    old, new = _value_words(name, before), _value_words(name, after)
    if not old:
        yield _("%(field)s: now “%(new)s”", field=field_word(name), new=new)
    elif not new:
        yield _("%(field)s: no longer “%(old)s”", field=field_word(name), old=old)
    else:
        yield _("%(field)s: “%(old)s” became “%(new)s”", field=field_word(name), old=old, new=new)


def _contact_words(before: list[Mapping[str, Any]], after: list[Mapping[str, Any]]) -> Iterator[str]:
    was = {(line["kind"], line["value"]): line for line in before}
    now = {(line["kind"], line["value"]): line for line in after}
    for key in [key for key in was if key not in now]:
        yield _("%(kind)s %(value)s was taken out", kind=kind_word(key[0]), value=masked(*key))
    for key, line in now.items():
        if key not in was:
            yield _("%(kind)s %(value)s was added", kind=kind_word(key[0]), value=masked(*key))
        elif was[key] != line:
            fields = [name for name in line if was[key].get(name) != line[name]]
            told = ", ".join(_("published") if f == "is_published" else f.replace("_", " ") for f in fields)
            yield _("%(kind)s %(value)s: %(fields)s changed", kind=kind_word(key[0]), value=masked(*key), fields=told)
    if list(was) != list(now) and set(was) == set(now):
        yield _("The order of the lines changed")


def masked(kind: str, value: str) -> str:
    """The value as anybody with this page may read it."""
    if kind in rules.RESTRICTED:
        return "… " + value[-SHOWN_DIGITS:]
    return display_of(kind, value)


def _value_words(name: str, value: Any) -> str:
    if value in (None, "", [], ()):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in {"country", "host_country"}:
        return country_word(value)
    if isinstance(value, list | tuple):
        return ", ".join(_item_words(item) for item in value)
    return str(value)


def _item_words(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    if "sop" in item:
        return _("procedure %(part)s, %(level)s", part=item.get("measure") or item["sop"], level=item.get("level", ""))
    return str(item.get("name", ""))
