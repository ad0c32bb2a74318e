"""Entries as a list to print: the number large, whether it can be trusted beside it, when it was made on every page.

WeasyPrint is loaded only when a list is made: it needs libraries of the system that a small machine may lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from directory.entries.entry import ContactLine, Entry
from directory.exports import words
from directory.exports.card_writer import is_number
from directory.exports.context import ExportContext
from directory.exports.layout import PHONE_KINDS, shown
from directory.exports.qr import code_of
from directory.exports.vcard import VOICE

LONGEST_DUTIES = 3
MOST_IN_CODE = 300
MOST_PRINTED = 500  # 8 seconds and 190 MB; more is no list to print
_ONE_AT_A_TIME = Lock()  # so the memory is needed once, however many ask


class CannotPrint(RuntimeError):
    """This machine lacks what lists for printing are made with; the message says what to install."""


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A number or address and what to know of it; `href` dials it where the list is read on a phone."""

    value: str
    about: str
    is_number: bool
    href: str = ""


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One entry as it stands on paper."""

    title: str
    demo: bool
    of: str
    duties: tuple[str, ...]
    asks_for: str
    is_fresh: bool
    state: str
    hero: PrintedLine | None
    lines: tuple[PrintedLine, ...]


def printed_list(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """The whole list as a PDF. Raises CannotPrint; reads nothing but its own template and the machine's fonts."""
    weasyprint = _weasyprint()
    page = weasyprint.HTML(string=page_of(entries, context), url_fetcher=_refusing(weasyprint))
    with _ONE_AT_A_TIME:
        content: bytes = page.write_pdf()
    return content


def check_printing() -> None:
    """Raises CannotPrint where no list could be made."""
    _weasyprint()


def page_of(entries: Sequence[Entry], context: ExportContext) -> str:
    """The list as the page that is printed."""
    local = words.local_moment_words(context.now, context.timezone)
    return _template().render(
        heading=_plain(context.filter_words[:1].upper() + context.filter_words[1:]),
        counted="1 entry" if len(entries) == 1 else f"{len(entries)} entries",
        for_whom=_plain(context.for_whom),
        as_of=words.moment_words(context.now) + (f" ({local})" if local else ""),
        code=code_of(context.page_url) if 0 < len(context.page_url) <= MOST_IN_CODE else None,
        rows=[printed_row(entry, context) for entry in entries],
        footnote=next((note for entry in entries if (note := context.footnote_of(entry))), ""),
    )


def printed_row(entry: Entry, context: ExportContext) -> PrintedRow:
    """One entry: the first number a person answers stands out, everything else that may travel below it."""
    lines = words.travelling_lines(entry)
    hero = next((line for line in lines if line.kind in VOICE), None)
    place = ", ".join(part for part in (entry.institution.city, context.country(entry.place)) if part)
    body = " · ".join(_plain(part) for part in (entry.institution.name, entry.institution.local_name, place) if part)
    return PrintedRow(
        title=_plain(entry.title),
        demo=entry.demo,
        of=body + (" · vacant at present" if entry.is_vacant else ""),
        duties=_duties(entry, context),
        asks_for=_plain(entry.asks_for),
        is_fresh=entry.freshness in {"confirmed", "due"},
        state=words.freshness_words(entry),
        hero=_printed_line(hero) if hero else None,
        lines=tuple(_printed_line(line) for line in lines if line is not hero),
    )


def _duties(entry: Entry, context: ExportContext) -> tuple[str, ...]:
    duties = [_plain(words.responsibility_words(part, context.taxonomy)) for part in entry.responsibilities]
    more = len(duties) - LONGEST_DUTIES
    return (*duties[:LONGEST_DUTIES], *([f"and {more} more on the site"] if more > 0 else []))


def _printed_line(line: ContactLine) -> PrintedLine:
    parts = (words.KIND_LABELS.get(line.kind, line.kind), words.line_words(line))
    about = _plain(" · ".join(part for part in parts if part))
    number = (line.value or "").partition(";ext=")[0]
    href = f"tel:{number}" if line.kind in VOICE and is_number(number) else ""
    return PrintedLine(_plain(shown(line)), about, line.kind in PHONE_KINDS, href)


def _plain(text: str) -> str:
    return words.plain_line(text)


@lru_cache(maxsize=1)
def _template() -> Template:
    jinja = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    return jinja.get_template("print_list.html")


def _weasyprint() -> Any:
    """The library; only here, since without its system libraries it does not even load."""
    try:
        import weasyprint  # noqa: PLC0415 - needs Pango, which not every machine has
    except (ImportError, OSError) as error:
        raise CannotPrint(
            "Lists for printing are not offered here: the machine lacks Pango (Debian: libpangoft2-1.0-0). "
            "Take the spreadsheet, or print the page"
        ) from error
    return weasyprint


def _refusing(weasyprint: Any) -> Any:
    """What WeasyPrint asks for files and addresses; there is no protocol it may use."""
    return weasyprint.urls.URLFetcher(allowed_protocols=())
