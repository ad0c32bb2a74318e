"""Jobs by the clock: APScheduler only ticks, the database says what is due, every job can be run by hand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import sleep

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.orm import Session

from directory.accounts import limits, links, passkeys, recovery, sessions
from directory.accounts.letters import Post
from directory.app import database
from directory.db import transaction
from directory.entries import indexing, queries
from directory.history import access, sealing
from directory.logs import where
from directory.mail import sending
from directory.mail.adapters import FileMailer, build_mailer
from directory.mail.message import sender_of
from directory.ports import SystemClock
from directory.privacy import finishing
from directory.site import Site

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds; `run` returns a count for the report."""

    name: str
    every: float
    run: Callable[[Session, Site], int]


def keep_index(session: Session, site: Site) -> int:
    """The index follows the database; where it cannot be trusted it is built anew."""
    index, taxonomy, today = site.ports.index, site.taxonomy(session), site.today()
    if problem := indexing.problem(session, index):
        log.warning("The search index is built anew: %s", problem)
        return indexing.rebuild(session, index, taxonomy, today=today, days=site.days)
    return indexing.follow(session, index, taxonomy, today=today, days=site.days)


def answer_asked(session: Session, site: Site) -> None:
    """Write to those who asked for a way back in and have an account."""
    if recovery.is_asked(session):
        with transaction(session):
            recovery.answer_all(session, post=Post(site.settings.base_url, site.now()))


def send_mail(session: Session, site: Site) -> int:
    """Answer those who asked for a way back in, then send what is due."""
    answer_asked(session, site)
    settings = site.settings
    return sending.send_due(session, build_mailer(settings), sender_of(settings), now=site.now())


def tidy(session: Session, site: Site) -> int:
    """Forget what nobody needs any more: counted windows, dead links, old sessions, unanswered questions."""
    with transaction(session):
        for part in (limits, links, sessions, passkeys):
            part.forget(session, now=site.now())
    return 0


def seal_history(session: Session, site: Site) -> int:
    """Put new lines of history under the chain. Refuses, and says so, where the chain is not what it was."""
    return _seal(session, site, whole=False)


def seal_all_history(session: Session, site: Site) -> int:
    """The same, looking at every line: also for one whose transaction stayed open very long."""
    return _seal(session, site, whole=True)


def _seal(session: Session, site: Site, *, whole: bool) -> int:
    try:
        return _seal_on(session, site, whole=whole)
    except sealing.HistoryBroken as error:
        log.critical("History is not what it was: %s. Run: flask history verify", error)
        with transaction(session):
            asker = access.Asker(network="history")
            access.raise_alarm(session, "history_broken", asker=asker, country=None, note=str(error), now=site.now())
        return 0


def _seal_on(session: Session, site: Site, *, whole: bool) -> int:
    settings = site.settings
    key, head = sealing.read_key(settings.data_dir, settings.history_key), settings.data_dir / "history_head"
    known = sealing.read_head(head, key)
    if not sealing.is_waiting(session, whole=whole):
        return 0
    with transaction(session):
        count = sealing.seal(session, key, now=SystemClock().now(), known=known, whole=whole)
        newest = sealing.last(session)
    if count:
        sealing.write_head(head, key, newest)
    return count


def finish_erasures(session: Session, site: Site) -> int:
    """What lies in files of somebody who was taken out: index, mail folder, the database file itself."""
    mailer, taxonomy = build_mailer(site.settings), site.taxonomy(session)
    return finishing.finish(
        session,
        rebuild_index=lambda: indexing.rebuild(session, site.ports.index, taxonomy, today=site.today(), days=site.days),
        mail_folder=mailer.folder if isinstance(mailer, FileMailer) else None,
    )


def forget_accesses(session: Session, site: Site) -> int:
    """Networks, views, reveals and exports are kept so long and no longer."""
    with transaction(session):
        return access.forget_old(session, now=site.now())


def warm_cache(session: Session, site: Site) -> int:
    """Read the entries people are likeliest to ask for: the first answer after a start is as quick as later ones."""
    ids = queries.freshest_ids(session, limit=site.cache.size)
    for start in range(0, len(ids), queries.BATCH):
        queries.load(session, ids[start : start + queries.BATCH], today=site.today(), cache=site.cache)
        session.rollback()
        sleep(0.05)  # visitors come first
    return len(ids)


JOBS = [
    Job("index", 1.0, keep_index),
    Job("mail", 2.0, send_mail),
    Job("tidy", 3600.0, tidy),
    Job("history", 5.0, seal_history),
    Job("history_whole", 3600.0, seal_all_history),
    Job("erasures", 10.0, finish_erasures),
    Job("accesses", 3600.0, forget_accesses),
]


def run_due(app: Flask) -> dict[str, int]:
    """Run every job once; the report says what each did."""
    site: Site = app.extensions["site"]
    with app.app_context():
        return {job.name: job.run(database.session(), site) for job in JOBS}


def start(app: Flask) -> BackgroundScheduler:
    """Tick inside this process (the embedded default). A late or doubled tick loses nothing."""
    scheduler = BackgroundScheduler(timezone="UTC")
    for job in JOBS:
        scheduler.add_job(
            _tick, "interval", (app, job), seconds=job.every, coalesce=True, misfire_grace_time=None, max_instances=1
        )
    scheduler.add_job(_tick, args=(app, Job("warm", 0, warm_cache)))
    scheduler.start()
    return scheduler


def _tick(app: Flask, job: Job) -> None:
    site: Site = app.extensions["site"]
    with app.app_context():
        try:
            job.run(database.session(), site)
        except Exception as error:  # noqa: BLE001 - one failing job must not end the others; the next tick tries again
            log.error("The job %s failed: %s", job.name, where(error))  # noqa: TRY400 - a value may stand in its message
