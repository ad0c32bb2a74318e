"""What travels through an import: a row as read, the record it becomes, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from directory.registry.values import InstitutionValues, PostValues

Cell = str | tuple[str, ...]
Verdict = Literal["refused", "doubtful", "left out", "kept"]


class FileRefused(Exception):
    """The file or the mapping cannot be used at all; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a row or of one of its values, why, and what to do.

    `doubtful`: it may be an entry that stands here already, so it stays out until somebody says;
    `refused`: the whole row stays out; `left out`: the row is taken without this value; `kept`: the directory's own
    value stands, because somebody changed it here since the last import.
    """

    row: int
    verdict: Verdict
    column: str
    value: str
    reason: str
    advice: str = ""

    @property
    def group(self) -> tuple[str, str, str]:
        """Remarks of one group are told together when there are many."""
        return self.verdict, self.column, self.reason


@dataclass(frozen=True, slots=True)
class Notice:
    """What was noticed about the file as a whole: the sheet that was chosen, formulas in it, its encoding."""

    text: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """A contact point that a card or an item states by itself, as text; `column` says where it stood."""

    kind: str
    value: str
    column: str
    label: str = ""
    hours: str = ""
    timezone: str = ""
    languages: tuple[str, ...] = ()
    published: bool = False


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """A responsibility that a card or an item states by itself, as text."""

    sop: str
    measure: str = ""
    level: str = ""
    area: str = ""
    target_groups: tuple[str, ...] = ()
    exploitation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read. `number` counts from the top of the file, the header being row 1 (a list's first item is 1).

    `numbers` are the columns whose cell a spreadsheet held as a number, so that a plus sign or a zero in front may be
    gone; `faults` are cells that cannot be read, with the reason; `unread` is what the file says and no column holds.
    """

    number: int
    cells: Mapping[str, Cell]
    numbers: frozenset[str] = frozenset()
    faults: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[RowLine, ...] = ()
    answers: tuple[RowAnswer, ...] = ()
    unread: tuple[Remark, ...] = ()


RowItem = Row | Remark | Notice


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a foreign file is read at all; beyond it the file is refused with a sentence."""

    megabytes: int = 64
    unpacked_megabytes: int = 50
    rows: int = 20_000
    columns: int = 200
    memory_megabytes: int = 512
    seconds: int = 10


STANDARD = Limits()


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """What a row says, in the registry's own words; `key` is the list's own id for it.

    `entry_id` is the directory's own id of the entry, where the file is one that the directory wrote; `source`
    is where the row's own facts come from, where the row says so.
    """

    row: int
    key: str
    institution: InstitutionValues
    post: PostValues
    official: str = ""
    dated_on: date | None = None
    entry_id: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        """The institution's main name."""
        names = self.institution.names
        return next((n.name for n in names if n.language == "en"), names[0].name)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The taxonomy's words a row may use."""

    types: frozenset[str]
    roles: frozenset[str]
    sops: frozenset[int]
    measures: Mapping[str, int]
    target_groups: frozenset[str]
    exploitation: frozenset[str]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def word(self, text: str, known: frozenset[str]) -> str:
        """The id for an id or its English label; the text itself where it is neither."""
        if text in known:
            return text
        meant = self.labels.get(" ".join(text.split()).casefold(), ())
        return next((word for word in meant if word in known), text)
