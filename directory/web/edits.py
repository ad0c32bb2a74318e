"""Correct an entry or an institution: plain parts at once by those who own them, all else waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from flask import Flask, abort, g, make_response, render_template, request
from werkzeug.exceptions import NotFound, TooManyRequests
from werkzeug.wrappers import Response

from directory.accounts.people import rights
from directory.accounts.policy import NOTHING, Subject
from directory.db import transaction
from directory.entries import answers, overview
from directory.entries.entry import Entry
from directory.proposals import operations
from directory.proposals.operations import NotAllowed, Outcome, Outdated, TooManyProposals
from directory.registry.countries import codes
from directory.registry.models import Institution, Post
from directory.registry.rules import CONTACT_KINDS
from directory.registry.values import InstitutionValues, PostValues
from directory.web import access, current
from directory.web.cards import kind_word
from directory.web.errors import show as show_error
from directory.web.forms import duties, edits
from directory.web.forms.edits import EntryForm, InstitutionForm
from directory.web.forms.lines import read_lines
from directory.web.proposals import Standing, actor, compared
from directory.web.responsibilities import level_word
from directory.web.translating import gettext as _
from directory.web.words import country_word


def attach(app: Flask) -> None:
    """`/entries/<uuid>/edit`, `/institutions/<uuid>/edit`."""
    app.add_url_rule("/entries/<uuid:entry_id>/edit", "edit_entry", show_entry_form)
    app.add_url_rule("/entries/<uuid:entry_id>/edit", "change_entry", change_entry, methods=["POST"])
    app.add_url_rule("/institutions/<uuid:institution_id>/edit", "edit_institution", show_institution_form)
    app.add_url_rule(
        "/institutions/<uuid:institution_id>/edit", "change_institution", change_institution, methods=["POST"]
    )
    app.register_error_handler(NotAllowed, lambda _error: show_error(NotFound()))
    app.register_error_handler(TooManyProposals, _too_many)


def subject_of_entry(entry_id: object, **_more: object) -> Subject:
    """The entry as the policy sees it."""
    post = current.session().get(Post, str(entry_id))
    return operations.subject_of(post) if post else NOTHING


def subject_of_institution(institution_id: object) -> Subject:
    """The institution as the policy sees it."""
    institution = current.session().get(Institution, str(institution_id))
    return operations.subject_of(institution) if institution else NOTHING


@access.allowed("edit_plain", subject_of_entry)
def show_entry_form(entry_id: object) -> Response:
    """The entry to correct, as far as whoever looks may see it."""
    entry, post = _entry(entry_id)
    return _entry_page(edits.stored_entry(entry, post), entry, post)


@access.allowed("edit_plain", subject_of_entry)
def change_entry(entry_id: object) -> Response:
    """What stands at once stands; the rest waits. Somebody else's change meanwhile is never written over."""
    entry, post = _entry(entry_id)
    form = edits.typed_entry(request.form, entry, current.taxonomy())
    wanted, restated = edits.wanted_post(form, post, current.taxonomy())
    edits.later_day(form, current.site().today())
    if form.errors:
        return _entry_page(form, entry, post, 422)
    try:
        outcomes = _write_post(post.id, wanted, form, restated=restated)
    except Outdated:
        entry, post = _entry(entry_id)
        form = edits.renewed_entry(form, request.form, entry, post)
        wanted, _restated = edits.wanted_post(form, post, current.taxonomy())
        return _entry_page(form, entry, post, 409, conflict=_conflict(form, post, wanted, entry))
    return _done(outcomes, f"/entries/{entry.id}", entry.title)


@access.allowed("edit_plain", subject_of_institution)
def show_institution_form(institution_id: object) -> Response:
    """The institution to correct."""
    entry, body = _institution(institution_id)
    return _institution_page(edits.stored_institution(entry, body, sees_note=_sees_note(body)), entry, body)


@access.allowed("edit_plain", subject_of_institution)
def change_institution(institution_id: object) -> Response:
    """The same for an institution."""
    entry, body = _institution(institution_id)
    form = edits.typed_institution(request.form, entry, body, sees_note=_sees_note(body))
    wanted, restated = edits.wanted_institution(form, body)
    edits.later_day(form, current.site().today())
    if form.errors:
        return _institution_page(form, entry, body, 422)
    try:
        outcome = _write_institution(body.id, wanted, form, restated=restated)
    except Outdated:
        entry, body = _institution(institution_id)
        form = edits.renewed_institution(form, request.form, entry, body)
        wanted, _restated = edits.wanted_institution(form, body)
        return _institution_page(form, entry, body, 409, conflict=_conflict(form, body, wanted, entry))
    return _done([outcome], f"/institutions/{body.id}", entry.institution.name)


def _entry(entry_id: object) -> tuple[Entry, Post]:
    entry = answers.one_entry(str(entry_id), current.desk())
    post = current.session().get(Post, str(entry_id))
    if entry is None or post is None:
        abort(404)
    return entry, post


def _institution(institution_id: object) -> tuple[Entry, Institution]:
    """The institution, and one of its entries as the viewer sees it: that shows its contact points."""
    body = current.session().get(Institution, str(institution_id))
    posts = overview.entries_of_institution(str(institution_id), current.desk())
    entry = next((post for post in posts if post.institution.id == str(institution_id)), None)
    if entry is None or body is None:
        abort(404)
    return entry, body


def _sees_note(body: Institution) -> bool:
    return rights().may(current.person(), "read_private", operations.subject_of(body)) != "no"


def _write_post(post_id: str, wanted: PostValues, form: EntryForm, *, restated: bool) -> list[Outcome]:
    session, now = current.session(), current.site().now()
    applies_on = edits.later_day(form, current.site().today())
    with transaction(session):
        post = session.get(Post, post_id) or abort(404)
        outcome = operations.change_post(
            session,
            post,
            wanted,
            actor=actor(),
            now=now,
            reason=form.reason,
            revision=form.revision,
            restated=restated,
            applies_on=applies_on,
        )
        if form.holder == "keep":
            return [outcome]
        name = form.holder_name if form.holder == "named" else ""
        holder = operations.change_holder(
            session, post, name, actor=actor(), now=now, reason=form.reason, from_on=applies_on
        )
        return [outcome, holder]


def _write_institution(
    institution_id: str, wanted: InstitutionValues, form: InstitutionForm, *, restated: bool
) -> Outcome:
    session, now = current.session(), current.site().now()
    applies_on = edits.later_day(form, current.site().today())
    with transaction(session):
        body = session.get(Institution, institution_id) or abort(404)
        return operations.change_institution(
            session,
            body,
            wanted,
            actor=actor(),
            now=now,
            reason=form.reason,
            revision=form.revision,
            restated=restated,
            applies_on=applies_on,
        )


def _entry_page(
    form: EntryForm, entry: Entry, post: Post, status: int = 200, conflict: list[Standing] | None = None
) -> Response:
    g.no_store = True
    verdict = rights().may(current.person(), "edit_plain", operations.subject_of(post))
    taxonomy = current.taxonomy()
    page = render_template(
        "edits/entry.html",
        form=form,
        entry=entry,
        owns=verdict == "yes",
        kinds=_kinds(),
        whats=[(str(sop.id), sop.name, [(m.id, m.name) for m in sop.measures]) for sop in taxonomy.sops],
        levels=[(level, level_word(level)) for level in duties.LEVELS],
        groups=[(term.id, term.label) for term in taxonomy.target_groups.values()],
        errors=_named(form.errors),
        conflict=conflict,
        marks=_marks(form, edits.stored_entry(entry, post), status),
        keeps_holder_lines=any(line.owner == "holder" for line in entry.contact_lines),
        holder_until=_holder_until(post) if verdict == "yes" else None,
    )
    return make_response(page, status)


def _holder_until(post: Post) -> date | None:
    """The last day of whoever holds the post, where it is known: for those who look after the entry."""
    today = current.site().today()
    return next((a.until_on for a in post.appointments if a.covers(today)), None)


def _institution_page(
    form: InstitutionForm,
    entry: Entry,
    body: Institution,
    status: int = 200,
    conflict: list[Standing] | None = None,
) -> Response:
    g.no_store = True
    verdict = rights().may(current.person(), "edit_plain", operations.subject_of(body))
    page = render_template(
        "edits/institution.html",
        form=form,
        institution=entry.institution,
        owns=verdict == "yes",
        kinds=_kinds(),
        countries=sorted(((code, country_word(code)) for code in codes()), key=lambda pair: pair[1]),
        errors=_named(form.errors),
        conflict=conflict,
        marks=_marks(form, edits.stored_institution(entry, body, sees_note=form.note is not None), status),
    )
    return make_response(page, status)


def _marks(form: EntryForm | InstitutionForm, stands: EntryForm | InstitutionForm, status: int) -> dict[str, str]:
    """How it looked when the form was shown: so that a touched field is told from one that is only old."""
    if status == 422:  # nothing newer was shown
        return {name: mark for name, mark in request.form.items() if name.startswith("was-") or name.endswith("-was")}
    return edits.marks(form, stands)


def _conflict(
    form: EntryForm | InstitutionForm, row: Post | Institution, wanted: PostValues | InstitutionValues, entry: Entry
) -> list[Standing]:
    """What stands against what was typed. A value typed for a hidden one is told whether or not it is the same."""
    body = row.institution if isinstance(row, Post) else row
    shown = [line for line in form.rows if not line.is_hidden]
    read = read_lines(shown, row.contact_points, edits.place_of(body))
    anew = [Standing(kind_word(line.kind), "…", line.value) for line in form.rows if line.is_hidden and line.value]
    return [*compared(row, replace(wanted, contact_points=read.lines), entry), *anew]


def _kinds() -> list[tuple[str, str]]:
    return [(kind, kind_word(kind)) for kind in CONTACT_KINDS]


def _named(errors: Mapping[str, str]) -> dict[str, str]:
    """Each error as a sentence that names its field."""
    return {name: f"{_field_name(name)} {sentence}" for name, sentence in errors.items()}


def _field_name(name: str) -> str:
    words = {
        "title": _("Title"),
        "area": _("Area"),
        "asks_for": _("What they will ask you for"),
        "reason": _("Why"),
        "applies_on": _("From which day"),
        "holder_name": _("Name of the holder"),
        "city": _("City"),
        "country": _("Country"),
        "note": _("Note"),
        "value": _("Number or address"),
        "label": _("Label"),
        "hours": _("Hours"),
        "zone": _("Time zone"),
        "languages": _("Languages"),
        "what": _("Procedure or measure"),
        "name": _("Name"),
        "language": _("Language"),
    }
    return words.get(name) or words.get(name.rpartition("-")[2], name)


def _done(outcomes: list[Outcome], back: str, title: str) -> Response:
    """What happens now, in plain words."""
    g.no_store = True
    proposals = [outcome.proposal for outcome in outcomes if outcome.proposal is not None]
    page = render_template(
        "edits/done.html",
        is_changed=any(outcome.is_changed for outcome in outcomes),
        waits=any(proposal.state == "waiting" for proposal in proposals),
        stands_from=next((p.applies_on for p in proposals if p.applies_on), None),
        waits_guarded=any(proposal.is_guarded for proposal in proposals),
        touches_number=any(_touches_number(proposal.after) for proposal in proposals),
        back=back,
        title=title,
    )
    return make_response(page)


def _touches_number(after: Mapping[str, object]) -> bool:
    return "contact_points" in after


def _too_many(_error: TooManyProposals) -> Response:
    sentence = _(
        "You have proposed as many changes as one person needs to in a day. Go on tomorrow, or call the coordinator."
    )
    return show_error(TooManyRequests(sentence, retry_after=24 * 3600))
