"""From the demo's YAML files to the values the registry is written with; every problem names file and entry."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import yaml

from directory.registry import rules
from directory.registry.demo.numbers import ORDER, numbers_for
from directory.registry.values import (
    BadValue,
    ContactValues,
    InstitutionValues,
    NameValues,
    PostValues,
    ResponsibilityValues,
    check_contact,
    clean_contact,
)

FOLDER = Path(__file__).parent / "data"
LEVELS = ("leads", "supports", "informed")
METHODS = ("signed_in", "letter", "call")
FOOTINGS = ("binding_act", "protocol", "guideline", "custom")
AROUND_THE_CLOCK = frozenset({"hotline", "duty_phone", "intake_phone"})
PUBLISHED = frozenset({"hotline", "phone", "email", "web"})

_LINE_KEYS = {"hours", "languages", "published", "label"}
_HOLDER_KEYS = {"name", "since_days_ago", "agreed_days_ago", "ends_in_days", "acting", "lines"}
_ANSWERS_KEYS = {*LEVELS, "for", "forms", "where"}
_POST_KEYS = _ANSWERS_KEYS | {
    *("title", "role", "area", "asks_for", "lines", "holder", "deputy", "confirmed_days_ago", "method")
}
_INSTITUTION_KEYS = _ANSWERS_KEYS | {
    *("type", "names", "short", "former", "city", "parent", "host", "serves", "timezone", "languages"),
    *("office", "note", "lines", "posts"),
}
_COUNTRY_KEYS = {"country", "timezone", "languages", "office", "institutions"}


class BadDemoData(ValueError):
    """A demo file that cannot be loaded; the message names the file, the entry and what is wrong."""


class Terms(Protocol):
    """What the demo asks of the taxonomy: which ids are known."""

    @property
    def roles(self) -> Container[str]:
        """Known roles."""

    @property
    def institution_types(self) -> Container[str]:
        """Known kinds of institution."""

    @property
    def target_groups(self) -> Container[str]:
        """Known groups."""

    @property
    def exploitation_forms(self) -> Container[str]:
        """Known forms of exploitation."""

    def sop(self, number: int) -> object | None:
        """The SOP with that number."""

    def measure(self, measure_id: str) -> object | None:
        """The measure with that id."""


@dataclass(frozen=True, slots=True)
class DemoHolder:
    """The official in a post; days count from the day of loading."""

    name: str
    since_days_ago: int
    agreed_days_ago: int | None
    ends_in_days: int | None
    is_acting: bool
    contact_points: tuple[ContactValues, ...]


@dataclass(frozen=True, slots=True)
class DemoPost:
    """One entry. `confirmed_days_ago` is None where nobody ever confirmed."""

    key: str
    values: PostValues
    holder: DemoHolder | None
    deputy: str | None
    confirmed_days_ago: int | None
    method: str


@dataclass(frozen=True, slots=True)
class DemoInstitution:
    """One body with its posts; its own lines are as fresh as the freshest of them."""

    key: str
    values: InstitutionValues
    parent: str | None
    posts: tuple[DemoPost, ...]


@dataclass(frozen=True, slots=True)
class DemoCountry:
    """One file."""

    code: str
    institutions: tuple[DemoInstitution, ...]


@dataclass(frozen=True, slots=True)
class DemoFooting:
    """What binds a country to answer."""

    country: str
    kind: str
    title: str
    since_on: date | None


@dataclass(frozen=True, slots=True)
class DemoShared:
    """What stands above the countries: networks (key, name, members) and legal footings."""

    networks: tuple[tuple[str, str, tuple[str, ...]], ...]
    footings: tuple[DemoFooting, ...]


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # fast where libyaml is there
    """A safe loader that refuses a key given twice, which YAML would silently drop."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping, with the line number of the second key where one is given twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise BadDemoData(f"“{key.value}” is given twice; the second time in line {key.start_mark.line + 1}")
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def read_countries(terms: Terms, folder: Path = FOLDER) -> tuple[DemoCountry, ...]:
    """All countries, in the order of their blocks of numbers. Raises BadDemoData."""
    return tuple(read_country(code, terms, folder) for code in ORDER)


def read_country(code: str, terms: Terms, folder: Path = FOLDER) -> DemoCountry:
    """One country. Raises BadDemoData."""
    return _CountryFile(folder / f"{code}.yaml", code, terms).read()


def read_shared(folder: Path = FOLDER) -> DemoShared:
    """Networks and legal footings. Raises BadDemoData."""
    path = folder / "shared.yaml"
    raw = _document(path)
    with _naming(f"{path.name}, networks"):
        networks = tuple((key, net["name"], tuple(net["members"])) for key, net in raw["networks"].items())
    footings = []
    for code, footing in raw["legal_footings"].items():
        with _naming(f"{path.name}, legal footing of {code}"):
            _refuse_unknown("kind", [footing["kind"]], FOOTINGS)
            footings.append(DemoFooting(code, footing["kind"], footing["title"], footing.get("since_on")))
    return DemoShared(networks, tuple(footings))


def _document(path: Path) -> dict[str, Any]:
    with _naming(path.name):
        try:
            document = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - safe  # nosec B506
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadDemoData(str(error)) from error
        if not isinstance(document, dict):
            raise BadDemoData("holds no mapping")
        return document


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """Whatever goes wrong inside is told with the place in front."""
    try:
        yield
    except KeyError as error:
        raise BadDemoData(f"{where}: “{error.args[0]}” is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadDemoData(f"{where}: {error}") from error


def _refuse_unknown(what: str, given: Any, known: Container[str]) -> None:
    unknown = [str(item) for item in given if item not in known]
    if unknown:
        raise BadValue(f"unknown {what} {', '.join(unknown)}")


class _CountryFile:
    """Reads one file; deals out the country's numbers in the order in which lines stand there."""

    def __init__(self, path: Path, code: str, terms: Terms) -> None:
        self.path, self.code, self.terms = path, code, terms
        self.numbers = numbers_for(code)
        self.raw: Mapping[str, Any] = {}

    def read(self) -> DemoCountry:
        self.raw = _document(self.path)
        with _naming(self.path.name):
            _refuse_unknown("key", self.raw, _COUNTRY_KEYS)
            _refuse_unknown("country", [self.raw["country"]], {self.code})
            institutions = tuple(self._institution(key, raw) for key, raw in self.raw["institutions"].items())
            _refuse_broken_links(institutions)
        return DemoCountry(self.code, institutions)

    def _institution(self, key: str, raw: Mapping[str, Any]) -> DemoInstitution:
        with _naming(f"institution {key}"):
            _refuse_unknown("key", raw, _INSTITUTION_KEYS)
            _refuse_unknown("type", [raw["type"]], self.terms.institution_types)
            values = InstitutionValues(
                country=self.code,
                type=raw["type"],
                names=_names(raw),
                host_country=raw.get("host"),
                city=raw.get("city", ""),
                serves=tuple(raw.get("serves", ())),
                note=raw.get("note", ""),
                contact_points=self._lines(raw.get("lines", ()), key, raw),
                responsibilities=self._responsibilities(raw),
            )
        posts = tuple(self._post(post_key, post, key, raw) for post_key, post in raw["posts"].items())
        return DemoInstitution(key, values, raw.get("parent"), posts)

    def _post(self, key: str, raw: Mapping[str, Any], body_key: str, body: Mapping[str, Any]) -> DemoPost:
        with _naming(f"entry {key}"):
            _refuse_unknown("key", raw, _POST_KEYS)
            _refuse_unknown("role", [raw["role"]], self.terms.roles)
            method = raw.get("method", "signed_in")
            _refuse_unknown("method", [method], METHODS)
            values = PostValues(
                title=raw["title"],
                role=raw["role"],
                area=raw.get("area", ""),
                is_desk="holder" not in raw,
                asks_for=raw.get("asks_for", ""),
                contact_points=self._lines(raw["lines"], body_key, body),
                responsibilities=self._responsibilities(raw),
            )
            holder = self._holder(raw.get("holder", "vacant"), body_key, body)
            days = raw["confirmed_days_ago"]
            return DemoPost(key, values, holder, raw.get("deputy"), None if days == "never" else int(days), method)

    def _holder(self, raw: Any, body_key: str, body: Mapping[str, Any]) -> DemoHolder | None:
        if raw == "vacant":
            return None
        _refuse_unknown("key of a holder", raw, _HOLDER_KEYS)
        return DemoHolder(
            name=raw["name"],
            since_days_ago=raw["since_days_ago"],
            agreed_days_ago=raw.get("agreed_days_ago"),
            ends_in_days=raw.get("ends_in_days"),
            is_acting=raw.get("acting", False),
            contact_points=self._lines(raw.get("lines", ()), body_key, body),
        )

    def _responsibilities(self, raw: Mapping[str, Any]) -> tuple[ResponsibilityValues, ...]:
        groups, forms = tuple(raw.get("for", ())), tuple(raw.get("forms", ()))
        _refuse_unknown("group", groups, self.terms.target_groups)
        _refuse_unknown("form of exploitation", forms, self.terms.exploitation_forms)
        return tuple(
            ResponsibilityValues(*self._sop_and_measure(item), level, raw.get("where", ""), groups, forms)
            for level in LEVELS
            for item in raw.get(level, ())
        )

    def _sop_and_measure(self, item: Any) -> tuple[int, str | None]:
        sop, _, measure = str(item).partition(".")
        if self.terms.sop(int(sop)) is None or (measure and self.terms.measure(str(item)) is None):
            raise BadValue(f"“{item}” is no SOP or measure")
        return int(sop), str(item) if measure else None

    def _lines(self, lines: Any, body_key: str, body: Mapping[str, Any]) -> tuple[ContactValues, ...]:
        contacts = tuple(self._line(line, body_key, body) for line in lines)
        for contact in contacts:
            check_contact(contact, body["type"])
        return contacts

    def _line(self, line: Mapping[str, Any], body_key: str, body: Mapping[str, Any]) -> ContactValues:
        """`phone: Desk` is the next number under that label; `email: returns` a mailbox; `web: path` a page."""
        kinds = [key for key in line if key not in _LINE_KEYS]
        if len(kinds) != 1:
            raise BadValue(f"a line has one kind, such as “phone: Desk”; here are {', '.join(kinds) or 'none'}")
        kind, text = kinds[0], str(line[kinds[0]] or "")
        is_number = kind in rules.NUMBERS
        default_hours = "24/7" if kind in AROUND_THE_CLOCK else "" if kind == "mobile" else "office"
        hours = str(line.get("hours", default_hours)) if is_number else ""
        languages = line.get("languages", self._of(body, "languages"))
        return ContactValues(
            kind=kind,
            value=clean_contact(kind, self._value(kind, text, body_key)),
            label=text if is_number else line.get("label", ""),
            hours=self._of(body, "office") if hours == "office" else hours,
            timezone=self._of(body, "timezone") if is_number else "",
            languages=() if kind == "web" else tuple(languages),
            is_published=line.get("published", kind in PUBLISHED),
        )

    def _of(self, body: Mapping[str, Any], key: str) -> Any:
        return body.get(key, self.raw[key])

    def _value(self, kind: str, text: str, body_key: str) -> str:
        domain = f"{body_key}.{self.code.lower()}.example"
        if kind in rules.MAILS:
            return f"{text}@{domain}"
        if kind == "web":
            return f"https://{domain}/{text.lstrip('/')}"
        number = next(self.numbers, None) if kind in rules.NUMBERS else text
        if number is None:
            raise BadValue(f"the numbers of {self.code} are used up")
        return number


def _names(raw: Mapping[str, Any]) -> tuple[NameValues, ...]:
    names = [NameValues(name, language) for language, name in raw["names"].items()]
    for kind in ("short", "former"):
        names += [NameValues(name, language, kind) for language, name in raw.get(kind, {}).items()]
    for name in names:
        if not name.name or not re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?", name.language):
            raise BadValue(f"“{name.language}: {name.name}” is no name in a language; quote a name that has a comma")
    return tuple(names)


def _refuse_broken_links(institutions: tuple[DemoInstitution, ...]) -> None:
    """Parents stand above their children; deputies exist; no post key is used twice."""
    posts = [post for institution in institutions for post in institution.posts]
    keys = [post.key for post in posts]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise BadValue(f"entry {', '.join(sorted(twice))} is given twice")
    for post in posts:
        if post.deputy is not None and (post.deputy not in keys or post.deputy == post.key):
            raise BadValue(f"entry {post.key}: unknown deputy {post.deputy}")
    above: set[str | None] = {None}
    for institution in institutions:
        if institution.parent not in above:
            raise BadValue(f"institution {institution.key}: its parent {institution.parent} must stand above it")
        above.add(institution.key)
