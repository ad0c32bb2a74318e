"""What a phone book promises, played with a real program: it is found, fetched, followed, and never written to."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.proof.phone_books import hard_entry
from tests.proof.phone_books.program import Program
from tests.proof.phone_books.served import Served, serving

Start = Callable[[str, str], AbstractContextManager[Program]]
PATIENCE = 30.0
FORGOTTEN = "a departed card has stayed"


@dataclass
class Played:
    """How long each step took, what was asked of the server, and what was not as promised."""

    program: str
    entries: int
    seconds: dict[str, float] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    fetching: float = 0  # what the server worked for the first sync
    faults: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def time(self, what: str, act: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = act()
        self.seconds[what] = time.perf_counter() - start
        return found

    def check(self, is_so: object, words: str) -> None:
        if not is_so:
            self.faults.append(words)

    def sentence(self) -> str:
        asked = ", ".join(f"{count} {method}" for method, count in self.requests.most_common())
        steps = "; ".join(f"{what} {seconds:.2f} s" for what, seconds in self.seconds.items())
        steps = steps.replace("; nothing", f" (the server {self.fetching:.2f} s of it); nothing")
        words = "as promised" if not self.faults else f"NOT as promised: {'; '.join(self.faults)}"
        return f"{self.program}, {self.entries} cards: {steps} ({asked}): {words}."


def play(start: Start, served: Served, *, patience: float = PATIENCE) -> Played:
    """Discover, first sync, nothing new, one change, one departure, three tries to write."""
    asked = served.requests()
    with start(served.user, served.token) as program:
        played = Played(f"{program.name} {program.version}", len(served.ids))
        for address in (f"{served.address}/carddav/", served.address):  # as the set-up page says, and the bare host
            books = played.time("found", lambda given=address: program.discover(given))
            played.check([book.address for book in books] == [served.book], f"behind {address} it found {books}")
        if not books:
            return played
        played.check(books[0].name == "Contact directory (Proof)", f"the book is called {books[0].name!r}")
        before = served.worked()
        played.time("first sync", lambda: (program.open(books[0]), program.wait()))
        played.fetching = served.worked() - before
        played.check(program.count() == len(served.ids), f"{program.count()} cards came, {len(served.ids)} stand there")
        played.faults += hard_entry.faults(program.card(served.hard))
        played.time("nothing new", program.sync)
        _follow(played, program, served, patience)
        _write(played, program, served)
    played.requests = served.requests() - asked
    return played


def _follow(played: Played, program: Program, served: Served, patience: float) -> None:
    changed, title = served.change()
    is_told = played.time("one change", lambda: _synced(program, lambda: _title(program, changed) == title, patience))
    played.check(is_told, f"the new title has not come, it is {_title(program, changed)!r}")
    gone = served.leave()
    is_told = played.time("one departure", lambda: _synced(program, lambda: program.card(gone) is None, patience))
    played.check(is_told, FORGOTTEN)
    played.check(program.count() == len(served.ids), f"{program.count()} cards in the end, not {len(served.ids)}")


def _write(played: Played, program: Program, served: Served) -> None:
    before = program.count()
    played.refused = program.refusals()
    taken = [what for what, words in played.refused.items() if not words]
    played.check(not taken, f"the program took a change: {', '.join(taken)}")
    program.sync()
    played.check(program.count() == before, "a refused change has altered the book")
    played.faults += hard_entry.faults(program.card(served.hard))


def play_trouble(start: Start, served: Served) -> Played:
    """An edit and a departure while the first sync runs over a slow line, then the token is ended. Ends the book."""
    with start(served.user, served.token) as program:
        played = Played(f"{program.name} {program.version}", len(served.ids))
        book, before = program.discover(served.address)[0], served.requests()["REPORT"]
        with served.altered("slow", "0.7"):
            program.open(book)
            _until(lambda: served.requests()["REPORT"] > before, PATIENCE)  # listed; the cards are being fetched
            (changed, title), gone = served.change(), served.leave()
            program.wait()
        is_told = _synced(program, lambda: _title(program, changed) == title, 10)
        played.check(is_told, "an edit during the first sync never came")
        is_told = _synced(program, lambda: program.card(gone) is None, 10)
        played.check(is_told, "a card that left during the first sync has stayed")
        served.end_book()
        with suppress(RuntimeError):  # one program says that it was refused, the other asks for the password anew
            program.sync()
        _until(lambda: program.count() != len(served.ids), 2)
        played.check(program.count() == len(served.ids), "ending the book has taken cards from the program")
    return played


def _title(program: Program, entry_id: str) -> str:
    card = program.card(entry_id)
    return card.title if card else ""


def _synced(program: Program, is_so: Callable[[], bool], patience: float) -> bool:
    program.sync()
    return _until(is_so, patience)


def _until(is_so: Callable[[], object], patience: float) -> bool:
    end = time.monotonic() + patience
    while not (found := is_so()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(found)


def prove(start: Start, entries: int = 0) -> bool:
    """The demo directory, the control that has to be caught, trouble; then so many entries."""
    with serving() as served:
        all_played = [play(start, served)]
        _tell(all_played[0])
        with served.altered("forgets"):
            is_caught = FORGOTTEN in play(start, served, patience=5).faults
        print("  Control, a server that forgets who left:", "caught" if is_caught else "NOT caught", flush=True)
        trouble = play_trouble(start, served)
        words = "; ".join(trouble.faults) or "told by the next sync; the cards stay when the token is ended"
        print("  Edited while the first sync ran:", words, flush=True)
    if entries:
        with serving(entries) as served:
            all_played.append(play(start, served))
        _tell(all_played[1])
    return is_caught and not any(played.faults for played in (*all_played, trouble))


def _tell(played: Played) -> None:
    print(played.sentence(), flush=True)
    print("  A try to write:", "; ".join(f"{what}: “{words}”" for what, words in played.refused.items()), flush=True)


def main(start: Start, missing: Callable[[], str]) -> int:
    """Exit 0 where all is as promised, 1 where not, 2 where the program is not installed."""
    if reason := missing():
        print(reason)
        return 2
    return 0 if prove(start, int(sys.argv[1]) if len(sys.argv) > 1 else 0) else 1
