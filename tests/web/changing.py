"""What tests of changes share: an entry of their own, a page's form as the browser would send it, the shown numbers."""

from __future__ import annotations

from typing import Any

import html5lib
from flask import Flask
from sqlalchemy import select

from directory.app import database
from directory.entries.queries import display_of
from directory.proposals.models import Proposal
from directory.registry.models import Institution, Post
from directory.registry.values import ContactValues, ResponsibilityValues
from tests.factories import make_institution, make_post
from tests.web.signed_in import Signed

OLD = "+442079460101"
NEW = "+442079460999"
MOBILE = "+442079460888"
MAILBOX = "desk@agency.ro.example"
LINES = (
    ContactValues("phone", OLD, label="Desk", hours="Mo-Fr 08:00-16:00", languages=("ro",), is_published=True),
    ContactValues("email", MAILBOX),
    ContactValues("mobile", MOBILE),
)


def new_entry(app: Flask, *, country: str = "RO", **more: Any) -> tuple[str, str]:
    """Ids of a new entry and its institution."""
    with app.app_context():
        session = database.session()
        house = (ContactValues("hotline", "+442079460103"), ContactValues("email", "info@agency.ro.example"))
        body = make_institution(session, "Agency", country=country, note="Kept for coordinators", contact_points=house)
        duties = (ResponsibilityValues(4, level="leads", target_groups=("children",), exploitation=("labour",)),)
        post = make_post(session, body, contact_points=LINES, responsibilities=duties, **more)
        session.commit()
        return post.id, body.id


def form_of(html: str, action: str) -> dict[str, Any]:
    """The fields of the form with that address, as a browser sends them untouched."""
    page = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    (form,) = [form for form in page.iter("form") if form.get("action") == action]
    found: dict[str, Any] = {}
    for element in form.iter():
        name = element.get("name")
        if not name:
            continue
        if element.tag == "select":
            options = list(element.iter("option"))
            chosen = next((o for o in options if o.get("selected") is not None), options[0])
            found[name] = chosen.get("value")
        elif element.tag == "textarea":
            found[name] = element.text or ""
        elif element.tag == "input" and (
            element.get("type") not in {"checkbox", "radio"} or element.get("checked") is not None
        ):
            found[name] = element.get("value", "")
    return found


def edit_form(who: Signed, path: str) -> dict[str, Any]:
    page = who.client.get(path)
    assert page.status_code == 200, page.text
    return form_of(page.text, path)


def row_with(form: dict[str, Any], value: str) -> str:
    """`c-0`: the row whose number or address that is."""
    shown = {value, display_of("phone", value)}
    return next(name[: -len("-value")] for name, given in form.items() if name.endswith("-value") and given in shown)


def send(who: Signed, path: str, form: dict[str, Any], **changes: Any) -> Any:
    return who.client.post(path, data={name: value for name, value in (form | changes).items() if value is not None})


def values_of(app: Flask, entry_id: str) -> list[str]:
    """Every number and address of the entry, as stored."""
    with app.app_context():
        post = database.session().get(Post, entry_id)
        assert post is not None
        return [point.value for point in post.contact_points]


def body_values(app: Flask, institution_id: str) -> list[str]:
    with app.app_context():
        body = database.session().get(Institution, institution_id)
        assert body is not None
        return [point.value for point in body.contact_points]


def post_of(app: Flask, entry_id: str) -> dict[str, Any]:
    """Every column of the post."""
    with app.app_context():
        post = database.session().get(Post, entry_id)
        assert post is not None
        return {column.key: getattr(post, column.key) for column in Post.__mapper__.column_attrs}


def proposals_about(app: Flask, subject_id: str) -> list[Proposal]:
    with app.app_context():
        session = database.session()
        found = list(session.scalars(select(Proposal).where(Proposal.subject_id == subject_id).order_by(Proposal.at)))
        session.expunge_all()
        return found


def propose_number(app: Flask, who: Signed, entry_id: str, number: str = NEW) -> str:
    """The id of a new proposal for another desk number, sent with the form."""
    path = f"/entries/{entry_id}/edit"
    form = edit_form(who, path)
    answer = send(who, path, form, **{f"{row_with(form, OLD)}-value": number})
    assert "waits for a second person" in answer.text, answer.text
    return proposals_about(app, entry_id)[-1].id
