"""The call list of a country: who must be rung or decided about, why, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Flask, abort, g, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.accounts import reveals
from directory.accounts.grounds import Ground
from directory.accounts.policy import NOTHING, Subject
from directory.app import database
from directory.confirmations import answering, call_results, calls
from directory.confirmations.call_results import FUNCTIONS, METHODS, MOST_NOTE, Caller, NotReadBack, OwnEntry, Said
from directory.confirmations.models import CallTask
from directory.confirmations.snapshots import load_posts, snapshot
from directory.db import transaction
from directory.proposals.actors import subject_of
from directory.proposals.operations import NotAllowed
from directory.registry.models import Post
from directory.registry.values import BadValue
from directory.web import access, call_words, current, outcomes, quotas
from directory.web.cards import kind_word
from directory.web.errors import show as show_error
from directory.web.proposals import actor
from directory.web.translating import gettext as _
from directory.web.translating import ngettext
from directory.web.words import country_word

A_PAGE = 30


def attach(app: Flask) -> None:
    """`/coordination/calls`, `/coordination/calls/<uuid>`."""
    below = "/coordination/calls/<uuid:task_id>"
    app.add_url_rule("/coordination/calls", "calls", show)
    app.add_url_rule(below, "call_task", show_one)
    app.add_url_rule(below, "record_call", record, methods=["POST"])
    app.add_url_rule(f"{below}/numbers", "reveal_call", reveal, methods=["POST"])
    app.register_error_handler(OwnEntry, _own_entry)


def own_country(**_more: object) -> Subject:
    """A coordinator rings in a country; which one is in the query."""
    country = next((grant.country for grant in current.person().grants if grant.role == "coordinator"), None)
    return Subject(country=country) if country else NOTHING


def subject_of_task(task_id: object) -> Subject:
    """The entry a task is about, as the policy sees it."""
    session = current.session()
    task = session.get(CallTask, str(task_id))
    post = session.get(Post, task.post_id) if task else None
    return subject_of(post) if post else NOTHING


def ground() -> Ground:
    """Where whoever looks makes calls, narrowed to the country in the address."""
    return calls.ground_of(current.person()).narrowed(request.args.get("country", ""))


@access.allowed("make_calls", own_country)
def show() -> str:
    """What is to be done, by its day, the overdue first."""
    g.no_store = True
    session, today = current.session(), current.site().today()
    place = ground()
    page = _page_number()
    found = calls.open_tasks(session, place, limit=A_PAGE + 1, offset=(page - 1) * A_PAGE)
    total, overdue = calls.counts(session, place, today=today)
    return render_template(
        "calls/calls.html",
        tasks=call_words.tasks_of(found[:A_PAGE]),
        total=total,
        overdue=overdue,
        countries=_countries(),
        country=request.args.get("country", ""),
        page=page,
        has_more=len(found) > A_PAGE,
        is_noted=request.args.get("noted") == "1",
        tries_word=call_words.tries_word,
    )


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, min(int(text), 1000)) if text.isascii() and text.isdigit() and len(text) < 5 else 1


def _countries() -> list[tuple[str, str, int]]:
    """The countries to choose from, where there are several: code, name, open tasks."""
    everywhere = calls.ground_of(current.person())
    counted = calls.by_country(current.session(), everywhere, today=current.site().today())
    found = [(code, country_word(code), total) for code, (total, _late) in counted.items()]
    return sorted(found, key=lambda one: one[1]) if len(found) > 1 else []


@access.allowed("make_calls", subject_of_task)
def show_one(task_id: object) -> Response:
    """One call: whom to ring, what to read back, what to do with the answer."""
    task, post = _task(task_id)
    return _page(task, post)


@access.allowed("make_calls", subject_of_task)
def reveal(task_id: object) -> Response:
    """The restricted numbers in full, this once; that they were shown is kept, one by one."""
    task, post = _task(task_id)
    if not call_words.may_reveal(post):
        abort(404)
    now, opened = current.site().now(), dict[str, str]()
    lines = [line for line in snapshot(post, current.site().today())["lines"] if line["restricted"]]
    with Session(database.engine) as books, transaction(books):
        for line in lines:
            shown = reveals.reveal(
                books,
                line["id"],
                person=current.person(),
                subject=subject_of(post),
                asker=quotas.asker(),
                path="call",
                now=now,
            )
            if shown.value is not None:
                opened[line["id"]] = shown.value
    if lines and not opened:
        quotas.refuse("reveal", now)
    return _page(task, post, opened=opened)


def task_and_post(task_id: object) -> tuple[CallTask, Post]:
    """The task and its entry, for whoever rings there; 404 for everybody else."""
    return _task(task_id)


def _task(task_id: object) -> tuple[CallTask, Post]:
    session = current.session()
    task = call_results.task_of(session, str(task_id), calls.ground_of(current.person()))
    post = load_posts(session, [task.post_id]).get(task.post_id) if task else None
    if task is None or post is None:
        abort(404)
    return task, post


def _page(
    task: CallTask, post: Post, status: int = 200, *, problem: str = "", opened: Mapping[str, str] | None = None
) -> Response:
    g.no_store = True
    session, today = current.session(), current.site().today()
    opened = opened or {}
    some = [task, *(one for one in calls.open_of_post(session, post.id) if one.id != task.id)]
    words = call_words.task_words(some if task.settled_at is None else [task], post, opened=opened)
    lines = call_words.ticks_of(post, today, ticked=request.form.keys(), opened=opened)
    deputy = call_words.deputy_of(post)
    page = render_template(
        "calls/task.html",
        task=words,
        is_settled=task.settled_at is not None,
        problem=problem,
        ticks=lines,
        digest=call_words.digest_of(post, today),
        deputy_lines=[line for line in deputy.contact_lines if line.value and line.kind != "postal"] if deputy else [],
        can_reveal=any(number.is_masked for number in words.numbers) and call_words.may_reveal(post),
        tries=call_words.tries_of(post),
        met=outcomes.met(post.id),
        owns=call_results.owns(session, post, current.account(), today=today),
        methods=[(method, call_words.method_word(method)) for method in METHODS],
        functions=[(function, call_words.function_word(function)) for function in FUNCTIONS],
        wrong_lines=[(number.kind, number) for number in words.numbers],
        lines_to_choose=_lines_to_choose(post, today),
        typed=request.form,
    )
    return make_response(page, status)


def _lines_to_choose(post: Post, today: date) -> list[tuple[str, str]]:
    picture = call_words.shown(snapshot(post, today), {})
    numbers = [line for line in picture["lines"] if line["kind"] not in {"web", "postal"}]
    return [(line["id"], f"{kind_word(line['kind'])} {line['display']}") for line in numbers]


# What came of it


@dataclass(frozen=True, slots=True)
class _Call:
    """One form as it was sent."""

    session: Session
    post: Post
    caller: Caller
    said: Said

    def times(self) -> dict[str, object]:
        """Who, when."""
        return {"caller": self.caller, "now": current.site().now(), "today": current.site().today()}


class _Wrong(Exception):
    """The form cannot be taken; says why."""


@access.allowed("make_calls", subject_of_task)
def record(task_id: object) -> Response:
    """Note what came of it; each button of the page is one outcome."""
    session = current.session()
    task, post = _task(task_id)
    verb = OUTCOMES.get(request.form.get("outcome", ""))
    if verb is None or task.settled_at is not None:
        return _page(task, post, 422, problem=_("Choose what came of it."))
    try:
        with transaction(session):
            call = _Call(session, post, Caller(current.account(), actor()), _said())
            where = verb(call)
    except _Wrong as wrong:
        return _page(*_task(task_id), 422, problem=str(wrong))
    except (BadValue, NotAllowed) as error:
        return _page(*_task(task_id), 422, problem=str(error) or _("You may not close this entry."))
    except answering.EntriesChanged:
        words = _("The entry changed while you were at it. Look at it again, and read back what stands now.")
        return _page(*_task(task_id), 409, problem=words)
    except answering.AlreadyAnswered:
        return show_error(Conflict(_("Somebody answered for this entry within the last hour. Nothing was noted.")))
    return redirect(where, 303)


def _said() -> Said:
    method, function = request.form.get("method", "call"), request.form.get("function", "")
    note = request.form.get("note", "").strip()
    if method not in METHODS:
        raise _Wrong(_("Choose how they were asked."))
    if len(note) > MOST_NOTE:
        raise _Wrong(_("Use at most 500 characters for the note."))
    return Said(method, function if function in FUNCTIONS else "", request.form.get("digest", ""), note)


def _right(call: _Call) -> str:
    if not call.said.function:
        raise _Wrong(_("Choose who answered, by function."))
    today = current.site().today()
    ticks = call_words.ticks_of(call.post, today, ticked=request.form.keys(), opened={})
    missing = [tick.label for tick in ticks if not tick.is_ticked]
    if missing:
        words = ngettext("%(num)d line was not read back: %(which)s.", "%(num)d lines were not read back: %(which)s.",
                         len(missing), which=", ".join(missing))  # fmt: skip
        raise _Wrong(words)
    ids = {name.removeprefix("line-") for name in request.form if name.startswith("line-")}
    try:
        call_results.confirm(call.session, call.post, call.said, read_back=ids, **call.times())  # type: ignore[arg-type]
    except NotReadBack as error:
        raise _Wrong(_("The entry has lines that were not read back.")) from error
    return "/coordination/calls?noted=1"


def _no_answer(call: _Call) -> str:
    call_results.note_no_answer(call.session, call.post, call.said, **call.times())  # type: ignore[arg-type]
    return "/coordination/calls?noted=1"


def _change(call: _Call) -> str:
    call_results.note_change(call.session, call.post, call.said, **call.times())  # type: ignore[arg-type]
    return f"/entries/{call.post.id}/edit"


def _left(call: _Call) -> str:
    text = request.form.get("last_day", "").strip()
    try:
        last_day = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise _Wrong(_("Write the last day like 2027-01-31.")) from error
    call_results.leave(call.session, call.post, call.said, last_day=last_day, **call.times())  # type: ignore[arg-type]
    return "/coordination/calls?noted=1"


def _wrong_number(call: _Call) -> str:
    line_id = request.form.get("line", "")
    try:
        call_results.note_wrong_number(call.session, call.post, call.said, line_id=line_id, **call.times())  # type: ignore[arg-type]
    except KeyError as error:
        raise _Wrong(_("Choose which number reached somebody else.")) from error
    return "/coordination/calls?noted=1"


def _keep(call: _Call) -> str:
    call_results.keep_holder(call.session, call.post, note=call.said.note, **call.times())  # type: ignore[arg-type]
    return "/coordination/calls?noted=1"


def _fill(call: _Call) -> str:
    call_results.fill(call.session, call.post, note=call.said.note, **call.times())  # type: ignore[arg-type]
    return "/coordination/people/invitation"


def _close(call: _Call) -> str:
    call_results.close(
        call.session, call.post, reason=call.said.note, redirect_id=_redirect_id(), **call.times()  # type: ignore[arg-type]
    )  # fmt: skip
    return "/coordination"


def _redirect_id() -> str | None:
    """The entry to go to instead: its address or its id."""
    text = request.form.get("redirect", "").strip().rstrip("/").rpartition("/")[2]
    if not text:
        return None
    try:
        return str(UUID(text))
    except ValueError as error:
        raise _Wrong(_("The entry to go to instead: paste the address of its page.")) from error


OUTCOMES: Mapping[str, Callable[[_Call], str]] = {
    "right": _right,
    "no_answer": _no_answer,
    "change": _change,
    "left": _left,
    "wrong_number": _wrong_number,
    "keep": _keep,
    "fill": _fill,
    "close": _close,
}


def _own_entry(_error: OwnEntry) -> Response:
    sentence = _("This is your own entry: confirm it yourself, signed in. A call to yourself proves nothing.")
    return show_error(Conflict(sentence))
