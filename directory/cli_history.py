"""`flask history …`: is the chain sound, what is its end, and going on after somebody has looked."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from directory.app import database
from directory.db import new_id, transaction
from directory.history import operations as history
from directory.history import sealing
from directory.history.sealing import Head, HistoryBroken
from directory.site import Site

MOST_SHOWN = 50
history_commands = AppGroup("history", help="The history: verify that nobody has touched it.")


@history_commands.command("verify")
@click.option("--head", "told", metavar="NUMBER:DIGEST", help="A head printed earlier and kept elsewhere.")
@with_appcontext
def verify(told: str | None) -> None:
    """Go through every line; name each that was touched. Exit code 1 if any was."""
    key, path = _key(), _head_path()
    try:
        known = _head(told) if told else sealing.read_head(path, key)
    except HistoryBroken as error:
        raise click.ClickException(str(error)) from error
    found = sealing.verify(database.session(), key, known=known)
    for fault in found.faults[:MOST_SHOWN]:
        click.echo(
            f"Line {fault.sequence}: {fault.words}" if fault.sequence else fault.words[0].upper() + fault.words[1:]
        )
    waiting = f", {found.waiting_count} wait for their seal" if found.waiting_count else ""
    if found.faults:
        raise click.ClickException(f"{len(found.faults)} faults in {found.sealed_count} sealed lines{waiting}.")
    click.echo(f"Sound: {found.sealed_count} lines{waiting}.")


@history_commands.command("head")
@with_appcontext
def head() -> None:
    """Print the end of the chain, to be kept where nobody with access to this machine can change it."""
    newest = sealing.last(database.session())
    click.echo(f"{newest.position}:{newest.digest}")


@history_commands.command("go-on")
@click.option("--reason", required=True, help="What happened, e.g. restored from the backup of 3 May.")
@with_appcontext
def go_on(reason: str) -> None:
    """After somebody has looked into a cut or replaced end: say so in history, and take the present end as the head."""
    session, site = database.session(), _site()
    lost = "unreadable"
    try:
        known = sealing.read_head(_head_path(), _key())
        lost = f"{known.position}:{known.digest}" if known else "none"
    except HistoryBroken:
        pass
    with transaction(session):
        history.record(
            session,
            "history_gap",
            subject_type="history",
            subject_id=new_id(),
            by="console",
            now=site.now(),
            before={"head": lost},
            after={"head": sealing.last(session).position},
            reason=reason,
        )
    sealing.write_head(_head_path(), _key(), sealing.last(session))
    click.echo("Noted; new lines are sealed again.")


def _head(told: str) -> Head:
    number, _, digest = told.partition(":")
    if not number.isdigit() or not digest:
        raise click.UsageError("--head is what `flask history head` printed: NUMBER:DIGEST")
    return Head(int(number), digest)


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site


def _key() -> bytes:
    return sealing.read_key(_site().settings.data_dir, _site().settings.history_key)


def _head_path() -> Path:
    return _site().settings.data_dir / "history_head"
