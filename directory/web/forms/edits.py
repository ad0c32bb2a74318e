"""The forms to correct an entry and an institution: what stands, what was typed, and the values it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from directory.entries.entry import ContactLine, Entry
from directory.registry.countries import codes
from directory.registry.models import Institution, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.values import BadValue, InstitutionValues, NameValues, PostValues, clean_text
from directory.sops.taxonomy import Taxonomy
from directory.web.forms import duties, lines, renewing
from directory.web.forms.duties import DutyRow
from directory.web.forms.lines import LineRow, Place, one_line
from directory.web.translating import gettext as _
from directory.web.translating import sentence

HOLDERS = ("keep", "named", "vacant")
NAME_KINDS = ("official", "short", "former")
MOST_REASON = 500
MOST_AHEAD = timedelta(days=366)


@dataclass(slots=True)
class EntryForm:
    """A post as the form shows it. `errors`: what is wrong, by the name of the field."""

    revision: int
    title: str
    area: str
    asks_for: str
    rows: list[LineRow]
    duty_rows: list[DutyRow]
    holder: str = "keep"
    holder_name: str = ""
    reason: str = ""
    applies_on: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NameRow:
    """One name of an institution, in its place."""

    n: int
    name: str = ""
    language: str = ""
    kind: str = "official"


@dataclass(slots=True)
class InstitutionForm:
    """An institution as the form shows it. `note` is None for those who do not see it."""

    revision: int
    names: list[NameRow]
    city: str
    country: str
    note: str | None
    rows: list[LineRow]
    reason: str = ""
    applies_on: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def seen_lines(entry: Entry, owner: str) -> dict[str, ContactLine]:
    """The contact lines of that owner which the viewer sees, by id."""
    return {line.id: line for line in entry.contact_lines if line.owner == owner}


def place_of(institution: Institution) -> Place:
    """Where numbers without a country belong."""
    return Place(institution.host_country_code or institution.country_code, institution.type)


def stored_entry(entry: Entry, post: Post) -> EntryForm:
    """The form as it is first shown: what this viewer sees of the entry."""
    values = post_values(post)
    return EntryForm(
        revision=post.revision,
        title=values.title,
        area=values.area,
        asks_for=values.asks_for,
        rows=lines.stored_rows(post.contact_points, seen_lines(entry, "post")),
        duty_rows=duties.stored_rows(values.responsibilities),
    )


def typed_entry(form: Mapping[str, str], entry: Entry, taxonomy: Taxonomy) -> EntryForm:
    """The form as it was sent. A field that is not in it is not asked for."""
    holder = form.get("holder", "keep")
    return EntryForm(
        revision=_revision(form),
        title=form.get("title", entry.title),
        area=form.get("area", entry.area),
        asks_for=form.get("asks_for", entry.asks_for),
        rows=lines.typed_rows(form, seen_lines(entry, "post")),
        duty_rows=duties.typed_rows(form, taxonomy),
        holder=holder if holder in HOLDERS else "keep",
        holder_name=form.get("holder_name", ""),
        reason=form.get("reason", ""),
        applies_on=form.get("applies_on", "").strip(),
    )


def renewed_entry(form: EntryForm, sent: Mapping[str, str], entry: Entry, post: Post) -> EntryForm:
    """A form that came too late, over what stands now: only what was touched is as typed."""
    now = stored_entry(entry, post)
    return replace(
        form,
        revision=now.revision,
        title=renewing.text("title", form.title, now.title, sent),
        area=renewing.text("area", form.area, now.area, sent),
        asks_for=renewing.text("asks_for", form.asks_for, now.asks_for, sent),
        rows=renewing.lines(form.rows, now.rows, sent),
        duty_rows=renewing.duties(form.duty_rows, now.duty_rows, sent),
        errors={},
    )


def wanted_post(form: EntryForm, post: Post, taxonomy: Taxonomy) -> tuple[PostValues, bool]:
    """The values the form makes, and whether a hidden one was given anew. What is wrong is put into its errors."""
    before, errors = post_values(post), form.errors
    read = lines.read_lines(form.rows, post.contact_points, place_of(post.institution))
    errors.update(read.errors)
    responsibilities = duties.read_duties(form.duty_rows, before.responsibilities, taxonomy, errors)
    title = _text("title", form.title, errors, needed=True)
    area = _text("area", form.area, errors)
    asks_for = _prose("asks_for", form.asks_for, errors)
    form.reason = _prose("reason", form.reason, errors, most=MOST_REASON)
    if form.holder == "named":
        form.holder_name = _text("holder_name", form.holder_name, errors, needed=True)
    wanted = replace(
        before,
        title=title,
        area=area,
        asks_for=asks_for,
        contact_points=read.lines,
        responsibilities=responsibilities,
    )
    return wanted, read.restated


def stored_institution(entry: Entry, institution: Institution, *, sees_note: bool) -> InstitutionForm:
    """The form as it is first shown."""
    names = [NameRow(n, name.name, name.language, name.kind) for n, name in enumerate(institution.names)]
    return InstitutionForm(
        revision=institution.revision,
        names=[*names, NameRow(len(names))],
        city=institution.city,
        country=institution.country_code,
        note=institution.note if sees_note else None,
        rows=lines.stored_rows(institution.contact_points, seen_lines(entry, "institution")),
    )


def typed_institution(
    form: Mapping[str, str], entry: Entry, institution: Institution, *, sees_note: bool
) -> InstitutionForm:
    """The form as it was sent."""
    count = len(institution.names) + 1
    stood = dict(enumerate(institution.names))
    names = [
        NameRow(
            n,
            form.get(f"n-{n}-name", stood[n].name if n in stood else ""),
            form.get(f"n-{n}-language", stood[n].language if n in stood else ""),
            form.get(f"n-{n}-kind", stood[n].kind if n in stood else "official"),
        )
        for n in range(count)
    ]
    return InstitutionForm(
        revision=_revision(form),
        names=names,
        city=form.get("city", institution.city),
        country=form.get("country", institution.country_code),
        note=form.get("note", institution.note) if sees_note else None,
        rows=lines.typed_rows(form, seen_lines(entry, "institution")),
        reason=form.get("reason", ""),
        applies_on=form.get("applies_on", "").strip(),
    )


def renewed_institution(
    form: InstitutionForm, sent: Mapping[str, str], entry: Entry, institution: Institution
) -> InstitutionForm:
    """The same for an institution; names are put in their place anew where none was touched."""
    now = stored_institution(entry, institution, sees_note=form.note is not None)
    names = [(row.name, row.language, row.kind) for row in form.names if row.name]
    return replace(
        form,
        revision=now.revision,
        names=now.names if sent.get("was-names") == renewing.mark(names) else form.names,
        city=renewing.text("city", form.city, now.city, sent),
        country=renewing.text("country", form.country, now.country, sent),
        note=None if form.note is None else renewing.text("note", form.note, now.note or "", sent),
        rows=renewing.lines(form.rows, now.rows, sent),
        errors={},
    )


def marks(form: EntryForm | InstitutionForm, stands: EntryForm | InstitutionForm) -> dict[str, str]:
    """The hidden fields that say how what stands looks, by the names it has in this form."""
    lines_there = {row.id: row for row in stands.rows}
    found = {f"c-{row.n}-was": renewing.line_mark(lines_there[row.id]) for row in form.rows if row.id}
    if isinstance(form, EntryForm) and isinstance(stands, EntryForm):
        duties_there = {row.key: row for row in stands.duty_rows}
        found |= {f"r-{row.n}-was": renewing.duty_mark(duties_there[row.key]) for row in form.duty_rows if row.key}
        texts = {"title": stands.title, "area": stands.area, "asks_for": stands.asks_for}
    elif isinstance(stands, InstitutionForm):
        names = [(row.name, row.language, row.kind) for row in stands.names if row.name]
        found["was-names"] = renewing.mark(names)
        texts = {"city": stands.city, "country": stands.country, "note": stands.note or ""}
    return found | {f"was-{name}": renewing.mark(value) for name, value in texts.items()}


def wanted_institution(form: InstitutionForm, institution: Institution) -> tuple[InstitutionValues, bool]:
    """The values the form makes, as `wanted_post`."""
    before, errors = institution_values(institution), form.errors
    read = lines.read_lines(form.rows, institution.contact_points, place_of(institution))
    errors.update(read.errors)
    if form.country not in codes():
        errors["country"] = _("is no country of the list")
    form.reason = _prose("reason", form.reason, errors, most=MOST_REASON)
    wanted = replace(
        before,
        names=_names(form.names, errors),
        city=_text("city", form.city, errors),
        country=form.country,
        note=before.note if form.note is None else _prose("note", form.note, errors),
        contact_points=read.lines,
    )
    return wanted, read.restated


def _names(rows: Sequence[NameRow], errors: dict[str, str]) -> tuple[NameValues, ...]:
    found = []
    for row in rows:
        name = _text(f"n-{row.n}-name", row.name, errors)
        language = _text(f"n-{row.n}-language", row.language, errors, most=12)
        if name and row.kind in NAME_KINDS:
            found.append(NameValues(name, language, row.kind))
    if not found:
        errors.setdefault("n-0-name", _("is empty: an institution needs a name"))
    return tuple(found)


def _text(name: str, text: str, errors: dict[str, str], *, needed: bool = False, most: int = lines.LINE) -> str:
    try:
        plain = one_line(text, most)
    except BadValue as error:
        errors[name] = sentence(error)
        return ""
    if needed and not plain:
        errors[name] = _("is empty: write it")
    return plain


def _prose(name: str, text: str, errors: dict[str, str], most: int = lines.TEXT) -> str:
    """Several lines; browsers send each with a carriage return, which is not kept."""
    try:
        plain = clean_text(text)
    except BadValue as error:
        errors[name] = sentence(error)
        return ""
    if len(plain) > most:
        errors[name] = _("is %(count)s characters long; at most %(most)s are kept", count=len(plain), most=most)
    return plain


def later_day(form: EntryForm | InstitutionForm, today: date) -> date | None:
    """The day from which the change is to stand; None for at once. What is wrong is put into the form's errors."""
    if not form.applies_on:
        return None
    try:
        day = date.fromisoformat(form.applies_on)
    except ValueError:
        form.errors["applies_on"] = _("is no day: write it like 2027-01-31")
        return None
    if day > today + MOST_AHEAD:
        form.errors["applies_on"] = _("is more than a year away: propose it later")
    return day if day > today else None


def _revision(form: Mapping[str, str]) -> int:
    """The revision the person looked at; without it nothing matches."""
    text = form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
