"""Jobs by the clock: APScheduler only ticks, the database says what is due, every job can be run by hand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.orm import Session

from directory.accounts import limits, links, passkeys, recovery, sessions
from directory.accounts.letters import Post
from directory.accounts.vault import Vault, derive
from directory.alone import alone
from directory.app import database
from directory.config import Settings
from directory.confirmations import drills, letters, running
from directory.confirmations.rounds import Day
from directory.db import transaction
from directory.doubles import operations as merges
from directory.entries import indexing, queries
from directory.feeds import delivering, digests, posting
from directory.history import access, sealing
from directory.logs import where
from directory.mail import receiving, return_address, sending
from directory.mail.adapters import FileMailer, build_mailer
from directory.mail.breaker import Limits
from directory.mail.message import sender_of
from directory.mail.pace import Pace
from directory.mail.received.mailbox import MailboxAway, build_mailbox
from directory.mail.received.slip import Reader
from directory.ports import SystemClock
from directory.privacy import finishing, retention
from directory.proposals import scheduling
from directory.site import Site
from directory.web.feeds import allowed_hosts, reading_of_filters

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
    pace = Pace(settings.mail_per_domain_per_minute, settings.mail_per_second)
    sender = sender_of(settings, return_keys(settings))

    def send() -> int:
        return sending.send_due(session, build_mailer(settings), sender, now=site.now(), pace=pace)

    if session.get_bind().dialect.name != "sqlite":
        return send()
    with alone(settings.data_dir / "sending.lock") as is_alone:
        return send() if is_alone else 0


def return_keys(settings: Settings) -> list[bytes]:
    """The keys under which return addresses are signed, newest first."""
    return [derive(key, return_address.PURPOSE) for key in settings.secret_keys]


def try_mail_settings(settings: Settings) -> None:
    """Raises BadSetting where letters could not go out or come back as the settings say."""
    build_mailer(settings)
    build_mailbox(settings)
    sender_of(settings, return_keys(settings))


def receive_mail(session: Session, site: Site) -> int:
    """Read the mailbox that reports and answers arrive in, where there is one."""
    settings = site.settings
    mailbox, sender = build_mailbox(settings), sender_of(settings, return_keys(settings))
    if mailbox is None:
        return 0
    reader = Reader(sender.returns, sender.domain, (sender.address,))
    limits = Limits(settings.bounce_limit, settings.bounce_limit_percent)
    try:
        done = receiving.receive(
            session, mailbox, reader, now=site.now(), today=site.today(), days=settings.return_address_days,
            limits=limits,
        )  # fmt: skip
    except MailboxAway as error:
        log.warning("The mailbox cannot be read; the next run tries again: %s", error)
        return 0
    return done.total


def ask_owners(session: Session, site: Site) -> int:
    """Open what is due, take the next steps, write the letters of the day; what was done goes into the log."""
    settings = site.settings
    desk = letters.Desk(
        vault=Vault(settings.secret_keys),
        code_key=letters.code_key(settings.secret_keys),
        base_url=settings.base_url,
        timezone=settings.timezone,
        from_hour=0 if settings.demo else settings.letters_from_hour,  # its letters wake nobody
        until_hour=24 if settings.demo else settings.letters_until_hour,
    )
    day = Day(site.now(), site.today(), site.timeline)
    breaker = Limits(settings.bounce_limit, settings.bounce_limit_percent)
    done = running.run(session, day, desk, limit=settings.letters_per_run, breaker=breaker)
    site.rounds_done = done
    if any(done.values()):
        log.info("Asked owners: %s", ", ".join(f"{name} {count}" for name, count in done.items() if count))
    return sum(done.values())


def plan_drills(session: Session, site: Site) -> int:
    """Every duty line has a day in this half-year on which it is tested."""
    with transaction(session):
        return drills.plan(session, Day(site.now(), site.today(), site.timeline))


def keep_dates(session: Session, site: Site) -> int:
    """What has its day: agreed changes stand from today, terms begin and end."""
    now, today = site.now(), site.today()
    with transaction(session):
        done = scheduling.apply_due(session, now=now, today=today)
    with transaction(session):
        shown = scheduling.apply_dates(session, now=now, today=today, zone=ZoneInfo(site.settings.timezone))
    return done.total + shown


def keep_no_longer(session: Session, site: Site) -> int:
    """Who held a closed post, and what was written about it, is kept so long and no longer."""
    settings, total = site.settings, 0
    after_days = settings.erased_after_days - settings.dormant_after_days
    for _ in range(retention.A_RUN):
        with transaction(session):  # one at a time: each looks through every table, and others write in between
            erased = retention.erase_due(session, now=site.now(), today=site.today(), after_days=after_days, limit=1)
        total += erased
        if not erased:
            break
    kept = retention.Kept(evidence=settings.evidence_kept_days, outcomes=settings.outcomes_kept_days)
    with transaction(session):
        return total + retention.forget_old(session, now=site.now(), kept=kept)


def tidy(session: Session, site: Site) -> int:
    """Forget what nobody needs any more: counted windows, dead links, old sessions, unanswered questions."""
    with transaction(session):
        for part in (limits, links, sessions, passkeys, receiving, merges):
            part.forget(session, now=site.now())
    return 0


def tell_webhooks(session: Session, site: Site) -> int:
    """Other software is told what changed. With no host listed nothing leaves, whatever stands in the table."""
    settings = site.settings
    allowed = allowed_hosts(settings)
    if not allowed.hosts:
        return 0

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return posting.post(url, body, headers, allowed=allowed)

    post = delivering.Post(settings.base_url, Vault(settings.secret_keys), send)
    return delivering.deliver(session, post, clock=site.now)


def write_digests(session: Session, site: Site) -> int:
    """Letters about what people follow, where something changed."""
    settings, taxonomy = site.settings, site.taxonomy(session)
    table = digests.Table(
        keys=settings.secret_keys,
        base_url=settings.base_url,
        timezone=settings.timezone,
        from_hour=settings.letters_from_hour,
        until_hour=settings.letters_until_hour,
        desk_for=lambda viewer: site.desk(session, viewer),
        read=lambda filters: reading_of_filters(filters, taxonomy),
    )
    return digests.write_due(session, table, now=site.now())


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
    Job("mail", 1.0, send_mail),
    Job("received", 60.0, receive_mail),
    Job("rounds", 300.0, ask_owners),
    Job("drills", 3600.0, plan_drills),
    Job("dates", 300.0, keep_dates),
    Job("retention", 3600.0, keep_no_longer),
    Job("tidy", 3600.0, tidy),
    Job("history", 5.0, seal_history),
    Job("history_whole", 3600.0, seal_all_history),
    Job("erasures", 10.0, finish_erasures),
    Job("webhooks", 10.0, tell_webhooks),
    Job("digests", 300.0, write_digests),
    Job("accesses", 3600.0, forget_accesses),
]


# However late a tick is, it is run, once: the database says what is due.
ALWAYS_RUN = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
FIRST_AFTER_SECONDS = 10.0  # whoever starts the directory need not wait for the hour


def add_job(job: Job) -> None:
    """What a composition root brings besides, once, however often it is said."""
    if job.name not in {known.name for known in JOBS}:
        JOBS.append(job)


def run_due(app: Flask) -> dict[str, int]:
    """Run every job once; the report says what each did."""
    site: Site = app.extensions["site"]
    with app.app_context():
        return {job.name: job.run(database.session(), site) for job in JOBS}


def start(app: Flask) -> BackgroundScheduler:
    """Tick inside this process (the embedded default). A late or doubled tick loses nothing."""
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults=ALWAYS_RUN)
    for job in JOBS:
        first = datetime.now(UTC) + timedelta(seconds=min(job.every, FIRST_AFTER_SECONDS))
        scheduler.add_job(_tick, "interval", (app, job), seconds=job.every, next_run_time=first)
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
