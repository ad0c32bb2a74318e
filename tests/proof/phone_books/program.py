"""What the scenario asks of a program with an address book, and what a person sees of a card in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Found:
    """An address book that the program found behind a bare host."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A card as the program shows it. `listed` is the line in the list of contacts."""

    listed: str
    name: str
    organisation: str
    title: str
    role: str
    note: str
    numbers: tuple[str, ...]
    mails: tuple[str, ...]
    pages: tuple[str, ...]


class Program(Protocol):
    """An address book program, alone with a fresh home."""

    name: str
    version: str

    def discover(self, address: str) -> list[Found]:
        """The books behind a bare host, as its set-up window lists them."""

    def open(self, book: Found) -> None:
        """Subscribe; the first sync begins."""

    def wait(self) -> None:
        """Until the first sync is over."""

    def sync(self) -> None:
        """What its "Refresh" or "Synchronise" does; it may go on for a moment."""

    def count(self) -> int:
        """How many cards it holds."""

    def card(self, entry_id: str) -> Seen | None:
        """One of them; None where it is not there."""

    def refusals(self) -> dict[str, str]:
        """A new card, an edit, a removal: the words with which each is refused; empty where it was taken."""
