"""What a view needs of the running directory: the site, the session, the desk of whoever is looking."""

from __future__ import annotations

from dataclasses import replace

from flask import current_app, g, request
from sqlalchemy.orm import Session

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


def desk() -> Desk:
    """What answering needs, for whoever is looking. Until accounts exist that is the public."""
    tongues = tuple(dict.fromkeys(tag.split("-")[0].lower() for tag, _ in request.accept_languages))
    return replace(site().desk(session(), PUBLIC), tongues=tongues)


def taxonomy() -> Taxonomy:
    """The taxonomy in force; read once a request, so that words in a template cause no query."""
    if "taxonomy" not in g:
        g.taxonomy = site().taxonomy(session())
    found: Taxonomy = g.taxonomy
    return found
