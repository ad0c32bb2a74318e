"""The text of cards, made when asked for and kept in memory only, under an ETag that no other text ever has."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from sqlalchemy.orm import Session

from directory.entries.answers import entries_with
from directory.exports.card_writer import UnsafeCard
from directory.exports.context import ExportContext
from directory.exports.vcard import card as card_of
from directory.phonebooks import bookkeeping, rules
from directory.phonebooks.bookkeeping import Book, CardNow

KEPT = 12_000  # about a kilobyte each
_FOLD = re.compile(r"\r\n[ \t]")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is handed out."""

    entry_id: str
    etag: str
    text: str


class CardShelf:
    """Texts already written, by ETag; the longest unused go first. Safe between threads."""

    def __init__(self, size: int = KEPT) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()
        self.size = size

    def get(self, etag: str) -> str | None:
        """The text under that ETag, if it is kept."""
        with self._lock:
            text = self._kept.get(etag)
            if text is not None:
                self._kept.move_to_end(etag)
            return text

    def put(self, etag: str, text: str) -> None:
        """Keep a text."""
        with self._lock:
            self._kept[etag] = text
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)


def cards(
    session: Session, entry_ids: Sequence[str], book: Book, context: ExportContext, shelf: CardShelf
) -> list[Card]:
    """The cards of those that stand in the book, in that order; one that cannot be written safely is left out."""
    held = bookkeeping.held(session, entry_ids, book)
    texts = {entry_id: text for entry_id, now in held.items() if (text := shelf.get(now.etag)) is not None}
    texts |= _written([one for one in held if one not in texts], held, book, context, shelf)
    return [
        Card(entry_id, rules.shown_etag(held[entry_id].etag, held[entry_id].again), texts[entry_id])
        for entry_id in entry_ids
        if entry_id in texts
    ]


def _written(
    entry_ids: Sequence[str],
    held: Mapping[str, CardNow],
    book: Book,
    context: ExportContext,
    shelf: CardShelf,
) -> dict[str, str]:
    found = {}
    for entry in entries_with(entry_ids, book.desk) if entry_ids else ():
        try:
            found[entry.id] = card_of(entry, context)
        except UnsafeCard:
            continue
        now = held[entry.id]
        if entry.revision == now.revision:  # else it was edited between the two looks, and the next sync says so
            shelf.put(now.etag, found[entry.id])
    return found


def values_of(text: str) -> dict[str, list[str]]:
    """The properties of one of our own cards, by name in capitals, unescaped."""
    found: dict[str, list[str]] = {}
    for line in _FOLD.sub("", text).split("\r\n"):
        head, colon, value = line.partition(":")
        if colon:
            name = head.split(";", 1)[0].rpartition(".")[2].upper()
            found.setdefault(name, []).append(_ESCAPED.sub(_plain, value))
    return found


def _plain(found: re.Match[str]) -> str:
    return "\n" if found[1] in "nN" else found[1]
