"""The answers of a confirmation page as they were sent, and the values a correction makes.

Nothing is filled in and nothing is ticked beforehand: a form sent as it stands says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from directory.confirmations.answering import Given
from directory.confirmations.leaving import Successor
from directory.confirmations.questions import Question
from directory.confirmations.rules import ANSWERS
from directory.confirmations.snapshots import current_appointment
from directory.registry.models import ContactPoint
from directory.registry.pictures import institution_values, post_values
from directory.registry.rules import CONTACT_KINDS, RESTRICTED
from directory.registry.values import BadValue, ContactValues, clean_mail, clean_text
from directory.search.question.guard import find_personal_data
from directory.web.cards import kind_word
from directory.web.forms import lines
from directory.web.forms.edits import place_of
from directory.web.forms.lines import LineRow, one_line
from directory.web.translating import about
from directory.web.translating import gettext as _

MOST_NOTE = 500
FURTHEST = timedelta(days=366)


@dataclass(slots=True)
class Answers:
    """What was sent, as it was sent: a page shown again loses none of it. `errors`: by the name of the field."""

    values: Mapping[str, str]
    today: date
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """`right` where all entries are said to be right at once, `each` where they are looked at one by one."""
        return self.values.get("all", "")

    def choice(self, n: int) -> str:
        """What was chosen for an entry; empty where nothing was."""
        chosen = self.values.get(f"e{n}-choice", "")
        return chosen if chosen in ANSWERS else ""

    def of(self, n: int, name: str) -> str:
        """What stands in a field of an entry."""
        return self.values.get(f"e{n}-{name}", "").strip()

    def read(self, asked: Sequence[Question], titles: Mapping[int, str]) -> list[Given]:
        """One answer for each question; what is missing or wrong is put into the errors."""
        if self.whole == "right":
            return self._all_right(asked)
        if len(asked) > 1 and not any(self.choice(q.n) for q in asked):
            self.errors["all"] = _("Say whether all entries are still right, or look at each and choose.")
            return []
        return [given for question in asked if (given := self._one(question, titles[question.n])) is not None]

    def _all_right(self, asked: Sequence[Question]) -> list[Given]:
        """Said of all at once; a different word for one of them would be no clear answer."""
        if any(self.choice(q.n) not in {"", "still_right"} for q in asked):
            self.errors["all"] = _(
                "You said that all entries are still right, and something else about one. Choose one of the two."
            )
        return [self._right(question) for question in asked]

    def _right(self, question: Question) -> Given:
        named = bool(self.of(question.n, "named"))
        return Given(question.post.id, "still_right", question.digest, agrees_to_name=named)

    def _one(self, question: Question, title: str) -> Given | None:
        choice = self.choice(question.n)
        if not choice:
            self.errors[f"e{question.n}-choice"] = _("Say for “%(title)s”: is it still right?", title=title)
            return None
        if choice == "still_right":
            return self._right(question)
        given = Given(question.post.id, choice, question.digest)
        if choice == "needs_change":
            return self._correction(question, given, title)
        if choice == "left":
            return self._leaving(question, given)
        return replace(given, note=self._prose(question.n, "who"))

    def _leaving(self, question: Question, given: Given) -> Given:
        n = question.n
        name, mail = self._line(n, "successor"), self._mail(n)
        if mail and not name:
            self.errors[f"e{n}-successor"] = _("Write the name of who follows you, too.")
        if name and not self.of(n, "successor_mail"):
            self.errors[f"e{n}-successor_mail"] = _("Write their work address, too: we ask them whether it is so.")
        successor = Successor(name, mail) if name and mail else None
        return replace(given, last_day=self._day(n), successor=successor, note=self._prose(n, "handover"))

    def _correction(self, question: Question, given: Given, title: str) -> Given:
        """What should stand, of the post, of its institution, of who holds it; the rest is for a call."""
        n, post, body = question.n, question.post, question.post.institution
        before = len(self.errors)
        appointment = current_appointment(post, self.today)
        read = self._lines(question, "post", post.contact_points)
        bodys = self._lines(question, "institution", body.contact_points)
        self._name_errors(question, {**read.errors, **bodys.errors})
        self._refuse_twice(question, read.lines)
        stood = post_values(post)
        wanted = replace(
            stood,
            contact_points=read.lines,
            title=self._line(n, "title") or stood.title,
            asks_for=self._prose(n, "asks_for", lines.TEXT) or stood.asks_for,
        )
        wanted_body = replace(institution_values(body), contact_points=bodys.lines)
        for_call = self._holder_lines(question, appointment.contact_points if appointment else ())
        restated = {name for name, one in (("post", read), ("institution", bodys)) if one.restated}
        given = replace(
            given,
            post=wanted if wanted != stood or read.restated else None,
            institution=wanted_body if bodys.restated or wanted_body != institution_values(body) else None,
            holder=self._holder(n, question.picture["holder"]),
            restated=frozenset(restated),
            note=self._prose(n, "note"),
            for_call=for_call,
            told=self._in_words(question, for_call),
        )
        says = given.post, given.institution, given.holder, given.note or None, for_call or None
        if len(self.errors) == before and says == (None,) * len(says):
            self.errors[f"e{n}-change"] = _("Write what is different in “%(title)s”.", title=title)
        return given

    def _lines(self, question: Question, owner: str, points: Sequence[ContactPoint]) -> lines.LinesRead:
        rows = self._rows(question, owner, points, new=owner == "post")
        return lines.read_lines(rows, points, place_of(question.post.institution))

    def _rows(
        self, question: Question, owner: str, points: Sequence[ContactPoint], *, new: bool = False
    ) -> list[LineRow]:
        """The rows that were touched; all others stay as they are. The row's number is its place on the page."""
        there, rows = {point.id: point for point in points}, []
        for place, line in enumerate(question.picture["lines"]):
            value = self.of(question.n, f"line{place}")
            gone = bool(self.of(question.n, f"gone{place}")) and not value
            if line["owner"] == owner and line["id"] in there and (value or gone):
                rows.append(_row(place, there[line["id"]], value, is_gone=gone, is_hidden=line["restricted"]))
        if new and (value := self.of(question.n, "new")):
            kind = self.of(question.n, "kind")
            rows.append(LineRow(len(question.picture["lines"]), kind=kind, value=value))
            if kind not in CONTACT_KINDS:
                self.errors[f"e{question.n}-kind"] = _("Choose what kind of number or address it is.")
        return rows

    def _name_errors(self, question: Question, errors: Mapping[str, str]) -> None:
        """Rows have numbers of their own; on this page a field is `e<entry>-line<place>`."""
        for name, wrong in errors.items():
            place = int(name.split("-")[1])
            field_name = f"line{place}" if place < len(question.picture["lines"]) else "new"
            self.errors[f"e{question.n}-{field_name}"] = about(_("Number or address"), wrong)

    def _refuse_twice(self, question: Question, points: Sequence[ContactValues]) -> None:
        """A new line that stands already; of hidden ones nothing is told."""
        seen = [(point.kind, point.value) for point in points if point.kind not in RESTRICTED]
        if self.of(question.n, "new") and seen and seen.count(seen[-1]) > 1:
            self.errors[f"e{question.n}-new"] = _("This number or address stands there already.")

    def _holder_lines(self, question: Question, points: Sequence[ContactPoint]) -> str:
        """The holder's own lines go with the holder; a person sees to them."""
        rows = self._rows(question, "holder", points)
        self._name_errors(question, lines.read_lines(rows, points, place_of(question.post.institution)).errors)
        return "\n".join(_told(row) for row in rows)

    def _in_words(self, question: Question, for_call: str) -> str:
        """All that was written, for a person to read."""
        n, post = question.n, question.post
        rows = self._rows(question, "post", post.contact_points, new=True)
        rows += self._rows(question, "institution", post.institution.contact_points)
        texts = [(name, self.of(n, name)) for name in ("title", "asks_for", "holder")]
        words = [f"{_name_of(name)}: {text}" for name, text in texts if text]
        return "\n".join([*map(_told, rows), *words, *([for_call] if for_call else [])])

    def _holder(self, n: int, stood: str) -> str | None:
        name = self._line(n, "holder")
        if self.of(n, "vacant"):
            return "" if stood and not name else name or None
        return name if name and name != stood else None

    def _mail(self, n: int) -> str:
        text = self.of(n, "successor_mail")
        try:
            return clean_mail(text) if text else ""
        except BadValue as error:
            self.errors[f"e{n}-successor_mail"] = about(_("Their work address"), error)
            return ""

    def _day(self, n: int) -> date:
        text = self.of(n, "last_day")
        try:
            day = date.fromisoformat(text) if text else self.today
        except ValueError:
            day = date.min
        if not self.today - FURTHEST < day < self.today + FURTHEST:
            self.errors[f"e{n}-last_day"] = _("Write the last day as year-month-day, within a year: 2026-12-31.")
            return self.today
        return day

    def _line(self, n: int, name: str) -> str:
        try:
            return self._harmless(n, name, one_line(self.of(n, name)))
        except BadValue as error:
            self.errors[f"e{n}-{name}"] = about(_name_of(name), error)
            return ""

    def _prose(self, n: int, name: str, most: int = MOST_NOTE) -> str:
        try:
            text = clean_text(self.of(n, name))
        except BadValue as error:
            self.errors[f"e{n}-{name}"] = about(_name_of(name), error)
            return ""
        if len(text) > most:
            sentence = _("is %(count)s characters long; at most %(most)s are kept", count=len(text), most=most)
            self.errors[f"e{n}-{name}"] = about(_name_of(name), sentence)
        return self._harmless(n, name, text)

    def _harmless(self, n: int, name: str, text: str) -> str:
        """Nothing about anybody who is helped is kept here, however well it is meant."""
        if find_personal_data(text):
            sentence = _("seems to hold the number of a case or document, or a date of birth. Take it out.")
            self.errors[f"e{n}-{name}"] = about(_name_of(name), sentence)
            return ""
        return text


def _row(place: int, point: ContactPoint, value: str, *, is_gone: bool, is_hidden: bool) -> LineRow:
    """A line with its new value; everything else about it stays."""
    return LineRow(
        place,
        id=point.id,
        kind=point.kind,
        value=value,
        label=point.label,
        hours=point.hours,
        zone=point.timezone,
        languages=", ".join(point.languages),
        is_published=point.is_published,
        is_removed=is_gone,
        is_hidden=is_hidden,
    )


def _told(row: LineRow) -> str:
    said = _("no longer exists") if row.is_removed else row.value
    return f"{kind_word(row.kind)}: {said}"


def _name_of(name: str) -> str:
    words = {
        "title": _("Title"),
        "asks_for": _("What you ask callers for"),
        "holder": _("Who holds the post"),
        "note": _("Something else"),
        "successor": _("Who follows you"),
        "handover": _("What your successor should know"),
        "who": _("Whose it is"),
    }
    return words.get(name, name)
