"""What the columns of somebody's own list mean: a suggestion for each, and the mapping that follows from the answers.

A suggestion goes by the header in several languages, then by what stands in the cells. It is never more than that:
somebody looks at it before a row is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from importers.cleaners import CLEANERS
from importers.header import folded
from importers.header_names import meaning_of, stem_of
from importers.mapping import (
    NOTHING,
    ContactRule,
    Fields,
    ImportMapping,
    NameRule,
    ResponsibilityRule,
    SourceRule,
    Value,
)
from importers.patterns import Blank, Pattern
from importers.places import Countries
from importers.records import FileRefused, Row

IGNORE = ""
LINES = (
    "hotline", "phone", "duty_phone", "direct_phone", "mobile", "fax", "email", "secure_mail", "web", "postal",
)  # fmt: skip
PERSON = ("official", "given_name", "middle_name", "family_name")
# Several columns may mean one of these; of any other only one.
SEVERAL = frozenset({*LINES, *PERSON, "note", "name_local", "title", "area"})
MEANINGS = (
    "key", "name", "name_local", "name_short", "title", "country", "host_country", "city", *LINES, *PERSON, "type",
    "role", "area", "hours", "languages", "asks_for", "sop", "note", "checked_on", "source_url",
)  # fmt: skip
MOST = 200
ROW_KEY = "the row’s own mark"
TITLE = "what a post without a title is called"
_MAIL = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+\.[^\s@<>;,]+")
_PHONE = re.compile(r"(?:tel:)?\+?[\d(][\d\s()./-]{5,}\d(?:\s*(?:ext|x)\.?\s*\d+)?")
_WEB = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}")


# Whose name it is, the columns beside it say.
_BARE = frozenset(
    {"name", "names", "nume", "numele", "nom", "nome", "nombre", "ime", "emri", "emer", "име", "namn", "nev", "navn"}
)
# Meant only where no other column is meant: `State` is a region where `Country` stands beside it.
_WEAK = {"state": "country", "region": "area", "regione": "area", "title role": "title"}
_ADDRESS = frozenset({"title", "titel", "titre", "titolo", "titulo", "titlu", "titulli"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody said of one file; `kind` names the list within the directory."""

    kind: str
    list_name: str
    dated_on: date | None = None
    title: str = ""
    is_published: bool = False
    encoding: str = "auto"
    separator: str = "auto"
    sheet: str = ""


def signature_of(columns: Sequence[str]) -> str:
    """The same for every file with these columns."""
    return hashlib.sha256("\x1f".join(sorted(folded(name) or name for name in columns)).encode()).hexdigest()


def suggest(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:
    """What each column probably means; empty where nothing speaks for anything."""
    found = dict.fromkeys(columns, IGNORE)
    told = {name: meaning_of(name) for name in columns}
    bare = [name for name in columns if folded(name) in _BARE]
    weak = [name for name in columns if folded(name) in _WEAK]
    for name in columns:
        if name not in bare and name not in weak:
            _give(found, name, told[name] or IGNORE)
    for name in bare[:1]:
        _give(found, name, _bare_name(found))
    for name in weak:
        _give(found, name, _WEAK[folded(name)])
    for name in columns:
        # A word in the name goes before what the cells look like: a fax looks like a phone.
        if told[name] is None and name not in bare:
            _give(found, name, stem_of(name))
    for name in columns:
        if told[name] is None and not found[name] and name not in bare:
            cells = [cell for row in rows if (cell := str(row.cells.get(name, "")).strip())]
            _give(found, name, _by_content(cells))
    return _person_in_place(found)


def _give(found: dict[str, str], name: str, meaning: str) -> None:
    if meaning and (meaning in SEVERAL or meaning not in found.values()):
        found[name] = meaning


def _bare_name(found: Mapping[str, str]) -> str:
    """`Name` beside `Company` is a person's; alone it is the body's; beside one half of a name it is the other half."""
    given = set(found.values())
    if {"given_name", "family_name"} <= given:
        return "official"
    if "given_name" in given:
        return "family_name"
    if "family_name" in given:
        return "given_name"
    return "official" if "name" in given else "name"


def _person_in_place(found: dict[str, str]) -> dict[str, str]:
    """A whole name goes before its parts; `Title` beside `Job title` and a first name is how somebody is addressed."""
    meanings = set(found.values())
    parts = {"given_name", "middle_name", "family_name"} if {"given_name", "official"} <= meanings else set()
    titles = [name for name, meaning in found.items() if meaning == "title"]
    address = (
        [name for name in titles if folded(name) in _ADDRESS] if "given_name" in meanings and len(titles) > 1 else []
    )
    return {name: IGNORE if meaning in parts or name in address else meaning for name, meaning in found.items()}


def _by_content(cells: Sequence[str]) -> str:
    if not cells:
        return IGNORE
    most = max(1, round(len(cells) * 0.6))
    countries = Countries()
    tests = (
        ("email", lambda cell: bool(_MAIL.fullmatch(cell.removeprefix("mailto:")))),
        ("web", lambda cell: bool(_WEB.fullmatch(cell))),
        ("checked_on", lambda cell: bool(_DAY.fullmatch(cell))),
        ("phone", lambda cell: bool(_PHONE.fullmatch(cell))),
        ("country", lambda cell: len(cell) > 1 and countries.code(cell) is not None),
    )
    return next((meaning for meaning, fits in tests if sum(map(fits, cells)) >= most), IGNORE)


def problem_of(meanings: Mapping[str, str]) -> tuple[str, str]:
    """What keeps these answers from being a list: a code and what it is about; empty where nothing does."""
    given = [meaning for meaning in meanings.values() if meaning]
    if unknown := [meaning for meaning in given if meaning not in MEANINGS]:
        return "unknown", unknown[0]
    if "name" not in given:
        return "no_name", ""
    twice = [one for one in dict.fromkeys(given) if given.count(one) > 1 and one not in SEVERAL]
    return ("twice", twice[0]) if twice else ("", "")


def mapping_of(meanings: Mapping[str, str], choices: Choices) -> ImportMapping:
    """The mapping that these answers make. Raises FileRefused where there is no name among them."""
    if problem_of(meanings)[0]:
        raise FileRefused("The columns have no meaning that makes a list: name the institution’s column")
    of = {meaning: [name for name in meanings if meanings[name] == meaning] for meaning in MEANINGS}
    key = tuple(of["key"]) or (ROW_KEY,)
    parts = [*of["name"], *of["title"], *of["area"], *of["city"], *_person(of), *of["email"][:1]]
    values = {} if of["key"] else {ROW_KEY: Value(parts=_blanks(parts), join=" · ")}
    values[TITLE] = Value(constant=choices.title)
    fields = Fields(
        type=_one(of["type"]),
        title=_titled(of["title"], choices.title),
        names=_names(of),
        country=_one(of["country"]),
        host_country=_one(of["host_country"]),
        city=_one(of["city"]),
        note=Value(parts=_blanks(of["note"])) if of["note"] else NOTHING,
        source_url=_one(of["source_url"]),
        role=_one(of["role"]),
        area=Value(parts=_blanks(of["area"]), join=", ") if of["area"] else NOTHING,
        asks_for=_one(of["asks_for"]),
        official=Value(parts=_blanks(_person(of)), join=" ") if _person(of) else NOTHING,
        date=_one(of["checked_on"]),
        contact_points=tuple(_line(kind, name, of, choices) for kind in LINES for name in of[kind]),
        responsibilities=(ResponsibilityRule(sop=Value(column=of["sop"][0], split=";")),) if of["sop"] else (),
    )
    mapping = ImportMapping(
        kind=choices.kind,
        title=choices.list_name,
        format="csv",
        source=SourceRule(choices.list_name, dated_on=choices.dated_on),
        key=key,
        fields=fields,
        encoding=choices.encoding,
        separator=choices.separator,
        sheet=choices.sheet,
        optional=frozenset({"*"}),
        clean={"*": (CLEANERS["unguard"],)},
        values=values,
    )
    return _with_rest(mapping, meanings)


def _with_rest(mapping: ImportMapping, meanings: Mapping[str, str]) -> ImportMapping:
    return replace(mapping, ignore=frozenset(meanings) - mapping.used)


def _person(of: Mapping[str, list[str]]) -> list[str]:
    return [name for part in PERSON for name in of[part]]


def _names(of: Mapping[str, list[str]]) -> tuple[NameRule, ...]:
    rules = [NameRule(Value(column=name)) for name in (*of["name"], *of["name_local"])]
    return (*rules, *(NameRule(Value(column=name), kind="short") for name in of["name_short"]))


def _titled(columns: list[str], otherwise: str) -> Value:
    """The column's text; where it is empty, what somebody said every post without one is called."""
    if not columns:
        return Value(constant=otherwise)
    further = tuple(Pattern((", ", Blank((name,)))) for name in columns[1:])
    return Value(pattern=Pattern((Blank((columns[0], TITLE)), *further)))


def _blanks(columns: Sequence[str]) -> tuple[Pattern, ...]:
    return tuple(Pattern((Blank((name,)),)) for name in columns)


def _one(columns: list[str]) -> Value:
    return Value(column=columns[0]) if columns else NOTHING


def _line(kind: str, column: str, of: Mapping[str, list[str]], choices: Choices) -> ContactRule:
    cleaners = {
        "email": ("mail_link",), "secure_mail": ("mail_link",), "web": ("web_address",),
    }.get(kind, ("phone_link",))  # fmt: skip
    is_address = kind == "postal"
    clean = () if is_address else tuple(CLEANERS[name] for name in cleaners)
    is_answered = kind in {"hotline", "phone", "duty_phone", "direct_phone", "mobile"}
    return ContactRule(
        kind,
        Value(column=column, split="" if is_address else ";", clean=clean),
        Value(constant="yes" if choices.is_published else "no"),
        hours=Value(column=of["hours"][0]) if of["hours"] and is_answered else NOTHING,
        languages=Value(column=of["languages"][0], split=";") if of["languages"] and is_answered else NOTHING,
    )
