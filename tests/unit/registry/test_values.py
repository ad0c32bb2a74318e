from __future__ import annotations

import pytest

from directory.registry import values


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+41-31-952-60-10", None, "+41319526010"),
        ("031 952 60 10", "CH", "+41319526010"),
        ("tel:+442079460101", None, "+442079460101"),
        ("+44 1632 960123", None, "+441632960123"),
        ("+43 1 521520 ext. 12", None, "+431521520;ext=12"),
    ],
)
def test_a_phone_is_kept_as_e164(text: str, region: str | None, expected: str) -> None:
    assert values.clean_phone(text, region=region) == expected


@pytest.mark.parametrize("text", ["+27-2543", "12345", "call us", "+44 20 7946", "+999 123 456 789"])
def test_a_number_nobody_can_dial_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue, match=r"dialled|no phone number"):
        values.clean_contact("phone", text)


def test_a_hotline_may_be_a_short_code_and_a_desk_may_not() -> None:
    assert values.clean_contact("hotline", "116 000") == "116000"
    with pytest.raises(values.BadValue):
        values.clean_contact("phone", "116 000")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mailto:embassy.bern@mfa.gov.al", "embassy.bern@mfa.gov.al"),
        ("Desk@MFA.gov.al", "Desk@mfa.gov.al"),
        ("returns@agency.ro.example", "returns@agency.ro.example"),
    ],
)
def test_a_mail_address_is_normalised(text: str, expected: str) -> None:
    assert values.clean_contact("email", text) == expected


@pytest.mark.parametrize("text", ["nobody", "a@b", "a b@c.org", "x@y.org\r\nBcc: z@y.org", ""])
def test_an_odd_mail_address_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue):
        values.clean_contact("email", text)


@pytest.mark.parametrize("text", ["javascript:alert(1)", "ftp://x.org", "https://", "https://a b.org", "http://[oops"])
def test_only_web_addresses_are_web_addresses(text: str) -> None:
    with pytest.raises(values.BadValue, match="web address"):
        values.clean_contact("web", text)


def test_a_bare_host_gets_https() -> None:
    assert values.clean_contact("web", "www.mfa.gov.al") == "https://www.mfa.gov.al"


def test_control_characters_are_taken_out() -> None:
    assert values.clean_text("Re\x00turn\u2028 desk\x0b ") == "Return desk"


def test_a_shelters_address_is_refused_and_the_way_out_named() -> None:
    with pytest.raises(values.BadValue, match="intake line"):
        values.check_contact(values.ContactValues("postal", "Somewhere 1"), "shelter")
