"""The call list on paper, and the letter for those without mail: printed, filled in by hand, signed and sent back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g, render_template
from flask_babel import force_locale
from sqlalchemy import select

from directory.accounts.models import Account
from directory.confirmations import calls, owners
from directory.confirmations.snapshots import snapshot
from directory.registry.models import Institution, Post
from directory.web import access, call_words, current
from directory.web.calls import ground, own_country, subject_of_task, task_and_post
from directory.web.words import country_word

ON_PAPER = 60  # tasks: what one person rings in a week
REPLY_WITHIN = 15  # working days, there and back


def attach(app: Flask) -> None:
    """`/coordination/calls/sheet`, `/coordination/calls/<uuid>/letter`."""
    app.add_url_rule("/coordination/calls/sheet", "call_sheet", show_sheet)
    app.add_url_rule("/coordination/calls/<uuid:task_id>/letter", "call_letter", show_letter)


@access.allowed("make_calls", own_country)
def show_sheet() -> str:
    """The list with boxes to tick by hand."""
    g.no_store = True
    session, site, place = current.session(), current.site(), ground()
    tasks = call_words.tasks_of(calls.open_tasks(session, place, limit=ON_PAPER))
    total, _late = calls.counts(session, place, today=site.today())
    return render_template("calls/sheet.html", tasks=tasks, total=total, now=site.now())


@access.allowed("make_calls", subject_of_task)
def show_letter(task_id: object) -> str:
    """The entry as it stands, four boxes, a line to sign on; in the owner's language."""
    g.no_store = True
    task, post = task_and_post(task_id)
    session, today = current.session(), current.site().today()
    owner_id = owners.owner_of(session, post, today=today)
    owner = session.get(Account, owner_id) if owner_id else None
    picture = snapshot(post, today)
    with _in_language(owner.language if owner else "en"):
        return render_template(
            "calls/letter.html",
            post=picture,
            to=_postal(post.institution),
            country=country_word(picture["country"]),
            lines=call_words.ticks_of(post, today, ticked=(), opened={}),
            signer=current.account().name,
            reply_to=_return_address(picture["country"]),
            today=today,
            reply_by=calls.working_day(picture["country"], today, REPLY_WITHIN),
            mark=task.id[:8],
        )


def _return_address(country: str) -> str:
    """Where the country's coordinator sits, as far as an address is known."""
    found = current.session().scalars(
        select(Post)
        .join(Institution)
        .where(Post.role_key == "national_coordinator", Institution.country_code == country)
        .order_by(Post.id)
    )
    return next((f"{post.institution.name}\n{address}" for post in found if (address := _postal(post.institution))), "")


def _postal(body: Institution) -> str:
    return next((point.value for point in body.contact_points if point.kind == "postal"), "")


@contextmanager
def _in_language(language: str) -> Iterator[None]:
    """Words of this page in somebody else's language: what was found for the reader's is put aside."""
    kept: dict[str, Any] = {name: g.pop(name, None) for name in ("locale_name", "catalogue")}
    try:
        with force_locale(language):
            yield
    finally:
        for name, value in kept.items():
            g.pop(name, None)
            if value is not None:
                setattr(g, name, value)
