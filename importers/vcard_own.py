"""The note of a card that the directory wrote, read back: what it answers for, when a line is answered, its source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import unquote

from importers.own_words import KINDS, About, about_of, answer_of
from importers.records import RowAnswer, RowLine

_LINE = re.compile(rf"({'|'.join(KINDS)}) (.+)")
_SOURCE = re.compile(r"Source: (.*?)(?:, (\d{1,2} [A-Z][a-z]+ \d{4}))?")
# Said of the entry by the directory itself, anew in every card: trust, holder, where the newest version is.
_SAID_ANEW = (
    "DEMO: ",
    "Confirmed ",
    "Not confirmed since ",
    "Never confirmed ",
    "Held by ",
    "The post is vacant",
    "Stands in: ",
    "Newest version: ",
    "* ",
    "This designation ",
)
# How a paragraph begins, the cell it fills, and how it ends.
_CELLS = {
    "Have ready: ": ("asks_for", ""),
    "Local name: ": ("local_name", ""),
    "Sits in ": ("host_country", "."),
    "Competent for ": ("serves", "."),
}


@dataclass(slots=True)
class OwnNote:
    """What the note says."""

    cells: dict[str, str] = field(default_factory=dict)
    answers: list[RowAnswer] = field(default_factory=list)
    lines: list[RowLine] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    last: str = ""


def read_note(text: str, lines: Sequence[RowLine]) -> OwnNote:
    """The note taken apart; `lines` are the card's own, which it says more about."""
    note = OwnNote(lines=list(lines))
    for paragraph in text.split("\n"):
        _take(note, paragraph.strip())
    return note


def _take(note: OwnNote, said: str) -> None:
    """One paragraph. What has to be ready may be several of them, and only the first says so."""
    last, note.last = note.last, ""
    if not said or said.startswith(_SAID_ANEW):
        return
    if answer := answer_of(said):
        note.answers.append(answer)
    elif found := _SOURCE.fullmatch(said):
        note.cells |= {"source_name": found[1], "dated_on": _day(found[2] or "")}
    elif (beginning := next((words for words in _CELLS if said.startswith(words)), "")) or last:
        name, end = _CELLS.get(beginning, (last, ""))
        more = said.removeprefix(beginning).removesuffix(end)
        note.cells[name] = more if beginning else f"{note.cells[name]}\n{more}"
        note.last = name if name == "asks_for" else ""
    elif not _add_to_line(note, said):
        note.unread.append(said)


def _day(text: str) -> str:
    return datetime.strptime(text, "%d %B %Y").date().isoformat() if text else ""  # noqa: DTZ007 - a day has no zone


def _add_to_line(note: OwnNote, said: str) -> bool:
    """`Hotline 116000: day and night` says more about a line of the card, or is the only place of one."""
    found = _LINE.fullmatch(said)
    if found is None:
        return False
    kind, rest = KINDS[found[1]], found[2]
    for place, line in enumerate(note.lines):
        if line.kind == kind and (about := _said_of(line.value, rest)) is not None:
            note.lines[place] = _with(line, about_of(about))
            return True
    value, _, about = rest.partition(": ")
    note.lines.append(_with(RowLine(kind, value, "NOTE"), about_of(about)))
    return True


def _said_of(value: str, rest: str) -> str | None:
    """What stands behind the value, however it is shown; None where another value stands there."""
    shown, _, about = rest.partition(": ")
    if _bare(shown) == _bare(value):
        return about
    if rest.startswith((value + ": ", value.replace("\n", " ") + ": ")):  # an address may hold a colon itself
        return rest[len(value) + 2 :]
    return None


def _with(line: RowLine, about: About) -> RowLine:
    return replace(line, label=about.label, hours=about.hours, timezone=about.timezone, languages=about.languages)


def _bare(value: str) -> str:
    """A number without what makes it easy to read, an address without its ends."""
    if re.match(r"\+?\d", value):
        return re.sub(r"[\s()\-./]|ext", "", value.replace(";ext=", ""))
    return re.sub(r"^https?://", "", unquote(value)).rstrip("/")
