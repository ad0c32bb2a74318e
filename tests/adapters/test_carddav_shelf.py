"""Cards kept in memory: who may see less never gets another's card, and what changes shows at the very next look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from directory.accounts.models import AccountGrant
from directory.accounts.people import rights
from directory.db import transaction
from directory.phonebooks import cards as shelf
from directory.phonebooks import rules
from directory.registry import operations as registry
from directory.registry.models import Post
from tests.adapters.carddav_device import OFFICE, Device, subscribe
from tests.conftest import NOW
from tests.people import set_clock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="session")
def own_session(apart: Session) -> Session:
    return apart


@pytest.fixture(name="warm")
def warm_device(app: Flask, office: str) -> Device:
    """Its card of the office is kept already, seen by somebody registered."""
    device = subscribe(app)
    device.sync()
    assert OFFICE in card_of(device, office)
    return device


def card_of(device: Device, entry_id: str) -> str:
    return device.multiget(device.card(entry_id))[device.card(entry_id)]


def test_a_card_kept_is_not_written_again(warm: Device, office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = card_of(warm, office)
    monkeypatch.setattr(shelf, "card_of", lambda *_: pytest.fail("It was written again"))
    assert card_of(warm, office) == kept


def seen_by_the_public(app: Flask, entry_id: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The card as another device gets it whose owner reads the public layer only."""
    monkeypatch.setitem(rights().layers, "reader", "public")
    other = subscribe(app)
    other.sync()
    return card_of(other, entry_id)


@pytest.mark.usefixtures("warm")
def test_who_may_see_less_never_gets_a_card_kept_for_another(
    app: Flask, office: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert OFFICE not in seen_by_the_public(app, office, monkeypatch)


def test_a_key_without_the_layer_would_leak(app: Flask, office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same question finds the leak where the ETag does not know who looks."""
    digest = rules.digest

    def blind(parts: Sequence[object]) -> str:
        return digest([part for part in parts if part not in {"public", "registered"}])

    monkeypatch.setattr(rules, "digest", blind)
    device = subscribe(app)
    device.sync()
    assert OFFICE in card_of(device, office)
    assert OFFICE in seen_by_the_public(app, office, monkeypatch)


def test_a_right_that_is_lost_shows_at_once(
    warm: Device, office: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as less:
        less.setitem(rights().layers, "reader", "public")
        assert OFFICE not in card_of(warm, office)
    assert OFFICE in card_of(warm, office)
    mine = update(AccountGrant).where(AccountGrant.account_id == warm.account_id)
    session.execute(mine.values(ended_at=NOW))
    session.commit()
    assert warm.send("GET", warm.card(office)).status_code == 401


def test_an_edit_shows_at_once(warm: Device, office: str, session: Session) -> None:
    title = session.get_one(Post, office).title
    for other in ("Other office", title):
        with transaction(session):
            session.get_one(Post, office).title = other
            registry.touch(session, [office], now=NOW)
        assert f"TITLE:{other}" in card_of(warm, office)


def test_a_confirmation_that_grows_old_shows_on_the_day(
    app: Flask, warm: Device, office: str, session: Session
) -> None:
    with transaction(session):
        session.get_one(Post, office).confirmed_at = NOW
        registry.touch(session, [office], now=NOW)
    grows_old = app.extensions["site"].days.unconfirmed
    set_clock(app, NOW + timedelta(days=grows_old - 1))
    assert "(not confirmed)" not in card_of(warm, office)
    set_clock(app, NOW + timedelta(days=grows_old))
    assert "(not confirmed)" in card_of(warm, office)
