"""Where a person may do something: everywhere, or in some countries. So that lists are narrowed in the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, true

from directory.accounts.people import rights
from directory.accounts.policy import Person


@dataclass(frozen=True, slots=True)
class Ground:
    """Everywhere, or these countries."""

    is_everywhere: bool
    countries: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Nowhere."""
        return not (self.is_everywhere or self.countries)

    def narrowed(self, country: str) -> Ground:
        """The same, for that country alone; nowhere, where it is not theirs. An empty code narrows nothing."""
        if not country:
            return self
        return Ground(is_everywhere=False, countries=frozenset({country} if self.covers(country) else ()))

    def covers(self, country: str | None) -> bool:
        """That country is among them; everywhere covers also what is of no country in particular."""
        return self.is_everywhere or country in self.countries


EVERYWHERE = Ground(is_everywhere=True, countries=frozenset())


def ground_of(person: Person, action: str) -> Ground:
    """Read from the rights file: where this action is open to this person."""
    table = rights()
    grants = person.grants if person.account_id else ()
    everywhere = any(table.cell(grant.role, action, "other") != "no" for grant in grants)
    countries = {
        grant.country
        for grant in grants
        if grant.country and not grant.institution_id and table.cell(grant.role, action, "country") != "no"
    }
    return Ground(everywhere, frozenset(countries))


def within(ground: Ground, column: Any) -> ColumnElement[bool]:
    """The condition that a country's code is of this ground."""
    if ground.is_everywhere:
        return true()
    found: ColumnElement[bool] = column.in_(ground.countries)
    return found
