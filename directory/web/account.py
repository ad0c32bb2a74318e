"""One's own account: devices, factors, language, password; and the ways back in by mail."""

from __future__ import annotations

from flask import Flask, abort, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.accounts import factors, limits, links, passwords, recovery, sessions, signing_in
from directory.accounts.models import Account
from directory.db import transaction
from directory.web import access, current, devices, identity, limiting
from directory.web.forms.accounts import AddressForm, ChangePasswordForm, LanguageForm, NewPasswordForm
from directory.web.grants import words_of
from directory.web.sign_in import post
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """`/account`, `/recover`, `/finish`."""
    app.add_url_rule("/account", "account", show)
    app.add_url_rule("/account/sessions/<uuid:session_id>/end", "end_session", end_session, methods=["POST"])
    app.add_url_rule("/account/sessions/end-others", "end_other_sessions", end_other_sessions, methods=["POST"])
    app.add_url_rule("/account/language", "set_language", set_language, methods=["POST"])
    app.add_url_rule("/account/password", "password", show_password)
    app.add_url_rule("/account/password", "change_password", change_password, methods=["POST"])
    app.add_url_rule("/recover", "recover", show_recover)
    app.add_url_rule("/recover", "ask_recover", ask_recover, methods=["POST"])
    app.add_url_rule("/recover/<token>", "recover_link", show_recover_link)
    app.add_url_rule("/recover/<token>", "use_recover_link", use_recover_link, methods=["POST"])
    app.add_url_rule("/finish/<token>", "finish_link", show_finish_link)
    app.add_url_rule("/finish/<token>", "use_finish_link", use_finish_link, methods=["POST"])
    app.register_error_handler(links.DeadLink, _dead_link)


@access.signed_in
def show() -> str:
    """The account page."""
    session, account, now = current.session(), current.account(), current.site().now()
    return render_template(
        "accounts/account.html",
        account=account,
        roles=[words_of(grant) for grant in account.grants if grant.ended_at is None],
        governs=bool({"coordinator", "secretariat", "admin"} & set(current.person().roles)),
        sessions=sessions.live_of(session, account, now=now),
        current_id=current.row().id,
        has_app=factors.has_totp(session, account.id),
        passkeys=list(account.passkeys),
        codes_left=factors.codes_left(session, account.id),
        language=LanguageForm(language=account.language),
    )


@access.signed_in
def end_session(session_id: object) -> Response:
    """Sign one of one's own devices out."""
    session, account, now = current.session(), current.account(), current.site().now()
    with transaction(session):
        rows = sessions.live_of(session, account, now=now)
        if str(session_id) not in {row.id for row in rows}:
            abort(404)
        sessions.end(session, [str(session_id)], now=now)
        signing_in.note(session, "session_ended", account, now)
    return redirect("/account#devices", 303)


@access.signed_in
def end_other_sessions() -> Response:
    """Sign every other device out."""
    session, account, now = current.session(), current.account(), current.site().now()
    with transaction(session):
        sessions.end_all(session, account.id, now=now, but=current.row().id)
        signing_in.note(session, "sessions_ended", account, now)
    return redirect("/account#devices", 303)


@access.signed_in
def set_language() -> Response:
    """The language of pages and letters."""
    form, session = LanguageForm(), current.session()
    if not form.validate_on_submit():
        abort(400)
    with transaction(session):
        current.account().language = form.language.data
    return redirect("/account", 303)


@access.fresh_factor
def show_password() -> str:
    """The form for a new password."""
    return render_template("accounts/password.html", form=ChangePasswordForm())


@access.fresh_factor
def change_password() -> Response:
    """A new password, for whoever knows the old one; every other device is signed out."""
    session, account, site = current.session(), current.account(), current.site()
    form = ChangePasswordForm(about=(account.email, account.name))
    if not form.validate_on_submit():
        return make_response(render_template("accounts/password.html", form=form), 422)
    limiting.count((limits.FACTOR_ACCOUNT, account.id))
    cost = site.settings.password_cost
    if not passwords.matches(account.password_hash, form.password.data, cost):
        form.password.errors = [_("This is not your password.")]
        return make_response(render_template("accounts/password.html", form=form), 422)
    made = passwords.make_hash(form.new_password.data, cost)
    row = current.row()
    try:
        with transaction(session):
            recovery.set_password(session, account, made, post=post(), by=account.id, path="form", but=row.id)
            token = sessions.rotate(session, row, now=site.now(), factor=False)
    except sessions.SessionEnded:
        return redirect("/sign-in", 303)
    return identity.give_cookie(redirect("/account", 303), token, account)


@access.public
def show_recover() -> Response:
    """Ask for a way back in."""
    g.no_store = True
    return make_response(render_template("accounts/recover.html", form=AddressForm()))


@access.public
def ask_recover() -> Response:
    """The same answer whether or not there is such an account, and the same work: the worker looks later."""
    g.no_store = True
    form, session, now = AddressForm(), current.session(), current.site().now()
    if not form.validate_on_submit():
        return make_response(render_template("accounts/recover.html", form=form), 422)
    email = form.email.data.strip().casefold()
    limiting.count((limits.RECOVER_NETWORK, limiting.network()))
    with transaction(session):
        try:
            limits.take(session, limits.RECOVER_ADDRESS, email, now=now)
            recovery.ask(session, email, now=now)
        except limits.TooMany:
            pass  # said to nobody: it would tell that somebody asked before
    return make_response(render_template("accounts/recover_sent.html"))


@access.public
def show_recover_link(token: str) -> str:
    """The form for a new password; looking changes nothing."""
    g.no_store = True
    recovery.account_of_link(current.session(), token, "recover", now=current.site().now())
    return render_template("accounts/new_password.html", form=NewPasswordForm())


@access.public
def use_recover_link(token: str) -> Response:
    """A new password, and on to the second factor: a mailed link never stands in for it."""
    g.no_store = True
    session, site = current.session(), current.site()
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    account = recovery.account_of_link(session, token, "recover", now=site.now())
    form = NewPasswordForm(about=(account.email, account.name))
    if not form.validate_on_submit():
        return make_response(render_template("accounts/new_password.html", form=form), 422)
    made = passwords.make_hash(form.new_password.data, site.settings.password_cost)
    with transaction(session):
        account = recovery.use_link(session, token, "recover", now=site.now())
        recovery.set_password(session, account, made, post=post(), by=account.id, path="mailed link")
        return _half_signed_in(account)


@access.public
def show_finish_link(token: str) -> str:
    """A button to go on; looking changes nothing."""
    g.no_store = True
    recovery.account_of_link(current.session(), token, "enrol", now=current.site().now())
    return render_template("accounts/finish.html")


@access.public
def use_finish_link(token: str) -> Response:
    """On to setting up a second factor."""
    g.no_store = True
    session, now = current.session(), current.site().now()
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    with transaction(session):
        account = recovery.use_link(session, token, "enrol", now=now)
        return _half_signed_in(account)


def _half_signed_in(account: Account) -> Response:
    """A session that opens nothing but the second factor: the one there is, or the first one."""
    device, now = devices.label(request.user_agent.string), current.site().now()
    token = sessions.open_session(current.session(), account, device=device, now=now, factor=False)
    there = "/sign-in/code" if factors.has_factor(current.session(), account.id) else "/second-factor"
    return identity.give_cookie(redirect(there, 303), token, account)


def _dead_link(_error: links.DeadLink) -> Response:
    g.no_store = True
    return make_response(render_template("accounts/dead_link.html"), 404)
