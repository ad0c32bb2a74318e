"""Digits, networks, keys, devices: the pure parts of signing in."""

from __future__ import annotations

import pytest

from directory.accounts.factors import canonical_digits
from directory.accounts.limits import network_of
from directory.accounts.passkeys import party_of
from directory.accounts.vault import Unreadable, Vault
from directory.web.devices import label

OLD, NEW = "an old key that is long enough for us", "a new key that is long enough for us"


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("123456", "123456"), (" 123 456 ", "123456"), ("123-456", "123456"), ("１２３４５６", "123456"),
        ("١٢٣٤٥٦", "123456"), ("१२३४५६", "123456"), ("12\u200b34\u00ad56", "123456"),
        ("1\u30002\u20093456", "123456"), ("123–456", "123456"),
        ("12345", ""), ("1234567", ""), ("12345a", ""), ("½23456", ""), ("①23456", ""), ("²23456", ""), ("", ""),
        ("-123456+", ""), ("0x3039", ""), ("123456\x00", ""),
    ],
)  # fmt: skip
def test_digits_as_meant(typed: str, digits: str) -> None:
    assert canonical_digits(typed) == digits


def test_too_long_is_never_read() -> None:
    assert canonical_digits(" " * 100 + "123456") == ""


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True), ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True), ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.7", "192.0.2.1", True), ("fe80::1%eth0", "fe80::2", True),
        ("unix:", None, True), ("nonsense", "", True), ("192.0.2.1", None, False),
    ],
)  # fmt: skip
def test_networks(one: str, two: str | None, same: bool) -> None:
    assert (network_of(one) == network_of(two)) is same


def test_what_is_encrypted_for_one_purpose_opens_for_no_other() -> None:
    sealed = Vault((NEW,)).encrypt(b"secret", "totp")
    assert b"secret" not in sealed
    assert Vault((NEW,)).decrypt(sealed, "totp") == b"secret"
    with pytest.raises(Unreadable):
        Vault((NEW,)).decrypt(sealed, "other")
    with pytest.raises(Unreadable):
        Vault((OLD,)).decrypt(sealed, "totp")


def test_after_a_rotation_of_keys_the_old_still_read() -> None:
    before = Vault((OLD,))
    sealed, signed = before.encrypt(b"secret", "totp"), before.sign("value", "device")
    after = Vault((NEW, OLD))
    assert after.decrypt(sealed, "totp") == b"secret"
    assert after.unsign(signed, "device", seconds=60) == "value"
    assert Vault((NEW,)).unsign(signed, "device", seconds=60) is None
    with pytest.raises(Unreadable):
        before.decrypt(after.encrypt(b"secret", "totp"), "totp")


def test_signed_values_are_bound_to_purpose_and_age() -> None:
    vault = Vault((NEW,))
    signed = vault.sign("value", "device")
    assert vault.unsign(signed, "other", seconds=60) is None
    assert vault.unsign(signed + "x", "device", seconds=60) is None
    assert vault.unsign("", "device", seconds=60) is None
    assert vault.unsign(signed, "device", seconds=-1) is None


def test_passkeys_need_a_host_with_a_name() -> None:
    assert party_of("http://127.0.0.1:8000") is None
    assert party_of("http://[::1]:8000") is None
    found = party_of("https://directory.example.org")
    assert found is not None
    assert (found.host, found.origin) == ("directory.example.org", "https://directory.example.org")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("<script>\r\nEvil: yes", "Unknown browser"), ("", "Unknown browser"),
    ],
)  # fmt: skip
def test_browsers_in_words(sent: str, words: str) -> None:
    assert label(sent) == words
