"""Walks every route of an app: arguments for each, forms as found on pages and as made up, links as they lead on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import html5lib
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from directory.accounts.models import Invitation
from directory.app import database
from directory.config import ROOT
from directory.db import Base, new_id
from directory.registry.models import Appointment, ContactPoint, Post
from directory.registry.rules import RESTRICTED
from tests.conftest import NOW
from tests.people import PASSWORD, code_at
from tests.security.world import World

QUIET = {"HEAD", "OPTIONS"}
TABLE_OF = {
    "entry_id": "post", "contact_id": "contact_point", "row_id": "invitation", "session_id": "signed_in_session",
    "grant_id": "account_grant", "key_id": "api_key", "letter_id": "outgoing_mail",
    "task_id": "call_task", "mail_id": "outgoing_mail", "received_id": "received_mail", "run_id": "import_run",
}  # fmt: skip
FILTERS = ("", "country=RO", "country=MD", "country=IT", "sop=4", "country=RO&role=return_officer", "country=RO&urgent=1",
           "role=hotline", "country=RO&page=2", "country=AL&words=nobody", "country=RO&language=ro")  # fmt: skip
QUERIES = {
    "entries": FILTERS, "entries_vcard": FILTERS, "entries_xlsx": FILTERS[1:4], "entries_pdf": FILTERS[1:3],
    "entries_csv": (*FILTERS, "country=RO&profile=google", "country=RO&profile=outlook&separator=semicolon"),
    "entries_json": (*FILTERS, "country=RO&profile=hsds", "sop=4&profile=hsds"),
    "api.entries": (*FILTERS[:-4], "limit=1", "limit=100", "changed_since=2020-01-01", "changed_since=2020-01-01&limit=2"),
    "calls": ("", "country=RO", "country=MD", "page=2"), "rounds": ("", "country=RO", "country=MD&quarter=2026-Q4"),
    "how_we_read": ("", "language=ro", "language=de"),
}  # fmt: skip
QUESTIONS = ("who handles return in Romania", "+40 721 000 000 passport", "police MD", "zzzz RO", "hotline")
STATIC = sorted(str(path.relative_to(ROOT / "static")) for path in (ROOT / "static").rglob("*.css"))


class NoArguments(AssertionError):
    """A route the crawler cannot call: say in crawl.py what its arguments may be."""


@dataclass
class Ids:
    """What arguments of routes may be, read from the database once."""

    world: World
    tables: dict[str, list[str]]
    contacts: list[tuple[str, str]]
    officials: list[tuple[str, str]]
    grants: list[tuple[str, str]]
    measures: list[tuple[str, str]]
    invitations: list[str]
    extra: dict[str, list[str]] = field(default_factory=dict)


def ids_of(app: Flask, world: World) -> Ids:
    """Read them."""
    with app.app_context():
        session = database.session()
        sops = app.extensions["site"].taxonomy(session).sops
        tables = {
            t.name: [str(r[0]) for r in session.execute(select(t.c.id))]
            for t in Base.metadata.sorted_tables
            if "id" in t.c
        }
        grants = Base.metadata.tables["account_grant"].c
        return Ids(
            world,
            tables,
            contacts=_contacts(session),
            officials=[tuple(r) for r in session.execute(select(Appointment.post_id, Appointment.official_id))],  # type: ignore[misc]
            grants=[(str(a), str(g)) for a, g in session.execute(select(grants.account_id, grants.id))],
            measures=[(str(s.id), m.id) for s in sops for m in s.measures[:2]],
            invitations=list(session.scalars(select(Invitation.id).where(Invitation.purpose == "invite"))),
        )


def _contacts(session: Session) -> list[tuple[str, str]]:
    held = {a.id: a.post_id for a in session.scalars(select(Appointment))}
    first = {p.institution_id: p.id for p in session.scalars(select(Post))}
    points = list(session.scalars(select(ContactPoint)))
    plain = [p for p in points if p.kind not in RESTRICTED][:4]
    return [
        (
            point.post_id or held.get(point.appointment_id or "") or first.get(point.institution_id or "") or new_id(),
            point.id,
        )
        for point in [*(p for p in points if p.kind in RESTRICTED), *plain]
    ]


def arguments(rule: Rule, ids: Ids) -> list[dict[str, str]]:
    """Every set of arguments this route is tried with. Raises NoArguments."""
    pairs = {
        ("contact_id", "entry_id"): ("entry_id", "contact_id", ids.contacts),
        ("entry_id", "official_id"): ("entry_id", "official_id", ids.officials),
        ("account_id", "grant_id"): ("account_id", "grant_id", ids.grants),
        ("entry_id", "other_id"): ("entry_id", "other_id", _couples(ids.tables["post"])),
        ("official_id", "other_id"): ("official_id", "other_id", _couples(ids.tables["official"])),
        ("institution_id", "other_id"): ("institution_id", "other_id", _couples(ids.tables["institution"])),
        ("measure_id", "number"): ("number", "measure_id", ids.measures),
    }
    names = tuple(sorted(rule.arguments - set(rule.defaults or ())))
    if names in pairs:
        first, second, found = pairs[names]
        return [{first: a, second: b} for a, b in found]
    choices = [[(name, value) for value in _values(name, rule, ids)] for name in names]
    return [dict(chosen) for chosen in itertools.product(*choices)]


def _couples(found: list[str]) -> list[tuple[str, str]]:
    """Each with the next, and one with what never was."""
    return [*zip(found, [*found[1:], found[0]], strict=True), (found[0], new_id())]


def _values(name: str, rule: Rule, ids: Ids) -> list[str]:
    fixed = {
        "code": ["RO", "MD", "XK", "IT", "QQ"], "number": ["1", "4", "9"], "language": ["en", "ro"],
        "filename": STATIC[:1], "entry_id": [*ids.tables["post"], *ids.tables.get("removal", []), new_id()],
        "row_id": ids.invitations,
    }  # fmt: skip
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)
    if name == "token":
        return [text for link, text in ids.world.links.items() if _fits_link(link, rule)] + ["unknown"]
    if name == "key_id" and "passkey" in rule.rule:
        return ids.tables["passkey"]
    if name in fixed:
        return fixed[name]
    table = TABLE_OF.get(name) or name.removesuffix("_id")
    if not name.endswith("_id") or table not in ids.tables:
        raise NoArguments(f"{rule.rule}: nobody says what “{name}” may be")
    return [*ids.tables[table], new_id()]


def _fits_link(link: str, rule: Rule) -> bool:
    kinds = {
        "recover": "/recover", "enrol": "/finish", "invite": "/invitation", "confirm": "/confirm", "succeed": "/succeed",
        "stop": "/unsubscribe",
        "agree": "/agree",
    }  # fmt: skip
    fitting = {kind for kind, path in kinds.items() if rule.rule.startswith(path)}
    return not fitting or link.partition("_")[0] in fitting


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule with every method that does something."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - QUIET):
            yield rule, method


def addresses(app: Flask, rule: Rule, ids: Ids) -> list[str]:
    """Every address of a route that the crawl looks at."""
    adapter = app.url_map.bind("localhost")
    found = []
    for args in arguments(rule, ids):
        path = adapter.build(rule.endpoint, args, method=None, append_unknown=False)
        found += [f"{path}?{query}" if query else path for query in QUERIES.get(rule.endpoint, ("",))]
    return found


def fields(email: str = "somebody@people.example") -> dict[str, Any]:
    """An answer to every question a form of ours may put."""
    return {
        "q": QUESTIONS[0], "email": email, "password": PASSWORD, "new_password": "another horse battery", "name": "Somebody New",
        "code": code_at(NOW), "reason": "somebody asked for it", "note": "looked at", "next": "/", "role": "reader",
        "country": "RO", "institution": "", "language": "en", "days": "30", "scope": "read:public", "answer": "{}",
        "title": "Another title", "area": "everywhere", "asks_for": "a date", "revision": "1", "keeps_account": "", "said": "reached", "how": "answered",
    }  # fmt: skip


def links(page: str) -> set[str]:
    """Where a page leads, on this site."""
    found = {unescape(href).split("#")[0] for href in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', page)}
    return {href for href in found if href.startswith("/") and not href.startswith(("//", "/static/"))}


@dataclass(frozen=True)
class FoundForm:
    """A form on a page, filled in as it stands."""

    path: str
    values: tuple[tuple[str, str], ...]


def forms(page: str) -> list[FoundForm]:
    """The forms of a page that change something."""
    return [found for written in re.findall(r"<form\b.*?</form>", page, re.DOTALL) for found in _forms(written)]


@lru_cache(maxsize=5000)
def _forms(written: str) -> list[FoundForm]:
    found = []
    for form in html5lib.parse(written, namespaceHTMLElements=False).iter("form"):
        if form.get("method", "get").lower() == "post":
            made_up = fields()
            values = {
                f.get("name"): _value(f) or made_up.get(f.get("name"), "x")
                for f in form.iter()
                if f.tag in FIELDS and f.get("name")
            }
            found.append(FoundForm(urlsplit(form.get("action", "")).path, tuple(sorted(values.items()))))
    return found


FIELDS = {"input", "select", "textarea", "button"}


def _value(element: Any) -> str:
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = (
            [o for o in options if o.get("selected") is not None] or [o for o in options if o.get("value")] or options
        )
        return chosen[0].get("value", "") if chosen else ""
    return (element.text or "") if element.tag == "textarea" else element.get("value", "")
