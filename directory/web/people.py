"""The people page of coordinators, secretariat and admin: list, invite, freeze, sign out, take roles back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, abort, make_response, redirect, render_template
from sqlalchemy import select
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from directory.accounts import governing, invitations, limits
from directory.accounts.invitations import Wanted
from directory.accounts.models import Account, Invitation, SignedInSession
from directory.accounts.people import rights
from directory.accounts.policy import Subject
from directory.accounts.roles import INVITED_BY, OF_COUNTRY, OF_INSTITUTION, may_end_grant, may_freeze, may_give
from directory.db import transaction
from directory.registry.models import Country, Institution
from directory.web import access, current, limiting
from directory.web.errors import show as show_error
from directory.web.forms.accounts import InviteForm, ReasonForm
from directory.web.grants import grant_words, role_label, words_of
from directory.web.sign_in import post
from directory.web.translating import gettext as _


@dataclass(frozen=True, slots=True)
class Row:
    """An account as the page shows it."""

    id: str
    name: str
    email: str
    state: str
    roles: tuple[tuple[str, str, bool], ...]  # grant id, words, whether it can be taken back
    seen_at: datetime | None
    may_freeze: bool


def attach(app: Flask) -> None:
    """`/coordination/people` and what is below it."""
    below = "/coordination/people/<uuid:account_id>"
    app.add_url_rule("/coordination/people", "people", show)
    app.add_url_rule("/coordination/people/invitation", "invite", show_invite)
    app.add_url_rule("/coordination/people/invitation", "send_invitation", send_invitation, methods=["POST"])
    app.add_url_rule("/coordination/invitations/<uuid:row_id>/approval", "approve", approve, methods=["POST"])
    app.add_url_rule("/coordination/invitations/<uuid:row_id>/withdrawal", "withdraw", withdraw, methods=["POST"])
    app.add_url_rule(below, "person", show_one)
    app.add_url_rule(f"{below}/freeze", "freeze", freeze, methods=["POST"])
    app.add_url_rule(f"{below}/thaw", "thaw", thaw, methods=["POST"])
    app.add_url_rule(f"{below}/sessions/end", "end_their_sessions", end_their_sessions, methods=["POST"])
    app.add_url_rule(f"{below}/factors/removal", "take_factors", take_factors, methods=["POST"])
    app.add_url_rule(f"{below}/grants/<uuid:grant_id>/end", "end_grant", end_grant, methods=["POST"])
    app.register_error_handler(governing.NotAllowed, _not_there)
    app.register_error_handler(invitations.NotAllowed, _not_there)
    app.register_error_handler(governing.LastOne, _last_one)
    app.register_error_handler(invitations.NotASecondPerson, _not_second)


def _governs() -> bool:
    """The page is for those who govern anybody at all; to the others it is not there."""
    return bool({"coordinator", "secretariat", "admin"} & set(current.person().roles))


def _governor_only() -> None:
    if not _governs() and not _roles_to_give():
        abort(404)


def _inviter_only() -> None:
    if not _roles_to_give():
        abort(404)


@access.signed_in
def show() -> str:
    """The people this person governs, and the invitations still open."""
    _governor_only()
    session, person = current.session(), current.person()
    return render_template(
        "accounts/people.html",
        people=[_row(account) for account in governing.people(session, person)],
        invitations=[_open(row) for row in invitations.open_ones(session, person, post=post())],
        may_invite=bool(_roles_to_give()),
    )


def _row(account: Account) -> Row:
    session, person, table = current.session(), current.person(), rights()
    target = governing.target_of(session, account)
    roles = tuple(
        (grant.id, words_of(grant), _may_end(account, grant.role, grant.country_code, grant.institution_id))
        for grant in account.grants
        if grant.ended_at is None
    )
    newest = select(SignedInSession.seen_at).where(SignedInSession.account_id == account.id)
    seen_at = session.scalar(newest.order_by(SignedInSession.seen_at.desc()).limit(1))
    may = may_freeze(table, person, target) != "no"
    return Row(account.id, account.name, account.email, account.state, roles, seen_at, may)


def _may_end(account: Account, role: str, country: str | None, institution_id: str | None) -> bool:
    if institution_id:
        institution = current.session().get(Institution, institution_id)
        country = institution.country_code if institution else None
    target = governing.target_of(current.session(), account)
    subject = Subject(country=country, institution_id=institution_id)
    return may_end_grant(rights(), current.person(), target, role, subject) != "no"


def _open(row: Invitation) -> dict[str, object]:
    institution = current.session().get(Institution, row.institution_id) if row.institution_id else None
    is_waiting = invitations.is_waiting(row)
    return {
        "id": row.id,
        "email": row.email,
        "role": grant_words(row.role, row.country_code, institution),
        "until": row.expires_at,
        "is_waiting": is_waiting,
        "may_approve": is_waiting and row.invited_by != current.person().account_id,
    }


def _roles_to_give() -> list[str]:
    """The roles this person may give anywhere."""
    person, table = current.person(), rights()
    places = [(g.country, g.institution_id) for g in person.grants]
    found = []
    for role in INVITED_BY:
        if role in OF_INSTITUTION:
            may = any(
                may_give(table, person, role, country, institution or "any") != "no" for country, institution in places
            )
        elif role in OF_COUNTRY:
            may = any(may_give(table, person, role, country or "any", None) != "no" for country, _i in places)
        else:
            may = may_give(table, person, role, None, None) != "no"
        if may:
            found.append(role)
    return found


@access.fresh_factor
def show_invite() -> str:
    """The form to invite somebody."""
    _inviter_only()
    return render_template("accounts/invite.html", form=_invite_form())


def _invite_form() -> InviteForm:
    session, person = current.session(), current.person()
    countries = {g.country for g in person.grants if g.role == "coordinator" and g.country}
    statement = select(Institution).order_by(Institution.country_code)
    if "secretariat" in person.roles:
        countries = set(session.scalars(select(Country.code)))
    else:
        own = [g.institution_id for g in person.grants if g.institution_id]
        statement = statement.where(Institution.country_code.in_(countries) | Institution.id.in_(own))
    institutions = [
        (one.id, f"{one.country_code} · {one.names[0].name if one.names else one.id}")
        for one in session.scalars(statement.limit(2000))
    ]
    roles = [(role, role_label(role)) for role in _roles_to_give()]
    return InviteForm(roles=roles, countries=sorted(countries), institutions=institutions)


@access.fresh_factor
def send_invitation() -> Response:
    """Invite; the answer is the same whether or not the address has an account."""
    _inviter_only()
    form, session, account = _invite_form(), current.session(), current.account()
    if not form.validate_on_submit():
        return make_response(render_template("accounts/invite.html", form=form), 422)
    limiting.count((limits.INVITE_ACCOUNT, account.id))
    wanted = _wanted(form)
    try:
        with transaction(session):
            row = invitations.invite(session, wanted, by=account, post=post())
            is_waiting = invitations.is_waiting(row)
    except invitations.NotAllowed:
        form.role.errors = [_("Choose a country for a reader or coordinator, an institution for an owner.")]
        return make_response(render_template("accounts/invite.html", form=form), 422)
    return make_response(render_template("accounts/invited.html", email=wanted.email, is_waiting=is_waiting))


def _wanted(form: InviteForm) -> Wanted:
    role = form.role.data
    country = form.country.data if role in OF_COUNTRY else None
    institution = form.institution.data if role in OF_INSTITUTION else None
    return Wanted(form.email.data, role, country or None, institution or None)


@access.fresh_factor
def approve(row_id: UUID) -> Response:
    """The second person agrees to an invitation."""
    session = current.session()
    with transaction(session):
        invitations.approve(session, _invitation(row_id), by=current.account(), post=post())
    return redirect("/coordination/people", 303)


@access.signed_in
def withdraw(row_id: UUID) -> Response:
    """Take an invitation back."""
    session = current.session()
    with transaction(session):
        invitations.withdraw(session, _invitation(row_id), by=current.account(), post=post())
    return redirect("/coordination/people", 303)


def _invitation(row_id: UUID) -> Invitation:
    row = current.session().get(Invitation, str(row_id))
    return row if row is not None and row.purpose == "invite" else abort(404)


@access.signed_in
def show_one(account_id: UUID) -> str:
    """One person: roles, and what can be done."""
    return _person_page(account_id, ReasonForm())


def _person_page(account_id: UUID, form: ReasonForm) -> str:
    account = governing.one(current.session(), current.person(), str(account_id))
    return render_template("accounts/person.html", row=_row(account), form=form)


@access.fresh_factor
def freeze(account_id: UUID) -> Response:
    """Freeze an account: everything of it stops at once."""
    return _govern(account_id, governing.freeze)


@access.fresh_factor
def thaw(account_id: UUID) -> Response:
    """Let a frozen account work again."""
    return _govern(account_id, governing.thaw)


@access.fresh_factor
def take_factors(account_id: UUID) -> Response:
    """For somebody who lost the factor and was met in person."""
    return _govern(account_id, governing.take_factors)


def _govern(account_id: UUID, act: object) -> Response:
    form, session, person = ReasonForm(), current.session(), current.person()
    if not form.validate_on_submit():
        return make_response(_person_page(account_id, form), 422)
    with transaction(session):
        account = governing.one(session, person, str(account_id))
        act(session, account, by=current.account(), person=person, reason=form.reason.data, post=post())  # type: ignore[operator]
    return redirect(f"/coordination/people/{account_id}", 303)


@access.fresh_factor
def end_their_sessions(account_id: UUID) -> Response:
    """Sign somebody out everywhere."""
    session, person = current.session(), current.person()
    with transaction(session):
        account = governing.one(session, person, str(account_id))
        governing.end_sessions(session, account, by=current.account(), person=person, post=post())
    return redirect(f"/coordination/people/{account_id}", 303)


@access.fresh_factor
def end_grant(account_id: UUID, grant_id: UUID) -> Response:
    """Take a role back."""
    session, person = current.session(), current.person()
    with transaction(session):
        account = governing.one(session, person, str(account_id))
        governing.end_grant(session, account, str(grant_id), by=current.account(), person=person, post=post())
    return redirect("/coordination/people", 303)


def _not_there(_error: Exception) -> Response:
    return show_error(NotFound())


def _last_one(_error: governing.LastOne) -> Response:
    return show_error(Conflict(_("This is the last account of its kind. Invite another one first.")))


def _not_second(_error: invitations.NotASecondPerson) -> Response:
    return show_error(Conflict(_("You asked for this invitation yourself: somebody else must agree.")))
