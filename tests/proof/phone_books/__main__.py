"""The phone book in Evolution and in Thunderbird: `python -m tests.proof.phone_books [entries]`, 0 for the demo directory."""

from __future__ import annotations

from tests.proof.phone_books import evolution, thunderbird
from tests.proof.phone_books.scenario import main

if __name__ == "__main__":
    ends = [main(one.program, one.missing) for one in (evolution, thunderbird)]
    raise SystemExit(max(ends))
