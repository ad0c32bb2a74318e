"""What travels through an import: a row as read, the record it becomes, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from directory.registry.values import InstitutionValues, PostValues

Cell = str | tuple[str, ...]
Verdict = Literal["refused", "left out", "kept"]


class FileRefused(Exception):
    """The file or the mapping cannot be used at all; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read. `number` counts from the top of the file, the header being row 1 (a list's first item is 1)."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a row or of one of its values, why, and what to do.

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
class ImportRecord:
    """What a row says, in the registry's own words; `key` is the list's own id for it."""

    row: int
    key: str
    institution: InstitutionValues
    post: PostValues
    official: str = ""
    dated_on: date | None = None

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
