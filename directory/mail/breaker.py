"""When too many letters come back at once, the fault is more likely ours or a server's: nobody is marked as gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEWEST_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """Above so many reports a day, or such a share of one domain's letters, a person has to look first."""

    most: int = 20
    most_percent: int = 20


@dataclass(frozen=True, slots=True)
class DomainCount:
    """The letters of a day to one mail domain, and how many of them nobody was there for."""

    letters: int
    hard: int


def trips(domains: Mapping[str, DomainCount], limits: Limits) -> str:
    """Why the reports must be held, in a sentence; empty where they may count."""
    hard = sum(count.hard for count in domains.values())
    if hard > limits.most:
        return f"{hard} letters came back within a day as sent to nobody; the limit is {limits.most}."
    for domain, count in sorted(domains.items()):
        if count.letters >= FEWEST_LETTERS and 100 * count.hard > limits.most_percent * count.letters:
            return (
                f"{count.hard} of {count.letters} letters to {domain} came back within a day as sent to nobody; "
                f"the limit is {limits.most_percent} per cent."
            )
    return ""
