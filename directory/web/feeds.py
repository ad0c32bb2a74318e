"""Webhooks for other software, what one follows, and the page behind the link that stops such letters."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, abort, g, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from directory.accounts import limits
from directory.accounts.people import rights
from directory.accounts.policy import Subject
from directory.config import LOOPBACK, Settings
from directory.db import transaction
from directory.entries import overview
from directory.exports.words import filter_words
from directory.feeds import following, rules, webhooks
from directory.feeds.following import CannotFollow, NotFollowed
from directory.feeds.rules import Allowed
from directory.feeds.webhooks import BadWebhook, NoSuchWebhook
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy
from directory.web import access, current, doubles, identity, limiting
from directory.web.readings import reading_from_args, reading_to_args, unknown_values
from directory.web.translating import gettext as _
from directory.web.words import country_word

WEBHOOKS, FOLLOWING = "/account/webhooks", "/account/following"


def attach(app: Flask) -> None:
    """`/account/webhooks`, `/account/following`, `/unsubscribe/<token>`."""
    one, followed = f"{WEBHOOKS}/<uuid:webhook_id>", f"{FOLLOWING}/<uuid:following_id>"
    app.add_url_rule(WEBHOOKS, "webhooks", show_webhooks)
    app.add_url_rule(WEBHOOKS, "make_webhook", make_webhook, methods=["POST"])
    app.add_url_rule(f"{one}/test", "test_webhook", test_webhook, methods=["POST"])
    app.add_url_rule(f"{one}/start", "start_webhook", start_webhook, methods=["POST"])
    app.add_url_rule(f"{one}/end", "end_webhook", end_webhook, methods=["POST"])
    app.add_url_rule(FOLLOWING, "following", show_following)
    app.add_url_rule(FOLLOWING, "follow", follow, methods=["POST"])
    app.add_url_rule(f"{followed}/every", "set_every", set_every, methods=["POST"])
    app.add_url_rule(f"{followed}/stop", "stop_following", stop_following, methods=["POST"])
    app.add_url_rule("/unsubscribe/<token>", "unsubscribe", show_unsubscribe)
    app.add_url_rule("/unsubscribe/<token>", "use_unsubscribe", use_unsubscribe, methods=["POST"])


def allowed_hosts(settings: Settings) -> Allowed:
    """Where webhooks of this installation may be sent to."""
    on_loopback = urlsplit(settings.base_url).hostname in LOOPBACK
    return Allowed(rules.hosts_of(settings.webhook_hosts), on_loopback)


def reading_of_filters(filters: str, taxonomy: Taxonomy) -> Reading | None:
    """The filters of an address of `/entries`; None where one of them is not known (any more)."""
    args = MultiDict(parse_qsl(filters[: rules.LONGEST_FILTERS]))
    return None if unknown_values(args, taxonomy) else reading_from_args(args, taxonomy)


@access.signed_in
def show_webhooks() -> str:
    """One's own webhooks; never their secrets."""
    return _webhooks_page()


@access.allowed("make_api_key", fresh=True)
@doubles.repeats("country")
def make_webhook() -> Response:
    """A new one; its secret is shown this once."""
    session, site, form = current.session(), current.site(), request.form
    account_id, person = current.account().id, current.person()
    try:
        with transaction(session):
            webhook, secret = webhooks.make(
                session,
                account_id,
                url=form.get("url", ""),
                countries=form.getlist("country"),
                person=person,
                allowed=allowed_hosts(site.settings),
                vault=identity.vault(),
                now=site.now(),
            )
            url = webhook.url
    except BadWebhook as error:
        page = _webhooks_page(str(error), form.get("url", ""), form.getlist("country"))
        return Response(page, 422, mimetype="text/html")
    g.no_store = True
    return Response(render_template("feeds/webhook_made.html", secret=secret, url=url), mimetype="text/html")


@access.signed_in
def test_webhook(webhook_id: object) -> Response:
    """Send a delivery without changes within seconds."""
    try:
        with transaction(current.session()) as session:
            webhooks.try_it(session, _me(), str(webhook_id), now=current.site().now())
    except NoSuchWebhook:
        abort(404)
    return redirect(WEBHOOKS, 303)


@access.fresh_factor
def start_webhook(webhook_id: object) -> Response:
    """A paused one goes on where it stopped."""
    try:
        with transaction(current.session()) as session:
            webhooks.start_again(session, _me(), str(webhook_id), now=current.site().now())
    except NoSuchWebhook:
        abort(404)
    return redirect(WEBHOOKS, 303)


@access.signed_in
def end_webhook(webhook_id: object) -> Response:
    """Nothing is sent there any more."""
    try:
        with transaction(current.session()) as session:
            webhooks.end(session, _me(), str(webhook_id), now=current.site().now())
    except NoSuchWebhook:
        abort(404)
    return redirect(WEBHOOKS, 303)


@access.signed_in
def show_following() -> str:
    """What one follows, and how often a letter may come."""
    return _following_page()


@access.signed_in
def follow() -> Response:
    """Follow a country, or the filters of an answer."""
    site, taxonomy = current.site(), current.taxonomy()
    reading = reading_of_filters(request.form.get("filters", ""), taxonomy)
    if reading is None or reading.words:
        problem = _("An answer found by words cannot be followed: choose a country or a procedure.")
        return Response(_following_page(problem), 422, mimetype="text/html")
    filters = urlencode([pair for pair in reading_to_args(reading) if pair[0] != "urgent"])
    label = filter_words(reading, taxonomy, kosovo=site.settings.kosovo_name)
    try:
        with transaction(current.session()) as session:
            following.follow(
                session, _me(), filters=filters, label=label, keys=site.settings.secret_keys, now=site.now()
            )
    except CannotFollow as error:
        return Response(_following_page(str(error)), 422, mimetype="text/html")
    return redirect(FOLLOWING, 303)


@access.signed_in
def set_every(following_id: object) -> Response:
    """Once a week or once a day."""
    try:
        with transaction(current.session()) as session:
            following.set_every(session, _me(), str(following_id), request.form.get("every", ""))
    except NotFollowed:
        abort(404)
    except CannotFollow as error:
        return Response(_following_page(str(error)), 422, mimetype="text/html")
    return redirect(FOLLOWING, 303)


@access.signed_in
def stop_following(following_id: object) -> Response:
    """No letters about it any more."""
    try:
        with transaction(current.session()) as session:
            following.stop(session, _me(), str(following_id))
    except NotFollowed:
        abort(404)
    return redirect(FOLLOWING, 303)


@access.public
def show_unsubscribe(token: str) -> str:
    """A button; looking changes nothing, whoever looks: mail scanners follow every link."""
    g.no_store = True
    return render_template("feeds/unsubscribe.html", token=token, is_done=False)


@access.public
def use_unsubscribe(token: str) -> str:
    """Stop all digests of whoever got the letter; a mail program or the button sends it. Says the same to any token."""
    g.no_store = True
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    with transaction(current.session()) as session:
        following.stop_all(session, token)
    return render_template("feeds/unsubscribe.html", token=token, is_done=True)


def _me() -> str:
    return current.account().id


def _webhooks_page(problem: str = "", url: str = "", chosen: list[str] | None = None) -> str:
    g.no_store = True
    session, site = current.session(), current.site()
    rows = webhooks.webhooks_of(session, _me())
    may_make = rights().may(current.person(), webhooks.RIGHT, Subject(account_id=_me())) != "no"
    return render_template(
        "feeds/webhooks.html",
        webhooks=[(row, ", ".join(country_word(code) for code in row.countries)) for row in rows],
        hosts=allowed_hosts(site.settings).hosts,
        may_make=may_make and len(rows) < rules.MOST_WEBHOOKS,
        countries=[(code, country_word(code)) for code in overview.participating_countries(session)],
        problem=problem,
        url=url,
        chosen=chosen or [],
    )


def _following_page(problem: str = "") -> str:
    g.no_store = True
    return render_template(
        "feeds/following.html", followed=following.followed_by(current.session(), _me()), problem=problem
    )
