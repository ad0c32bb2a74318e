"""Thunderbird's address book: `python -m tests.proof.phone_books.thunderbird [entries]`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proof.phone_books.marionette import Marionette, thunderbird
from tests.proof.phone_books.program import Found, Seen

PACKAGES = "thunderbird"
DISCOVER = """
const {CardDAVUtils} = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
const [user, token, address] = arguments;
globalThis.found = await CardDAVUtils.detectAddressBooks(user, token, address, false, true);
return found.map(book => ({name: book.name, address: String(book.url)}));
"""
OPEN = """
globalThis.first = Promise.withResolvers();
const told = subject => { Services.obs.removeObserver(told, "addrbook-directory-synced"); first.resolve(); };
Services.obs.addObserver(told, "addrbook-directory-synced");
globalThis.book = found.find(one => String(one.url) == arguments[0]).create();
"""
CARD = """
const uid = "urn:uuid:" + arguments[0];
if (!book.cards.has(uid)) return null;
const card = book.getCard(uid);
const all = name => card.vCardProperties.getAllValuesSorted(name).map(value => [value].flat().join(" / "));
return {
  listed: card.generateName(Services.prefs.getIntPref("mail.addr_book.lastnamefirst")), name: card.displayName,
  organisation: all("org").join(), title: all("title").join(), role: all("role").join(), note: all("note").join(),
  numbers: all("tel"), mails: card.emailAddresses, pages: all("url"),
};
"""
# The last one as somebody who has taken away the mark "read only" in the book's properties.
WRITE = """
const {AddrBookCard} = ChromeUtils.importESModule("resource:///modules/AddrBookCard.sys.mjs");
const words = async act => { try { await act(); return ""; } catch (error) { return error.message || String(error); } };
const mine = new AddrBookCard();
mine.displayName = "Mine";
const other = book.childCards[0];
return {
  "new card": await words(() => book.addCard(mine)), "edit": await words(() => book.modifyCard(other)),
  "removal": await words(() => book.deleteCards([other])), "sent all the same": await words(() => book._sendCardToServer(other)),
};
"""


class Thunderbird:
    """One address book of Thunderbird's."""

    name = "Thunderbird"

    def __init__(self, marionette: Marionette, user: str, token: str) -> None:
        self._run, self._user, self._token = marionette.run, user, token
        self.version = str(self._run("return Services.appinfo.version;"))

    def discover(self, address: str) -> list[Found]:
        return [Found(**one) for one in self._run(DISCOVER, self._user, self._token, address)]

    def open(self, book: Found) -> None:
        self._run(OPEN, book.address)

    def wait(self) -> None:
        self._run("await first.promise;")

    def sync(self) -> None:
        self._run("await book.syncWithServer();")

    def count(self) -> int:
        return int(self._run("return book.childCards.length;"))

    def card(self, entry_id: str) -> Seen | None:
        told = self._run(CARD, entry_id)
        return Seen(**{name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}) if told else None

    def refusals(self) -> dict[str, str]:
        found: dict[str, str] = self._run(WRITE)
        return found


@contextmanager
def program(user: str, token: str) -> Iterator[Thunderbird]:
    """Thunderbird with a fresh profile."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, thunderbird(Path(folder)) as marionette:
        yield Thunderbird(marionette, user, token)


def missing() -> str:
    """What to install, empty where it is here."""
    return "" if shutil.which("thunderbird") else f"Thunderbird is not here: apt install {PACKAGES}"


if __name__ == "__main__":
    from tests.proof.phone_books.scenario import main

    raise SystemExit(main(program, missing))
