"""The confirmation page in words: each entry as readers see it, whose it is, what is different since the letter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import render_template

from directory.confirmations.questions import Question
from directory.registry.rules import CONTACT_KINDS
from directory.web.cards import kind_word
from directory.web.forms.confirmations import Answers
from directory.web.responsibilities import LEVELS, level_word, procedure_word
from directory.web.translating import gettext as _
from directory.web.words import country_word


@dataclass(slots=True)
class Page:
    """What the page is besides its entries."""

    path: str
    is_own_page: bool
    needs_code: bool
    proof: str
    written_at: datetime | None
    in_full: bool
    has_hidden: bool
    name: str


@dataclass(frozen=True, slots=True)
class LineWords:
    """One contact line: `label`, whose it is, the number as far as it is shown."""

    label: str
    whose: str
    display: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Block:
    """One entry on the page."""

    n: int
    mark: str
    title: str
    institution: str
    local_name: str
    country: str
    holder: str
    is_vacant: bool
    asks_for: str
    lines: Sequence[LineWords]
    duties: Sequence[tuple[str, str]]
    whose: str
    left: str
    can_agree: bool
    is_changed: bool
    changed: Sequence[tuple[str, Sequence[str]]]
    choice: str
    values: Mapping[str, str] = field(default_factory=dict)


def page(
    page: Page, asked: Sequence[Question], answers: Answers, marks: Mapping[int, str], changed: Collection[str]
) -> str:
    """The page with every entry that is asked about."""
    blocks = [_block(question, answers, marks[question.n], page, changed) for question in asked]
    return render_template(
        "confirmations/confirm.html",
        page=page,
        blocks=blocks,
        whole="" if changed else answers.whole,
        errors=dict(sorted(answers.errors.items(), key=lambda error: error[0] == "code")),  # in the page's order
        has_changed=bool(changed),
        kinds=[(kind, kind_word(kind)) for kind in CONTACT_KINDS],
        today=answers.today,
    )


def thanks(asked: Sequence[Question], answers: Mapping[str, str], again_on: date, path: str, *, is_again: bool) -> str:
    """What happens now, answer by answer."""
    said = [
        (choice, [q.picture["title"] for q in asked if answers.get(q.post.id) == choice])
        for choice in ("still_right", "needs_change", "left", "not_mine")
    ]
    said = [(choice, titles) for choice, titles in said if titles]
    return render_template(
        "confirmations/thanks.html",
        said=said,
        again_on=again_on,
        next_path=f"{path}/next.ics",
        is_again=is_again,
        holder_lines=any(line["owner"] == "holder" for q in asked for line in q.picture["lines"]),
    )


def dead(why: str) -> str:
    """A link that opens nothing: why, and what to do."""
    return render_template("confirmations/dead.html", why=why)


def _block(question: Question, answers: Answers, mark: str, page: Page, changed: Collection[str]) -> Block:
    picture, n = question.shown(in_full=page.in_full), question.n
    is_changed = question.post.id in changed
    return Block(
        n=n,
        mark=mark,
        title=picture["title"],
        institution=picture["institution"],
        local_name=picture["local_name"],
        country=country_word(picture["country"]),
        holder=picture["holder"],
        is_vacant=not picture["holder"] and not picture["is_desk"],
        asks_for=picture["asks_for"],
        lines=[_line(line) for line in picture["lines"]],
        duties=_duties(picture["answers_for"]),
        whose=_whose(question),
        left=_left(question),
        can_agree=question.is_holder and not question.has_agreed,
        is_changed=is_changed,
        changed=_changes(question),
        choice="" if is_changed else answers.choice(n),
        values={name.partition("-")[2]: value for name, value in answers.values.items() if name.startswith(f"e{n}-")},
    )


def _line(line: Mapping[str, Any]) -> LineWords:
    kind = kind_word(line["kind"])
    label = f"{kind} ({line['label']})" if line["label"] else kind
    whose = {"institution": _("the institution’s"), "post": _("the post’s own"), "holder": _("the holder’s")}
    return LineWords(label, whose[line["owner"]], line["display"], line["restricted"] and not line["value"])


def _duties(rows: Sequence[Sequence[Any]]) -> list[tuple[str, str]]:
    """`Leads`, `Return and social inclusion (SOP 4)`; each procedure once, at its highest level."""
    seen: set[int] = set()
    found = []
    for level in LEVELS:
        sops = sorted({row[0] for row in rows if row[2] == level} - seen)
        seen |= set(sops)
        if sops:
            found.append((level_word(level), ", ".join(map(procedure_word, sops))))
    return found


def _whose(question: Question) -> str:
    words = {
        "owner": "",
        "deputy": _("A colleague’s entry: you stand in for them."),
        "head": _("An entry of a body you are responsible for."),
    }
    return words.get(question.as_whom, _("A colleague’s entry: you speak for the institution."))


def _left(question: Question) -> str:
    """Who it is that may have left: oneself, the holder, or whoever looked after it."""
    holder = question.picture["holder"]
    if question.is_holder or (question.is_own and not holder):
        return _("I have left")
    if holder:
        return _("%(name)s has left", name=holder)
    return _("Whoever looked after it has left")


def _changes(question: Question) -> list[tuple[str, list[str]]]:
    """What is no longer as in the letter, and how it stood there."""
    if question.was is None:
        return []
    was = Question(question.n, question.post, question.was, "colleague").shown(in_full=False)
    return [(_part(name), _stood(name, was)) for name in question.changed]


def _part(name: str) -> str:
    words = {
        "title": _("Title"),
        "area": _("Area"),
        "role": _("Role"),
        "asks_for": _("What callers are asked for"),
        "institution": _("Institution"),
        "local_name": _("Institution"),
        "country": _("Country"),
        "is_desk": _("Kind of post"),
        "holder": _("Who holds the post"),
        "lines": _("Numbers and addresses"),
        "answers_for": _("What it answers for"),
    }
    return words.get(name, name)


def _stood(name: str, was: Mapping[str, Any]) -> list[str]:
    if name == "lines":
        return [f"{kind_word(line['kind'])}: {line['display']}" for line in was["lines"]]
    value = was.get(name)
    return [value] if isinstance(value, str) and value and name not in {"role", "country"} else []
