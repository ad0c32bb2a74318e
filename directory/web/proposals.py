"""Proposals in words, before beside after; and one's own, which can be withdrawn.

Of a restricted number only the last digits stand on a page, and for those who decide only: the whole is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, abort, g, redirect, render_template
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.db import transaction
from directory.entries.entry import Entry
from directory.entries.queries import display_of
from directory.proposals import operations, queries, rules, scheduling
from directory.proposals.models import Proposal
from directory.proposals.operations import Actor, AlreadyDecided
from directory.registry import rules as registry_rules
from directory.registry.models import Institution, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.plain import plain_value
from directory.registry.values import InstitutionValues, PostValues
from directory.web import access, current
from directory.web.cards import kind_word
from directory.web.errors import show as show_error
from directory.web.history_words import field_word, masked
from directory.web.responsibilities import level_word
from directory.web.translating import gettext as _
from directory.web.translating import ngettext
from directory.web.words import country_word, day_words, days_ago, role_word, type_word

NO_FIELDS = frozenset({"from_on", "redirect_id", "last_for", "officials"})  # they say more about another field


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that would change. `is_number`: the number is what the eye should meet first."""

    label: str
    before: str
    after: str
    more: tuple[str, ...] = ()
    is_number: bool = False
    is_masked: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A field somebody else changed while one was writing: what stands, and what was typed."""

    field: str
    now: str
    typed: str


@dataclass(frozen=True, slots=True)
class Own:
    """One's own proposal: what it is about and what became of it; never what was there before."""

    id: str
    title: str
    href: str
    fields: str
    at: datetime
    state: str
    note: str
    is_waiting: bool


def attach(app: Flask) -> None:
    """`/account/proposals`, and the answer to a decision that comes too late."""
    app.add_url_rule("/account/proposals", "own_proposals", show_own)
    app.add_url_rule(
        "/account/proposals/<uuid:proposal_id>/withdrawal", "withdraw_proposal", withdraw, methods=["POST"]
    )
    app.register_error_handler(AlreadyDecided, _already_decided)


def actor(path: str = "form") -> Actor:
    """Whoever is signed in, as the proposals know them."""
    person = current.person()
    return Actor(person.account_id or "visitor", path, person, current.site().settings.base_url)


@access.signed_in
def show_own() -> str:
    """What one has proposed, newest first."""
    g.no_store = True
    session = current.session()
    found = queries.own(session, current.account().id)
    rows = queries.subjects(session, found)
    return render_template("proposals/own.html", proposals=[_own(one, rows.get(one.subject_id)) for one in found])


@access.signed_in
def withdraw(proposal_id: object) -> Response:
    """Take one's own proposal back; somebody else's is not there."""
    session, account_id = current.session(), current.account().id
    with transaction(session):
        proposal = session.get(Proposal, str(proposal_id))
        if proposal is None or proposal.by != account_id:
            abort(404)
        verb = scheduling.call_off if proposal.state == "scheduled" else operations.withdraw
        verb(session, proposal, actor=actor(), now=current.site().now())
    return redirect("/account/proposals", 303)


def _own(proposal: Proposal, row: Post | Institution | None) -> Own:
    return Own(
        proposal.id,
        title_of(row),
        href_of(row),
        ", ".join(field_word(name) for name in sorted(proposal.after) if name not in NO_FIELDS),
        proposal.at,
        _state_and_day(proposal),
        proposal.decision_note,
        proposal.state in {"waiting", "scheduled"},
    )


def title_of(row: Post | Institution | None) -> str:
    """What it is about."""
    if row is None:
        return _("An entry that is gone")
    return row.title if isinstance(row, Post) else row.name


def href_of(row: Post | Institution | None) -> str:
    """Its page; empty where it is gone."""
    if row is None:
        return ""
    return f"/entries/{row.id}" if isinstance(row, Post) else f"/institutions/{row.id}"


def state_word(state: str) -> str:
    """What became of it."""
    words = {
        "waiting": _("waits for a second person"),
        "scheduled": _("agreed, waits for its day"),
        "accepted": _("accepted"),
        "refused": _("not accepted"),
        "withdrawn": _("withdrawn"),
        "outdated": _("out of date: the entry had changed"),
        "returned": _("accepted, then taken back"),
    }
    return words.get(state, state)


def _state_and_day(proposal: Proposal) -> str:
    """The state, with the day from which it stands where that is later."""
    if proposal.applies_on is None or proposal.state not in {"waiting", "scheduled"}:
        return state_word(proposal.state)
    return _("%(state)s, for %(day)s", state=state_word(proposal.state), day=day_words(proposal.applies_on))


def age_words(at: datetime) -> str:
    """`today`, `for 3 days`."""
    days = days_ago(at)
    return ngettext("since yesterday", "for %(num)d days", days) if days else _("since today")


def pairs_of(proposal: Proposal, *, is_open: bool = False) -> list[Pair]:
    """What would change, numbers first; `is_open` writes restricted ones out."""
    if proposal.kind == "close":
        return [_close_pair(proposal)]
    fields = [name for name in proposal.after if name not in {"contact_points", *NO_FIELDS}]
    lines = rules.line_changes(proposal.before.get("contact_points", ()), proposal.after.get("contact_points", ()))
    pairs = [_line_pair(old, new, is_open=is_open) for old, new in lines]
    if "contact_points" in proposal.after and not pairs:
        pairs.append(Pair(field_word("contact_points"), "", _("as it stands: somebody gave the same anew")))
    return [*pairs, *(_field_pair(name, proposal) for name in fields)]


def _field_pair(name: str, proposal: Proposal) -> Pair:
    more = (_("from %(day)s", day=day),) if name == "holder" and (day := proposal.after.get("from_on")) else ()
    before, after = (value_words(name, values.get(name)) for values in (proposal.before, proposal.after))
    return Pair(field_word(name), before, after, more)


def _close_pair(proposal: Proposal) -> Pair:
    """The whole entry would go; where it is the last way, that is said."""
    numbers = ", ".join(str(sop) for sop in proposal.after.get("last_for", ()))
    more = (
        [_("Nobody else in the country can be reached for procedure %(numbers)s.", numbers=numbers)] if numbers else []
    )
    if proposal.after.get("redirect_id"):
        more.append(_("Who looks for it is led to another entry."))
    return Pair(field_word("closed"), _("in the directory"), _("closed: its numbers are shown to nobody"), tuple(more))


def _line_pair(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, *, is_open: bool) -> Pair:
    kind = (new or old or {})["kind"]
    is_restricted = kind in registry_rules.RESTRICTED or (old or {}).get("kind") in registry_rules.RESTRICTED
    before, after = (_shown(line, is_open=is_open) for line in (old, new))
    return Pair(
        kind_word(kind),
        before,
        after,
        tuple(_line_parts(old or {}, new or {})) if new else (),
        is_number=kind in registry_rules.NUMBERS,
        is_masked=is_restricted and not is_open,
    )


def _shown(line: Mapping[str, Any] | None, *, is_open: bool) -> str:
    if line is None:
        return ""
    return display_of(line["kind"], line["value"]) if is_open else masked(line["kind"], line["value"])


def _line_parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Label, hours, languages and who sees it, where they differ."""
    for name, word in (("label", _("Label")), ("hours", _("Hours")), ("timezone", _("Time zone"))):
        if old.get(name, "") != new.get(name, ""):
            yield f"{word}: {new.get(name) or _('none')}"
    if old.get("languages", []) != new.get("languages", []):
        none, about = _("none"), _("Languages")
        yield f"{about}: {', '.join(new.get('languages', [])) or none}"
    if bool(old.get("is_published")) != bool(new.get("is_published")):
        yield _("shown to everybody") if new.get("is_published") else _("no longer shown to everybody")


def value_words(name: str, value: Any) -> str:
    """A field's value in words; empty for none."""
    if value in (None, "", [], ()):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in {"country", "host_country"}:
        return country_word(value)
    if name == "role":
        return role_word(value) or value
    if name == "type":
        return type_word(value)
    if isinstance(value, list | tuple):
        return ", ".join(country_word(item) if name == "serves" else _item_words(item) for item in value)
    return str(value)


def _item_words(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    if "sop" in item:
        parts = [level_word(item.get("level", "leads")), str(item.get("measure") or item["sop"]), item.get("area", "")]
        return " ".join(part for part in parts if part)
    return str(item.get("name", ""))


def compared(row: Post | Institution, wanted: PostValues | InstitutionValues, entry: Entry) -> list[Standing]:
    """Where what stands now differs from what was typed, as far as the viewer sees it."""
    stands = post_values(row) if isinstance(row, Post) else institution_values(row)
    found = []
    for name in rules.differing(stands, wanted):  # type: ignore[type-var]  # both are of the row's kind
        now, typed = plain_value(getattr(stands, name)), plain_value(getattr(wanted, name))
        if name == "contact_points":
            found += list(_compared_lines(now, typed, entry))
        else:
            found.append(Standing(field_word(name), value_words(name, now), value_words(name, typed)))
    return found


def _compared_lines(
    now: Sequence[Mapping[str, Any]], typed: Sequence[Mapping[str, Any]], entry: Entry
) -> Iterator[Standing]:
    """Only lines the viewer sees: a number guessed right must look like one guessed wrong."""
    seen = {(line.kind, line.value) for line in entry.contact_lines if line.value}
    stands = [line for line in now if (line["kind"], line["value"]) in seen]
    left = list(typed)
    for line in now:
        if line not in stands and line in left:
            left.remove(line)
    for old, new in rules.line_changes(stands, left):
        texts = [display_of(line["kind"], line["value"]) if line else "" for line in (old, new)]
        yield Standing(kind_word((new or old or {})["kind"]), *texts)


def _already_decided(_error: AlreadyDecided) -> Response:
    return show_error(Conflict(_("This was decided already. Look at the entry: it shows what stands.")))


def outdated() -> Response:
    """The page for a decision that would have written over something newer."""
    sentence = _(
        "The entry has changed since this was proposed, so nothing was written. "
        "Look at it, and propose it again if it is still right."
    )
    return show_error(Conflict(sentence))
