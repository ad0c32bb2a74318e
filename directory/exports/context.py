"""What a file needs besides its entries: where they live, what ids mean, for whom it is, when and which filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from directory.entries.entry import Entry
from directory.exports.words import names_kosovo
from directory.registry.countries import country_name
from directory.sops.taxonomy import Taxonomy

VISITOR = "a visitor without sign-in"
PROFILES = ("plain", "google", "outlook")
SEPARATORS = {"comma": ",", "semicolon": ";"}


class TooLongForCell(ValueError):
    """A text longer than a cell of a workbook holds; no file is written rather than a short one."""


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """For whom a CSV is laid out, one of PROFILES, and what parts its cells."""

    profile: str = "plain"
    separator: str = ","


@dataclass(frozen=True, slots=True)
class ExportContext:
    """`base_url` has no slash at its end. `filter_words` says what was asked for; `for_whom` who asked.

    `timezone` is where the secretariat sits; `page_url` where the same entries stand on a page.
    """

    base_url: str
    taxonomy: Taxonomy
    now: datetime
    kosovo_footnote: str
    kosovo_name: str = "Kosovo*"
    filter_words: str = "everything"
    for_whom: str = VISITOR
    timezone: str = "UTC"
    page_url: str = ""
    style: SheetStyle = SheetStyle()

    def page_of(self, entry_id: str) -> str:
        """The address of an entry's page."""
        return f"{self.base_url.rstrip('/')}/entries/{entry_id}"

    def country(self, code: str | None) -> str:
        """The name of a country; empty for none."""
        return country_name(code, kosovo=self.kosovo_name) if code else ""

    def role(self, key: str | None) -> str:
        """The label of a role; empty for none."""
        term = self.taxonomy.roles.get(key or "")
        return term.label if term else key or ""

    def footnote_of(self, entry: Entry) -> str:
        """The Kosovo footnote where the entry names Kosovo, else empty."""
        return self.kosovo_footnote if names_kosovo(entry) else ""


def instant(moment: datetime | None) -> str | None:
    """`2026-11-24T21:30:00Z`: ISO 8601 in UTC, whole seconds; None stays None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
