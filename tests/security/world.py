"""A world in which every column that may hide something holds a token nobody else has."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from directory.accounts import sessions
from directory.accounts.models import (
    Account,
    AccountGrant,
    ApiKey,
    Invitation,
    Passkey,
    PasskeyChallenge,
    PostOwner,
    RecoveryCode,
    TotpFactor,
)
from directory.accounts.tokens import token_hash
from directory.confirmations.models import CallTask, Check, Finding
from directory.db import new_id
from directory.feeds.models import Following, Webhook
from directory.history import operations as history
from directory.history.access import Asker, raise_alarm, record_access
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.phonebooks.models import Subscription
from directory.phonebooks.rules import plain_token
from directory.proposals.models import Proposal
from directory.registry import operations
from directory.registry.models import Country, LegalFooting, Network, NetworkMember, Post, Removal
from directory.registry.pictures import post_values
from directory.registry.values import ContactValues, InstitutionValues, NameValues, PostValues, ResponsibilityValues
from importers.models import ImportRun
from tests.conftest import NOW
from tests.security.doubled import plant_doubles
from tests.security.tokens import phone, word

ROLES = ("reader", "focal_point", "deputy", "coordinator", "coordinator_abroad", "secretariat", "admin", "auditor")
SOPS = tuple(ResponsibilityValues(sop) for sop in (1, 2, 3, 4, 5))


@dataclass
class World:
    """Ids by name, and what opens doors: cookies, keys, links."""

    posts: dict[str, str] = field(default_factory=dict)
    institutions: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    books: dict[str, tuple[str, str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def build(session: Session) -> World:
    """Two countries and more, everybody who may look, and traces of everything anybody ever does."""
    world = World()
    _romania(session, world)
    _abroad(session, world)
    _people(session, world)
    _past(session, world)
    _traces(session, world)
    session.flush()
    return world


def _contacts(*kinds: tuple[str, bool]) -> tuple[ContactValues, ...]:
    return tuple(
        ContactValues(kind, _value(kind), label=word(), hours="24/7", is_published=is_published)
        for kind, is_published in kinds
    )


def _value(kind: str) -> str:
    if kind in {"email", "secure_mail"}:
        return f"{word()}@office.example"
    if kind == "web":
        return f"https://{word()}.example/"
    return word() if kind == "postal" else phone()


def _institution(session: Session, world: World, name: str, country: str, kind: str, **more: Any) -> Any:
    values = InstitutionValues(
        country=country,
        type=kind,
        names=(NameValues(word(), "en"), NameValues(word(), "ro"), NameValues(word(), "en", "former")),
        city=word(),
        note=word(),
        source_url=f"https://{word()}.example/",
        responsibilities=(ResponsibilityValues(4, area=word()),),
        **more,
    )
    source = operations.ensure_source(
        session, word(), url=f"https://{word()}.example/", licence=word(), dated_on=NOW.date()
    )
    made = operations.add_institution(session, values, by="test", now=NOW, source=source)
    world.institutions[name] = made.id
    return made


def _post(session: Session, world: World, name: str, house: Any, role: str, contacts: Any, days: int = 12) -> Post:
    values = PostValues(
        title=word(), role=role, area=word(), asks_for=word(), contact_points=contacts,
        responsibilities=tuple(replace(one, area=word()) for one in SOPS),
    )  # fmt: skip
    post = operations.add_post(session, house, values, by="test", now=NOW)
    post.confirmed_at, post.confirmation_method = NOW - timedelta(days=days), "signed_in"
    world.posts[name] = post.id
    return post


def _hold(session: Session, post: Post, *, agreed: bool) -> None:
    operations.appoint(
        session, post, word(), by="test", now=NOW, from_on=date(2026, 1, 1),
        agreed_at=NOW if agreed else None, contact_points=_contacts(("mobile", False), ("email", False), ("phone", True)),
    )  # fmt: skip


def _romania(session: Session, world: World) -> None:
    every = _contacts(
        ("hotline", True), ("phone", True), ("phone", False), ("duty_phone", False), ("direct_phone", False),
        ("email", True), ("email", False), ("secure_mail", False), ("web", True), ("postal", True), ("fax", False),
    )  # fmt: skip
    house = _institution(session, world, "home", "RO", "migration_authority", contact_points=every)
    lines = _contacts(
        ("phone", True), ("email", False), ("duty_phone", False), ("direct_phone", False), ("mobile", True)
    )
    _hold(session, _post(session, world, "agreed", house, "return_officer", lines), agreed=True)
    _hold(
        session, _post(session, world, "not_agreed", house, "return_officer", _contacts(("email", True))), agreed=False
    )
    _hold(
        session, _post(session, world, "stale", house, "trm_focal_point", _contacts(("phone", False)), 130), agreed=True
    )
    vacant = _post(session, world, "vacant", house, "national_coordinator", ())
    vacant.deputy_id = world.posts["agreed"]
    shelter = _institution(session, world, "shelter", "RO", "shelter")
    _post(session, world, "shelter", shelter, "shelter_intake", _contacts(("intake_phone", False), ("email", True)))
    child = _institution(session, world, "below", "RO", "police_unit")
    child.parent_id = house.id
    _post(session, world, "below", child, "hotline", _contacts(("hotline", True), ("direct_phone", False)))


def _abroad(session: Session, world: World) -> None:
    house = _institution(
        session, world, "abroad", "MD", "police_unit", contact_points=_contacts(("direct_phone", False))
    )
    post = _post(session, world, "abroad", house, "return_officer", _contacts(("email", False), ("duty_phone", False)))
    _hold(session, post, agreed=False)
    embassy = _institution(session, world, "embassy", "MD", "embassy_consulate", host_country="IT", serves=("IT", "MT"))
    _post(session, world, "embassy", embassy, "consular_officer", _contacts(("phone", True), ("mobile", False)))
    for code in ("RO", "MD"):
        country = session.get(Country, code)
        assert country is not None
        country.note = word()
        session.add(LegalFooting(country_code=code, kind="protocol", title=word(), url=f"https://{word()}.example/"))
        network = Network(key=new_id()[:8], name=word())
        network.members = [NetworkMember(country_code=code)]
        session.add(network)


def _people(session: Session, world: World) -> None:
    for role in ROLES:
        _account(session, world, role, role)
    _account(session, world, "stranger", "reader", country="MD")
    _account(session, world, "abroad_owner", "focal_point", institution=world.institutions["abroad"])
    _account(session, world, "unfinished", "reader", has_factor=False)
    session.add(PostOwner(post_id=world.posts["agreed"], account_id=world.accounts["focal_point"]))
    for scope in ("read:public", "read:registered"):
        _key(session, world, scope, "reader", [scope, "export"])
    for role in ROLES:
        _key(session, world, f"write:{role}", role, ["read:registered", "write"])
    for role in ("reader", "coordinator"):
        _book(session, world, role)
        _feed(session, world, role)


def _book(session: Session, world: World, role: str) -> None:
    """A phone book of everything; who has its token comes in at no other door."""
    token, book_id = f"{word()}-{new_id()}", new_id()
    world.books[f"book:{role}"] = (book_id, token)
    contents = {"countries": ["RO", "MD"], "answers": [], "favourites": list(world.posts.values()), "title": word()}
    session.add(
        Subscription(
            id=book_id, account_id=world.accounts[role], token_hash=token_hash(plain_token(token)), name=word(),
            contents=contents, created_at=NOW, expires_at=NOW + timedelta(days=30), last_device=word(),
        )
    )  # fmt: skip


def _feed(session: Session, world: World, role: str) -> None:
    """Another system that is told, and a country that is followed."""
    token, owner = f"{word()}{new_id()}", world.accounts[role]
    world.links[f"stop_{role}"] = token
    session.add(
        Webhook(
            account_id=owner, url=f"https://{word()}.example/", secret=word().encode(), pending=word(), created_at=NOW, next_try_at=NOW,
        )
    )  # fmt: skip
    session.add(
        Following(
            account_id=owner, filters="country=RO", label=word(), created_at=NOW, last_told_at=NOW, token_hash=token_hash(token),
        )
    )  # fmt: skip


def _key(session: Session, world: World, name: str, role: str, scopes: list[str]) -> None:
    text = f"trm_{word()}{new_id()}"
    world.keys[name] = text
    session.add(
        ApiKey(
            account_id=world.accounts[role], token_hash=token_hash(text), name=word(), scopes=scopes,
            created_at=NOW, expires_at=NOW + timedelta(days=30),
        )
    )  # fmt: skip


def _account(
    session: Session, world: World, name: str, role: str, *, country: str = "RO", institution: str | None = None,
    has_factor: bool = True,
) -> None:  # fmt: skip
    account = Account(id=new_id(), email=f"{word()}@people.example", name=word(), password_hash=word(), created_at=NOW)
    plain = "coordinator" if role == "coordinator_abroad" else role
    country = "MD" if role == "coordinator_abroad" else country
    grant = AccountGrant(role=plain, granted_at=NOW, granted_by=word())
    if plain in {"reader", "coordinator"}:
        grant.country_code = country
    if plain in {"focal_point", "deputy"}:
        grant.institution_id = institution or world.institutions["home"]
    account.grants = [grant]
    session.add(account)
    session.flush()
    session.add(TotpFactor(account_id=account.id, secret=word().encode(), confirmed_at=NOW))
    session.add(
        Passkey(
            account_id=account.id,
            credential_id=word().encode(),
            public_key=word().encode(),
            name=word(),
            created_at=NOW,
        )
    )
    session.add(RecoveryCode(account_id=account.id, code_hash=token_hash(word())))
    world.accounts[name] = account.id
    world.cookies[name] = sessions.open_session(session, account, device=word(), now=NOW, factor=has_factor)
    row, world.cookies[f"{name}:stale"] = sessions.open_row(session, account, device=word(), now=NOW)
    row.factor_at = NOW - timedelta(minutes=16)


def _past(session: Session, world: World) -> None:
    """What stood before: only history knows it. By whoever looks after the country."""
    for name, by in (("agreed", "coordinator"), ("abroad", "coordinator_abroad")):
        post = session.get(Post, world.posts[name])
        assert post is not None
        before = post_values(post)
        gone = _contacts(("direct_phone", False), ("email", False))
        for contacts in ((*before.contact_points, *gone), before.contact_points):
            wanted = replace(before, title=word(), contact_points=contacts)
            operations.set_post(session, post, wanted, by=world.accounts[by], now=NOW)
        session.add(
            Proposal(
                subject_type="post", subject_id=post.id, country_code="RO" if name == "agreed" else "MD",
                before={"title": post.title, "asks_for": word(), "contact_points": [{"kind": "direct_phone", "value": phone()}]}, after={"title": word(), "contact_points": [{"kind": "phone", "value": phone()}]},
                is_guarded=True, reason=word(), by=world.accounts["deputy" if name == "agreed" else "stranger"], path="form",
                at=NOW,
            )
        )  # fmt: skip
        history.record(
            session, "note", subject_type="post", subject_id=post.id, by=world.accounts[by], now=NOW,
            after={"area": word()}, reason=word(),
        )  # fmt: skip
    plant_doubles(session, world.posts, world.accounts["secretariat"])
    _calls(session, world)
    _imports(session, world)
    left = _post(
        session,
        world,
        "left",
        session.get(type(post.institution), world.institutions["home"]),
        "return_officer",
        _contacts(("phone", True)),
    )
    operations.remove_post(session, left, reason=word(), by="test", now=NOW)
    session.add(Removal(entry_id=new_id(), at=NOW, reason=word(), redirect_id=world.posts["agreed"]))


def _traces(session: Session, world: World) -> None:
    for name, entry in (("reader", "agreed"), ("stranger", "abroad"), ("coordinator", "stale")):
        asker = Asker(world.accounts[name])
        for kind in ("view", "export", "sync"):
            record_access(session, kind, [world.posts[entry]], asker=asker, path="csv", now=NOW, filters=word())  # type: ignore[arg-type]
        raise_alarm(
            session, "quota_view", asker=asker, country="RO" if name != "stranger" else "MD", note=word(), now=NOW
        )
    record_access(session, "view", [world.posts["agreed"]], asker=Asker(network=word()), path="page", now=NOW)
    raise_alarm(session, "trap_door", asker=Asker(network=word()), country=None, note=word(), now=NOW)
    session.add(
        PasskeyChallenge(challenge_hash=token_hash(word()), purpose="sign_in", expires_at=NOW + timedelta(hours=1))
    )
    session.add(
        ReceivedMail(
            message_hash=token_hash(word()), kind="hard", outgoing_mail_id=new_id(), domain=f"{word()}.example",
            sender=f"{word()}@people.example", recipient=f"{word()}@people.example", subject=word(), names_deputy=word(),
            evidence=word(), received_at=NOW, note=word(), settled_by=word(),
        )
    )  # fmt: skip
    for name, account_id in world.accounts.items():
        session.add(_letter(account_id))
        if name in {"reader", "stranger"}:
            _link(session, world, f"recover_{name}", "recover", account_id)
            _link(session, world, f"enrol_{name}", "enrol", account_id)
    for country in ("RO", "MD"):
        _link(session, world, f"invite_{country}", "invite", None, role="reader", country_code=country)
    _link(session, world, "invite_secretariat", "invite", None, role="secretariat")


def _imports(session: Session, world: World) -> None:
    """Lists somebody brought: one to decide about, one that waits for a second person, one that was refused."""
    for state, by, country in (
        ("previewed", "coordinator", "RO"),
        ("waiting_second", "coordinator_abroad", "MD"),
        ("failed", "secretariat", None),
    ):
        session.add(
            ImportRun(
                state=state, at=NOW, by=world.accounts[by], country_code=country, kind="template", file_name=word(),
                size=1, choices={"list": word()}, decisions={word(): "new"}, counts={"read": 1, "new": 1},
                problem=word() if state == "failed" else "", tries=0, changed_at=NOW,
            )
        )  # fmt: skip


def _calls(session: Session, world: World) -> None:
    """Calls to make in two countries, what was found and tried there, a letter nobody can be sure of, its answer."""
    for name, by, owner in (
        ("agreed", "coordinator", "focal_point"),
        ("abroad", "coordinator_abroad", "abroad_owner"),
    ):
        post_id, country = world.posts[name], "RO" if name == "agreed" else "MD"
        task = CallTask(
            key=new_id(), post_id=post_id, country_code=country, reason="decide", note=word(), opened_at=NOW,
            due_on=NOW.date(), tell_on=NOW.date(), told_at=NOW,
        )  # fmt: skip
        finding = Finding(post_id=post_id, kind="bounced", value=word(), evidence=word(), by="worker", since_at=NOW)
        check = Check(post_id=post_id, method="call", outcome="no_answer", by=world.accounts[by], at=NOW, note=word())
        mail = _letter(world.accounts[owner])
        mail.letter, mail.state, mail.sent_at = "confirm", "uncertain", None
        session.add_all((task, finding, check, mail))
        session.flush()
        session.add(
            ReceivedMail(
                message_hash=word(), kind="auto_reply", outgoing_mail_id=mail.id, sender=f"{word()}@people.example",
                recipient=f"{word()}@people.example", subject=word(), names_deputy=word(), evidence=word(),
                received_at=NOW, note=word(),
            )
        )  # fmt: skip
        session.add(
            ReceivedMail(
                message_hash=word(), kind="hard", state="held", outgoing_mail_id=mail.id, domain=f"{word()}.example",
                recipient=f"{word()}@people.example", evidence=word(), received_at=NOW, note=word(),
            )
        )  # fmt: skip


def _letter(account_id: str) -> OutgoingMail:
    return OutgoingMail(
        key=word(), letter="roles_changed", to=f"{word()}@people.example", subject=word(), text=word(), html=word(),
        domain=f"{word()}.example", reply_to=f"{word()}@people.example", from_name=word(), account_id=account_id, queued_at=NOW, due_at=NOW, state="sent", sent_at=NOW, problem=word(), unsubscribe=word(),
    )  # fmt: skip


def _link(session: Session, world: World, name: str, purpose: str, account_id: str | None, **more: Any) -> None:
    token = f"{word()}{new_id()}"
    world.links[name] = token
    session.add(
        Invitation(
            token_hash=token_hash(token), purpose=purpose, email=f"{word()}@people.example", account_id=account_id,
            invited_by=account_id or world.accounts["secretariat"], invited_at=NOW, expires_at=NOW + timedelta(minutes=9), **more,
        )
    )  # fmt: skip
