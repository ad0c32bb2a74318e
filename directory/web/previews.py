"""See an entry as somebody else does: for its owner and its country's coordinator, never more than they see anyway."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask, abort, g

from directory.accounts.people import rights
from directory.entries import answers
from directory.entries.entry import Entry
from directory.entries.viewer import PUBLIC, Viewer
from directory.web import access, current, quotas
from directory.web.edits import subject_of_entry
from directory.web.entries import entry_page
from directory.web.reveals import subject_of
from directory.web.translating import gettext as _

VIEWERS = {
    "visitor": PUBLIC,
    "reader": Viewer(layer="registered", may_reveal=True),
    "owner": Viewer(layer="registered", may_reveal=True),
}


def attach(app: Flask) -> None:
    """`/entries/<uuid>/as/<visitor|reader|owner>`, and what its link asks: whether this person may."""
    app.add_url_rule("/entries/<uuid:entry_id>/as/<any(visitor, reader, owner):who>", "entry_as", show_as)
    app.jinja_env.globals["may_preview"] = may_preview


def may_preview(entry: Entry) -> bool:
    """An owner of the entry, or a coordinator of its country."""
    return rights().may(current.person(), "confirm", subject_of(entry)) != "no"


@access.allowed("confirm", subject_of_entry)
def show_as(entry_id: object, who: str) -> str:
    """The page as that viewer sees it, with words above that say so."""
    own = current.desk()
    desk = replace(own, viewer=narrowed(VIEWERS[who], own.viewer))
    entry = answers.one_entry(str(entry_id), desk)
    if entry is None:
        abort(404)
    g.no_store = True
    quotas.give([entry], path="page")
    return entry_page(entry, desk, seen_as=who_sees(who))


def narrowed(wanted: Viewer, own: Viewer) -> Viewer:
    """What both may see."""
    return Viewer(
        layer="registered" if wanted.layer == own.layer == "registered" else "public",
        may_reveal=wanted.may_reveal and own.may_reveal,
    )


def who_sees(who: str) -> str:
    """Whose eyes, in words."""
    words = {"visitor": _("a visitor"), "reader": _("a signed-in reader"), "owner": _("its owner")}
    return words[who]
