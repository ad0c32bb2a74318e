"""Letters that need a look, and what came back: for those who make the calls of a country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Flask, abort, g, redirect, render_template
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.confirmations import calls, correspondence
from directory.confirmations.correspondence import Reply, SentLetter
from directory.db import transaction
from directory.mail import queries
from directory.web import access, current
from directory.web.calls import ground, own_country
from directory.web.errors import show as show_error
from directory.web.translating import gettext as _
from directory.web.translating import ngettext


@dataclass(frozen=True, slots=True)
class LetterWords:
    """A letter that needs a look, in words; never its text, which may open something."""

    id: str
    what: str
    to: str
    state: str
    problem: str
    queued_at: datetime
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """Something that came back, in words. `evidence` is the text itself: for staff."""

    id: str
    kind: str
    about: str
    sender: str
    subject: str
    status: str
    return_on: date | None
    names_deputy: str
    evidence: str
    received_at: datetime
    is_held: bool


def attach(app: Flask) -> None:
    """`/coordination/letters` and its two buttons."""
    app.add_url_rule("/coordination/letters", "country_letters", show)
    app.add_url_rule("/coordination/letters/<uuid:mail_id>/again", "ask_again", ask_again, methods=["POST"])
    app.add_url_rule(
        "/coordination/letters/received/<uuid:received_id>/settled", "settle_reply", settle, methods=["POST"]
    )


@access.allowed("make_calls", own_country)
def show() -> str:
    """What waits to go out, what nobody can be sure of, what came back."""
    g.no_store = True
    session, place, now = current.session(), ground(), current.site().now()
    waiting = next((one.count for one in queries.letter_counts(session, now=now) if one.state == "queued"), 0)
    return render_template(
        "outgoing/letters.html",
        waiting=waiting,
        oldest=age_words(queries.oldest_due_age(session, now=now)),
        letters=[_letter(one) for one in correspondence.letters(session, place)],
        replies=[_reply(one) for one in correspondence.replies(session, place)],
    )


@access.allowed("make_calls", own_country)
def ask_again(mail_id: object) -> Response:
    """Of an uncertain letter the next one is written; never the same again."""
    session, now = current.session(), current.site().now()
    with transaction(session):
        mail = correspondence.letter_of(session, str(mail_id), calls.ground_of(current.person())) or abort(404)
        is_asked = correspondence.ask_again(session, mail, by=current.account().id, now=now)
    if not is_asked:
        return show_error(
            Conflict(_("Nothing waits for an answer to this letter any more, or a newer one is written."))
        )
    return redirect("/coordination/letters", 303)


@access.allowed("make_calls", own_country)
def settle(received_id: object) -> Response:
    """Somebody has read it and done what it asks for."""
    session, now = current.session(), current.site().now()
    with transaction(session):
        reply = correspondence.reply_of(session, str(received_id), calls.ground_of(current.person())) or abort(404)
        correspondence.settle(session, reply, by=current.account().id, now=now)
    return redirect("/coordination/letters", 303)


def age_words(age: timedelta) -> str:
    """`4 min`, `3 hours`, `2 days`; empty for nothing."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return ""
    if minutes < 60:
        return _("%(count)s min", count=minutes)
    if minutes < 48 * 60:
        return ngettext("%(num)d hour", "%(num)d hours", minutes // 60)
    return ngettext("%(num)d day", "%(num)d days", minutes // (24 * 60))


def _letter(one: SentLetter) -> LetterWords:
    mail = one.mail
    states = {
        "uncertain": _("may or may not have arrived"),
        "refused": _("was refused"),
        "given_up": _("could not be sent"),
    }
    return LetterWords(
        mail.id, letter_word(mail.letter), mail.to, states.get(mail.state, mail.state), mail.problem, mail.queued_at,
        one.may_repeat,
    )  # fmt: skip


def letter_word(letter: str) -> str:
    """What kind of letter it is."""
    words = {
        "confirm": _("Please confirm your contact details"),
        "new_code": _("A new code"),
        "calls": _("Calls to make"),
        "term_ends": _("A time in a post ends"),
        "invitation": _("Invitation"),
        "recovery": _("A way back in"),
        "finish": _("Finishing an account"),
        "change_proposed": _("A change was proposed"),
        "change_decided": _("A change was decided"),
        "agree": _("May we show your name?"),
    }
    return words.get(letter, _("A notice"))


def _reply(one: Reply) -> ReplyWords:
    received = one.received
    kinds = {
        "hard": _("Nobody has this mailbox"),
        "soft": _("Could not be delivered for now"),
        "policy": _("Refused by their mail server’s rules: ours to put right"),
        "routing": _("No way to their mail server: ours to put right"),
        "auto_reply": _("Automatic reply"),
        "reply": _("An answer written by a person"),
        "other": _("Something else"),
    }
    return ReplyWords(
        id=received.id,
        kind=kinds.get(received.kind, received.kind),
        about=letter_word(one.letter.letter) if one.letter else "",
        sender=received.sender or received.recipient,
        subject=received.subject,
        status=received.status,
        return_on=received.return_on,
        names_deputy=received.names_deputy,
        evidence=received.evidence,
        received_at=received.received_at,
        is_held=received.state == "held",
    )
