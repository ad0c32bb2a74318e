"""The one function that decides what a viewer sees of an entry. Pages, files, API and index all stand behind it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

from directory.entries.entry import ContactLine, Entry, Holder, StoredEntry
from directory.entries.viewer import Viewer
from directory.registry import rules

_SHARED = tuple(f.name for f in fields(StoredEntry) if f.name not in {"holder", "keeps_holder", "contact_lines"})


def visible(stored: StoredEntry, viewer: Viewer, *, today: date, days: rules.FreshnessDays) -> Entry:
    """The entry as this viewer may see it today: absent, not masked, what they may not see."""
    confirmed_on = stored.confirmed_at.date() if stored.confirmed_at else None
    is_silent = rules.hides_holder(confirmed_on, today, days) and not stored.keeps_holder
    holder_hidden = is_silent or not _may_name(stored.holder, viewer)
    lines = tuple(
        line
        for stored_line in stored.contact_lines
        if not (holder_hidden and stored_line.owner == "holder")
        and (line := _visible_line(stored_line, viewer)) is not None
    )
    shared = {name: getattr(stored, name) for name in _SHARED}
    return Entry(
        **shared,
        contact_lines=lines,
        official=None if holder_hidden or stored.holder is None else stored.holder.name,
        is_acting=bool(not holder_hidden and stored.holder and stored.holder.is_acting),
        freshness=rules.freshness(confirmed_on, today, days),
    )


def _may_name(holder: Holder | None, viewer: Viewer) -> bool:
    """A person is named to signed-in readers, and only after agreeing."""
    return holder is not None and holder.agreed_at is not None and viewer.layer == "registered"


def _visible_line(line: ContactLine, viewer: Viewer) -> ContactLine | None:
    if line.field_class == "public" or (line.field_class == "registered" and viewer.layer == "registered"):
        return line
    if line.field_class == "restricted" and viewer.may_reveal:
        return replace(line, value=None, display="")
    return None
