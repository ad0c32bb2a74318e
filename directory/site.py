"""What one running directory holds: settings, ports, the taxonomy in force, the question reader, the cache.

Built once by the composition roots (app, cli, worker); pages and commands ask it for a `Desk` to answer from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from time import monotonic
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.config import Settings
from directory.confirmations.rules import Timeline
from directory.entries.answers import Desk
from directory.entries.queries import EntryCache
from directory.entries.viewer import PUBLIC, Viewer
from directory.ports import Ports
from directory.registry.rules import FreshnessDays
from directory.search.question.lexicon import build_lexicon
from directory.search.question.reader import Reader
from directory.sops import operations as sops
from directory.sops.models import TaxonomyVersion
from directory.sops.taxonomy import Taxonomy, build, read_file

LOOK_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class Site:
    """One running directory."""

    settings: Settings
    ports: Ports
    cache: EntryCache = field(default_factory=EntryCache)
    rounds_done: dict[str, int] = field(default_factory=dict)  # what the last run of the rounds did, for the report
    _taxonomy: Taxonomy | None = None
    _reader: Reader | None = None
    _version_id: str = ""
    _looked_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @property
    def days(self) -> FreshnessDays:
        """The intervals of freshness, from the settings."""
        s = self.settings
        return FreshnessDays(
            due=s.due_after_days,
            overdue=s.overdue_after_days,
            unconfirmed=s.unconfirmed_after_days,
            hidden=s.hidden_after_days,
            dormant=s.dormant_after_days,
        )

    @property
    def timeline(self) -> Timeline:
        """When who is asked, from the settings."""
        s = self.settings
        return Timeline(
            ask=s.due_after_days,
            remind=s.remind_after_days,
            deputy=s.overdue_after_days,
            institution=s.institution_after_days,
            coordinator=s.unconfirmed_after_days,
            hide=s.hidden_after_days,
            decide=s.dormant_after_days,
            erase=s.erased_after_days,
            spread=s.first_round_days,
        )

    def now(self) -> datetime:
        """The instant, in UTC."""
        return self.ports.clock.now()

    def today(self) -> date:
        """The day it is where the secretariat sits."""
        return self.now().astimezone(ZoneInfo(self.settings.timezone)).date()

    def desk(self, session: Session, viewer: Viewer = PUBLIC) -> Desk:
        """What answering needs, for this viewer, now."""
        return Desk(
            session,
            self.ports.index,
            viewer,
            self.now(),
            self.today(),
            self.days,
            self.cache,
            self.taxonomy(session),
        )

    def taxonomy(self, session: Session) -> Taxonomy:
        """The taxonomy in force; the file's before the first is loaded. Looked up at most once a second."""
        looked_at = monotonic()
        if self._taxonomy is not None and looked_at - self._looked_at < LOOK_EVERY_SECONDS:
            return self._taxonomy
        newest = select(TaxonomyVersion.id).order_by(TaxonomyVersion.in_force_at.desc()).limit(1)
        version_id = session.scalar(newest) or "file"
        if self._taxonomy is None or version_id != self._version_id:
            with self._lock:
                self._taxonomy = sops.current(session) or build(read_file())
                self._reader = Reader(build_lexicon(self._taxonomy.document))
                self._version_id = version_id
        self._looked_at = looked_at
        return self._taxonomy

    def forget_taxonomy(self) -> None:
        """Look again at once: a newer version was just put in force."""
        self._looked_at = 0.0

    def reader(self, session: Session) -> Reader:
        """The question reader for the taxonomy in force."""
        self.taxonomy(session)
        assert self._reader is not None
        return self._reader
