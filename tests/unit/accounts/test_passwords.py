"""What may be a password, and that no part of one is thrown away."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from directory.accounts import passwords
from directory.accounts.passwords import make_hash, matches, needs_rehash, problem

LONG = "lampe-7x" * 9  # 72 characters: where other hashes stop reading
TAKEN = [
    "correct horse battery", "ünïcødé wörds", "пять синих лампочек", "Ελληνικά σταφύλια", "🦔🦔🌲 im Wald 🌧",
    "  leading and trailing  ",
    "a" * 3 + "bcdefghijk", "l7:pQ-9v", "x" * 5 + "yz0123456789abcd" * 12, "tab\tinside the word", "null\x00inside it",
    "quote\"and'quote", "<script>alert(1)</script>", "' OR 1=1 -- long", "${jndi:ldap}", "%00%0a%0d stays",
    "パスワードではない言葉", "كلمات سر طويلة جدا",
    "דלת כחולה גדולה", "seven blue lamps", "Zwölf Boxkämpfer", "žluťoučký kůň pěl", "d41d8cd98f00b204",
    LONG + "A", LONG + "B",
]  # fmt: skip
REFUSED = {
    "short": "l7:pQ-9",
    "password": "password", "12345678": "12345678", "Password1": "Password1", "PASSWORD": "PASSWORD",
    "romania": "Romania2026!", "kosovo": "kosovo!!2026", "hotline": "!hotline99", "product": "trmdirectory",
    "months": "November2026", "one letter": "aaaaaaaaaaaa", "two letters": "abababababab", "over": "y" * 257,
    "full width": "ｐａｓｓｗｏｒｄ",
}  # fmt: skip


@pytest.mark.parametrize("password", TAKEN)
def test_taken_and_only_the_very_same_matches(password: str) -> None:
    assert problem(password) is None
    kept = make_hash(password, "test")
    assert matches(kept, password, "test")
    assert not matches(kept, password + "x", "test")
    assert not matches(kept, password[:-1], "test")


@pytest.mark.parametrize("password", REFUSED.values(), ids=REFUSED)
def test_refused(password: str) -> None:
    assert problem(password) is not None


def test_nothing_is_cut_at_character_73() -> None:
    kept = make_hash(LONG + "A", "test")
    assert not matches(kept, LONG + "B", "test")


def test_two_ways_to_type_one_letter_are_one_password() -> None:
    assert matches(make_hash("cafe\u0301 au lait", "test"), "caf\u00e9 au lait", "test")


@pytest.mark.parametrize("password", ["Ana Popescu", "popescu2026", "ana.popescu@ministry.example", "ANA.POPESCU!9"])
def test_ones_own_name_and_address_are_refused(password: str) -> None:
    assert problem(password, ("ana.popescu@ministry.example", "Ana Popescu")) == "yours"


def test_the_list_knows_3000_passwords_and_finds_each() -> None:
    common = sorted(passwords.common())
    assert len(common) >= 2_900  # 3,000 before upper and lower case fall together
    missed = [word for word in common[:1000] if problem(word) is None]
    assert missed == []


def test_control_a_thousand_random_passwords_are_not_on_it() -> None:
    import random

    made = random.Random(4)
    words = ["".join(made.choices("abcdefghijkmnpqrstuvwxyz23456789-", k=12)) for _ in range(1000)]
    assert [word for word in words if problem(word)] == []


def test_a_hash_is_computed_for_nobody_too_and_never_for_too_much() -> None:
    with patch.object(type(passwords.hasher("test")), "verify", autospec=True, return_value=True) as verify:
        assert not matches(None, "some password", "test")
        assert verify.call_count == 1
        assert not matches(None, "x" * 257, "test")
        assert not matches("hash", "x" * 1_000_000, "test")
        assert verify.call_count == 1


def test_argon2id_with_the_stated_cost_and_rehash_when_it_changes() -> None:
    assert passwords.COSTS["strong"] == (3, 65536, 1)
    assert passwords.COSTS["light"] == (2, 19456, 1)
    kept = make_hash("correct horse battery", "light")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert needs_rehash(kept, "strong")
    assert not needs_rehash(kept, "light")


def test_a_broken_hash_matches_nothing() -> None:
    assert not matches("not a hash", "correct horse battery", "test")
    assert not matches("", "correct horse battery", "test")
