"""A mapping: how the columns of one kind of list become the registry's fields, as frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Literal

from importers.cleaners import Cleaner
from importers.patterns import Pattern

SHIPPED = Path(__file__).parent / "mappings"


@dataclass(frozen=True, slots=True)
class Table:
    """Words of the list and what they become; `otherwise` says what happens to a word that is not in it."""

    words: Mapping[str, Pattern]
    otherwise: Literal["refuse", "keep", "empty"] = "refuse"


@dataclass(frozen=True, slots=True)
class Value:
    """Where one field's value comes from (exactly one of column, pattern, constant, parts) and what is done to it."""

    column: str = ""
    pattern: Pattern | None = None
    constant: str | None = None
    parts: tuple[Pattern, ...] = ()
    join: str = "\n"
    split: str = ""
    take: Literal["", "first", "rest"] = ""
    clean: tuple[Cleaner, ...] = ()
    table: str = ""
    only: Literal["", "countries", "others"] = ""
    unless: str = ""
    unless_includes: str = ""
    at_most: int = 0

    @property
    def names(self) -> frozenset[str]:
        """The columns and named values it is made of."""
        asked = {name for name in (self.column, self.unless, self.unless_includes) if name}
        for pattern in (self.pattern, *self.parts):
            asked |= pattern.names if pattern else frozenset()
        return frozenset(asked)

    @property
    def told(self) -> str:
        """Its columns in words, for a remark."""
        return self.column or ", ".join(sorted(self.names)) or "the mapping"


NOTHING = Value(constant="")


@dataclass(frozen=True, slots=True)
class NameRule:
    """One name of the institution."""

    value: Value
    language: Value = NOTHING
    kind: str = "official"


@dataclass(frozen=True, slots=True)
class ContactRule:
    """One contact point; several where the value has several parts."""

    kind: str
    value: Value
    published: Value
    label: Value = NOTHING
    hours: Value = NOTHING
    timezone: Value = NOTHING
    languages: Value = NOTHING


@dataclass(frozen=True, slots=True)
class ResponsibilityRule:
    """What the post answers for: each measure named, and each SOP none of whose measures is named."""

    sop: Value = NOTHING
    measure: Value = NOTHING
    level: Value = NOTHING
    area: Value = NOTHING
    target_groups: Value = NOTHING
    exploitation: Value = NOTHING


@dataclass(frozen=True, slots=True)
class Fields:
    """The registry's fields and where each comes from."""

    type: Value
    title: Value
    names: tuple[NameRule, ...]
    country: Value = NOTHING
    host_country: Value = NOTHING
    city: Value = NOTHING
    serves: Value = NOTHING
    note: Value = NOTHING
    source_url: Value = NOTHING
    source: Value = NOTHING
    role: Value = NOTHING
    area: Value = NOTHING
    asks_for: Value = NOTHING
    official: Value = NOTHING
    date: Value = NOTHING
    contact_points: tuple[ContactRule, ...] = ()
    responsibilities: tuple[ResponsibilityRule, ...] = ()

    def values(self) -> Iterator[Value]:
        """Every value rule, the inner ones too."""
        for own in fields(self):
            value = getattr(self, own.name)
            if isinstance(value, Value):
                yield value
            else:
                for rule in value:
                    yield from (v for f in fields(rule) if isinstance(v := getattr(rule, f.name), Value))


@dataclass(frozen=True, slots=True)
class SourceRule:
    """Where the list comes from; `date` is the day it was true there, where the list has no date of its own rows."""

    name: str
    url: str = ""
    dated_on: date | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class DatesRule:
    """A CSV file that may lie beside the list and gives each row its date."""

    file: str
    key: str
    date: str
    match: str


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """One kind of list. `format` csv is any table, a workbook too; `entry_id` names the column of our own ids."""

    kind: str
    title: str
    format: Literal["csv", "json", "vcard", "hsds", "directory"]
    source: SourceRule
    key: tuple[str, ...]
    fields: Fields
    encoding: str = "utf-8"
    separator: str = ","
    quoting: Literal["normal", "none"] = "normal"
    records: str = ""
    sheet: str = ""
    entry_id: str = ""
    ignore: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    clean: Mapping[str, tuple[Cleaner, ...]] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    not_countries: frozenset[str] = frozenset()
    dates: DatesRule | None = None

    @property
    def used(self) -> frozenset[str]:
        """The columns the mapping reads."""
        asked = {*self.key, *filter(None, [self.entry_id])} | (set(self.clean) - {"*"})
        asked |= {self.dates.match} if self.dates else set()
        for value in (*self.fields.values(), *self.values.values()):
            asked |= value.names
        for table in self.tables.values():
            for pattern in table.words.values():
                asked |= pattern.names
        return frozenset(asked - set(self.values))

    @property
    def known(self) -> frozenset[str]:
        """Every column the mapping expects: read, or ignored by name."""
        return self.used | self.ignore
