"""Where a webhook may be sent to, and where never; how a delivery is signed; how long the pauses grow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directory.feeds import rules
from directory.feeds.rules import Allowed, BadAddress, target_of, usable_address

LISTED = Allowed(("cases.example.org", "police.example.org:8443", "10.0.0.1", "localhost", "127.0.0.1:9000"))
AT_HOME = Allowed(("127.0.0.1:9000", "localhost"), on_loopback=True)
REFUSED = [
    "", "cases.example.org", "ftp://cases.example.org/", "http://cases.example.org/", "file:///etc/passwd",
    "https://other.example.org/", "https://cases.example.org.evil.example/", "https://evil.example/cases.example.org",
    "https://user@cases.example.org/", "https://user:word@cases.example.org/", "https://cases.example.org@evil.example/",
    "https://evil.example#@cases.example.org/", "https://evil.example\\@cases.example.org/", "https://cases.example.org/#x",
    "https://cases.example.org:22/", "https://cases.example.org:8443/", "https://police.example.org/",
    "https://cases.example.org:99999/", "https://cases.example.org:/\r\nHost: evil", "https://cases.example.org/a b",
    "https://10.0.0.1/", "https://127.0.0.1:9000/", "http://127.0.0.1:9000/", "https://localhost/", "http://localhost/",
    "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://0x7f000001/", "https://127.1/", "https://0177.0.0.1/",
    "https://cases.example.org%00.evil.example/", "https://саses.example.org/", "https://169.254.169.254/latest/meta-data/",
    "https://cases.example.org/" + "a" * 500,
]  # fmt: skip
WITHIN = [
    "10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:8.8.8.8", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_nothing_is_sent_there(url: str) -> None:
    with pytest.raises(BadAddress):
        target_of(url, LISTED)


@pytest.mark.parametrize(
    ("url", "allowed", "port", "path"),
    [
        ("https://cases.example.org/changes?of=us", LISTED, 443, "/changes?of=us"),
        ("https://CASES.example.org", LISTED, 443, "/"),
        ("https://police.example.org:8443/x", LISTED, 8443, "/x"),
        ("http://127.0.0.1:9000/x", AT_HOME, 9000, "/x"),
        ("http://localhost/", AT_HOME, 80, "/"),
    ],
)
def test_control_what_is_listed_is_taken(url: str, allowed: Allowed, port: int, path: str) -> None:
    target = target_of(url, allowed)
    assert (target.port, target.path) == (port, path)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9001/", "http://10.0.0.1/", "http://cases.example.org/", "http://[::1]:9000/"]
)
def test_on_loopback_too_only_what_is_listed(url: str) -> None:
    with pytest.raises(BadAddress):
        target_of(url, AT_HOME)


@pytest.mark.parametrize("address", WITHIN)
def test_a_name_that_leads_within_is_refused_alone_and_beside_an_open_one(address: str) -> None:
    target = target_of("https://cases.example.org/", LISTED)
    for found in ([address], ["93.184.215.14", address], [address, "93.184.215.14"]):
        with pytest.raises(BadAddress):
            usable_address(found, target, LISTED)


def test_control_an_open_address_is_used() -> None:
    target = target_of("https://cases.example.org/", LISTED)
    assert usable_address(["93.184.215.14", "2606:2800:21f:cb07::1"], target, LISTED) == "93.184.215.14"
    with pytest.raises(BadAddress):
        usable_address([], target, LISTED)


def test_localhost_that_leads_elsewhere_is_refused() -> None:
    target = target_of("http://localhost/", AT_HOME)
    assert usable_address(["127.0.0.1"], target, AT_HOME) == "127.0.0.1"
    with pytest.raises(BadAddress):
        usable_address(["93.184.215.14"], target, AT_HOME)


def test_pauses_grow_to_six_hours() -> None:
    pauses = [rules.pause_after(count) for count in range(1, 30)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(hours=6))
    assert sum(pauses, timedelta()) > rules.GIVE_UP_AFTER
