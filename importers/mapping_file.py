"""Read a mapping file: every word of it is known, or the error names the word and its place."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml

from directory.registry.countries import codes
from directory.registry.rules import CONTACT_KINDS
from importers.cleaners import CLEANERS, Cleaner
from importers.mapping import (
    NOTHING,
    SHIPPED,
    ContactRule,
    DatesRule,
    Fields,
    ImportMapping,
    NameRule,
    ResponsibilityRule,
    SourceRule,
    Table,
    Value,
)
from importers.patterns import BadPattern, Pattern, read_pattern
from importers.records import FileRefused

MOST_BYTES = 512 * 1024
NAME_KINDS = ("official", "short", "former")
_SOURCES_OF_VALUE = ("column", "pattern", "value", "parts")
_SINGLE_FIELDS = (
    *("country", "host_country", "type", "city", "serves", "note", "source_url", "source"),
    *("title", "role", "area", "asks_for", "official", "date"),
)


class BadMapping(FileRefused):
    """A mapping file that cannot be used; the message names the place and what is expected there."""


def shipped_kinds() -> dict[str, Path]:
    """The mappings that come with the directory, by the name the command line takes."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def read_mapping(path: Path) -> ImportMapping:
    """The mapping in that file. Raises BadMapping with a sentence."""
    reader = _Reader(path.name)
    try:
        if path.stat().st_size > MOST_BYTES:
            reader.refuse("", f"is larger than {MOST_BYTES // 1024} kB: a mapping is a page of YAML")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - safe  # nosec B506
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise BadMapping(f"{path.name} cannot be read as a mapping: {error}") from error
    return reader.mapping(document)


class _Reader:
    """Reads one document; `at` is the place in it, such as `fields.contact_points[2].hours`."""

    def __init__(self, file: str) -> None:
        self.file = file

    def refuse(self, at: str, problem: str) -> NoReturn:
        raise BadMapping(f"{self.file}: {at + ' ' if at else ''}{problem}")

    def mapping(self, raw: Any) -> ImportMapping:
        """The whole."""
        readers: dict[str, Callable[[Any, str], Any]] = {
            "kind": self.kind,
            "title": self.text,
            "format": self.one_of("csv", "json", "vcard", "hsds", "directory"),
            "encoding": self.encoding,
            "separator": self.separator,
            "quoting": self.one_of("normal", "none"),
            "records": self.text,
            "sheet": self.text,
            "entry_id": self.text,
            "source": self.source,
            "key": self.texts,
            "ignore": self.names,
            "optional": self.names,
            "clean": self.per_name(self.cleaners),
            "countries": self.countries,
            "tables": self.per_name(self.table),
            "values": self.per_name(self.value),
            "published": self.published,
            "dates": self.dates,
            "fields": self.mapped_part,
        }
        given = self.keys(raw, "", tuple(readers), required=("kind", "title", "format", "source", "key", "fields"))
        read = {name: readers[name](value, name) for name, value in given.items()}
        read |= read.pop("countries", {})
        read["fields"] = self.fields(given["fields"], read.pop("published", NOTHING))
        mapping = ImportMapping(**read)
        self._refuse_unknown_tables(mapping)
        return mapping

    def _refuse_unknown_tables(self, mapping: ImportMapping) -> None:
        for value in (*mapping.fields.values(), *mapping.values.values()):
            if value.table and value.table not in mapping.tables:
                self.refuse("tables", f"holds no table “{value.table}”, which {value.told} asks for")
        if both := mapping.used & mapping.ignore:
            self.refuse("ignore", f"names columns that are used: {', '.join(sorted(both))}")

    # Parts of the document

    def fields(self, raw: Any, published: Value) -> Fields:
        """Where each of the registry's fields comes from."""
        lists = ("names", "contact_points", "responsibilities")
        given = self.keys(raw, "fields", (*_SINGLE_FIELDS, *lists), required=("type", "title", "names"))
        read: dict[str, Any] = {n: self.value(v, f"fields.{n}") for n, v in given.items() if n not in lists}
        read["names"] = self.each(given["names"], "fields.names", self.name)
        read["contact_points"] = self.each(
            given.get("contact_points", []),
            "fields.contact_points",
            lambda item, at: self.contact(item, at, published),
        )
        read["responsibilities"] = self.each(
            given.get("responsibilities", []), "fields.responsibilities", self.responsibility
        )
        return Fields(**read)

    def name(self, raw: Any, at: str) -> NameRule:
        """One name: a value with `language` and `kind`."""
        rest, own = self._apart(raw, at, ("language", "kind"))
        language = self.constant_or_value(own["language"], f"{at}.language") if "language" in own else NOTHING
        kind = self.one_of(*NAME_KINDS)(own.get("kind", "official"), f"{at}.kind")
        return NameRule(self.value(rest, at), language, kind)

    def contact(self, raw: Any, at: str, published: Value) -> ContactRule:
        """One contact point: a value with its kind, label, hours and so on."""
        more = ("kind", "published", "label", "hours", "timezone", "languages")
        rest, own = self._apart(raw, at, more)
        if "kind" not in own:
            self.refuse(at, f"needs a kind, one of {', '.join(CONTACT_KINDS)}")
        read = {
            name: self.constant_or_value(own[name], f"{at}.{name}")
            for name in ("label", "hours", "timezone", "languages")
            if name in own
        }
        shown = self.published(own["published"], f"{at}.published") if "published" in own else published
        kind = self.one_of(*CONTACT_KINDS)(own["kind"], f"{at}.kind")
        return ContactRule(kind, self.value(rest, at), shown, **read)

    def responsibility(self, raw: Any, at: str) -> ResponsibilityRule:
        """What the post answers for."""
        known = ("sop", "measure", "level", "area", "target_groups", "exploitation")
        given = self.keys(raw, at, known)
        return ResponsibilityRule(**{n: self.constant_or_value(v, f"{at}.{n}") for n, v in given.items()})

    def source(self, raw: Any, at: str) -> SourceRule:
        """The list's name, address, date and licence."""
        given = self.keys(raw, at, ("name", "url", "date", "licence"), required=("name",))
        day = given.pop("date", None)
        if day is not None and not isinstance(day, date):
            self.refuse(f"{at}.date", f"is “{day}”; a day such as 2022-11-16 is expected")
        return SourceRule(dated_on=day, **{n: self.text(v, f"{at}.{n}") for n, v in given.items()})

    def dates(self, raw: Any, at: str) -> DatesRule:
        """The file beside the list."""
        known = ("file", "key", "date", "match")
        rule = DatesRule(**{n: self.text(v, f"{at}.{n}") for n, v in self.keys(raw, at, known, required=known).items()})
        if Path(rule.file).name != rule.file:
            self.refuse(f"{at}.file", "must be a bare file name: the file lies beside the list")
        return rule

    def countries(self, raw: Any, at: str) -> dict[str, Any]:
        """The list's own names for countries, and names that are none."""
        given = self.keys(raw, at, ("aliases", "not_countries"))
        aliases = self.per_name(self.country_code)(given.get("aliases", {}), f"{at}.aliases")
        others = self.names(given.get("not_countries", []), f"{at}.not_countries")
        return {"aliases": aliases, "not_countries": others}

    def table(self, raw: Any, at: str) -> Table:
        """Words and what they become."""
        given = self.keys(raw, at, ("words", "otherwise"), required=("words",))
        otherwise = self.one_of("refuse", "keep", "empty")(given.get("otherwise", "refuse"), f"{at}.otherwise")
        words = self.per_name(self.pattern)(given["words"], f"{at}.words")
        return Table({" ".join(word.split()).casefold(): become for word, become in words.items()}, otherwise)

    def value(self, raw: Any, at: str) -> Value:
        """Where a value comes from: a column's name, or a small mapping."""
        if isinstance(raw, str):
            return Value(column=raw)
        readers: dict[str, Callable[[Any, str], Any]] = {
            "column": self.text,
            "pattern": self.pattern,
            "value": self.text,
            "parts": lambda item, place: self.each(item, place, self.pattern),
            "join": self.anything,
            "split": self.anything,
            "take": self.one_of("first", "rest"),
            "clean": self.cleaners,
            "table": self.text,
            "only": self.one_of("countries", "others"),
            "unless": self.text,
            "unless_includes": self.text,
            "at_most": self.count,
        }
        given = self.keys(raw, at, tuple(readers))
        if len([name for name in _SOURCES_OF_VALUE if name in given]) != 1:
            self.refuse(at, "needs exactly one of column, pattern, value or parts")
        read = {name: readers[name](item, f"{at}.{name}") for name, item in given.items()}
        if "value" in read:
            read["constant"] = read.pop("value")
        return Value(**read)

    def constant_or_value(self, raw: Any, at: str) -> Value:
        """A plain text stands for itself here; a column is written `{column: name}`."""
        return Value(constant=raw) if isinstance(raw, str) else self.value(raw, at)

    def published(self, raw: Any, at: str) -> Value:
        """Whether the body itself makes the contact public: yes, no, or a column that says so."""
        if isinstance(raw, bool):
            return Value(constant="yes" if raw else "no")
        return self.value(raw, at)

    # Small things

    def mapped_part(self, raw: Any, at: str) -> Any:
        """A part that is read later, when the rest is known."""
        return self.keys(raw, at, None)

    def keys(self, raw: Any, at: str, known: tuple[str, ...] | None, required: tuple[str, ...] = ()) -> dict[str, Any]:
        """The entries of a mapping; an unknown or a missing one is named."""
        if not isinstance(raw, Mapping):
            self.refuse(at, "must be a mapping of names to values")
        for name in raw:
            if not isinstance(name, str):
                self.refuse(at, f"has the name “{name}”, which YAML does not read as text: put it in quotation marks")
            if known is not None and name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean “{near[0]}”?" if near else f"known are {', '.join(known)}"
                self.refuse(at, f"has “{name}”, which is not known here; {hint}")
        for name in required:
            if name not in raw:
                self.refuse(at, f"lacks “{name}”")
        return dict(raw)

    def _apart(self, raw: Any, at: str, own: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
        given = self.keys(raw, at, None)
        return {n: v for n, v in given.items() if n not in own}, {n: v for n, v in given.items() if n in own}

    def each(self, raw: Any, at: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
        """A list, each item read."""
        if not isinstance(raw, list):
            self.refuse(at, "must be a list")
        return tuple(read(item, f"{at}[{place}]") for place, item in enumerate(raw, 1))

    def per_name(self, read: Callable[[Any, str], Any]) -> Callable[[Any, str], dict[str, Any]]:
        """A mapping of the author's own names, each value read."""
        return lambda raw, at: {name: read(item, f"{at}.{name}") for name, item in self.keys(raw, at, None).items()}

    def text(self, raw: Any, at: str) -> str:
        """A text that says something."""
        if not isinstance(raw, str) or not raw.strip():
            self.refuse(at, f"is “{raw}”; a text is expected (put it in quotation marks if YAML reads it otherwise)")
        return raw

    def kind(self, raw: Any, at: str) -> str:
        """A name for the command line and the database."""
        if not re.fullmatch(r"[a-z][a-z0-9_-]{1,39}", text := self.text(raw, at)):
            self.refuse(at, f"is “{text}”; 2 to 40 small letters, digits, hyphens are expected")
        return text

    def anything(self, raw: Any, at: str) -> str:
        """A text, blanks included."""
        if not isinstance(raw, str) or not raw:
            self.refuse(at, f"is “{raw}”; a text is expected")
        return raw

    def texts(self, raw: Any, at: str) -> tuple[str, ...]:
        """One text or several."""
        return (raw,) if isinstance(raw, str) else self.each(raw, at, self.text)

    def names(self, raw: Any, at: str) -> frozenset[str]:
        """A set of names."""
        return frozenset(self.texts(raw, at))

    def count(self, raw: Any, at: str) -> int:
        """A number from one up."""
        if not isinstance(raw, int) or raw < 1:
            self.refuse(at, f"is “{raw}”; a whole number from 1 is expected")
        return raw

    def one_of(self, *words: str) -> Callable[[Any, str], Any]:
        """One of these words."""

        def read(raw: Any, at: str) -> str:
            if raw not in words:
                self.refuse(at, f"is “{raw}”; it must be one of {', '.join(words)}")
            return cast("str", raw)

        return read

    def encoding(self, raw: Any, at: str) -> str:
        """An encoding Python knows, or `auto`."""
        if raw == "auto":
            return "auto"
        try:
            return codecs.lookup(self.text(raw, at)).name
        except LookupError:
            self.refuse(at, f"is “{raw}”, which is no encoding; utf-8, cp1252 or utf-16 are")

    def separator(self, raw: Any, at: str) -> str:
        """One sign, or `auto`."""
        if raw != "auto" and (not isinstance(raw, str) or len(raw) != 1):
            self.refuse(at, f'is “{raw}”; one sign is expected, such as ",", ";" or "\\t", or the word auto')
        return cast("str", raw)

    def cleaners(self, raw: Any, at: str) -> tuple[Cleaner, ...]:
        """Cleaners by name."""
        names = self.texts(raw, at)
        for name in names:
            if name not in CLEANERS:
                self.refuse(at, f"has the cleaner “{name}”; known are {', '.join(CLEANERS)}")
        return tuple(CLEANERS[name] for name in names)

    def pattern(self, raw: Any, at: str) -> Pattern:
        """A pattern; an empty one says nothing."""
        if not isinstance(raw, str):
            self.refuse(at, f"is “{raw}”; a text is expected (put it in quotation marks)")
        try:
            return read_pattern(raw)
        except BadPattern as error:
            self.refuse(at, str(error))

    def country_code(self, raw: Any, at: str) -> str:
        """A code the directory knows; YAML reads a bare NO as `false`."""
        if raw not in codes():
            self.refuse(at, f'is “{raw}”; a code such as AL is expected (NO in quotation marks: "NO")')
        return cast("str", raw)
