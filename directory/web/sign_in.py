"""Sign in and out: address and password, then a code or passkey; or a passkey alone; and the step-up."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, abort, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.accounts import factors, letters, limits, passkeys, passwords, recovery, sessions, signing_in
from directory.accounts.letters import Post
from directory.accounts.models import Account
from directory.accounts.passkeys import BadPasskey, Party
from directory.db import transaction
from directory.web import access, current, devices, identity, limiting
from directory.web.forms.accounts import CodeForm, PasskeyForm, SignInForm
from directory.web.own_paths import next_path
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """`/sign-in`, `/sign-in/code`, `/sign-out`, `/step-up`, `/passkey/…`."""
    app.add_url_rule("/sign-in", "sign_in", show_sign_in)
    app.add_url_rule("/sign-in", "give_password", give_password, methods=["POST"])
    app.add_url_rule("/sign-in/code", "sign_in_code", show_code)
    app.add_url_rule("/sign-in/code", "give_code", give_code, methods=["POST"])
    app.add_url_rule("/step-up", "step_up", show_step_up)
    app.add_url_rule("/step-up", "give_step_up", give_step_up, methods=["POST"])
    app.add_url_rule("/passkey/question", "passkey_question", passkey_question, methods=["POST"])
    app.add_url_rule("/passkey/answer", "passkey_answer", passkey_answer, methods=["POST"])
    app.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


def post() -> Post:
    """How letters of this site are written now."""
    return Post(current.site().settings.base_url, current.site().now())


def party() -> Party:
    """This site as passkeys know it; 404 where they cannot be used."""
    return passkeys.party_of(current.site().settings.base_url) or abort(404)


@access.public
def show_sign_in() -> str | Response:
    """The form; somebody signed in already is led on."""
    who = identity.signed_in()
    if who is not None and who.is_complete:
        return redirect(next_path("/account"), 303)
    return _sign_in_page(SignInForm(next=next_path("/")))


def _sign_in_page(form: SignInForm, status: int = 200) -> Response:
    g.no_store = True
    offers = passkeys.party_of(current.site().settings.base_url) is not None
    return make_response(render_template("accounts/sign_in.html", form=form, offers_passkeys=offers), status)


@access.public
def give_password() -> Response:
    """The first step. Whatever is wrong, the answer is the same, and so is the work done for it."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form, 422)
    account = _account_with(form.email.data, form.password.data)
    if account is None:
        form.email.errors = [_("Address and password do not belong together.")]
        return _sign_in_page(form, 422)
    session, cost = current.session(), current.site().settings.password_cost
    with transaction(session):
        signing_in.rehash_if_old(session, account, form.password.data, cost)
        if (before := identity.signed_in()) is not None:
            sessions.end(session, [before.row.id], now=current.site().now())
        if not factors.has_factor(session, account.id):
            return _finish_by_mail(account)
        token = sessions.open_session(
            session, account, device=devices.label(request.user_agent.string), now=current.site().now(), factor=False
        )
    answer = redirect(f"/sign-in/code?{urlencode({'next': next_path('/')})}", 303)
    return identity.give_cookie(answer, token, account)


def _account_with(email: str, password: str) -> Account | None:
    """The account this address and password sign in to; counted first, and a hash is always computed."""
    session, settings = current.session(), current.site().settings
    account = recovery.account_by_email(session, email)
    key = identity.device_of(account) or email.strip().casefold()
    limiting.count(
        (limits.SIGN_IN_ALL, ""), (limits.SIGN_IN_NETWORK, limiting.network()), (limits.SIGN_IN_ACCOUNT, key)
    )
    account = recovery.account_by_email(session, email)
    stored = account.password_hash if account else None
    session.rollback()  # hashing takes a while; nothing is held meanwhile
    is_right = passwords.matches(stored, password, settings.password_cost)
    return account if is_right and signing_in.may_sign_in(account, demo=settings.demo) else None


def _finish_by_mail(account: Account) -> Response:
    """A password alone enrols nothing: the way on is a letter to the address."""
    session, now = current.session(), current.site().now()
    try:
        limits.take(session, limits.RECOVER_ADDRESS, account.email, now=now)
        recovery.send_finish(session, account, post=post())
    except limits.TooMany:
        pass  # enough letters are on their way
    return make_response(render_template("accounts/finish_sent.html"))


@access.unfinished
def show_code() -> str | Response:
    """Ask for the second factor."""
    if identity.signed_in().is_complete:  # type: ignore[union-attr]  # access.unfinished
        return redirect(next_path("/"), 303)
    return _code_page(CodeForm(next=next_path("/")))


def _code_page(form: CodeForm, status: int = 200) -> Response:
    account = current.account()
    return make_response(
        render_template(
            "accounts/code.html", form=form, has_app=factors.has_totp(current.session(), account.id),
            has_passkey=_has_passkey(account), is_step_up=current.row().factor_at is not None,
        ),
        status,
    )  # fmt: skip


def _has_passkey(account: Account) -> bool:
    return bool(account.passkeys) and passkeys.party_of(current.site().settings.base_url) is not None


@access.unfinished
def give_code() -> Response:
    """The second step: the code of the app, or one of the ten on paper."""
    form = CodeForm()
    path = _path_of_code(form)
    if not path:
        return _code_page(form, 422)
    return _completed(path, next_path("/"))


def _path_of_code(form: CodeForm, *, paper: bool = True) -> str:
    """`totp` or `recovery_code` if the code is right, and then it is used up; else empty, and the form says so."""
    if not form.validate_on_submit():
        return ""
    session, account, now = current.session(), current.account(), current.site().now()
    limiting.count((limits.FACTOR_ACCOUNT, identity.device_of(account) or account.id))
    with transaction(session):
        if factors.accept_totp(session, account.id, form.code.data, identity.vault(), now=now):
            return "totp"
        if paper and factors.accept_recovery_code(session, account.id, form.code.data, now=now):
            left = factors.codes_left(session, account.id)
            _tell_of_code(account, left)
            return "recovery_code"
    form.code.errors = [_("This code is not right, or was used before. Wait for the next one.")]
    return ""


def _tell_of_code(account: Account, left: int) -> None:
    letters.factor_changed(current.session(), account, "A recovery code was used", post=post(), codes_left=left)


def _completed(path: str, leads_to: str) -> Response:
    """The session gets its rights, and a new cookie value."""
    session, account = current.session(), current.account()
    try:
        with transaction(session):
            token = signing_in.complete(session, current.row(), path=path, post=post())
    except sessions.SessionEnded:
        return redirect("/sign-in", 303)
    answer = identity.give_cookie(redirect(leads_to, 303), token, account)
    return identity.remember_device(answer, account)


@access.signed_in
def show_step_up() -> Response:
    """Ask for the second factor again: what comes next is delicate."""
    return _code_page(CodeForm(next=next_path("/account")))


@access.signed_in
def give_step_up() -> Response:
    """The factor is fresh for fifteen minutes. A code on paper is for signing in, not for this."""
    form = CodeForm()
    path = _path_of_code(form, paper=False)
    if not path:
        return _code_page(form, 422)
    return _completed(path, next_path("/account"))


@access.public
def passkey_question() -> str:
    """The question for a passkey: of whoever is half or wholly signed in, or of anybody's."""
    limiting.count((limits.CHALLENGE_NETWORK, limiting.network()))
    g.no_store = True
    session, who = current.session(), identity.signed_in()
    with transaction(session):
        options = passkeys.options_to_prove(session, who.account if who else None, party(), now=current.site().now())
    form = PasskeyForm(next=next_path("/"))
    return render_template("accounts/passkey.html", form=form, options=options, action="/passkey/answer", is_new=False)


@access.public
def passkey_answer() -> Response:
    """What the passkey said: a sign-in from nothing, the second step, or a step-up."""
    form, session, who = PasskeyForm(), current.session(), identity.signed_in()
    limiting.count((limits.CHALLENGE_NETWORK, limiting.network()))
    site, leads_to = current.site(), next_path("/")
    try:
        with transaction(session):
            known = who.account if who else None
            account = passkeys.prove(session, known, form.answer.data or "", party(), now=site.now())
            signing_in.refuse_unless_active(account, demo=site.settings.demo)
            row = who.row if who else sessions.open_row(session, account, device=_device(), now=site.now())[0]
            token = signing_in.complete(session, row, path="passkey", post=post())
    except (BadPasskey, signing_in.NotActive, sessions.SessionEnded):
        return make_response(render_template("accounts/passkey_failed.html", next=leads_to), 422)
    answer = identity.give_cookie(redirect(leads_to, 303), token, account)
    return identity.remember_device(answer, account)


def _device() -> str:
    return devices.label(request.user_agent.string)


@access.unfinished
def sign_out() -> Response:
    """End this session here and on the server."""
    session = current.session()
    with transaction(session):
        sessions.end(session, [current.row().id], now=current.site().now())
        signing_in.note(session, "signed_out", current.account(), current.site().now())
    return identity.drop_cookie(redirect("/", 303))
