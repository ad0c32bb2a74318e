"""Doubles for those who coordinate: what may be the same and why, side by side; merge, keep apart, take back."""

from __future__ import annotations

from flask import Flask, abort, g, make_response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.accounts.grounds import Ground
from directory.accounts.policy import NOTHING, Subject
from directory.db import transaction
from directory.doubles import operations, persons, queries
from directory.doubles.carrying import Side as Row
from directory.doubles.carrying import kind_of
from directory.doubles.likeness.records import Verdict
from directory.doubles.models import KeptApart, Merge
from directory.proposals.actors import subject_of
from directory.registry.models import Institution, Official, Post
from directory.web import access, current, double_people
from directory.web.double_cards import BELOW, FIELDS, PATHS, apart_of, fields_of, pairs_of, past_of, row_of, side_of
from directory.web.double_words import answer_word, reason_words, refusal_words, state_word
from directory.web.errors import show as show_error
from directory.web.proposals import actor, outdated
from directory.web.translating import gettext as _
from directory.web.words import country_word

MOST_REASON = 500


def attach(app: Flask) -> None:
    """`/coordination/doubles` and what lies below it."""
    entries = f"{BELOW}/entries/<uuid:entry_id>/<uuid:other_id>"
    bodies = f"{BELOW}/institutions/<uuid:institution_id>/<uuid:other_id>"
    people = f"{BELOW}/people/<uuid:official_id>/<uuid:other_id>"
    merge = f"{BELOW}/merges/<uuid:merge_id>"
    app.add_url_rule(BELOW, "double_list", show)
    app.add_url_rule(entries, "compare_entries", compare_entries)
    app.add_url_rule(entries, "join_entries", join_entries, methods=["POST"])
    app.add_url_rule(bodies, "compare_institutions", compare_institutions)
    app.add_url_rule(bodies, "join_institutions", join_institutions, methods=["POST"])
    app.add_url_rule(people, "compare_people", compare_people)
    app.add_url_rule(people, "join_people", join_people, methods=["POST"])
    app.add_url_rule(merge, "merge", show_merge)
    app.add_url_rule(merge, "decide_merge", decide, methods=["POST"])
    app.add_url_rule(f"{merge}/undo", "undo_merge", undo, methods=["POST"])
    app.add_url_rule(f"{BELOW}/apart/<uuid:kept_apart_id>/lift", "lift_apart", lift, methods=["POST"])
    app.register_error_handler(operations.MergeRefused, _refused)
    app.register_error_handler(operations.ChangedSince, _changed_since)


def subject_of_entry(entry_id: object, other_id: object) -> Subject:  # noqa: ARG001 - the view has both
    """The entry as the policy sees it."""
    post = current.session().get(Post, str(entry_id))
    return subject_of(post) if post else NOTHING


def subject_of_institution(institution_id: object, other_id: object) -> Subject:  # noqa: ARG001 - the view has both
    """The institution as the policy sees it."""
    body = current.session().get(Institution, str(institution_id))
    return subject_of(body) if body else NOTHING


def subject_of_official(official_id: object, other_id: object) -> Subject:  # noqa: ARG001 - the view has both
    """The official as the policy sees them: of the country of their posts."""
    return persons.subject_of(current.session(), str(official_id))


def subject_of_merge(merge_id: object) -> Subject:
    """The country the merge is in."""
    found = current.session().get(Merge, str(merge_id))
    return Subject(country=found.country_code) if found else NOTHING


def subject_of_pair(kept_apart_id: object) -> Subject:
    """The country the pair is in."""
    found = current.session().get(KeptApart, str(kept_apart_id))
    return Subject(country=found.country_code) if found else NOTHING


@access.signed_in
def show() -> str:
    """What may be doubles in one country, what waits, what can be taken back; to others the page is not there."""
    g.no_store = True
    session, ground = current.session(), queries.ground_of(current.person())
    if ground.is_empty:
        abort(404)
    codes = _countries(ground)
    code = request.args.get("country", "")
    code = code if code in codes else next(iter(codes), "")
    found = pairs_of(queries.suggestions(session, code), code) if code else []
    return render_template(
        "merges/doubles.html",
        same=[pair for answer, pair in found if answer == "same"],
        unsure=[pair for answer, pair in found if answer == "ask"],
        waiting=past_of(queries.waiting(session, ground)),
        standing=past_of(queries.undoable(session, ground, now=current.site().now())),
        apart=apart_of(queries.kept_apart(session, ground)),
        countries=[(one, country_word(one)) for one in codes],
        country=code,
    )


@access.allowed("merge_entries", subject_of_entry)
def compare_entries(entry_id: object, other_id: object) -> Response:
    """Two entries side by side."""
    return _compare("post", str(entry_id), str(other_id))


@access.allowed("merge_entries", subject_of_institution)
def compare_institutions(institution_id: object, other_id: object) -> Response:
    """Two institutions side by side."""
    return _compare("institution", str(institution_id), str(other_id))


@access.allowed("merge_entries", subject_of_official)
def compare_people(official_id: object, other_id: object) -> Response:
    """Two records side by side that may be one person's."""
    return _compare("official", str(official_id), str(other_id))


@access.allowed("merge_entries", subject_of_official)
def join_people(official_id: object, other_id: object) -> Response:
    """The same person: merge. Two persons: keep apart."""
    return _join("official", str(official_id), str(other_id))


@access.allowed("merge_entries", subject_of_entry)
def join_entries(entry_id: object, other_id: object) -> Response:
    """The same: merge. Not the same: keep apart."""
    return _join("post", str(entry_id), str(other_id))


@access.allowed("merge_entries", subject_of_institution)
def join_institutions(institution_id: object, other_id: object) -> Response:
    """The same: merge. Not the same: keep apart."""
    return _join("institution", str(institution_id), str(other_id))


@access.allowed("merge_entries", subject_of_merge)
def show_merge(merge_id: object) -> Response:
    """A merge that waits, with both sides; or what became of it."""
    merge = _merge(merge_id)
    return _compare(merge.kind, merge.keep_id, merge.gone_id, merge=merge)


@access.allowed("merge_entries", subject_of_merge)
def decide(merge_id: object) -> Response:
    """A second person agrees or refuses; whoever asked withdraws."""
    session, now, choice = current.session(), current.site().now(), request.form.get("decision", "")
    if choice not in {"agree", "refuse", "withdraw"}:
        merge = _merge(merge_id)
        return _compare(merge.kind, merge.keep_id, merge.gone_id, merge=merge, problem=_("Choose one of the two."))
    try:
        with transaction(session):
            merge = _merge(merge_id)
            if choice == "agree":
                operations.agree(session, merge, actor=actor(), now=now, seen=_seen())
            elif choice == "refuse":
                operations.refuse(session, merge, actor=actor(), now=now)
            else:
                operations.withdraw(session, merge, actor=actor(), now=now)
    except operations.Outdated:
        return outdated()
    return redirect(BELOW, 303)


@access.allowed("merge_entries", subject_of_merge)
def undo(merge_id: object) -> Response:
    """Two again, as they were."""
    session, now = current.session(), current.site().now()
    with transaction(session):
        operations.undo(session, _merge(merge_id), actor=actor(), now=now)
    return redirect(BELOW, 303)


@access.allowed("merge_entries", subject_of_pair)
def lift(kept_apart_id: object) -> Response:
    """The two may be suggested and merged again."""
    session, now = current.session(), current.site().now()
    with transaction(session):
        kept = session.get(KeptApart, str(kept_apart_id)) or abort(404)
        operations.lift(session, kept, by=actor().by, now=now)
    return redirect(BELOW, 303)


def _seen() -> tuple[int, int]:
    return request.form.get("keep_revision", 0, int), request.form.get("gone_revision", 0, int)


def _merge(merge_id: object) -> Merge:
    return current.session().get(Merge, str(merge_id)) or abort(404)


def _join(kind: str, keep_id: str, gone_id: str) -> Response:
    session, now, decision = current.session(), current.site().now(), request.form.get("decision", "")
    reason = request.form.get("reason", "").strip()
    if decision not in {"merge", "apart"} or len(reason) > MOST_REASON:
        long = len(reason) > MOST_REASON
        problem = _("Use at most 500 characters.") if long else _("Say whether they are the same.")
        return _compare(kind, keep_id, gone_id, problem=problem)
    choices = {name: "gone" for name in (*FIELDS[kind], "holder") if request.form.get(name) == "gone"}
    if request.form.get("contact_points") == "keep":
        choices["contact_points"] = "keep"
    with transaction(session):
        keep, gone = _two(kind, keep_id, gone_id)
        if decision == "apart":
            operations.keep_apart(session, keep, gone, by=actor().by, reason=reason, now=now, actor=actor())
        else:
            operations.merge(session, keep, gone, choices=choices, actor=actor(), now=now, reason=reason)
    return redirect(BELOW, 303)


def _two(kind: str, keep_id: str, gone_id: str) -> tuple[Row, Row]:
    """Both, where this person may merge both; else the page is not there."""
    session, ground = current.session(), queries.ground_of(current.person())
    keep, gone = row_of(kind, keep_id), row_of(kind, gone_id)
    if keep is None or gone is None or keep is gone:
        abort(404)
    countries = {operations.subject_of(session, row).country for row in (keep, gone)}
    if not all(ground.covers(country) for country in countries):
        abort(404)
    if kind == "official" and not all(double_people.may_know(country) for country in countries):
        abort(404)
    return keep, gone


def _compare(kind: str, keep_id: str, gone_id: str, *, merge: Merge | None = None, problem: str = "") -> Response:
    g.no_store = True
    session = current.session()
    if merge is not None and not all(row_of(kind, one) for one in (keep_id, gone_id)):
        return make_response(render_template("merges/past.html", merge=past_of([merge])[0], **_fate(merge)))
    keep, gone = _two(kind, keep_id, gone_id)
    choices = merge.choices if merge else {}
    page = render_template(
        "merges/people.html" if kind == "official" else "merges/compare.html",
        kind=kind,
        action=f"{BELOW}/merges/{merge.id}" if merge else request.path,
        turned=f"{BELOW}/{PATHS[kind]}/{gone_id}/{keep_id}",
        verdict=_verdict_words(queries.verdict_on(session, kind, keep_id, gone_id)),
        waits=operations.needs_second(session, keep, gone, choices, current.site().now()),
        revisions=(operations.seen_of(session, keep), operations.seen_of(session, gone)),
        merge=past_of([merge])[0] if merge else None,
        problem=problem,
        **_sides(keep, gone, merge),
        **_fate(merge),
    )
    return make_response(page, 422 if problem else 200)


def _sides(keep: Row, gone: Row, merge: Merge | None) -> dict[str, object]:
    """The two, what differs, and of two officials what would move."""
    choices = merge.choices if merge else {}
    if isinstance(keep, Official) and isinstance(gone, Official):
        return {
            "sides": [double_people.side_of(keep), double_people.side_of(gone)],
            "moves": double_people.moves(keep, gone, merge.choices if merge else None),
            "names": [keep.name, gone.name] if keep.name != gone.name else [],
            "refused": refusal_words("accounts") if double_people.both_sign_in(keep, gone) else "",
        }
    assert not isinstance(keep, Official)
    assert not isinstance(gone, Official)
    fields = fields_of(kind_of(keep), keep, gone, choices)
    return {"sides": [side_of(one) for one in (keep, gone)], "fields": fields, "refused": ""}


def _fate(merge: Merge | None) -> dict[str, object]:
    """What became of a merge, and what can still be done."""
    if merge is None:
        return {"state": "", "is_waiting": False, "may_undo": False}
    return {
        "state": state_word(merge.state),
        "is_waiting": merge.state == "waiting",
        "may_undo": operations.may_undo(merge, current.site().now()),
    }


def _verdict_words(verdict: Verdict) -> tuple[str, tuple[str, ...]]:
    return answer_word(verdict.answer), tuple(reason_words(reason) for reason in verdict.reasons)


def _countries(ground: Ground) -> list[str]:
    if not ground.is_everywhere:
        return sorted(ground.countries)
    codes = current.session().scalars(select(Institution.country_code).distinct())
    return sorted(codes, key=country_word)


def _refused(error: operations.MergeRefused) -> Response:
    return show_error(Conflict(refusal_words(error.code)))


def _changed_since(_error: operations.ChangedSince) -> Response:
    sentence = _(
        "It was worked on since the two became one, so it cannot be taken back whole. Undo what came later first."
    )
    return show_error(Conflict(sentence))
