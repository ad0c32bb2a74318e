"""Where things stand below /carddav: the entrance, one principal per token, its home with exactly one address book."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

ENTRANCE = "/carddav/"
_CARD = re.compile(r"/carddav/([0-9a-f-]{36})/books/entries/([0-9a-f-]{36})\.vcf", re.IGNORECASE)


def principal(book_id: str) -> str:
    """Whoever holds the token: one device."""
    return f"{ENTRANCE}{book_id}/"


def home(book_id: str) -> str:
    """Where the address books of a principal stand."""
    return f"{ENTRANCE}{book_id}/books/"


def book(book_id: str) -> str:
    """The one address book."""
    return f"{ENTRANCE}{book_id}/books/entries/"


def card(book_id: str, entry_id: str) -> str:
    """One card."""
    return f"{ENTRANCE}{book_id}/books/entries/{entry_id}.vcf"


def entry_in(href: str, book_id: str) -> str | None:
    """The entry an address names, if it is a card of that book; None for everything else."""
    found = _CARD.fullmatch(href)
    if found is None:  # written in another way: with the host, or percent-encoded
        try:
            found = _CARD.fullmatch(unquote(urlsplit(href.strip()).path))
        except ValueError:
            return None
    return found[2].lower() if found and found[1].lower() == book_id else None
