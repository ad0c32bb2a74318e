"""What a view needs of the running directory: the site, the session, the desk of whoever is looking."""

from __future__ import annotations

from flask import current_app
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
    return site().desk(session(), PUBLIC)


def taxonomy() -> Taxonomy:
    """The taxonomy in force."""
    return site().taxonomy(session())
