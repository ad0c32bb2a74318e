"""Is the first entry right? Every labelled question asked of the demo directory, counted where its cell is filled.

A cell is filled when some entry a visitor may see answers for one of the label's countries, holds one of its roles
(or sits in one of its kinds of institution), answers for one of its procedures and sits in the host country (each where
the label has any). The first entry is right when it does.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.entries import answers, asking
from directory.entries.entry import Entry
from directory.registry.demo.loader import load_demo
from directory.search.reading import Reading
from tests.quality.quality import HERE, Question, load


def main() -> None:
    """Print the shares."""
    print("\nFirst entry right, on the demo directory, where the cell is filled:")
    with demo() as app, app.app_context():
        for name in ("questions_tuning.tsv", "questions_held_out.tsv"):
            show(app, name)


def show(app: Flask, name: str) -> tuple[int, int]:
    """Right and filled, of one file of questions; what is wrong is named for the tuning questions only."""
    site, session = app.extensions["site"], database.session()
    desk, right, filled, wrong = site.desk(session), 0, 0, []
    for question in load(HERE / name):
        if not question.labels["countries"] or not _is_filled(question, desk):
            continue
        filled += 1
        found = asking.ask(question.text, site.reader(session), desk, limit=1).answer.entries
        if found and _fits(found[0], question):
            right += 1
        else:
            wrong.append(question.text)
    print(f"  {name.removesuffix('.tsv'):22} {right / filled:6.1%} of {filled}")
    if "tuning" in name:
        print("".join(f"      {text}\n" for text in wrong[:10]), end="")
    return right, filled


def _is_filled(question: Question, desk: answers.Desk) -> bool:
    reading = Reading(countries=tuple(question.labels["countries"]), roles=tuple(question.labels["roles"]))
    found = answers.answer(reading, desk, limit=200).entries
    return any(_fits(entry, question) for entry in found)


def _fits(entry: Entry, question: Question) -> bool:
    labels = question.labels
    sops = {str(part.sop) for part in entry.responsibilities}
    host = re.search(r"host=([A-Z]{2})", question.note)
    return (
        entry.country in labels["countries"]
        and (not host or entry.place == host[1])
        and (bool(labels["roles"]) or not labels["types"] or entry.institution.type in labels["types"])
        and (not labels["roles"] or entry.role in labels["roles"] | question.allowed)
        and (not labels["sops"] or bool(sops & (labels["sops"] | question.allowed)))
    )


@contextmanager
def demo() -> Iterator[Flask]:
    """An app over the demo directory, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(Path(folder)), "DIRECTORY_DEMO": "yes"})
        app = create_app(settings)
        with app.app_context():
            prepare(app)
            session, site = database.session(), app.extensions["site"]
            load_demo(session, site.taxonomy(session), now=site.now())
            session.commit()
            worker.keep_index(session, site)
        yield app
        with app.app_context():
            database.engine.dispose()


if __name__ == "__main__":
    main()
