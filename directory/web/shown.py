"""Entries as ready pieces of a page, kept by revision: a list of twenty is written once, then only joined."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from threading import Lock

from flask import Flask, current_app
from markupsafe import Markup

from directory.entries import answers
from directory.entries.answers import Desk
from directory.entries.entry import Entry
from directory.registry.countries import KOSOVO
from directory.sops.taxonomy import Taxonomy
from directory.web import current, quotas
from directory.web.cards import card
from directory.web.translating import locale_name
from directory.web.words import country_word

MOST = 8000


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a page writes it."""

    id: str
    country: str
    html: Markup


@dataclass(slots=True)
class Pieces:
    """Pieces already written; forgotten when the taxonomy, whose labels they hold, changes."""

    taxonomy: Taxonomy | None = None
    kept: OrderedDict[Hashable, Markup] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, taxonomy: Taxonomy) -> Markup | None:
        """The piece for that key, if it is kept."""
        with self.lock:
            if taxonomy is not self.taxonomy:
                self.kept.clear()
                self.taxonomy = taxonomy
            return self.kept.get(key)

    def put(self, key: Hashable, html: Markup) -> None:
        """Keep a piece; the oldest go first."""
        with self.lock:
            self.kept[key] = html
            while len(self.kept) > MOST:
                self.kept.popitem(last=False)


def attach(app: Flask) -> None:
    """A place for the pieces of this app."""
    app.extensions["pieces"] = Pieces()


def cards(entries: Iterable[Entry], desk: Desk, *, level: int = 2, style: str = "") -> list[Shown]:
    """Each entry as a card; `style` is `brief` (no responsibilities) or `own` (its institution is the page)."""
    return _pieces(entries, desk, "entry_card", level, style)


def lines(entries: Iterable[Entry], desk: Desk) -> list[Shown]:
    """Each entry as a line of a table."""
    return _pieces(entries, desk, "entry_line", 0, "")


def _pieces(entries: Iterable[Entry], desk: Desk, macro: str, level: int, style: str) -> list[Shown]:
    taxonomy, locale, pieces = current.taxonomy(), locale_name(), current_app.extensions["pieces"]
    found = []
    entries = list(entries)
    quotas.note_listed(entries)
    for entry in entries:
        key = (macro, level, style, locale, desk.today, desk.viewer, *_state(entry, desk))
        html = pieces.get(key, taxonomy)
        if html is None:
            html = _written(macro, entry, desk, locale, level, style)
            pieces.put(key, html)
        if KOSOVO in (entry.country, entry.host_country):
            country_word(KOSOVO)  # the page needs the footnote also where the piece was written before
        found.append(Shown(entry.id, entry.country, html))
    return found


def _state(entry: Entry, desk: Desk) -> tuple[Hashable, ...]:
    """What may change the words of an entry while its revision stays: the day, the hour, the order of its lines."""
    openings = tuple(
        (line.id, answers.line_is_open(line, entry, desk.now) if line.hours else None) for line in entry.contact_lines
    )
    return entry.id, entry.revision, entry.freshness, entry.confirmed_at, entry.official, openings


def _written(macro: str, entry: Entry, desk: Desk, locale: str, level: int, style: str) -> Markup:
    module = current_app.jinja_env.get_template(f"components/{macro}.html").module
    words = card(entry, desk.now, locale)
    # nosemgrep: markup-with-data
    return Markup(getattr(module, macro)(words, level=level, style=style))  # noqa: S704 - the macro escapes  # nosec B704
