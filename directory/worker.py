"""Jobs by the clock: APScheduler only ticks, the database says what is due, every job can be run by hand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.orm import Session

from directory.app import database
from directory.entries import indexing
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


JOBS = [Job("index", 1.0, keep_index)]


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
    scheduler.start()
    return scheduler


def _tick(app: Flask, job: Job) -> None:
    site: Site = app.extensions["site"]
    with app.app_context():
        try:
            job.run(database.session(), site)
        except Exception:
            log.exception("The job %s failed", job.name)
