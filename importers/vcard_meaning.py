"""What the properties of a card mean for a directory of offices: each becomes a cell or a line, or is told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from importers.records import Remark, Row, RowAnswer, RowLine
from importers.vcard_fallback import Property, unescape
from importers.vcard_own import read_note

OURS = "-//TRM Directory//"
_URN = re.compile(r"urn:uuid:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE)
_LABEL = re.compile(r"_\$!<(.*)>!\$_")
# `TEL;X-Bereitschaft:`, as Android writes a type that somebody made up; not what a program marks its own lines with.
_OWN_TYPE = re.compile(r"X-(?!EVOLUTION|MS-|OL-|SYNTHESIS|SOURCE|FUNAMBOL|ABLABEL)[^\W\d_][\w -]*")
MOST_TOLD = 2000
_SOP = re.compile(r"SOP\s*([1-5])", re.IGNORECASE)
# Says how the card is built, nothing about the office; told once for the whole file.
TECHNICAL = frozenset({"PRODID", "REV", "X-ABSHOWAS", "KIND", "X-REDUCTION"})
_NO_VALUE = frozenset({*TECHNICAL, "VERSION", "X-ABLABEL", "ORG", "TITLE"})
_TEXT_CELLS = {
    "FN": "fn",
    "UID": "uid",
    "ROLE": "role",
    "NOTE": "note",
    "SOURCE": "source",
    "X-COUNTRY": "country",
    "SORT-STRING": "sort",
}
_PRIVATE = "is a private one: only an office's lines are kept"
_NO_TELEPHONE = {"PAGER": "is a pager", "MODEM": "is a modem", "BBS": "is a modem", "CAR": "is a car's telephone"}
_NO_BODY = "is missing: the card names no body (ORG), and an entry is one of a body"
_LABELLED = frozenset({"TEL", "EMAIL", "URL", "ADR"})
_NO_PLACE = "is not understood, or has no place in an entry"
_KNOWN_SIZE = 7  # fields of an address
_NAME_SIZE = 5


@dataclass(slots=True)
class _Reading:
    """A card on its way to being a row."""

    number: int
    is_ours: bool
    is_person: bool
    has_title: bool
    labels: dict[str, str]
    cells: dict[str, list[str]] = field(default_factory=dict)
    countries: list[str] = field(default_factory=list)
    lines: list[RowLine] = field(default_factory=list)
    answers: list[RowAnswer] = field(default_factory=list)
    unread: list[Remark] = field(default_factory=list)

    def say(self, column: str, text: str) -> None:
        """A cell; a second value of the same kind stands behind the first."""
        if text and text not in self.cells.setdefault(column, []):
            self.cells[column].append(text)

    def leave(self, column: str, text: str, reason: str, label: str = "") -> None:
        """What was not taken, for the report."""
        if text.strip():
            whole = f"{text} ({label})" if label else text
            self.unread.append(Remark(self.number, "left out", column, whole[:MOST_TOLD], reason))

    def label_of(self, one: Property) -> str:
        """What the card's owner called this line: by Apple's label, or by a type of their own."""
        own = next((kind[2:].replace("-", " ").capitalize() for kind in one.types if _OWN_TYPE.fullmatch(kind)), "")
        return self.labels.get(one.group, "") or own


def rows_of(number: int, properties: Sequence[Property], dropped: Sequence[tuple[str, str, str]]) -> Iterator[Row]:
    """The card as a row; as several where it names several posts (ORG and TITLE more than once)."""
    reading = _Reading(
        number=number,
        is_ours=any(one.name == "PRODID" and one.text.startswith(OURS) for one in properties),
        is_person=_is_person(properties),
        has_title=any(one.name == "TITLE" and one.text.strip() for one in properties),
        labels={one.group: _plain_label(one.text) for one in properties if one.name == "X-ABLABEL" and one.group},
    )
    for name, text, reason in dropped:
        reading.unread.append(Remark(number, "left out", name or "a line", text, reason))
    for one in _without_alternatives(reading, properties):
        _take(reading, one)
    _leave_loose_labels(reading, properties)
    yield from _posts(reading, _pairs(reading, properties))


def _is_person(properties: Sequence[Property]) -> bool:
    shows_office = any(one.name == "X-ABSHOWAS" and one.text.upper() == "COMPANY" for one in properties)
    is_office = any(one.name == "KIND" and one.text.lower() in {"org", "group", "location"} for one in properties)
    is_one = any(one.name == "KIND" and one.text.lower() == "individual" for one in properties)
    named = any(one.name == "N" and any(one.parts[:2]) for one in properties)
    return (named or is_one) and not shows_office and not is_office


def _without_alternatives(reading: _Reading, properties: Sequence[Property]) -> Iterator[Property]:
    """4.0 says the same in several languages under one ALTID: the first stands, the others are told."""
    seen: set[tuple[str, str]] = set()
    for one in properties:
        mark = (one.name, dict(one.parameters).get("ALTID", ""))
        if mark[1] and mark in seen:
            reading.leave(one.name, "; ".join(one.parts), "says again, in other words, what another line says")
            continue
        seen.add(mark)
        yield one


def _leave_loose_labels(reading: _Reading, properties: Sequence[Property]) -> None:
    """A label that stands at no line, or at one that carries none."""
    labelled = {one.group for one in properties if one.name in _LABELLED}
    for one in properties:
        if one.name == "X-ABLABEL" and one.group not in labelled:
            reading.leave("X-ABLABEL", _plain_label(one.text), "is a label of a line that carries none")


def _take(reading: _Reading, one: Property) -> None:
    """Exactly one place for every property; ORG and TITLE are taken in pairs."""
    if one.name in _NO_VALUE:
        return
    if one.name in _TEXT_CELLS:
        reading.say(_TEXT_CELLS[one.name], one.text.strip())
    elif take := _TAKES.get(one.name):
        take(reading, one)
    else:
        reading.leave(one.name, "; ".join(one.parts), _NO_PLACE, reading.label_of(one))


def _take_name(reading: _Reading, one: Property) -> None:
    reading.say("family", one.parts[0])
    reading.say("given", one.parts[1] if len(one.parts) > 1 else "")
    reading.leave("N", "; ".join(one.parts[_NAME_SIZE:]), "is more than the five parts of a name")
    if reading.is_person:
        reading.say("person", _person(one.parts))
    else:
        reading.leave("N", " ".join(one.parts), "is the name of an office, which stands as ORG or FN")


def _take_web(reading: _Reading, one: Property) -> None:
    _line(reading, "web", one)


def _person(parts: Sequence[str]) -> str:
    family, given, more, before, behind = (*parts, "", "", "", "", "")[:5]
    return " ".join(f"{before} {given} {more} {family} {behind}".split())


def _take_number(reading: _Reading, one: Property) -> None:
    text = one.text.strip()
    lowered = text.lower()
    if lowered.startswith(("sip:", "mailto:", "im:", "xmpp:")):
        reading.leave("TEL", text, "is no telephone number", reading.label_of(one))
    elif reason := next((why for kind, why in _NO_TELEPHONE.items() if one.says(kind)), ""):
        reading.leave("TEL", text, reason, reading.label_of(one))
    elif _is_private(one):
        reading.leave("TEL", text, _PRIVATE, reading.label_of(one))
    else:
        number = re.sub(r"^tel:", "", text, flags=re.IGNORECASE)
        _line(reading, _kind_of_number(reading, one), one, number)


def _kind_of_number(reading: _Reading, one: Property) -> str:
    label = reading.labels.get(one.group, "").lower()
    if one.says("FAX"):
        return "fax"
    if one.says("CELL", "MOBILE"):
        return "mobile"
    if label.startswith(("hotline", "helpline")):
        return "hotline"
    # A number on a person's own card reaches that person: never for everybody.
    return "direct_phone" if reading.is_person else "phone"


def _take_mail(reading: _Reading, one: Property) -> None:
    if one.says("X400", "TLX"):
        reading.leave("EMAIL", one.text, "is no mail address", reading.label_of(one))
    elif _is_private(one):
        reading.leave("EMAIL", one.text, _PRIVATE, reading.label_of(one))
    else:
        label = reading.labels.get(one.group, "")
        _line(reading, "secure_mail" if label == "Encrypted mail" else "email", one)


def _take_address(reading: _Reading, one: Property) -> None:
    box, extended, street, city, region, code, country = (*one.parts, *[""] * _KNOWN_SIZE)[:_KNOWN_SIZE]
    lines = (box, extended, street, " ".join(filter(None, (code, city))), region, *one.parts[_KNOWN_SIZE:])
    text = "\n".join(line for line in lines if line)
    if _is_private(one):
        reading.leave("ADR", ", ".join(filter(None, (*lines, country))), _PRIVATE, reading.label_of(one))
        return
    if country:
        reading.countries.append(country)
    reading.say("city", city)
    whole = text if reading.is_ours or not (text and country) else f"{text}\n{country}"
    if text:
        _line(reading, "postal", one, whole)
    printed = unescape(dict(one.parameters).get("LABEL", ""))
    if set(_words(printed)) - set(_words(f"{whole} {country}")):
        reading.leave("ADR", printed, "is the address as it is printed, and it stands as its parts")


def _take_categories(reading: _Reading, one: Property) -> None:
    for part in one.parts:
        if found := _SOP.fullmatch(part):
            reading.answers.append(RowAnswer(found[1]))
        elif reading.is_ours:
            reading.say("own_country", part)
        else:
            reading.leave("CATEGORIES", part, "is no category of the directory (SOP 1 to SOP 5)")


_TAKES: dict[str, Callable[[_Reading, Property], None]] = {
    "N": _take_name,
    "TEL": _take_number,
    "EMAIL": _take_mail,
    "URL": _take_web,
    "ADR": _take_address,
    "CATEGORIES": _take_categories,
}


def _is_private(one: Property) -> bool:
    return one.says("HOME") and not one.says("WORK")


def _line(reading: _Reading, kind: str, one: Property, value: str = "") -> None:
    label = "" if reading.is_ours else reading.label_of(one)
    text = value or one.text.strip()
    if text:
        reading.lines.append(RowLine(kind, text, one.name, label))


def _plain_label(text: str) -> str:
    """`Work` for Apple's `_$!<Work>!$_`."""
    found = _LABEL.fullmatch(text.strip())
    return found[1] if found else text.strip()


def _pairs(reading: _Reading, properties: Sequence[Property]) -> list[tuple[tuple[str, ...], str]]:
    """ORG and TITLE, the first with the first and so on; several titles in one body are all that body's."""
    kept = list(_without_alternatives(replace(reading, unread=[]), properties))
    bodies = [one.parts for one in kept if one.name == "ORG" and any(one.parts)]
    titles = [one.text.strip() for one in kept if one.name == "TITLE" and one.text.strip()]
    count = max(len(bodies), len(titles), 1)
    bodies = bodies * count if len(bodies) == 1 else bodies
    return [
        (bodies[place] if place < len(bodies) else (), titles[place] if place < len(titles) else "")
        for place in range(count)
    ]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _posts(reading: _Reading, pairs: Sequence[tuple[tuple[str, ...], str]]) -> Iterator[Row]:
    cells = {name: "; ".join(values) for name, values in reading.cells.items()}
    if reading.is_ours:
        cells["country"] = "; ".join(reading.countries) or cells.get("country", "")
        _read_own(reading, cells)
    else:
        _read_foreign(reading, cells)
    faults = {}
    for place, (body, title) in enumerate(pairs, 1):
        own = {**cells, "org": body[0] if body else "", "unit": ", ".join(filter(None, body[1:])), "title": title}
        if reading.is_ours:
            own |= {"org": own["unit"] or own["org"], "unit": "", "post": title}
        else:
            own |= _post_of(own, is_person=reading.is_person)
            _leave_unsaid(reading, own, is_first=place == 1)
            faults = {} if own["org"] else {"org": _NO_BODY}
        own["key"] = _key(own) + (f"#{place}" if place > 1 else "")
        # The importer takes the first country there is, of a card that has several addresses.
        several = {"country": tuple(reading.countries)} if reading.countries and not reading.is_ours else {}
        row = Row(
            reading.number,
            {**own, **several},
            faults=faults,
            lines=tuple(reading.lines),
            answers=tuple(reading.answers),
        )
        yield replace(row, unread=tuple(reading.unread) if place == 1 else ())


def _leave_unsaid(reading: _Reading, own: dict[str, str], *, is_first: bool) -> None:
    """What a name says beyond the person, the body and the post that are taken."""
    taken = set(_words(" ".join(own.get(name, "") for name in ("person", "org", "unit", "post"))))
    for column, name in (("FN", "fn"), ("SORT-STRING", "sort")):
        if is_first and set(_words(own.get(name, ""))) - taken:
            reading.leave(column, own[name], "says the name in another way than N, ORG and TITLE, which stand")


def _read_own(reading: _Reading, cells: dict[str, str]) -> None:
    """A card that the directory wrote: its id, and what its note says in the directory's own words."""
    if found := _URN.fullmatch(cells.get("uid", "")):
        cells["entry_id"] = found[1].lower()
    note = read_note(cells.get("note", ""), reading.lines)
    cells |= {"country": cells.get("own_country", ""), "role_name": cells.get("role", ""), **note.cells}
    cells["name_language"] = "en" if cells.get("local_name") else ""
    reading.lines = note.lines
    reading.answers = note.answers or reading.answers
    for text in note.unread:
        reading.leave("NOTE", text, "is not understood")


def _read_foreign(reading: _Reading, cells: dict[str, str]) -> None:
    cells["remark"] = cells.get("note", "")
    cells["source_url"] = cells.get("source", "")
    if reading.is_person:
        cells.setdefault("person", cells.get("fn", ""))
    if cells.get("role") and reading.has_title:
        reading.leave("ROLE", cells["role"], "stands beside a title, and an entry has one of them")


def _post_of(cells: dict[str, str], *, is_person: bool) -> dict[str, str]:
    """The body and the post of a card from elsewhere. A person's name is never the name of a post."""
    name = cells.get("fn", "")
    body = cells["org"] or ("" if is_person else name)
    desk = name if not is_person and name != body else ""
    return {"org": body, "post": cells["title"] or cells.get("role", "") or desk or "Contact point"}


def _key(cells: dict[str, str]) -> str:
    """The card's own id; else what it says of itself, shortened to a print of it."""
    if cells.get("uid"):
        return cells["uid"][:200]
    said = "\n".join(cells.get(name, "") for name in ("fn", "family", "given", "org", "title"))
    return f"card {hashlib.sha256(said.encode()).hexdigest()[:24]}"
