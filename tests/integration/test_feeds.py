"""Other software is told what changed: signed, in order, at least once, nothing lost; people get one letter a day."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts import api_keys
from directory.accounts.models import Account
from directory.accounts.people import person_of
from directory.feeds import delivering, ledger, posting, webhooks
from directory.feeds.models import Webhook
from directory.feeds.posting import NotDelivered
from directory.feeds.rules import Allowed
from directory.mail.models import OutgoingMail
from directory.registry import merging, operations
from directory.registry.models import Post
from directory.registry.pictures import post_values
from tests.certificates import write_certificate
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.feed_server import Listener, dripping, is_genuine, listening
from tests.people import VAULT, Member, make_account

KEYS = ("a key for tests that is long enough, truly",)
MONDAY = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
MOBILE = "+442079460188"


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Told:
    """A webhook to a real listener, and everything that delivers to it."""

    session: Session
    listener: Listener
    clock: Clock
    member: Member
    webhook: Webhook
    secret: str
    is_down: bool = False
    tries: list[bytes] = field(default_factory=list)

    @property
    def allowed(self) -> Allowed:
        return Allowed((f"127.0.0.1:{self.listener.port}",), on_loopback=True)

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.tries.append(body)
        if self.is_down:
            raise NotDelivered("no answer")
        return posting.post(url, body, headers, allowed=self.allowed)

    def run(self) -> int:
        return delivering.deliver(
            self.session, delivering.Post("http://127.0.0.1:8000", VAULT, self.send), clock=self.clock
        )

    def ids(self) -> list[str]:
        return [change["id"] for body in self.listener.bodies() for change in body["changes"]]


@pytest.fixture
def told(session: Session) -> Iterator[Told]:
    with listening() as listener:
        member = make_account(session, "Rea")
        allowed = Allowed((f"127.0.0.1:{listener.port}",), on_loopback=True)
        webhook, secret = webhooks.make(
            session, member.id, url=listener.url, countries=["RO"], allowed=allowed, vault=VAULT, now=NOW,
            person=person_of(session, session.get(Account, member.id)),
        )  # fmt: skip
        session.commit()
        yield Told(session, listener, Clock(), member, webhook, secret)


def retitle(session: Session, post: Post, title: str, *, now: datetime = NOW) -> None:
    operations.set_post(session, post, replace(post_values(post), title=title), by="test", now=now)
    session.commit()


def test_what_changed_arrives_signed_with_ids_and_instants_only(session: Session, told: Told) -> None:
    post = make_post(session)
    session.commit()
    assert told.run() == 1
    ((path, headers, body),) = told.listener.arrived
    assert path == "/changes"
    (change,) = json.loads(body)["changes"]
    assert set(change) == {"id", "at", "what", "redirect", "url"}
    assert (change["id"], change["what"], change["redirect"]) == (post.id, "changed", None)
    assert change["url"] == f"http://127.0.0.1:8000/api/v1/entries/{post.id}"
    for value in (post.title, "Return Agency", "+442079460101"):
        assert value not in body.decode()
    stamp = int(told.clock.at.timestamp())
    signature = headers["Directory-Signature"]
    assert is_genuine(told.secret, signature, body, stamp)
    assert not is_genuine(told.secret, signature, body + b" ", stamp), "control: tampered with"
    assert not is_genuine(told.secret, signature, body, stamp + 301), "control: played again later"
    assert not is_genuine("trmwh_other", signature, body, stamp), "control: another secret"


def test_the_secret_is_kept_encrypted(told: Told) -> None:
    assert told.secret.encode() not in told.webhook.secret
    assert VAULT.decrypt(told.webhook.secret, webhooks.PURPOSE).decode() == told.secret


def test_where_nothing_changed_nothing_is_sent(session: Session, told: Told) -> None:
    make_post(session)
    session.commit()
    told.run()
    assert [told.run(), told.run(), len(told.listener.arrived)] == [0, 0, 1]


def test_other_countries_are_not_told_of(session: Session, told: Told) -> None:
    make_post(session, make_institution(session, country="BG"))
    session.commit()
    assert told.run() == 0
    assert told.webhook.cursor == ledger.newest(session), "and are not looked through again"


def test_what_is_gone_and_where_it_went_is_told(session: Session, told: Told) -> None:
    kept, gone, closed = (make_post(session, title=title) for title in ("Kept", "Gone", "Closed"))
    session.commit()
    told.run()
    merging.unite_posts(session, kept, gone, post_values(kept), by="test", now=NOW)
    operations.remove_post(session, closed, reason="closed", by="test", now=NOW)
    gone_id, closed_id = gone.id, closed.id
    session.commit()
    told.run()
    changes = {change["id"]: change for change in told.listener.bodies()[-1]["changes"]}
    assert (changes[gone_id]["what"], changes[gone_id]["redirect"]) == ("removed", kept.id)
    assert (changes[closed_id]["what"], changes[closed_id]["redirect"]) == ("removed", None)


def test_a_change_that_names_an_early_instant_and_is_committed_late_is_not_passed_over(
    session: Session, told: Told
) -> None:
    late, early = make_post(session, title="Late"), make_post(session, title="Early")
    session.commit()
    told.run()
    retitle(session, early, "Early again", now=NOW + timedelta(minutes=5))
    told.run()
    retitle(session, late, "Late again", now=NOW + timedelta(minutes=1))
    told.run()
    assert told.ids()[-2:] == [early.id, late.id]


def test_a_day_of_silence_loses_nothing_and_keeps_the_order(session: Session, told: Told) -> None:
    """Every five minutes something changes while the server is down; then it is back."""
    posts = [make_post(session, title=f"Desk {number}") for number in range(6)]
    session.commit()
    told.run()
    told.listener.arrived.clear()
    told.is_down, wanted = True, []
    for number in range(48):
        told.clock.at += timedelta(minutes=30)
        retitle(session, posts[number % 6], f"Changed {number}", now=told.clock.at)
        told.run()
        wanted = [*(one for one in wanted if one != posts[number % 6].id), posts[number % 6].id]
    assert told.webhook.failing_since is not None
    assert 5 < len(told.tries) < 20, "the pauses grow"
    told.is_down = False
    told.clock.at += timedelta(hours=6)
    told.run()
    arrived = told.ids()
    assert set(arrived) == {post.id for post in posts}
    assert [one for place, one in enumerate(arrived) if one not in arrived[place + 1 :]] == wanted
    assert told.webhook.failing_since is None
    cursors = [body["cursor"] for body in told.listener.bodies()]
    assert cursors == sorted(set(cursors))


def test_every_try_sends_the_same_bytes_under_the_same_id(session: Session, told: Told) -> None:
    post = make_post(session)
    session.commit()
    told.listener.status = 500
    told.run()
    retitle(session, post, "Changed meanwhile")
    told.clock.at += timedelta(minutes=2)
    told.listener.status = 200
    told.run()
    first, again, *_ = told.listener.arrived
    assert first[2] == again[2]
    assert first[1]["Directory-Delivery"] == again[1]["Directory-Delivery"] == json.loads(first[2])["delivery"]
    assert first[1]["Directory-Signature"] != again[1]["Directory-Signature"], "each try is signed at its own time"
    assert told.ids()[2:] == [post.id], "what changed meanwhile comes after, under an id of its own"


def test_two_workers_deliver_once(session: Session, told: Told) -> None:
    make_post(session)
    session.commit()
    ledger.bring_up_to_date(session, now=NOW)
    post = delivering.Post("http://127.0.0.1:8000", VAULT, told.send)
    assert delivering._claim(session, told.webhook.id, post, now=NOW) is not None
    assert delivering._claim(session, told.webhook.id, post, now=NOW) is None
    late = delivering._claim(session, told.webhook.id, post, now=NOW + delivering.LEASE)
    assert late is not None, "control: a worker that died does not keep it"


def test_many_changes_come_in_several_deliveries(session: Session, told: Told) -> None:
    office = make_institution(session)
    posts = [make_post(session, office, title=f"Desk {number}") for number in range(230)]
    session.commit()
    assert told.run() == 3
    assert [len(body["changes"]) for body in told.listener.bodies()] == [100, 100, 30]
    assert sorted(told.ids()) == sorted(post.id for post in posts)


def test_after_three_days_it_pauses_and_its_owner_is_told(session: Session, told: Told) -> None:
    post = make_post(session)
    session.commit()
    told.is_down = True
    while told.webhook.paused_at is None:
        told.run()
        told.clock.at = told.webhook.next_try_at
    assert timedelta(days=3) <= told.webhook.paused_at - NOW < timedelta(days=3, hours=7)
    letter = session.scalars(select(OutgoingMail).where(OutgoingMail.letter == "webhook_paused")).one()
    assert (letter.to, letter.subject) == (told.member.email, "Your webhook is paused")
    told.is_down = False
    assert told.run() == 0, "paused"
    webhooks.start_again(session, told.member.id, told.webhook.id, now=told.clock.at)
    session.commit()
    told.run()
    assert told.ids() == [post.id], "it goes on where it stopped"


def test_a_test_is_a_delivery_without_changes(session: Session, told: Told) -> None:
    webhooks.try_it(session, told.member.id, told.webhook.id, now=NOW)
    session.commit()
    assert told.run() == 1
    assert told.listener.bodies()[0]["changes"] == []
    assert told.run() == 0


def test_a_frozen_account_is_told_nothing_more(session: Session, told: Told) -> None:
    make_post(session)
    api_keys.revoke_all(session, told.member.id, now=NOW)
    session.commit()
    session.expire_all()
    assert told.run() == 0
    assert told.webhook.ended_at == NOW


def test_an_account_that_lost_its_roles_is_told_nothing_more(session: Session, told: Told) -> None:
    make_post(session)
    session.execute(update(Account).where(Account.id == told.member.id).values(state="closed"))
    session.commit()
    assert told.run() == 0
    session.expire_all()
    assert told.webhook.ended_at == NOW


# The sender itself


def test_a_redirect_is_refused(told: Told) -> None:
    with listening() as elsewhere:
        told.listener.status, told.listener.location = 307, elsewhere.url
        with pytest.raises(NotDelivered, match="answered 307"):
            posting.post(told.listener.url, b"{}", {}, allowed=told.allowed)
        assert elsewhere.arrived == []


def test_the_name_is_looked_up_once_and_what_was_checked_is_connected_to() -> None:
    """A name that answers with an open address first and with one within the second time gains nothing."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["93.184.215.14"]

    with listening() as listener:
        allowed = Allowed((f"cases.example.org:{listener.port}",))
        with pytest.raises(NotDelivered, match="address not usable"):
            posting.post(f"https://cases.example.org:{listener.port}/", b"{}", {}, allowed=allowed, resolver=rebinding)
        assert (asked, listener.arrived) == (["cases.example.org"], [])


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path / "server.pem")
    with listening(certificate) as listener:
        allowed = Allowed((f"127.0.0.1:{listener.port}",), on_loopback=True)
        with pytest.raises(NotDelivered, match="certificate not valid"):
            posting.post(listener.url, b"{}", {}, allowed=allowed)
        assert listener.arrived == []
        trust = ssl.create_default_context(cafile=str(certificate))
        assert posting.post(listener.url, b"{}", {}, allowed=allowed, trust=trust) == 204, "the control"


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path / "server.pem")
    trust = ssl.create_default_context(cafile=str(certificate))
    with listening(certificate) as listener:
        allowed = Allowed((f"localhost:{listener.port}",), on_loopback=True)
        url = f"https://localhost:{listener.port}/"
        with pytest.raises(NotDelivered, match="certificate not valid"):
            posting.post(url, b"{}", {}, allowed=allowed, trust=trust, resolver=lambda *_: ["127.0.0.1"])


def test_a_server_that_drips_is_cut_off() -> None:
    with dripping() as port:
        allowed = Allowed((f"127.0.0.1:{port}",), on_loopback=True)
        with pytest.raises(NotDelivered, match="no answer"):
            posting.post(f"http://127.0.0.1:{port}/", b"{}", {}, allowed=allowed, seconds=0.3)


def test_nobody_listening_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotDelivered, match="no answer"):
        posting.post(f"http://127.0.0.1:{port}/", b"{}", {}, allowed=Allowed((f"127.0.0.1:{port}",), on_loopback=True))
