"""The home page: the question box, the hotlines, the countries, the procedures, how fresh the list is."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlencode

from flask import Flask, render_template

from directory.entries import overview
from directory.search.question.reader import Reader
from directory.web import access, current
from directory.web.readings import reading_to_args
from directory.web.words import country_word

EXAMPLES = (
    ("who handles return in Romania", "en"),
    ("shelter for boys Albania", "en"),
    ("prosecutor THB Sofia", "en"),
    ("cine se ocupă de returnare", "ro"),
)


def attach(app: Flask) -> None:
    """`/`."""
    app.add_url_rule("/", "home", show)


@access.public
def show() -> str:
    """The home page."""
    desk, taxonomy = current.desk(), current.taxonomy()
    return render_template(
        "home.html",
        examples=_examples(current.site().reader(desk.session)),
        countries=[(code, country_word(code)) for code in overview.participating_countries(desk.session)],
        sops=taxonomy.sops,
        share=overview.freshness_share(desk),
        days=desk.days.overdue,
    )


@lru_cache(maxsize=4)
def _examples(reader: Reader) -> list[tuple[str, str, str]]:
    """Each example with its language and the address of its answer."""
    found = []
    for text, language in EXAMPLES:
        args = [(name, value) for name, value in reading_to_args(reader.read(text)) if name != "words"]
        found.append((text, language, f"/entries?{urlencode(args)}" if args else "/entries"))
    return found
