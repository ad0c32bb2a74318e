"""What changed in an entry, and who was given it: for its owner, its country's coordinator and the auditors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, abort, g, render_template
from sqlalchemy import select

from directory.accounts.models import Account
from directory.accounts.people import rights
from directory.history import queries
from directory.history.queries import AccessLine
from directory.registry.models import Post
from directory.web import access, current, erasures
from directory.web.history_words import accounts_in, line_words
from directory.web.translating import gettext as _


@dataclass(frozen=True, slots=True)
class UseWords:
    """Somebody was given the entry, in words."""

    at: datetime
    who: str
    how: str
    entry_count: int


def attach(app: Flask) -> None:
    """`/entries/<uuid>/history`, `/entries/<uuid>/uses`."""
    app.add_url_rule("/entries/<uuid:entry_id>/history", "entry_history", show_history)
    app.add_url_rule("/entries/<uuid:entry_id>/uses", "entry_uses", show_uses)


@access.allowed("read_history", erasures.subject_of)
def show_history(entry_id: object) -> str:
    """Every line about the entry and its institution, newest first, in words."""
    session = current.session()
    post = session.get(Post, str(entry_id))
    lines = queries.lines_about(session, [str(entry_id), *([post.institution_id] if post else [])])
    if not lines:
        abort(404)
    names = names_of(accounts_in(lines))
    g.no_store = True
    may_erase = (
        post is not None and rights().may(current.person(), "erase_person", erasures.subject_of(entry_id)) != "no"
    )
    return render_template(
        "history/history.html",
        entry_id=entry_id,
        holders=erasures.holders_of(post) if post and may_erase else [],
        title=post.title if post else _("An entry that is gone"),
        lines=[line_words(line, names) for line in lines],
        is_cut=len(lines) == queries.MOST,
    )


@access.allowed("read_history", erasures.subject_of)
def show_uses(entry_id: object) -> str:
    """Who took the entry along or had a number revealed, and how often it was opened."""
    session = current.session()
    post = session.get(Post, str(entry_id))
    if post is None:
        abort(404)
    found = queries.accesses_to(session, post.id)
    names = names_of({line.account_id for line in found if line.account_id})
    g.no_store = True
    return render_template(
        "history/uses.html",
        entry_id=entry_id,
        title=post.title,
        uses=[_use_words(line, names) for line in found],
        view_count=queries.view_count(session, post.id),
    )


def names_of(account_ids: Collection[str]) -> dict[str, str]:
    """The accounts' names; those who were taken out have none."""
    ids = [name for name in account_ids if len(name) == 36]
    rows = current.session().execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {account_id: name for account_id, name in rows if name}


def _use_words(line: AccessLine, names: dict[str, str]) -> UseWords:
    kinds = {
        "export": _("took it along in a file"),
        "sync": _("copied it into another program"),
        "reveal": _("was shown a restricted number"),
    }
    who = names.get(line.account_id, _("somebody")) if line.account_id else _("a visitor")
    if line.path == "console":
        who = _("somebody at the machine itself")
    how = _("took it into a phone book") if line.path == "carddav" else kinds.get(line.kind, line.kind)
    return UseWords(line.at, who, how, line.entry_count)
