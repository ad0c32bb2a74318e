"""Entry to index document, and the job that keeps the index behind the database, never beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from directory.entries import coverage, queries
from directory.entries.entry import Entry, StoredEntry
from directory.entries.viewer import PUBLIC, Viewer
from directory.entries.visibility import visible
from directory.history.models import IndexChange
from directory.registry import hours, rules
from directory.registry.countries import country_name
from directory.registry.models import Post
from directory.search.port import Document, Layer, SearchIndex
from directory.sops.taxonomy import Taxonomy

LAYERS: dict[Layer, Viewer] = {"public": PUBLIC, "registered": Viewer(layer="registered")}
BATCH = 500


def document(stored: StoredEntry, taxonomy: Taxonomy, *, today: date, days: rules.FreshnessDays) -> Document:
    """What the index keeps of an entry: for each layer only what a viewer of that layer sees."""
    seen = {layer: visible(stored, viewer, today=today, days=days) for layer, viewer in LAYERS.items()}
    public = seen["public"]
    return Document(
        id=stored.id,
        keywords=_keywords(public, taxonomy),
        leads=tuple(sorted({str(r.sop) for r in public.responsibilities if r.level == "leads"})),
        heading={"public": _heading(public)},
        name={"registered": seen["registered"].official or ""},
        text={layer: _text(entry, taxonomy) for layer, entry in seen.items()},
        phones=tuple(line.value or "" for line in public.contact_lines if line.kind in rules.NUMBERS),
        confirmed_on=stored.confirmed_at.date().toordinal() if stored.confirmed_at else 0,
        is_duty=is_duty(public),
        is_vacant=stored.is_vacant,
    )


def is_duty(entry: Entry) -> bool:
    """A number that everybody may see answers day and night."""
    return any(hours.is_always_open(line.hours) for line in entry.contact_lines if line.kind in rules.NUMBERS)


def _keywords(entry: Entry, taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    groups = {group for r in entry.responsibilities for group in r.target_groups}
    forms = coverage.forms_covered(entry.responsibilities, taxonomy.exploitation_forms)
    return {
        "country": (entry.country,),
        "host": (entry.place,),
        "sop": tuple(sorted({str(r.sop) for r in entry.responsibilities})),
        "measure": tuple(sorted({r.measure for r in entry.responsibilities if r.measure})),
        "role": (entry.role,) if entry.role else (),
        "type": (entry.institution.type,),
        "group": tuple(sorted(groups)),
        "cover": tuple(sorted(coverage.covered(entry.responsibilities))),
        "exploitation": tuple(sorted(forms)),
        "language": tuple(sorted({tongue for line in entry.contact_lines for tongue in line.languages})),
    }


def _heading(entry: Entry) -> str:
    names = [name.name for name in entry.institution.names]
    return " · ".join(part for part in (entry.title, *names, entry.institution.city, entry.area) if part)


def _text(entry: Entry, taxonomy: Taxonomy) -> str:
    role = taxonomy.roles.get(entry.role or "")
    kind = taxonomy.institution_types.get(entry.institution.type)
    parts = [role.label if role else "", kind.label if kind else "", entry.institution.parent_name]
    parts += [r.area for r in entry.responsibilities]
    parts += [f"{line.value} {line.label}" for line in entry.contact_lines if line.kind not in rules.NUMBERS]
    parts += [line.label for line in entry.contact_lines if line.kind in rules.NUMBERS]
    parts += [country_name(entry.country, kosovo="Kosovo"), country_name(entry.place, kosovo="Kosovo")]
    return " · ".join(part for part in dict.fromkeys(parts) if part)


def all_documents(
    session: Session, taxonomy: Taxonomy, *, today: date, days: rules.FreshnessDays
) -> Iterator[Document]:
    """The documents of every entry, for a rebuild."""
    for stored in queries.load_all(session, today=today):
        yield document(stored, taxonomy, today=today, days=days)


def pending_count(session: Session) -> int:
    """How many changes the index has not seen yet."""
    return session.scalar(select(func.count()).select_from(IndexChange)) or 0


def follow(session: Session, index: SearchIndex, taxonomy: Taxonomy, *, today: date, days: rules.FreshnessDays) -> int:
    """Bring the index up to the changes queued so far; returns how many entries were looked at again.

    The queue rows are deleted after the index has them: a crash in between repeats work and loses none.
    """
    followed = 0
    while rows := session.execute(
        select(IndexChange.sequence, IndexChange.entry_id).order_by(IndexChange.sequence).limit(BATCH)
    ).all():
        ids = list(dict.fromkeys(entry_id for _, entry_id in rows))
        entries = queries.load(session, ids, today=today)
        index.update(
            [document(stored, taxonomy, today=today, days=days) for stored in entries],
            removed=sorted(set(ids) - {stored.id for stored in entries}),
        )
        session.rollback()
        session.execute(delete(IndexChange).where(IndexChange.sequence.in_([sequence for sequence, _ in rows])))
        session.commit()
        followed += len(ids)
    return followed


def rebuild(session: Session, index: SearchIndex, taxonomy: Taxonomy, *, today: date, days: rules.FreshnessDays) -> int:
    """Build the index anew from the database; changes queued before are covered, later ones stay queued."""
    documents = all_documents(session, taxonomy, today=today, days=days)
    return rebuild_from(session, index, documents)


def rebuild_from(session: Session, index: SearchIndex, documents: Iterable[Document]) -> int:
    """The same from documents already on their way (a progress bar stands around them)."""
    # Exactly the rows seen now: a number taken earlier may still be committed later.
    seen = list(session.scalars(select(IndexChange.sequence)))
    count = index.rebuild(documents)
    session.rollback()
    for start in range(0, len(seen), BATCH):
        session.execute(delete(IndexChange).where(IndexChange.sequence.in_(seen[start : start + BATCH])))
    session.commit()
    return count


def entry_count(session: Session) -> int:
    """How many entries the database holds."""
    return session.scalar(select(func.count()).select_from(Post)) or 0


def problem(session: Session, index: SearchIndex) -> str:
    """Why the index cannot be trusted, in words; empty when it can."""
    state = index.state()
    if not state.is_usable:
        return state.problem or "the index cannot be opened"
    entries = entry_count(session)
    if state.count != entries and not pending_count(session):
        return f"the index holds {state.count} entries, the database {entries}"
    return ""
