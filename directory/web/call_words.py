"""A call to make, in words: whom to ring, why, what to read back, what was tried. Restricted numbers by their last
digits only, until they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from directory.accounts import reveals
from directory.confirmations import call_results
from directory.confirmations.models import CallTask, Check
from directory.confirmations.snapshots import Snapshot, digest, load_posts, masked, snapshot
from directory.entries import answers
from directory.entries.entry import Entry
from directory.proposals.actors import subject_of
from directory.registry import rules
from directory.registry.models import Post
from directory.web import current
from directory.web.cards import kind_word
from directory.web.history import names_of
from directory.web.history_words import who_words
from directory.web.responsibilities import level_word
from directory.web.times import hours_words
from directory.web.translating import gettext as _
from directory.web.translating import locale_name, ngettext
from directory.web.words import country_word

DECISIONS = frozenset({"decide", "last_route"})
RING_ORDER = {"holder": 0, "post": 1, "institution": 2}


@dataclass(frozen=True, slots=True)
class Number:
    """A number to ring, and whose it is. `href` is empty where the whole number must be asked for first."""

    whose: str
    kind: str
    display: str
    href: str
    hours: str
    is_masked: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Something to read back: the name of its box, and what is said."""

    name: str
    label: str
    words: str
    is_ticked: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its page and the list show it; `others` are further reasons to ring about the same entry."""

    id: str
    post_id: str
    title: str
    institution: str
    local_name: str
    country: str
    holder: str
    reason: str
    others: tuple[str, ...]
    notes: tuple[str, ...]
    opened_at: datetime
    due_on: date
    is_overdue: bool
    tries: int
    numbers: tuple[Number, ...]
    deputy_id: str
    deputy: str
    is_decision: bool


@dataclass(frozen=True, slots=True)
class Try:
    """One try, in words."""

    at: datetime
    who: str
    what: str


def reason_word(reason: str) -> str:
    """Why somebody must ring."""
    words = {
        "silent": _("No answer to three letters"),
        "no_owner": _("Nobody owns this entry, so nobody gets letters about it"),
        "bounced": _("Mail to them comes back"),
        "reported": _("Readers could not reach it"),
        "left": _("The holder has left: who follows?"),
        "not_mine": _("Whoever was asked says it is not theirs"),
        "reply": _("They answered the letter by mail"),
        "refused": _("A correction they asked for was not accepted"),
        "last_route": _("The last way for a procedure, and its holder is silent: decide"),
        "decide": _("Silent for half a year: fill it, merge it or close it"),
        "note": _("They left a note"),
        "drill": _("Nobody answered a test call"),
        "mailbox": _("The domain of their mailbox has gone or changed hands"),
    }
    return words.get(reason, reason)


def tasks_of(found: Sequence[CallTask]) -> list[Task]:
    """The tasks in words, one for each entry: several reasons about one entry are one call."""
    posts = load_posts(current.session(), sorted({task.post_id for task in found}))
    grouped: dict[str, list[CallTask]] = {}
    for task in found:
        grouped.setdefault(task.post_id, []).append(task)
    return [task_words(some, posts[post_id]) for post_id, some in grouped.items() if post_id in posts]


def task_words(some: Sequence[CallTask], post: Post, *, opened: Mapping[str, str] | None = None) -> Task:
    """One entry's open tasks as one, the first in front."""
    today, first = current.site().today(), some[0]
    picture = snapshot(post, today)
    due_on = min(task.due_on for task in some)
    return Task(
        id=first.id,
        post_id=post.id,
        title=post.title,
        institution=picture["institution"],
        local_name=picture["local_name"],
        country=country_word(picture["country"]),
        holder=picture["holder"],
        reason=reason_word(first.reason),
        others=tuple(dict.fromkeys(reason_word(task.reason) for task in some[1:] if task.reason != first.reason)),
        notes=tuple(task.note for task in some if task.note),
        opened_at=min(task.opened_at for task in some),
        due_on=due_on,
        is_overdue=due_on < today,
        tries=max(task.tries for task in some),
        numbers=tuple(_numbers(picture, opened or {})),
        deputy_id=post.deputy.id if post.deputy else "",
        deputy=post.deputy.title if post.deputy else "",
        is_decision=any(task.reason in DECISIONS for task in some),
    )


def _numbers(picture: Snapshot, opened: Mapping[str, str]) -> Iterator[Number]:
    """The holder's first, then the desk's, then the house's switchboard."""
    whose = {
        "holder": picture["holder"] or _("the holder"),
        "post": _("the desk"),
        "institution": _("the switchboard of the institution"),
    }
    lines = [line for line in shown(picture, opened)["lines"] if line["kind"] in rules.NUMBERS - {"fax"}]
    for line in sorted(lines, key=lambda line: RING_ORDER[line["owner"]]):
        kind = f"{kind_word(line['kind'])}, {line['label']}" if line["label"] else kind_word(line["kind"])
        href = f"tel:{line['value']}" if line["value"] else ""
        hours = hours_words(line["hours"], "UTC", locale_name()).removesuffix(", UTC")
        yield Number(whose[line["owner"]], kind, line["display"], href, hours, not line["value"])


def shown(picture: Snapshot, opened: Mapping[str, str]) -> dict[str, Any]:
    """The snapshot with restricted numbers by their last digits, but for those that were asked for."""
    dark = masked(picture)
    whole = {line["id"]: line for line in picture["lines"]}
    lines = [whole[line["id"]] if line["id"] in opened else line for line in dark["lines"]]
    return {**dark, "lines": lines}


def ticks_of(post: Post, today: date, *, ticked: Collection[str], opened: Mapping[str, str]) -> list[Tick]:
    """What is read back, line by line: the post, its holder, each way to reach them, what they answer for."""
    picture = shown(snapshot(post, today), opened)
    holder = _("Nobody in particular: a desk") if post.is_desk else picture["holder"] or _("Nobody: it is vacant")
    found = [
        ("read-post", _("Post"), ", ".join(part for part in (post.title, post.area, picture["institution"]) if part)),
        ("read-holder", _("Who holds it"), holder),
    ]
    for line in picture["lines"]:
        if line["owner"] != "institution":
            more = [line["label"], hours_words(line["hours"], "UTC", locale_name()).removesuffix(", UTC")]
            words = " · ".join(part for part in (line["display"], *more) if part)
            found.append((f"line-{line['id']}", kind_word(line["kind"]), words))
    found.append(("read-duties", _("What they answer for"), _duties(picture) or _("Nothing is entered")))
    return [Tick(name, label, words, name in ticked) for name, label, words in found]


def _duties(picture: Snapshot) -> str:
    parts = []
    for sop, measure, level, area, _groups in picture["answers_for"]:
        what = f"SOP {measure or sop}"
        parts.append(" ".join(part for part in (level_word(level), what, area) if part))
    return "; ".join(dict.fromkeys(parts))


def digest_of(post: Post, today: date) -> str:
    """The mark of the entry as the caller has it in front of them."""
    return digest(snapshot(post, today))


def deputy_of(post: Post) -> Entry | None:
    """The deputy as the viewer may see it."""
    return answers.one_entry(post.deputy_id, current.desk()) if post.deputy_id else None


def may_reveal(post: Post) -> bool:
    """Whether the whole numbers may be asked for."""
    return reveals.may_reveal(current.person(), subject_of(post))


def tries_of(post: Post) -> list[Try]:
    """What was tried last, newest first."""
    checks = call_results.tries(current.session(), post.id)
    names = names_of({check.by for check in checks})
    return [Try(check.at, who_words(check.by, names), _try_words(check)) for check in checks]


def _try_words(check: Check) -> str:
    outcomes = {
        "right": _("read back, all right"),
        "no_answer": _("no answer"),
        "wrong": _("a number reached somebody else"),
        "changed": _("something is not right"),
        "left": _("the holder has left"),
    }
    parts = [method_word(check.method), outcomes.get(check.outcome, check.outcome)]
    if check.note in call_results.FUNCTIONS:
        parts.append(_("said by: %(function)s", function=function_word(check.note)))
    return ", ".join(parts)


def method_word(method: str) -> str:
    """How they were asked."""
    words = {"call": _("call"), "signed_letter": _("signed letter"), "visit": _("visit")}
    return words.get(method, method)


def function_word(function: str) -> str:
    """Who answered, by function: no name is kept."""
    words = {
        "holder": _("the holder"),
        "desk": _("whoever was at the desk"),
        "deputy": _("the deputy"),
        "head": _("the head of the institution"),
        "switchboard": _("the switchboard"),
    }
    return words.get(function, function)


def tries_word(count: int) -> str:
    """`rung twice, no answer` in numbers; empty before the first try."""
    return ngettext("%(num)d try so far", "%(num)d tries so far", count) if count else ""
