"""What waits for somebody who decides: both numbers side by side, who asked, since when; accept, refuse, take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import Flask, abort, g, make_response, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.accounts.policy import NOTHING, Subject
from directory.app import database
from directory.db import transaction
from directory.entries import overview
from directory.history.access import record_access
from directory.proposals import operations, queries, scheduling
from directory.proposals.models import Proposal
from directory.proposals.operations import RETURN_WITHIN, Outdated, OwnProposal
from directory.registry.models import Institution, Post
from directory.web import access, current, quotas
from directory.web.errors import show as show_error
from directory.web.history import names_of
from directory.web.history_words import path_word, who_words
from directory.web.open_work import open_work
from directory.web.proposals import Pair, actor, age_words, href_of, outdated, pairs_of, state_word, title_of
from directory.web.translating import gettext as _
from directory.web.words import country_word, role_word

MOST_NOTE = 500
FIRST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Card:
    """A proposal as those who decide see it."""

    id: str
    title: str
    href: str
    place: str
    who: str
    path: str
    reason: str
    at: datetime
    age: str
    state: str
    applies_on: date | None
    is_guarded: bool
    is_own: bool
    pairs: tuple[Pair, ...]
    more_count: int


def attach(app: Flask) -> None:
    """`/coordination` and `/coordination/proposals/<uuid>`."""
    below = "/coordination/proposals/<uuid:proposal_id>"
    app.add_url_rule("/coordination", "coordination", show)
    app.add_url_rule(below, "proposal", show_one)
    app.add_url_rule(below, "decide_proposal", decide, methods=["POST"])
    app.add_url_rule(f"{below}/numbers", "reveal_proposal", reveal, methods=["POST"])
    app.add_url_rule(f"{below}/return", "return_proposal", take_back, methods=["POST"])
    app.register_error_handler(OwnProposal, _own_proposal)


def subject_of(proposal_id: object) -> Subject:
    """What the proposal is about, as the policy sees it."""
    session = current.session()
    proposal = session.get(Proposal, str(proposal_id))
    rows = queries.subjects(session, [proposal]) if proposal else {}
    return operations.subject_of(rows[proposal.subject_id]) if proposal and rows else NOTHING


@access.signed_in
def show() -> str:
    """What waits for whoever looks; to those who decide nothing the page is not there."""
    g.no_store = True
    session, scope = current.session(), queries.scope_of(current.person())
    if scope.is_empty:
        abort(404)
    waiting = queries.waiting(session, scope)
    back = queries.returnable(session, scope, now=current.site().now())
    return render_template(
        "coordination/coordination.html",
        waiting=[card for card in _cards(waiting) if not card.is_own],
        own=[card for card in _cards(waiting) if card.is_own],
        returnable=_cards(back),
        scheduled=_cards(queries.in_state(session, scope, "scheduled")),
        outdated=_cards(queries.in_state(session, scope, "outdated", since=current.site().now() - RETURN_WITHIN)),
        work=open_work(),
        gaps=_gaps(scope.countries),
        countries=[(code, country_word(code)) for code in sorted(scope.countries)],
    )


@access.allowed("decide_proposal", subject_of)
def show_one(proposal_id: object) -> Response:
    """One proposal, before beside after."""
    return _page(_proposal(proposal_id))


@access.allowed("decide_proposal", subject_of)
def decide(proposal_id: object) -> Response:
    """Accept or refuse, with a note; never what one asked for oneself."""
    session, now = current.session(), current.site().now()
    choice, note = request.form.get("decision", ""), request.form.get("note", "").strip()
    if choice not in {"accept", "refuse"} or len(note) > MOST_NOTE:
        problem = _("Choose to accept or refuse.") if len(note) <= MOST_NOTE else _("Use at most 500 characters.")
        return _page(_proposal(proposal_id), 422, problem=problem)
    with transaction(session):
        proposal = _proposal(proposal_id)
        try:
            if choice == "accept":
                today = current.site().today()
                operations.accept(session, proposal, actor=actor(), now=now, note=note, today=today)
            else:
                operations.refuse(session, proposal, actor=actor(), now=now, note=note)
            is_written = True
        except Outdated:
            is_written = False  # the proposal is marked as out of date; that much is kept
    return redirect("/coordination", 303) if is_written else outdated()


@access.allowed("decide_proposal", subject_of)
def take_back(proposal_id: object) -> Response:
    """One click back to what stood before, within thirty days; or a change that waits for its day does not come."""
    session, now = current.session(), current.site().now()
    try:
        with transaction(session):
            proposal = _proposal(proposal_id)
            verb = scheduling.call_off if proposal.state == "scheduled" else operations.take_back
            verb(session, proposal, actor=actor(), now=now)
    except Outdated:
        return outdated()
    return redirect("/coordination", 303)


@access.allowed("decide_proposal", subject_of)
def reveal(proposal_id: object) -> Response:
    """The restricted numbers in full, this once; that they were shown is kept."""
    proposal = _proposal(proposal_id)
    ids = [proposal.subject_id]
    if proposal.subject_type != "post":
        ids = list(current.session().scalars(select(Post.id).where(Post.institution_id == proposal.subject_id)))
    with Session(database.engine) as books, transaction(books):
        record_access(books, "reveal", ids, asker=quotas.asker(), path="proposal", now=current.site().now())
    return _page(proposal, is_open=True)


def _proposal(proposal_id: object) -> Proposal:
    """The proposal, if it is in what this person decides on."""
    scope = queries.scope_of(current.person())
    return queries.one(current.session(), scope, str(proposal_id)) or abort(404)


def _page(proposal: Proposal, status: int = 200, *, is_open: bool = False, problem: str = "") -> Response:
    g.no_store = True
    session, now = current.session(), current.site().now()
    (card,) = _cards([proposal], most=100, is_open=is_open)
    others = [a.name for a in queries.deciders(session, proposal.country_code) if a.id != current.person().account_id]
    page = render_template(
        "coordination/proposal.html",
        proposal=card,
        note=request.form.get("note", ""),
        problem=problem,
        is_waiting=proposal.state == "waiting",
        may_return=operations.may_return(proposal, now),
        is_scheduled=proposal.state == "scheduled",
        others=others if card.is_own else [],
        decided=_decided_words(proposal),
        has_masked=any(pair.is_masked for pair in card.pairs),
    )
    return make_response(page, status)


def _decided_words(proposal: Proposal) -> str:
    if proposal.decided_by is None:
        return ""
    who = who_words(proposal.decided_by, names_of({proposal.decided_by}))
    return _("%(state)s, by %(who)s", state=state_word(proposal.state), who=who)


def _cards(proposals: list[Proposal], *, most: int = FIRST_PAIRS, is_open: bool = False) -> list[Card]:
    rows = queries.subjects(current.session(), proposals)
    names = names_of({proposal.by for proposal in proposals})
    return [_card(one, rows.get(one.subject_id), names, most, is_open=is_open) for one in proposals]


def _card(
    proposal: Proposal, row: Post | Institution | None, names: dict[str, str], most: int, *, is_open: bool
) -> Card:
    pairs = pairs_of(proposal, is_open=is_open)
    body = row.institution if isinstance(row, Post) else row
    place = [body.name if isinstance(row, Post) else "", country_word(body.country_code)] if body else []
    return Card(
        id=proposal.id,
        title=title_of(row),
        href=href_of(row),
        place=" · ".join(part for part in place if part),
        who=who_words(proposal.by, names),
        path=path_word(proposal.path),
        reason=proposal.reason,
        at=proposal.at,
        age=age_words(proposal.at),
        state=state_word(proposal.state),
        applies_on=proposal.applies_on,
        is_guarded=proposal.is_guarded,
        is_own=proposal.by == current.person().account_id,
        pairs=tuple(pairs[:most]),
        more_count=len(pairs[most:]),
    )


def _gaps(countries: frozenset[str]) -> list[tuple[str, str, str]]:
    """For each own country the procedures for which a role of theirs is held by nobody: code, procedure, roles."""
    desk, taxonomy = current.desk(), current.taxonomy()
    found = []
    for code in sorted(countries):
        page = overview.country(code, desk, taxonomy)
        for sop_id, roles in page.gaps.items() if page else ():
            sop = taxonomy.sop(sop_id)
            if roles and sop:
                found.append((code, sop.name, ", ".join(role_word(role) for role in roles)))
    return found


def _own_proposal(_error: OwnProposal) -> Response:
    return show_error(Conflict(_("You asked for this change yourself: somebody else must decide.")))
