"""What the properties of a card mean for a directory of offices: each becomes a cell or a line, or is told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from importers.records import Remark, Row, RowAnswer, RowLine
from importers.vcard_fallback import Property
from importers.vcard_own import read_note

OURS = "-//TRM Directory//"
_URN = re.compile(r"urn:uuid:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE)
_LABEL = re.compile(r"_\$!<(.*)>!\$_")
_SOP = re.compile(r"SOP\s*([1-5])", re.IGNORECASE)
# Says how the card is built, nothing about the office.
_TECHNICAL = frozenset({"VERSION", "PRODID", "REV", "X-ABLABEL", "X-ABSHOWAS", "KIND", "SORT-STRING", "X-REDUCTION"})
_TEXT_CELLS = {"FN": "fn", "UID": "uid", "ROLE": "role", "NOTE": "note", "SOURCE": "source", "X-COUNTRY": "country"}
_PRIVATE = "is a private one: only an office's lines are kept"
_NO_TELEPHONE = {"PAGER": "is a pager", "MODEM": "is a modem", "BBS": "is a modem", "CAR": "is a car's telephone"}
_KNOWN_SIZE = 7  # fields of an address


@dataclass(slots=True)
class _Reading:
    """A card on its way to being a row."""

    number: int
    is_ours: bool
    is_person: bool
    has_title: bool
    labels: dict[str, str]
    cells: dict[str, list[str]] = field(default_factory=dict)
    lines: list[RowLine] = field(default_factory=list)
    answers: list[RowAnswer] = field(default_factory=list)
    unread: list[Remark] = field(default_factory=list)

    def say(self, column: str, text: str) -> None:
        """A cell; a second value of the same kind stands behind the first."""
        if text and text not in self.cells.setdefault(column, []):
            self.cells[column].append(text)

    def leave(self, column: str, text: str, reason: str) -> None:
        """What was not taken, for the report."""
        if text.strip():
            self.unread.append(Remark(self.number, "left out", column, text[:200], reason))


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
    for one in properties:
        _take(reading, one)
    yield from _posts(reading, _pairs(properties))


def _is_person(properties: Sequence[Property]) -> bool:
    shows_office = any(one.name == "X-ABSHOWAS" and one.text.upper() == "COMPANY" for one in properties)
    is_office = any(one.name == "KIND" and one.text.lower() in {"org", "group", "location"} for one in properties)
    named = any(one.name == "N" and any(one.parts[:2]) for one in properties)
    return named and not shows_office and not is_office


def _take(reading: _Reading, one: Property) -> None:
    """Exactly one place for every property; ORG and TITLE are taken in pairs."""
    if one.name in _TECHNICAL or one.name in {"ORG", "TITLE"}:
        return
    if one.name in _TEXT_CELLS:
        reading.say(_TEXT_CELLS[one.name], one.text.strip())
    elif take := _TAKES.get(one.name):
        take(reading, one)
    else:
        reading.leave(one.name, "; ".join(one.parts), "is not understood, or has no place in an entry")


def _take_name(reading: _Reading, one: Property) -> None:
    reading.say("family", one.parts[0])
    reading.say("given", one.parts[1] if len(one.parts) > 1 else "")
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
        reading.leave("TEL", text, "is no telephone number")
    elif reason := next((why for kind, why in _NO_TELEPHONE.items() if one.says(kind)), ""):
        reading.leave("TEL", text, reason)
    elif _is_private(one):
        reading.leave("TEL", text, _PRIVATE)
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
        reading.leave("EMAIL", one.text, "is no mail address")
    elif _is_private(one):
        reading.leave("EMAIL", one.text, _PRIVATE)
    else:
        label = reading.labels.get(one.group, "")
        _line(reading, "secure_mail" if label == "Encrypted mail" else "email", one)


def _take_address(reading: _Reading, one: Property) -> None:
    box, extended, street, city, region, code, country = (*one.parts, *[""] * _KNOWN_SIZE)[:_KNOWN_SIZE]
    lines = (box, extended, street, " ".join(filter(None, (code, city))), region)
    text = "\n".join(line for line in lines if line)
    if _is_private(one):
        reading.leave("ADR", ", ".join(filter(None, (*lines, country))), _PRIVATE)
        return
    reading.say("country", country)
    reading.say("city", city)
    if text:
        whole = text if reading.is_ours or not country else f"{text}\n{country}"
        reading.lines.append(RowLine("postal", whole, "ADR"))


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
    label = "" if reading.is_ours else reading.labels.get(one.group, "")
    text = value or one.text.strip()
    if text:
        reading.lines.append(RowLine(kind, text, one.name, label))


def _plain_label(text: str) -> str:
    """`Work` for Apple's `_$!<Work>!$_`."""
    found = _LABEL.fullmatch(text.strip())
    return found[1] if found else text.strip()


def _pairs(properties: Sequence[Property]) -> list[tuple[tuple[str, ...], str]]:
    """ORG and TITLE, the first with the first and so on."""
    bodies = [one.parts for one in properties if one.name == "ORG"]
    titles = [one.text.strip() for one in properties if one.name == "TITLE"]
    count = max(len(bodies), len(titles), 1)
    return [
        (bodies[place] if place < len(bodies) else (), titles[place] if place < len(titles) else "")
        for place in range(count)
    ]


def _posts(reading: _Reading, pairs: Sequence[tuple[tuple[str, ...], str]]) -> Iterator[Row]:
    cells = {name: "; ".join(values) for name, values in reading.cells.items()}
    if reading.is_ours:
        _read_own(reading, cells)
    else:
        _read_foreign(reading, cells)
    for place, (body, title) in enumerate(pairs, 1):
        own = {**cells, "org": body[0] if body else "", "unit": ", ".join(filter(None, body[1:])), "title": title}
        if reading.is_ours:
            own |= {"org": own["unit"] or own["org"], "unit": "", "post": title}
        else:
            own |= _post_of(own, is_person=reading.is_person)
        own["key"] = _key(own) + (f"#{place}" if place > 1 else "")
        row = Row(reading.number, own, lines=tuple(reading.lines), answers=tuple(reading.answers))
        yield replace(row, unread=tuple(reading.unread) if place == 1 else ())


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
