"""An entry that is to go waits for a second person like any number that readers see: all of its numbers would go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from directory.proposals.actors import Actor, NotAllowed, subject_of, verdict_for
from directory.proposals.models import Proposal
from directory.proposals.operations import Wish, propose
from directory.registry.models import Post
from directory.registry.values import BadValue, clean_text

MOST_REASON = 500


def propose_close(
    session: Session,
    post: Post,
    *,
    actor: Actor,
    now: datetime,
    reason: str,
    redirect_id: str | None = None,
    last_for: Sequence[int] = (),
) -> Proposal | None:
    """Ask for an entry to be closed. Raises NotAllowed, and BadValue where the reason or the way on is no good.

    `last_for`: the procedures for which nobody else in the country can be reached; closing that takes another right.
    """
    subject = subject_of(post)
    if verdict_for(actor, "close_entry", subject) == "no":
        raise NotAllowed
    if last_for and verdict_for(actor, "close_last_route", subject) == "no":
        raise NotAllowed
    reason = clean_text(reason)
    if not 0 < len(reason) <= MOST_REASON:
        raise BadValue("Say in at most 500 characters why it is closed")
    if redirect_id is not None and (redirect_id == post.id or session.get(Post, redirect_id) is None):
        raise BadValue("The entry to go to instead is not in the directory")
    after = {"closed": True, "redirect_id": redirect_id, "last_for": list(last_for)}
    return propose(
        session,
        Wish(post, {"closed": False}, after, is_guarded=True, reason=reason, kind="close"),
        actor=actor,
        now=now,
    )
