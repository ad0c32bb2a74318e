"""The rights file: every cell through `policy.may`, and the rules that must hold whatever the file says."""

from __future__ import annotations

from itertools import product

import pytest
import yaml

from directory.accounts.people import FILE, rights
from directory.accounts.policy import (
    ANYBODY,
    ORDER,
    RELATIONS,
    Grant,
    Person,
    Relation,
    Rights,
    Subject,
    Verdict,
    read_rights,
)
from directory.accounts.roles import CONSOLE_ROLES, INVITED_BY, Target, may_end_grant, may_freeze, may_give

ME, OTHER = "me", "somebody else"
ROLES = ("reader", "focal_point", "deputy", "coordinator", "secretariat", "admin", "auditor")
OF_COUNTRY = {"reader", "coordinator"}


def table() -> Rights:
    return rights()


def person(*roles: str, country: str = "RO") -> Person:
    """Holds these roles: an owner's for the institution `mine`, a reader's and coordinator's for a country."""
    grants = tuple(
        Grant(role, country if role in OF_COUNTRY else None, "mine" if role in {"focal_point", "deputy"} else None)
        for role in roles
    )
    return Person(ME, grants)


def subject(role: str, wanted: Relation) -> Subject | None:
    """A subject that stands to such a person like that; None where no subject can."""
    if wanted == "own":
        return Subject(account_id=ME)
    if wanted == "country":
        return Subject(country="RO", account_id=OTHER) if role in OF_COUNTRY else None
    return Subject(country="BG", institution_id="theirs", account_id=OTHER)


CELLS = [
    (role, action, relation)
    for role, action, relation in product(ROLES, rights().actions, RELATIONS)
    if subject(role, relation) is not None
]


@pytest.mark.parametrize(("role", "action", "relation"), CELLS)
def test_every_cell_is_what_may_answers(role: str, action: str, relation: Relation) -> None:
    about = subject(role, relation)
    assert about is not None
    assert table().may(person(role), action, about) == table().cell(role, action, relation)


@pytest.mark.parametrize("action", rights().actions)
def test_nobody_signed_in_is_anonymous_for_every_action(action: str) -> None:
    assert table().may(ANYBODY, action) == table().cell("anonymous", action, "other")


def cells(action: str, role: str) -> tuple[Verdict, ...]:
    return tuple(table().cell(role, action, relation) for relation in RELATIONS)


NO = ("no", "no", "no")
EXPECTED: dict[tuple[str, str], tuple[str, str, str]] = {
    # The admin runs the machine, not the content.
    ("read_registered", "admin"): NO,
    ("reveal", "admin"): NO,
    ("read_private", "admin"): NO,
    ("confirm", "admin"): NO,
    ("decide_proposal", "admin"): NO,
    ("create_entry", "admin"): NO,
    ("import_list", "admin"): NO,
    ("export_answer", "admin"): NO,
    ("freeze_account", "admin"): ("factor", "factor", "factor"),
    # A number is never changed at once, by anybody.
    **{("edit_guarded", role): ("propose", "propose", "propose") for role in ROLES},
    ("edit_guarded", "anonymous"): NO,
    # Who decides does so with a fresh factor, in their own country.
    ("decide_proposal", "coordinator"): ("factor", "factor", "no"),
    ("decide_proposal", "secretariat"): ("factor", "factor", "factor"),
    **{("decide_proposal", role): NO for role in ("anonymous", "reader", "focal_point", "deputy", "auditor")},
    # Who merges does so with a fresh factor, in their own country.
    ("merge_entries", "coordinator"): ("factor", "factor", "no"),
    **{("merge_entries", role): NO for role in ("anonymous", "reader", "focal_point", "deputy", "admin", "auditor")},
    # Restricted lines.
    ("reveal", "anonymous"): NO,
    ("reveal", "auditor"): NO,
    ("reveal", "reader"): ("quota", "quota", "quota"),
    ("reveal", "coordinator"): ("yes", "yes", "quota"),
    # Invitations.
    ("invite_reader", "coordinator"): ("factor", "factor", "no"),
    ("invite_coordinator", "coordinator"): NO,
    ("invite_coordinator", "secretariat"): ("factor", "factor", "factor"),
    ("invite_secretariat", "secretariat"): ("second", "second", "second"),
    ("invite_secretariat", "admin"): NO,
    ("freeze_account", "coordinator"): ("no", "factor", "no"),
    # The auditor reads and changes nothing.
    ("read_private", "auditor"): ("yes", "yes", "yes"),
    ("erase_person", "auditor"): NO,
    ("import_list", "auditor"): NO,
    ("close_last_route", "coordinator"): ("second", "second", "no"),
}


@pytest.mark.parametrize(("action", "role"), EXPECTED)
def test_the_rules_that_matter_most_stand_in_the_file(action: str, role: str) -> None:
    assert cells(action, role) == EXPECTED[action, role]


def test_nobody_is_kept_from_proposing_a_correction() -> None:
    assert [role for role in ROLES if "no" in cells("edit_plain", role)] == []


@pytest.mark.parametrize(("one", "two"), [(a, b) for a, b in product(ROLES, ROLES) if a < b])
def test_several_roles_are_the_union_never_less_than_either(one: str, two: str) -> None:
    about = Subject(country="RO", account_id=OTHER)
    for action in table().actions:
        both = table().may(person(one, two), action, about)
        alone = [table().may(person(role), action, about) for role in (one, two)]
        assert both == max(alone, key=ORDER.index), action


def test_a_coordinator_has_no_say_in_the_next_country() -> None:
    here, there = Subject(country="RO", account_id=OTHER), Subject(country="BG", account_id=OTHER)
    mine = person("coordinator")
    for action in ("decide_proposal", "create_entry", "import_list", "erase_person", "invite_reader", "freeze_account"):
        assert table().may(mine, action, here) != "no", f"the control: {action} at home"
        assert table().may(mine, action, there) == "no", action


def test_an_institution_elsewhere_in_the_country_is_not_a_focal_points_own() -> None:
    mine = person("focal_point")
    assert table().may(mine, "edit_plain", Subject(country="RO", institution_id="mine")) == "yes"
    assert table().may(mine, "edit_plain", Subject(country="RO", institution_id="theirs")) == "propose"


GIVES = {
    # role of the giver: {(role, country, institution): verdict}
    "coordinator": {
        ("reader", "RO", None): "factor", ("reader", "BG", None): "no", ("deputy", "RO", "any"): "factor",
        ("focal_point", "RO", "any"): "factor", ("focal_point", "BG", "any"): "no", ("coordinator", "RO", None): "no",
        ("secretariat", None, None): "no", ("admin", None, None): "no", ("auditor", None, None): "no",
    },
    "secretariat": {
        ("reader", "RO", None): "factor", ("coordinator", "BG", None): "factor", ("secretariat", None, None): "second",
        ("admin", None, None): "no", ("auditor", None, None): "no", ("coordinator", None, None): "no",
    },
    "focal_point": {
        ("deputy", "RO", "mine"): "factor", ("deputy", "RO", "theirs"): "no", ("focal_point", "RO", "mine"): "no",
        ("reader", "RO", None): "no",
    },
    "deputy": {("deputy", "RO", "mine"): "no"},
    "reader": {("reader", "RO", None): "no"},
    "admin": {("reader", "RO", None): "no", ("secretariat", None, None): "no", ("admin", None, None): "no"},
    "auditor": {("reader", "RO", None): "no"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("giver", "role", "country", "institution", "verdict"),
    [(giver, *what, verdict) for giver, rows in GIVES.items() for what, verdict in rows.items()],
)
def test_who_gives_which_role(
    giver: str, role: str, country: str | None, institution: str | None, verdict: str
) -> None:
    assert may_give(table(), person(giver), role, country, institution) == verdict


RANK = {"deputy": 1, "reader": 1, "focal_point": 2, "coordinator": 3, "secretariat": 4}


def test_nobody_gives_more_than_they_hold() -> None:
    for giver, role in product(ROLES, (*INVITED_BY, *CONSOLE_ROLES)):
        given = {
            may_give(table(), person(giver), role, country, institution)
            for country, institution in product((None, "RO", "BG"), (None, "mine", "theirs"))
        } - {"no"}
        if given:
            assert role not in CONSOLE_ROLES
            assert RANK[role] <= RANK[giver]
            assert role != giver or given == {"second"}, f"{giver} makes another {role} alone"


READER = Target(OTHER, frozenset({"reader"}), frozenset({"RO"}))


@pytest.mark.parametrize(
    ("role", "target", "verdict"),
    [
        ("coordinator", READER, "factor"),
        ("coordinator", Target(ME, frozenset({"reader"}), frozenset({"RO"})), "no"),
        ("coordinator", Target(OTHER, frozenset({"reader"}), frozenset({"BG"})), "no"),
        ("coordinator", Target(OTHER, frozenset({"reader"}), frozenset({"RO", "BG"})), "no"),
        ("coordinator", Target(OTHER, frozenset({"coordinator"}), frozenset({"RO"})), "no"),
        ("coordinator", Target(OTHER, frozenset({"reader", "secretariat"}), frozenset({"RO"})), "no"),
        ("coordinator", Target(OTHER, frozenset(), frozenset()), "no"),
        ("secretariat", Target(OTHER, frozenset({"coordinator"}), frozenset({"BG"})), "factor"),
        ("secretariat", Target(ME, frozenset({"secretariat"}), frozenset()), "no"),
        ("admin", Target(OTHER, frozenset({"secretariat"}), frozenset()), "factor"),
        ("admin", Target(ME, frozenset({"admin"}), frozenset()), "no"),
        *((role, READER, "no") for role in ("reader", "focal_point", "deputy", "auditor")),
    ],
)
def test_who_freezes_whom(role: str, target: Target, verdict: str) -> None:
    assert may_freeze(table(), person(role), target) == verdict


def test_nobody_takes_their_own_role_away() -> None:
    mine = Target(ME, frozenset({"secretariat"}), frozenset())
    assert may_end_grant(table(), person("secretariat"), mine, "secretariat", Subject()) == "no"
    other = Target(OTHER, frozenset({"secretariat"}), frozenset())
    assert may_end_grant(table(), person("secretariat"), other, "secretariat", Subject()) == "factor"


def test_control_a_file_with_a_hole_or_an_unknown_word_is_refused() -> None:
    document = yaml.safe_load(FILE.read_text("utf-8"))
    del document["actions"]["reveal"]["auditor"]
    with pytest.raises(ValueError, match="auditor"):
        read_rights(document)
    document = yaml.safe_load(FILE.read_text("utf-8"))
    document["actions"]["reveal"]["auditor"] = "perhaps"
    with pytest.raises(ValueError, match="perhaps"):
        read_rights(document)
