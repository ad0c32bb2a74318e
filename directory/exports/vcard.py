"""Entries as vCard 3.0: the post first, its country in sight, whether it can be trusted said in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from directory.entries.entry import ContactLine, Entry, SourcePart
from directory.exports import words
from directory.exports.card_writer import CardWriter, card_text, card_url, is_mail, is_number
from directory.exports.context import ExportContext, instant

PRODUCT = "-//TRM Directory//Entry cards 1//EN"
NAME_LENGTH = 60
VOICE = frozenset({"hotline", "phone"})
NUMBERS = VOICE | {"fax"}
MAILS = frozenset({"email", "secure_mail"})


def cards_file(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """One or many cards in one file, UTF-8 without a mark."""
    return "".join(card(entry, context) for entry in entries).encode()


def card(entry: Entry, context: ExportContext) -> str:
    """One card. It names the post, never the person: a changed holder must not leave a wrong name on a phone."""
    name = card_name(entry, context)
    lines = words.travelling_lines(entry)
    writer = CardWriter(product=PRODUCT, uid=f"urn:uuid:{entry.id}", changed=instant(entry.changed_at) or "")
    writer.text("FN", name)
    # Apple shows ORG and not FN on a card without N, so the first part repeats the name; the body comes second.
    writer.organisation(name, entry.institution.name)
    writer.text("TITLE", entry.title)
    writer.text("ROLE", context.role(entry.role))
    _add_numbers(writer, lines)
    for line in lines:
        _add_other(writer, line, context.country(entry.place))
    writer.text("NOTE", note(entry, context))
    writer.categories([context.country(entry.country), *(f"SOP {part.sop}" for part in entry.responsibilities)])
    writer.link("SOURCE", card_url(context.page_of(entry.id)))
    return writer.write()


def card_name(entry: Entry, context: ExportContext) -> str:
    """`Return desk, Romania (not confirmed) – Return Agency`; a demo entry begins with `DEMO`."""
    country = context.country(entry.country)
    title = card_text(_shortened(entry.title))
    named = title if country and country in title else f"{title}, {country}"
    marks = " (not confirmed)" if words.is_unconfirmed(entry) else ""
    body = card_text(_shortened(short_name(entry)))
    return f"{'DEMO ' if entry.demo else ''}{named}{marks}{f' – {body}' if body else ''}"


def short_name(entry: Entry) -> str:
    """What the body is called in short, else its name."""
    short = next((n.name for n in entry.institution.names if n.kind == "short" and n.language == "en"), "")
    return short or entry.institution.name


def note(entry: Entry, context: ExportContext) -> str:
    """Whether it can be trusted, what it answers for, when each line is answered, where it comes from."""
    parts = [
        *_trust(entry),
        *(f"{words.responsibility_words(part, context.taxonomy)}." for part in entry.responsibilities),
        *(_line_paragraph(line) for line in words.travelling_lines(entry)),
        *_background(entry, context),
        *(_source(source) for source in entry.sources),
        f"Newest version: {card_url(context.page_of(entry.id))}",
        context.footnote_of(entry),
    ]
    return "\n".join(part for part in parts if part)


def _trust(entry: Entry) -> Iterator[str]:
    if entry.demo:
        yield "DEMO: an invented entry for trying out, not a real contact."
    yield f"{words.freshness_words(entry)}."
    if entry.reachability:
        yield entry.reachability
    if entry.official:
        yield f"Held by {entry.official}{' (acting)' if entry.is_acting else ''}."
    elif entry.is_vacant:
        yield "The post is vacant at present."


def _background(entry: Entry, context: ExportContext) -> Iterator[str]:
    if entry.asks_for:
        yield f"Have ready: {entry.asks_for}"
    if entry.institution.local_name:
        yield f"Local name: {entry.institution.local_name}"
    if entry.host_country:
        yield f"Sits in {context.country(entry.host_country)}."
    if entry.serves:
        yield f"Competent for {', '.join(context.country(code) for code in entry.serves)}."
    if entry.deputy:
        yield f"Stands in: {entry.deputy.title}, {entry.deputy.institution}"


def _source(source: SourcePart) -> str:
    dated = f", {words.day_words(source.dated_on)}" if source.dated_on else ""
    return f"Source: {source.name}{dated}"


def _line_paragraph(line: ContactLine) -> str:
    """Hours and languages of a line, and the value itself where no property can hold it; else empty."""
    about = words.line_words(line)
    if not about and _has_property(line):
        return ""
    return f"{words.KIND_LABELS.get(line.kind, line.kind)} {line.display or line.value}: {about}".rstrip(": ")


def _has_property(line: ContactLine) -> bool:
    """The card has a property that every reader understands for this line; otherwise it stands in the note."""
    value = line.value or ""
    if line.kind in NUMBERS:
        return is_number(dialled(value))
    if line.kind in MAILS:
        return is_mail(value)
    return bool(card_url(value)) if line.kind == "web" else line.kind == "postal"


def _add_numbers(writer: CardWriter, lines: Sequence[ContactLine]) -> None:
    """The numbers in the entry's order; the first that a person answers is the preferred one."""
    numbers = [line for line in lines if line.kind in NUMBERS and _has_property(line)]
    first = next((line.id for line in numbers if line.kind in VOICE), None)
    for line in numbers:
        types = ["WORK", "FAX" if line.kind == "fax" else "VOICE", *(["PREF"] if line.id == first else [])]
        writer.number(dialled(line.value or ""), types, number_label(line))


def _add_other(writer: CardWriter, line: ContactLine, country: str) -> None:
    value = line.value or ""
    if not _has_property(line):
        return
    if line.kind in MAILS:
        writer.mail(value, "Encrypted mail" if line.kind == "secure_mail" else "")
    elif line.kind == "web":
        writer.link("URL", card_url(value))
    elif line.kind == "postal":
        writer.address(street=value, country=country)


def number_label(line: ContactLine) -> str:
    """What a number is, of a fixed list: hotline, fax, switchboard or desk."""
    if line.kind == "hotline":
        return "Hotline 24/7" if line.hours.strip() == "24/7" else "Hotline"
    if line.kind == "fax":
        return "Fax"
    return "Switchboard" if line.owner == "institution" else "Desk"


def dialled(value: str) -> str:
    """`+40213168400 ext. 12` for `+40213168400;ext=12`: no `;` in a card, and phones understand the word."""
    number, _, extension = value.partition(";ext=")
    return f"{number} ext. {extension}" if extension else number


def _shortened(text: str) -> str:
    """At most NAME_LENGTH characters, cut between words where possible."""
    plain = words.plain_line(text)
    if len(plain) <= NAME_LENGTH:
        return plain
    head = plain[: NAME_LENGTH - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;-–") + "…"
