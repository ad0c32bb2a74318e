"""A process that updates a Whoosh index and says so, to be killed at an awkward moment.

python -m tests.adapters.search_writer FOLDER careful|careless
"""

from __future__ import annotations

import sys
from pathlib import Path

from directory.search.port import Document
from directory.search.whoosh_index import WhooshIndex

ENTRIES = 7


def document(step: int) -> Document:
    """The entry that a step writes; the same id comes round again with another word."""
    return Document(id=f"e{step % ENTRIES}", heading={"public": f"step{step} office"}, confirmed_on=step + 1)


def main(folder: str, manner: str) -> None:
    index = WhooshIndex(Path(folder))
    step = 0
    while True:
        if manner == "careless":  # what BufferedWriter does: says yes, writes later
            waiting = [document(step + more) for more in range(6)]
            for more in range(6):
                print(step + more, flush=True)
            index.update(waiting)
            step += 6
        else:
            index.update([document(step)])
            print(step, flush=True)
            step += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
