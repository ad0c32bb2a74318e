"""An Entry: what a reader sees and an owner is asked to confirm.

Two types keep hidden values in: a `StoredEntry` holds everything and never leaves this package; an `Entry` is what
`visibility.visible` made of it for one viewer, and the only thing that pages, files and the API ever get.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from directory.registry.rules import FieldClass, FreshnessState


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One number, address or account. `value` is None where the viewer may reveal it but has not.

    `owner` tells whose it is: `institution`, `post` or `holder`. Phones are E.164 in `value`, spaced in `display`.
    `answered_at` is when somebody last answered in a test, after so many seconds.
    """

    id: str
    kind: str
    value: str | None
    display: str
    label: str
    hours: str
    timezone: str
    languages: tuple[str, ...]
    owner: str
    confirmed_at: datetime | None
    method: str | None
    field_class: FieldClass
    answered_at: datetime | None = None
    answer_seconds: int | None = None

    @property
    def is_restricted(self) -> bool:
        """The viewer may reveal the value, one by one."""
        return self.value is None


@dataclass(frozen=True, slots=True)
class Answerability:
    """What the post answers for: an SOP or one measure of it, at which level, where and for whom."""

    sop: int
    measure: str | None
    level: str
    area: str
    target_groups: tuple[str, ...]
    exploitation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstitutionName:
    """A name in one language; `kind` is `official`, `short` or `former`."""

    language: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class InstitutionPart:
    """The body a post stands in."""

    id: str
    name: str
    local_name: str
    type: str
    city: str
    names: tuple[InstitutionName, ...]
    parent_id: str | None
    parent_name: str


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Where the facts came from."""

    name: str
    dated_on: date | None
    url: str


@dataclass(frozen=True, slots=True)
class Deputy:
    """The post that stands in."""

    id: str
    title: str
    institution: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The official in the post; `agreed_at` is when that person agreed to be named."""

    name: str
    is_acting: bool
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Picture:
    """What stored and projected entries have in common."""

    id: str
    demo: bool
    country: str
    host_country: str | None
    serves: tuple[str, ...]
    institution: InstitutionPart
    title: str
    role: str | None
    area: str
    asks_for: str
    is_desk: bool
    is_vacant: bool
    responsibilities: tuple[Answerability, ...]
    contact_lines: tuple[ContactLine, ...]
    deputy: Deputy | None
    confirmed_at: datetime | None
    method: str | None
    sources: tuple[SourcePart, ...]
    revision: int
    changed_at: datetime
    is_being_checked: bool = field(default=False, kw_only=True)  # a change of a guarded value waits for a second person
    reachability: str | None = field(default=None, kw_only=True)  # a plain phrase about trouble in reaching it


@dataclass(frozen=True, slots=True)
class StoredEntry(_Picture):
    """Everything the directory holds about a post. Never shown: only `visibility.visible` reads it."""

    holder: Holder | None
    keeps_holder: bool = field(default=False, kw_only=True)  # the last route: not hidden before somebody decides


@dataclass(frozen=True, slots=True)
class Entry(_Picture):
    """A post as one viewer may see it on one day."""

    official: str | None
    is_acting: bool
    freshness: FreshnessState

    @property
    def place(self) -> str:
        """The country where it sits."""
        return self.host_country or self.country

    def lines(self, *kinds: str) -> tuple[ContactLine, ...]:
        """The contact lines of these kinds that have a value."""
        return tuple(line for line in self.contact_lines if line.kind in kinds and line.value)

    def with_lines_first(self, kinds: frozenset[str]) -> Entry:
        """The same entry with lines of these kinds on top (urgent questions)."""
        ordered = sorted(self.contact_lines, key=lambda line: line.kind not in kinds)
        return replace(self, contact_lines=tuple(ordered))
