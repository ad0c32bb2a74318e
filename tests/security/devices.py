"""A phone on the way through its own book: every report, every list, as devices ask them."""

from __future__ import annotations

from typing import Any

NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'
WITH_TEXT = "<D:prop><D:getetag/><C:address-data/></D:prop>"
EVERYTHING = f"<D:propfind {NAMES}><D:allprop/></D:propfind>"


def ask(walker: Any) -> None:
    """Look at everything below the entrance; the walker judges each answer."""
    book_id, _ = walker.site.world.books[walker.eyes.name]
    principal = f"/carddav/{book_id}/"
    book = f"{principal}books/entries/"
    cards = [f"{book}{entry_id}.vcf" for entry_id in walker.ids.tables["post"]]
    walker.look(book)
    for path in ("/carddav/", principal, f"{principal}books/", book, *cards[:3]):
        for depth in ("0", "1"):
            walker.judge(_sent(walker, "PROPFIND", path, EVERYTHING, depth), "PROPFIND", path)
    for card in cards:
        walker.look(card)
    for body in _reports(cards):
        walker.judge(_sent(walker, "REPORT", book, body, "1"), "REPORT", book, body)


def _reports(cards: list[str]) -> list[str]:
    hrefs = "".join(f"<D:href>{card}</D:href>" for card in cards)
    sync = "<D:sync-collection {names}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{prop}</D:sync-collection>"
    return [
        sync.format(names=NAMES, token="", prop="<D:prop><D:getetag/></D:prop>"),
        sync.format(names=NAMES, token="unknown", prop=WITH_TEXT),
        f"<C:addressbook-multiget {NAMES}>{WITH_TEXT}{hrefs}</C:addressbook-multiget>",
        f"<C:addressbook-query {NAMES}>{WITH_TEXT}<C:filter/></C:addressbook-query>",
    ]


def _sent(walker: Any, method: str, path: str, body: str, depth: str) -> Any:
    return walker.client.open(path, method=method, data=body, headers={"Depth": depth}, buffered=True)
