"""What a view needs of the running directory: the site, the session, the desk of whoever is looking."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from flask import current_app, g, request
from sqlalchemy.orm import Session

from directory.accounts.models import Account, SignedInSession
from directory.accounts.people import person_of, viewer_of
from directory.accounts.policy import ANYBODY, Person
from directory.app import database
from directory.entries.answers import Desk
from directory.entries.viewer import PUBLIC
from directory.site import Site
from directory.sops.taxonomy import Taxonomy


def site() -> Site:
    """The running directory."""
    found: Site = current_app.extensions["site"]
    return found


def session() -> Session:
    """This request's session."""
    return database.session()


def person() -> Person:
    """Who is looking, as the policy sees them; nobody until the second factor was given. Read once a request."""
    if "person" not in g:
        who = identity().signed_in()
        g.person = person_of(session(), who.account) if who and who.is_complete else ANYBODY
    found: Person = g.person
    return found


def account() -> Account:
    """The account of somebody signed in, if only half; only behind an access declaration that asks for one."""
    who = identity().signed_in()
    assert who is not None
    found: Account = who.account
    return found


def row() -> SignedInSession:
    """The session in use; only behind an access declaration that asks for one."""
    who = identity().signed_in()
    assert who is not None
    found: SignedInSession = who.row
    return found


def desk() -> Desk:
    """What answering needs, for whoever is looking."""
    tongues = tuple(dict.fromkeys(tag.split("-")[0].lower() for tag, _ in request.accept_languages))
    viewer = g.get("viewer") or (PUBLIC if person() is ANYBODY else viewer_of(person()))  # a key may open less
    return replace(site().desk(session(), viewer), tongues=tongues)


def identity() -> ModuleType:
    """The module that knows the cookie; it knows this one too."""
    from directory.web import identity as module  # noqa: PLC0415 - each needs the other

    return module


def taxonomy() -> Taxonomy:
    """The taxonomy in force; read once a request, so that words in a template cause no query."""
    if "taxonomy" not in g:
        g.taxonomy = site().taxonomy(session())
    found: Taxonomy = g.taxonomy
    return found
