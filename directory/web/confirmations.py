"""The page behind a letter, and the same page for somebody signed in: look at each entry, say what is so.

Looking changes nothing, however often and by whomever. Sending needs a choice for each entry and the letter's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, abort, g, make_response, redirect, request
from werkzeug.wrappers import Response

from directory.accounts import limits
from directory.accounts.models import Account
from directory.confirmations import answering, letters, links, questions
from directory.confirmations.answering import AlreadyAnswered, Answerer, EntriesChanged, Given
from directory.confirmations.letters import Desk
from directory.confirmations.links import DeadLetter
from directory.confirmations.models import ConfirmationLetter
from directory.confirmations.questions import Question
from directory.db import transaction
from directory.exports.calendar import Reminder, confirmation_event
from directory.history.access import Asker, record_access
from directory.proposals.operations import NotAllowed
from directory.web import access, confirmation_words, current, identity, limiting
from directory.web.confirmation_words import Page
from directory.web.forms.confirmations import Answers
from directory.web.translating import gettext as _
from directory.web.translating import ngettext, speak

PROOF, PROOF_SECONDS = "confirm shown", 30 * 60


def attach(app: Flask) -> None:
    """`/confirm/<token>`, `/account/confirm`."""
    app.add_url_rule("/confirm/<token>", "confirm", show)
    app.add_url_rule("/confirm/<token>", "answer_confirm", take, methods=["POST"])
    app.add_url_rule("/confirm/<token>/thanks", "confirm_thanks", show_thanks)
    app.add_url_rule("/confirm/<token>/next.ics", "confirm_next", next_date)
    app.add_url_rule("/account/confirm", "confirm_own", show_own)
    app.add_url_rule("/account/confirm", "answer_confirm_own", take_own, methods=["POST"])
    app.add_url_rule("/account/confirm/thanks", "confirm_own_thanks", show_own_thanks)
    app.add_url_rule("/account/confirm/next.ics", "confirm_own_next", next_own_date)
    app.register_error_handler(DeadLetter, _dead)


@dataclass(slots=True)
class Sitting:
    """One person before the page: who, by which letter (None: signed in, without one), what is still asked."""

    account: Account
    letter: ConfirmationLetter | None
    asked: Sequence[Question]
    is_proven: bool

    @property
    def path(self) -> str:
        """The page's address."""
        return request.path

    @property
    def open_ones(self) -> list[Question]:
        """What nobody has answered yet."""
        return [question for question in self.asked if question.answer is None]

    @property
    def whose(self) -> str:
        """What a page is bound to: the digests in it are of no use on another."""
        return self.letter.id if self.letter else self.account.id


@access.public
def show(token: str) -> Response:
    """Each entry of the letter with its four choices."""
    sitting = _by_letter(token)
    if not sitting.open_ones:
        return _thanks(sitting, {q.post.id: q.answer or "" for q in sitting.asked}, is_again=True)
    return _page(sitting, Answers({}, current.site().today()))


@access.public
def take(token: str) -> Response:
    """The answers, with the code of the letter. Without a code nothing is written, not even a count."""
    return _take(_by_letter(token))


@access.public
def show_thanks(token: str) -> Response:
    """What happens now, and when we ask again."""
    sitting = _by_letter(token)
    if sitting.open_ones:
        return redirect(f"/confirm/{token}", 303)
    return _thanks(sitting, {q.post.id: q.answer or "" for q in sitting.asked})


@access.public
def next_date(token: str) -> Response:
    """The day we ask again, for a calendar."""
    return _calendar(_by_letter(token).account)


@access.signed_in
def show_own() -> Response:
    """The same page for everything somebody signed in may confirm; no code."""
    return _page(_signed_in(), Answers({}, current.site().today()))


@access.signed_in
def take_own() -> Response:
    """The answers of somebody signed in."""
    return _take(_signed_in())


@access.signed_in
def show_own_thanks() -> Response:
    """What was just answered, and what happens now."""
    sitting = _signed_in()
    lately = questions.answered_lately(current.session(), sitting.account.id, now=current.site().now())
    return _thanks(sitting, lately)


@access.signed_in
def next_own_date() -> Response:
    """The day we ask again, for a calendar."""
    return _calendar(current.account())


def desk() -> Desk:
    """What links and codes need."""
    settings = current.site().settings
    key = letters.code_key(settings.secret_keys)
    return Desk(identity.vault(), key, settings.base_url, settings.timezone)


def _by_letter(token: str) -> Sitting:
    g.no_store = True
    session, site = current.session(), current.site()
    letter = links.read(session, token, vault=identity.vault(), now=site.now())
    account = session.get(Account, letter.account_id) or abort(404)
    speak(account.language)
    asked = questions.of_letter(session, letter, today=site.today())
    return Sitting(account, letter, asked, is_proven=_is_signed_in(account))


def _is_signed_in(account: Account) -> bool:
    """Whether it is this person who looks, signed in."""
    who = identity.signed_in()
    return who is not None and who.is_complete and who.account_id == account.id


def _signed_in() -> Sitting:
    g.no_store = True
    account = current.account()
    speak(account.language)
    asked = questions.of_account(current.session(), account, today=current.site().today())
    return Sitting(account, None, asked, is_proven=True)


def _take(sitting: Sitting) -> Response:
    site = current.site()
    answers = Answers(request.form, site.today())
    _prove(sitting, answers)
    if request.form.get("do") == "show":
        return _shown_in_full(sitting, answers)
    given = answers.read(sitting.open_ones, {q.n: q.picture["title"] for q in sitting.open_ones})
    if answers.errors:
        return _page(sitting, answers, 422)
    seen = [_as_shown(sitting, answers, one) for one in given]
    thanks = f"{sitting.path}/thanks"
    try:
        _answer(sitting, seen)
    except AlreadyAnswered:
        return redirect(thanks, 303)
    except EntriesChanged as changed:
        return _page(_again(sitting), answers, 409, changed=changed.post_ids)
    except NotAllowed:
        return _page_of_dead("moved", 410)
    return redirect(thanks, 303)


def _answer(sitting: Sitting, given: Sequence[Given]) -> None:
    session, site = current.session(), current.site()
    method = "signed_in" if _is_signed_in(sitting.account) else "letter"
    with transaction(session):
        account = session.get_one(Account, sitting.account.id)
        answerer = Answerer(account, method, site.settings.base_url)
        answering.answer(session, answerer, given, now=site.now(), today=site.today())


def _again(sitting: Sitting) -> Sitting:
    """What stands now, after what was shown is no longer so."""
    session, today = current.session(), current.site().today()
    session.expire_all()
    account = session.get_one(Account, sitting.account.id)
    if sitting.letter is None:
        asked = questions.of_account(session, account, today=today)
    else:
        asked = questions.of_letter(session, session.get_one(ConfirmationLetter, sitting.letter.id), today=today)
    return Sitting(account, sitting.letter, asked, sitting.is_proven)


def _as_shown(sitting: Sitting, answers: Answers, one: Given) -> Given:
    """The answer about what the person was shown: another mark than today's is about something else."""
    question = next(q for q in sitting.open_ones if q.post.id == one.post_id)
    same = answers.of(question.n, "shown") == _mark(sitting, question)
    return one if same else answering.unlike(one)


def _mark(sitting: Sitting, question: Question) -> str:
    return questions.mark(question.digest, sitting.whose, desk().code_key)


def _prove(sitting: Sitting, answers: Answers) -> None:
    """By the code, or by what an earlier right code left in the page; the count is kept whatever comes of it."""
    if sitting.is_proven or sitting.letter is None or _has_proof(sitting.letter):
        sitting.is_proven = True
        return
    typed = request.form.get("code", "").strip()
    if not typed:
        answers.errors["code"] = _("Type the code from the letter: six letters and digits.")
        return
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    session, site = current.session(), current.site()
    with transaction(session):
        verdict = links.check_code(session, sitting.letter, typed, now=site.now(), desk=desk())
        left = links.MOST_WRONG - sitting.letter.wrong_count
    sitting.is_proven = verdict == "right"
    if verdict == "wrong":
        answers.errors["code"] = ngettext(
            "This is not the code of the letter. %(num)d more try, then we send you a new one.",
            "This is not the code of the letter. %(num)d more tries, then we send you a new one.",
            left,
        )
    elif verdict == "new_code":
        answers.errors["code"] = _(
            "That was the fifth wrong code. A new one is on its way to you by mail; type that one here."
        )
    elif verdict == "too_many":
        answers.errors["code"] = _(
            "Too many wrong codes were typed. Sign in and confirm there, answer the letter, or call your coordinator."
        )


def _has_proof(letter: ConfirmationLetter) -> bool:
    found = identity.vault().unsign(request.form.get("proof", ""), PROOF, seconds=PROOF_SECONDS)
    return found == _proof_of(letter)


def _proof_of(letter: ConfirmationLetter) -> str:
    """Bound to the code in force: a new code ends it."""
    return f"{letter.id}:{letter.code_hash}"


def _shown_in_full(sitting: Sitting, answers: Answers) -> Response:
    """The same page with one's own numbers in full; each showing is on record."""
    if not sitting.is_proven:
        return _page(sitting, answers, 422)
    answers.errors.clear()
    session, now = current.session(), current.site().now()
    asker, path = Asker(sitting.account.id), "letter" if sitting.letter else "page"
    with transaction(session):
        for question in sitting.open_ones:
            for line in question.picture["lines"]:
                if line["restricted"] and question.is_own:
                    record_access(
                        session,
                        "reveal",
                        [question.post.id],
                        asker=asker,
                        path=path,
                        now=now,
                        contact_point_id=line["id"],
                    )
    return _page(_again(sitting), answers, in_full=True)


def _page(
    sitting: Sitting,
    answers: Answers,
    status: int = 200,
    *,
    changed: Sequence[str] = (),
    in_full: bool = False,
) -> Response:
    asked = sitting.open_ones
    letter = sitting.letter
    page = Page(
        path=sitting.path,
        is_own_page=letter is None,
        needs_code=not sitting.is_proven,
        proof="",
        written_at=letter.written_at if letter else None,
        in_full=in_full,
        has_hidden=any(line["restricted"] for q in asked if q.is_own for line in q.picture["lines"]),
        name=sitting.account.name,
    )
    if letter is not None and sitting.is_proven and not _is_signed_in(sitting.account):
        page.proof = identity.vault().sign(_proof_of(letter), PROOF)
    marks = {question.n: _mark(sitting, question) for question in asked}
    return make_response(confirmation_words.page(page, asked, answers, marks, changed), status)


def _thanks(sitting: Sitting, answers: dict[str, str], *, is_again: bool = False) -> Response:
    line = current.site().timeline
    again_on = current.site().today() + timedelta(days=line.ask)
    path = f"/confirm/{request.view_args['token']}" if sitting.letter and request.view_args else "/account/confirm"
    return make_response(confirmation_words.thanks(sitting.asked, answers, again_on, path, is_again=is_again))


def _calendar(account: Account) -> Response:
    """One event for all of a person's entries; its link needs no secret."""
    site = current.site()
    due_on = site.today() + timedelta(days=site.timeline.ask)
    reminder = Reminder(
        entry_id=questions.mark("calendar", account.id, desk().code_key),  # no id of ours in an office calendar
        due_on=due_on,
        round_number=due_on.toordinal(),
        made_at=site.now(),
        link=f"{site.settings.base_url}/account/confirm",
        summary=_("Confirm your contact details"),
        text=_("Look whether everything is still right; it takes two minutes."),
    )
    response = make_response(confirmation_event(reminder))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="confirm.ics"'
    return response


def _dead(error: DeadLetter) -> Response:
    if error.language:
        speak(error.language)
    return _page_of_dead(error.why, 404 if error.why == "unknown" else 410)


def _page_of_dead(why: str, status: int) -> Response:
    g.no_store = True
    return make_response(confirmation_words.dead(why), status)
