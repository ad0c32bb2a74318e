"""Set up, replace and remove second factors: an authenticator app, passkeys, ten codes on paper."""

from __future__ import annotations

import segno
from flask import Flask, abort, make_response, redirect, render_template
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from directory.accounts import factors, letters, limits, passkeys, sessions, signing_in
from directory.accounts.letters import PRODUCT
from directory.accounts.models import Account, TotpFactor
from directory.db import transaction
from directory.web import access, current, identity, limiting
from directory.web.forms.accounts import CodeForm, PasskeyForm
from directory.web.own_paths import next_path
from directory.web.sign_in import party, post
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """`/second-factor` and what is below it."""
    app.add_url_rule("/second-factor", "second_factor", show)
    app.add_url_rule("/second-factor/app", "begin_app", begin_app, methods=["POST"])
    app.add_url_rule("/second-factor/app/first-code", "confirm_app", confirm_app, methods=["POST"])
    app.add_url_rule("/second-factor/app/removal", "remove_app", remove_app, methods=["POST"])
    app.add_url_rule("/second-factor/passkey", "begin_passkey", begin_passkey, methods=["POST"])
    app.add_url_rule("/second-factor/passkey/answer", "add_passkey", add_passkey, methods=["POST"])
    app.add_url_rule(
        "/second-factor/passkeys/<uuid:key_id>/removal", "remove_passkey", remove_passkey, methods=["POST"]
    )
    app.add_url_rule("/second-factor/codes", "new_codes", new_codes, methods=["POST"])


@access.enrolling
def show() -> Response:
    """What is set up, and what can be."""
    return _page(CodeForm(next=next_path("/")))


def _page(form: CodeForm, status: int = 200) -> Response:
    session, account = current.session(), current.account()
    secret = factors.pending_secret(session, account.id, identity.vault())
    address = factors.address_for_app(secret, account, PRODUCT) if secret else ""
    return make_response(
        render_template(
            "accounts/second_factor.html",
            form=form,
            is_first=not factors.has_factor(session, account.id),
            has_app=factors.has_totp(session, account.id),
            secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)) if secret else "",
            picture=_picture(address) if address else "",
            offers_passkeys=passkeys.party_of(current.site().settings.base_url) is not None,
        ),
        status,
    )


def _picture(address: str) -> Markup:
    code = segno.make(address, error="m")
    svg = code.svg_inline(scale=4, border=2, light="#fff", dark="#000", svgclass=None, lineclass=None)
    # nosemgrep: markup-with-data
    return Markup(svg)  # noqa: S704 - drawn by segno from a secret of ours  # nosec B704


@access.enrolling
def begin_app() -> Response:
    """A new secret, to be proven by a first code."""
    session = current.session()
    with transaction(session):
        factors.begin_totp(session, current.account(), identity.vault())
    return redirect("/second-factor#app", 303)


@access.enrolling
def confirm_app() -> Response:
    """The first code proves the app; from now on it is the factor."""
    form, session, now = CodeForm(), current.session(), current.site().now()
    if form.validate_on_submit():
        account = current.account()
        limiting.count((limits.FACTOR_ACCOUNT, account.id))
        with transaction(session):
            is_right = factors.confirm_totp(session, account.id, form.code.data, identity.vault(), now=now)
        if is_right:
            return _changed(_("Your authenticator app is set up."), "An authenticator app was set up", "totp")
        form.code.errors = [_("This code does not fit. Is the clock of your phone right? Try the next code.")]
    return _page(form, 422)


@access.enrolling
def begin_passkey() -> str:
    """The question that makes a passkey."""
    limiting.count((limits.CHALLENGE_NETWORK, limiting.network()))
    session = current.session()
    with transaction(session):
        options = passkeys.options_to_enrol(session, current.account(), party(), now=current.site().now())
    return render_template(
        "accounts/passkey.html", form=PasskeyForm(next=next_path("/")), options=options,
        action="/second-factor/passkey/answer", is_new=True,
    )  # fmt: skip


@access.enrolling
def add_passkey() -> Response:
    """A new passkey is a factor from now on."""
    form, session, site = PasskeyForm(), current.session(), current.site()
    if not form.validate_on_submit():
        return _passkey_failed()
    try:
        with transaction(session):
            name = (form.name.data or "").strip() or current.row().device
            passkeys.enrol(session, current.account(), form.answer.data, party(), name=name, now=site.now())
    except passkeys.BadPasskey:
        return _passkey_failed()
    return _changed(_("Your passkey is set up."), "A passkey was added", "passkey")


def _passkey_failed() -> Response:
    return make_response(render_template("accounts/passkey_failed.html", next="/second-factor"), 422)


@access.fresh_factor
def remove_passkey(key_id: object) -> Response:
    """Take a passkey away, unless it is the last factor."""
    session, account = current.session(), current.account()
    with transaction(session):
        key = next((key for key in account.passkeys if key.id == str(key_id)), None) or abort(404)
        if len(account.passkeys) == 1 and not factors.has_totp(session, account.id):
            abort(409, _("This is your only second factor. Set up another one first."))
        account.passkeys.remove(key)
    return _changed(_("The passkey is gone."), "A passkey was removed", "passkey")


@access.fresh_factor
def remove_app() -> Response:
    """Take the app away, unless it is the last factor."""
    session, account = current.session(), current.account()
    with transaction(session):
        if not account.passkeys:
            abort(409, _("This is your only second factor. Set up another one first."))
        if found := session.get(TotpFactor, account.id):
            session.delete(found)
    return _changed(_("The authenticator app is gone."), "The authenticator app was removed", "totp")


@access.fresh_factor
def new_codes() -> Response:
    """Ten new codes; the old ones are worthless."""
    return _changed(_("You have new codes."), "New recovery codes were made", "recovery_codes", anew=True)


def _changed(said: str, told: str, path: str, *, anew: bool = False) -> Response:
    """After a change of factors: other sessions end, this one gets a new cookie value, the person is written to.

    With the first factor, ten codes come along; they are shown on this page and never again.
    """
    session, account, row, now = current.session(), current.account(), current.row(), current.site().now()
    try:
        with transaction(session):
            codes = _codes(session, account, anew=anew)
            sessions.end_all(session, account.id, now=now, but=row.id)
            letters.factor_changed(session, account, told, post=post())
            signing_in.note(session, "factor_changed", account, now, told)
            if row.factor_at is None:
                token = signing_in.complete(session, row, path=path, post=post())
            else:
                token = sessions.rotate(session, row, now=now, factor=False)
    except sessions.SessionEnded:
        return redirect("/sign-in", 303)
    page = make_response(render_template("accounts/factor_changed.html", said=said, codes=codes))
    return identity.remember_device(identity.give_cookie(page, token, account), account)


def _codes(session: Session, account: Account, *, anew: bool) -> list[str]:
    if anew or not account.recovery_codes:
        return factors.new_recovery_codes(session, account.id)
    return []
