"""Read Open Referral's HSDS 3.x as JSON: every service a row of its organization. Runs apart (`sandbox`).

Taken: a page of services, a list or a single one, organizations with their services, and both kinds side by side in
one object. What a service says and an entry has no place for is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from importers.hsds_rest import rest_of
from importers.json_tree import items_of, read_tree, text_of
from importers.own_words import about_of, answers_of
from importers.records import FileRefused, Limits, Remark, Row, RowAnswer, RowItem, RowLine

Shape = dict[str, Any]
MOST_TOLD = 2000
NO_PLACE = "is not understood, or has no place in an entry"
OURS = "HSDS 3.0"  # what the directory's own file says of itself, besides for whom it was made
VISITOR = "a visitor without sign-in"
_READY = "Have ready: "
_TERM = re.compile(r"(trm-[a-z-]+):(.+)")
_KINDS = {"fax": "fax", "hotline": "hotline", "cell": "mobile", "mobile": "mobile", "pager": "", "textphone": "phone"}
_TAKEN = frozenset(
    {
        *("id", "organization_id", "name", "description", "url", "email", "application_process", "assured_date"),
        *("phones", "service_areas", "service_at_locations", "languages", "organization", "contacts", "attributes"),
        *("schedules", "status", "last_modified", "alert"),
    }
)


def read_hsds(path: Path, limits: Limits, _choices: dict[str, Any]) -> Iterator[RowItem]:
    """The services as rows. Raises FileRefused where there is none."""
    tree = read_tree(path, limits)
    about = tree.get("file") if isinstance(tree, dict) else None
    ours = about if isinstance(about, dict) and about.get("specification") == OURS else None
    number = 0
    told: set[int] = set()
    for number, (service, body) in enumerate(_services(tree), 1):
        row = _Service(number, service, body, ours).row()
        yield row if ours else _with_rest(row, service, body, told)
    if not number:
        raise FileRefused(f"{path.name} holds no service of HSDS: neither services nor organizations with services")


def _with_rest(row: Row, service: Shape, body: Shape, told: set[int]) -> Row:
    """The row with a word for everything that it does not carry; an organization's own once, at its first service."""
    rest = rest_of(service, row)
    if id(body) not in told:
        told.add(id(body))
        rest += [(f"organization.{path}", text) for path, text in rest_of(body, row)]
    more = [Remark(row.number, "left out", path, text[:MOST_TOLD], NO_PLACE) for path, text in rest]
    return replace(row, unread=(*row.unread, *more))


def _services(tree: Any) -> Iterator[tuple[Shape, Shape]]:
    """Every service with its organization."""
    bodies: dict[str, Shape] = {}
    loose: list[Shape] = []
    for item in _items(tree):
        if _is_service(item):
            loose.append(item)
        else:
            bodies[text_of(item.get("id"))] = item
            for service in items_of(item.get("services")):
                yield service, item
    for service in loose:
        body = service.get("organization")
        yield service, body if isinstance(body, dict) else bodies.get(text_of(service.get("organization_id")), {})


def _items(tree: Any) -> Iterator[Shape]:
    if isinstance(tree, list):
        yield from items_of(tree)
    elif isinstance(tree, dict) and tree.get("name") and isinstance(tree.get("services"), list):
        yield tree  # one organization with its services
    elif isinstance(tree, dict):
        lists = [tree[name] for name in ("contents", "organizations", "services") if isinstance(tree.get(name), list)]
        for found in lists:
            yield from items_of(found)
        if not lists or _is_service(tree):
            yield tree


def _is_service(item: Shape) -> bool:
    return bool({"organization", "organization_id", "service_at_locations", "service_areas"} & item.keys())


class _Service:
    """One service on its way to being a row."""

    def __init__(self, number: int, service: Shape, body: Shape, ours: Shape | None) -> None:
        self._number, self._service, self._body, self._ours = number, service, body, ours
        self._unread: list[Remark] = []
        self._published = bool(ours) and (ours or {}).get("made_for") == VISITOR
        self._contact = next(iter(items_of(service.get("contacts"))), {})

    def row(self) -> Row:
        """The row."""
        said = self._said
        terms = self._terms()
        cells: dict[str, Any] = {
            "id": said("id"),
            "entry_id": said("id") if self._ours else "",
            "organization": text_of(self._body.get("name")),
            "alternate_name": text_of(self._body.get("alternate_name")),
            "title": said("name"),
            "type": terms.get("trm-institution-type", ""),
            "role": terms.get("trm-role", ""),
            "asks_for": said("application_process").removeprefix(_READY),
            "official": text_of(self._contact.get("name")),
            "dated_on": "" if self._ours else (said("assured_date") or said("last_modified"))[:10],
            **self._places(),
        }
        cells["name_language"] = "en" if cells["alternate_name"] else ""
        answers = self._answers()
        if not self._ours:
            cells["note"] = "\n".join(filter(None, (said("description"), text_of(self._body.get("description")))))
            for name in ("status", "alert"):
                if said(name) and said(name) != "active":
                    self._leave(name, said(name))
        lines = tuple(self._lines())
        for name, value in self._service.items():
            if name not in _TAKEN and value not in (None, "", [], {}):
                self._leave(name, text_of(value) or "a list")
        return Row(self._number, cells, lines=lines, answers=tuple(answers), unread=tuple(self._unread))

    def _said(self, name: str) -> str:
        return text_of(self._service.get(name))

    def _leave(self, column: str, text: str) -> None:
        self._unread.append(Remark(self._number, "left out", column, text[:MOST_TOLD], NO_PLACE))

    def _locations(self) -> Iterator[Shape]:
        for link in items_of(self._service.get("service_at_locations")):
            if isinstance(link.get("location"), dict):
                yield link["location"]
        yield from items_of(self._body.get("locations"))

    def _places(self) -> dict[str, Any]:
        """Country, place and countries served. In our own file the country ends the organization's text."""
        areas = list(items_of(self._service.get("service_areas")))
        codes = tuple(text_of(area.get("extent")) for area in areas if "ISO 3166" in text_of(area.get("extent_type")))
        area = next((text_of(area.get("description")) for area in areas if area.get("description")), "")
        location = next(self._locations(), {})
        if self._ours:
            country = text_of(self._body.get("description")).rpartition(", ")[2]
            city, _, host = text_of(location.get("name")).rpartition(", ")
            own_area = areas[0].get("name") if len(areas) == 1 else None
            serves = () if own_area == country else codes
            return {"country": country, "host_country": host, "city": city, "serves": serves, "area": area}
        address: Shape = next(iter(items_of(location.get("addresses"))), {})
        return {
            "country": text_of(address.get("country")) or (codes[0] if len(codes) == 1 else ""),
            "city": text_of(address.get("city")),
            "serves": codes if len(codes) > 1 else (),
            "area": area,
        }

    def _terms(self) -> dict[str, str]:
        """The directory's own terms; those of other lists are told."""
        found: dict[str, str] = {}
        for attribute in items_of(self._service.get("attributes")):
            term = attribute.get("taxonomy_term")
            term = term if isinstance(term, dict) else {}
            if match := _TERM.fullmatch(text_of(term.get("code"))):
                found.setdefault(match[1], match[2])
            else:
                self._leave("attributes", text_of(term.get("name")) or text_of(attribute.get("value")) or "a term")
        return found

    def _answers(self) -> list[RowAnswer]:
        if not self._ours:
            return []
        answers, others = answers_of(re.split(r"\. (?=Leads |Supports |Is informed )", self._said("description")))
        for text in others:
            self._leave("description", text)
        return answers

    def _lines(self) -> Iterator[RowLine]:
        for phone in items_of(self._service.get("phones")):
            yield from self._phone(phone, "service")
        for phone in items_of(self._body.get("phones")):
            yield from self._phone(phone, "organization")
        for contact in items_of(self._service.get("contacts")):
            for phone in items_of(contact.get("phones")):
                yield from self._phone(phone, "contact")
        yield from self._written()

    def _phone(self, phone: Mapping[str, Any], owner: str) -> Iterator[RowLine]:
        kind = _KINDS.get(text_of(phone.get("type")).lower(), "phone")
        number = text_of(phone.get("number"))
        if extension := text_of(phone.get("extension")):
            number = f"{number} ext. {extension}"
        if not kind or not number:
            self._leave("phones", number)
            return
        if owner == "contact" and kind == "phone" and self._contact.get("name"):
            kind = "direct_phone"
        codes = tuple(text_of(part.get("code")) for part in items_of(phone.get("languages")) if part.get("code"))
        said = text_of(phone.get("description"))
        about = about_of(said) if self._ours else None
        yield RowLine(
            kind=kind,
            value=number,
            column="phones",
            label=about.label if about else said,
            hours=about.hours if about else "",
            timezone=about.timezone if about else "",
            languages=codes,
            published=self._published,
        )

    def _written(self) -> Iterator[RowLine]:
        mails = (self._said("email"), text_of(self._body.get("email")), *self._contact_mails())
        for mail in dict.fromkeys(filter(None, mails)):
            yield RowLine("email", mail, "email", published=self._published)
        pages = (text_of(self._body.get("website")), "" if self._ours else self._said("url"))
        for page in dict.fromkeys(filter(None, pages)):
            yield RowLine("web", page, "url", published=self._published)
        for location in self._locations():
            for address in items_of(location.get("addresses")):
                names = ("attention", "address_1", "address_2")
                place = " ".join(filter(None, (text_of(address.get("postal_code")), text_of(address.get("city")))))
                parts = (*(text_of(address.get(name)) for name in names), place, text_of(address.get("state_province")))
                if text := "\n".join(filter(None, parts)):
                    yield RowLine("postal", text, "addresses", published=self._published)

    def _contact_mails(self) -> Iterator[str]:
        for contact in items_of(self._service.get("contacts")):
            yield text_of(contact.get("email"))
