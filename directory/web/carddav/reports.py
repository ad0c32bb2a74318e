"""The three reports: what moved since a token, these cards, the cards that say this."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element  # the type alone, defusedxml reads  # nosec B405
from xml.sax.saxutils import escape  # writes, reads nothing  # nosec B406

from werkzeug.wrappers import Response

from directory.phonebooks import bookkeeping, rules
from directory.phonebooks.bookkeeping import CardPlace
from directory.phonebooks.cards import Card
from directory.web import current
from directory.web.carddav import answers, places, resources, subscriber
from directory.web.carddav.matching import NotSupported, filter_in
from directory.web.carddav.xml import MISSING, TOO_MANY, Asked, asked_in, carddav, dav, element, multistatus, status
from directory.web.carddav.xml import response as xml_response

DATA = carddav("address-data")
MOST_HREFS = 10_000
WITHIN_LIMITS = element(dav("number-of-matches-within-limits"))
_PATH, _ETAG, _TEXT = "\x01", "\x02", "\x03"  # what a device names in its question cannot hold these


def answer(root: Element) -> Response:
    """Whichever report this is."""
    reports = {
        dav("sync-collection"): _sync,
        carddav("addressbook-multiget"): _multiget,
        carddav("addressbook-query"): _query,
    }
    report = reports.get(root.tag)
    if report is None:
        return answers.refused(dav("supported-report"))
    return report(root, asked_in(root))


def listing(book_id: str, asked: Asked) -> Callable[[CardPlace], str]:
    """Writes one card of a list, without its text: the same words for all but two places."""
    pattern = _pattern(resources.card(book_id, _ETAG), asked)
    return lambda card: pattern % {"path": places.card(book_id, card.entry_id), "etag": card.etag}


def with_text(book_id: str, asked: Asked) -> Callable[[Card], str]:
    """Writes one card with its text."""
    pattern = _pattern({**resources.card(book_id, _ETAG), DATA: _TEXT}, asked)

    def write(card: Card) -> str:
        text = escape(card.text).replace("\r", "&#13;")
        return pattern % {"path": places.card(book_id, card.entry_id), "etag": card.etag, "text": text}

    return write


def _pattern(properties: dict[str, str], asked: Asked) -> str:
    """What is said of every card, with places for what differs."""
    pattern = xml_response(_PATH, properties, asked).replace("%", "%%")
    return pattern.replace(_PATH, "%(path)s").replace(_ETAG, "%(etag)s").replace(_TEXT, "%(text)s")


def _sync(root: Element, asked: Asked) -> Response:
    """Changes since the token, the departed as 404. A token nobody gave out is told everything, departures too."""
    row = subscriber.bring_up_to_date()
    token, limit = (root.findtext(dav("sync-token")) or "").strip(), _limit(root)
    session, since = current.session(), rules.sequence_of(token, row.sequence) if token else 0
    moved = bookkeeping.changes_since(session, row.id, since or 0, limit=limit + 1 if limit is not None else None)
    is_cut = limit is not None and len(moved) > limit
    moved = moved[:limit]
    newest = moved[-1].sequence if is_cut and moved else (since or 0) if is_cut else row.sequence
    shown = [card for card in moved if token or not card.is_gone]
    end = f"<D:sync-token>{escape(rules.sync_token(newest))}</D:sync-token>"
    cut = [status(places.book(row.id), TOO_MANY, WITHIN_LIMITS)] if is_cut else []
    return answers.many(multistatus([*_moved(row.id, shown, asked), *cut], end))


def _moved(book_id: str, shown: list[CardPlace], asked: Asked) -> Iterator[str]:
    write, write_text = listing(book_id, asked), with_text(book_id, asked)
    texts = {}
    if asked.names is not None and DATA in asked.names:
        texts = {card.entry_id: card for card in subscriber.hand_out([c.entry_id for c in shown if not c.is_gone])}
    for card in shown:
        if card.is_gone:
            yield status(places.card(book_id, card.entry_id), MISSING)
        else:
            text = texts.get(card.entry_id)
            yield write_text(text) if text else write(card)


def _multiget(root: Element, asked: Asked) -> Response:
    """These cards as they are now; 404 for each that is not in the book."""
    row = subscriber.asking().row
    hrefs = list(dict.fromkeys((one.text or "").strip() for one in root.findall(dav("href"))))
    if len(hrefs) > MOST_HREFS:
        return answers.refused(dav("number-of-matches-within-limits"), code=507)
    ids = {one: places.entry_in(one, row.id) for one in hrefs}
    found = {card.entry_id: card for card in subscriber.hand_out([one for one in ids.values() if one])}
    write = with_text(row.id, asked)
    told = (write(found[entry_id]) if entry_id in found else status(one, MISSING) for one, entry_id in ids.items())
    return answers.many(multistatus(told))


def _query(root: Element, asked: Asked) -> Response:
    """The cards that pass the filter, at most as many as asked for."""
    try:
        passes = filter_in(root.find(carddav("filter")))
    except NotSupported as error:
        return answers.refused(carddav(str(error)))
    row, limit = subscriber.bring_up_to_date(), _limit(root)
    ids = [card.entry_id for card in bookkeeping.members(current.session(), row.id)]
    found = [card for card in subscriber.look_at(ids) if passes(card)]
    is_cut = limit is not None and len(found) > limit
    found = found[:limit]
    subscriber.note_given(found)
    cut = [status(places.book(row.id), TOO_MANY, WITHIN_LIMITS)] if is_cut else []
    return answers.many(multistatus([*map(with_text(row.id, asked), found), *cut]))


def _limit(root: Element) -> int | None:
    """`nresults`, where it is a number."""
    for name in (dav("limit"), carddav("limit")):
        for kind in (dav("nresults"), carddav("nresults")):
            text = (root.findtext(f"{name}/{kind}") or "").strip()
            if text.isdecimal() and len(text) < 7:
                return int(text)
    return None
