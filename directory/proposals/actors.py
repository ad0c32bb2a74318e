"""Who changes something, on which path, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from directory.accounts.people import rights
from directory.accounts.policy import ANYBODY, Person, Subject, Verdict
from directory.proposals.models import Proposal
from directory.registry.models import Institution, Post

RETURN_WITHIN = timedelta(days=30)
MOST_A_DAY = 40  # proposals of one account: each may send letters to people who have other things to do


class NotAllowed(Exception):
    """The person may not do this to that subject. The edge answers as if it were not there."""


class Outdated(Exception):
    """What the change would replace is no longer what stands; look again."""


class OwnProposal(Exception):
    """Nobody decides on what they asked for themselves."""


class AlreadyDecided(Exception):
    """Somebody decided before."""


class TooManyProposals(Exception):
    """This account has proposed as much in a day as one person needs to."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and on which path: form, api, import, merge, console or letter.

    `by` is the account's id, or the name of a process for those without one. A console and an import act under the
    rights of whoever runs the machine: their plain changes stand at once, their guarded ones wait like anyone's.
    `base_url` is this site's address, for the letters that tell of the change; without it they carry no link.
    """

    by: str
    path: str
    person: Person = ANYBODY
    base_url: str = ""

    @property
    def is_process(self) -> bool:
        """No person is signed in: the console or an import."""
        return self.person.account_id is None and self.path in {"console", "import", "merge"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did: whether anything stands now, and the proposal that waits, if any."""

    is_changed: bool
    proposal: Proposal | None = None


def verdict_for(actor: Actor, action: str, subject: Subject) -> Verdict:
    """What the rights say to this actor."""
    if actor.is_process:
        return {"edit_plain": "yes", "edit_guarded": "propose"}.get(action, "no")  # type: ignore[return-value]
    return rights().may(actor.person, action, subject)


def subject_of(row: Post | Institution) -> Subject:
    """The post or institution as the policy sees it."""
    if isinstance(row, Post):
        return Subject(country=row.institution.country_code, institution_id=row.institution_id, post_id=row.id)
    return Subject(country=row.country_code, institution_id=row.id)
