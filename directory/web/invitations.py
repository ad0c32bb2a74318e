"""Invitations: the page behind the mailed link, where somebody joins or takes a further role."""

from __future__ import annotations

from flask import Flask, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.accounts import invitations, limits, passwords, sessions
from directory.accounts.models import Account, Invitation
from directory.db import transaction
from directory.registry.models import Institution
from directory.web import access, current, devices, identity, limiting
from directory.web.forms.accounts import JoinForm
from directory.web.grants import grant_words
from directory.web.sign_in import post


def attach(app: Flask) -> None:
    """`/invitations/<token>`."""
    app.add_url_rule("/invitations/<token>", "invitation", show)
    app.add_url_rule("/invitations/<token>", "join", join, methods=["POST"])
    app.add_url_rule("/invitations/<token>/role", "take_role", take_role, methods=["POST"])


@access.public
def show(token: str) -> Response:
    """What the invitation is to, and the form to accept; looking changes nothing."""
    g.no_store = True
    row, account = invitations.look(current.session(), token, post=post())
    return _page(row, account, token, JoinForm())


def _page(row: Invitation, account: Account | None, token: str, form: JoinForm, status: int = 200) -> Response:
    who = identity.signed_in()
    return make_response(
        render_template(
            "accounts/invitation.html",
            form=form,
            token=token,
            email=row.email,
            role=_role_words(row),
            has_account=account is not None,
            is_signed_in=bool(who and who.is_complete and account and who.account_id == account.id),
        ),
        status,
    )


def _role_words(row: Invitation) -> str:
    institution = current.session().get(Institution, row.institution_id) if row.institution_id else None
    return grant_words(row.role, row.country_code, institution)


@access.public
def join(token: str) -> Response:
    """A new account, and on to its second factor."""
    g.no_store = True
    session, site = current.session(), current.site()
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    row, account = invitations.look(session, token, post=post())
    form = JoinForm()
    form.about = (row.email, form.name.data or "")
    if account is not None or not form.validate_on_submit():
        return _page(row, account, token, form, 422)
    made = passwords.make_hash(form.new_password.data, site.settings.password_cost)
    with transaction(session):
        account = invitations.join(
            session, token, name=form.name.data.strip(), language=form.language.data, password_hash=made, post=post()
        )
        device = devices.label(request.user_agent.string)
        cookie = sessions.open_session(session, account, device=device, now=site.now(), factor=False)
        return identity.give_cookie(redirect("/second-factor", 303), cookie, account)


@access.fresh_factor
def take_role(token: str) -> Response:
    """A further role for whoever is signed in, if the invitation is theirs. Everybody signs in anew afterwards."""
    session = current.session()
    with transaction(session):
        invitations.take_role(session, token, current.account(), post=post())
    return identity.drop_cookie(redirect("/sign-in", 303))
