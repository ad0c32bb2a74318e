"""What came back is told apart: somebody gone, not now, our own fault, no way there, away, or a person's answer."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from directory.mail.received.classify import MOST_EVIDENCE, Verdict, classify, refusal
from directory.mail.received.spoken import reason
from tests.mail_samples import DAY, OWN_ADDRESS, Sample, sample, samples

FAILURES = {"hard", "soft", "policy", "routing"}
FOLDERS = ("own", "flufl", "bounced")
ALL = [pytest.param(one, id=one.name) for folder in FOLDERS for one in samples(folder)]


def judged(content: bytes) -> Verdict:
    return classify(content, today=DAY, own=[OWN_ADDRESS])


@pytest.mark.parametrize("one", ALL)
def test_each_sample_is_what_it_is(one: Sample) -> None:
    assert judged(one.content).kind == one.kind


@pytest.mark.parametrize("one", [pytest.param(s, id=s.name) for s in samples("own")])
def test_our_own_samples_name_recipient_return_and_deputy(one: Sample) -> None:
    found = judged(one.content)
    assert found.return_on == one.expected.get("return_on")
    if "recipient" in one.expected:
        assert found.recipient == one.expected["recipient"]
    if "deputy" in one.expected:
        assert found.names_deputy == one.expected["deputy"]


@pytest.mark.parametrize("one", [pytest.param(s, id=s.name) for s in samples("flufl") if s.expected.get("recipients")])
def test_the_missing_person_is_one_that_flufl_names(one: Sample) -> None:
    found = judged(one.content)
    assert found.kind not in FAILURES or found.recipient in one.expected["recipients"]


@pytest.mark.parametrize("one", ALL)
def test_line_ends_change_nothing(one: Sample) -> None:
    crlf = one.content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert judged(crlf).kind == one.kind


def naive(content: bytes) -> str:
    """The control: 550 is a missing person, a quoted word is enough."""
    text = content.decode("utf-8", "replace")
    return "hard" if re.search(r"\b55\d\b|user unknown|undeliver|5\.\d\.\d", text, re.IGNORECASE) else "reply"


def figures(judge: object) -> tuple[float, Counter[str]]:
    """The share of missing persons found, and what was taken for what."""
    wrong: Counter[str] = Counter()
    found = missing = 0
    for folder in FOLDERS:
        for one in samples(folder):
            kind = judge(one.content)  # type: ignore[operator]
            missing += one.kind == "hard"
            found += kind == one.kind == "hard"
            if kind != one.kind:
                wrong[f"{one.kind} as {kind}"] += 1
    return found / missing, wrong


def test_missing_people_are_found_and_nobody_else_is_called_missing() -> None:
    recall, wrong = figures(lambda content: judged(content).kind)
    assert recall >= 0.95
    assert not [pair for pair in wrong if pair.endswith(" as hard")]
    assert not [pair for pair in wrong if pair.startswith("auto_reply as ")]


def test_control_judging_by_the_code_alone_calls_people_missing_who_are_not() -> None:
    _, wrong = figures(naive)
    assert wrong["soft as hard"] > 10
    assert wrong["policy as hard"] > 10
    assert wrong["auto_reply as reply"] > 10


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("550 5.1.1 <ana@ministry.example>: User unknown", "hard"),
        ("550 no such user", "hard"),
        ("550", "hard"),
        ("550 5.7.1 relaying denied", "policy"),
        ("550 we do not relay", "policy"),
        ("550 blocked using a blocklist, see our policy", "policy"),
        ("552 5.2.2 mailbox full", "soft"),
        ("552 Requested mail action aborted", "soft"),
        ("550 over quota", "soft"),
        ("450 4.2.1 greylisted", "soft"),
        ("554 Transaction failed", "policy"),
        ("550 5.4.4 no route", "routing"),
        ("550 5.1.1 User unknown; see https://mx.example/policy", "hard"),
        ("550 5.7.1 No such user here", "hard"),
        ("550 5.7.1 user unknown or blocked", "policy"),
        ("550 5.1.8 <bounce@directory.example>: Sender address rejected: user unknown", "policy"),
        ("550 5.1.1 <ana@ministry.example>: Recipient rejected, your reverse DNS does not exist", "policy"),
        ("550 5.1.90 Your message was not sent: daily limit", "policy"),
        ("550-5.2.1 The user is receiving mail at a rate that prevents more 550 5.2.1", "soft"),
        ("450 4.1.1 User unknown", "soft"),
        ("554 5.4.7 Delivery expired; user lookup failed", "soft"),
        ("552 1 Requested mail action aborted, mailbox not found", "hard"),
        ("550 Requested action not taken: mailbox unavailable", "hard"),
        ("550 Requested action not taken: mailbox unavailable (not enough free space)", "soft"),
        ("550 host spamfilter.barracuda.example said: user unknown", "hard"),
        ("550 няма такъв потребител", "hard"),
        ("550 корисник не постоји", "hard"),
    ],
)
def test_what_a_server_says_at_the_door_is_judged_alike(said: str, kind: str) -> None:
    assert refusal(said).kind == kind


@pytest.mark.parametrize(
    "said",
    [
        "550 Rejected",
        "550 see https://mx.example/refused",
        "550 Le courrier des listes passe par un formulaire",
        "550 this account type takes letters on paper",
        "553 We prefer not to",
        "571 Delivery not wanted",
    ],
)
def test_words_we_do_not_know_never_make_somebody_missing(said: str) -> None:
    assert refusal(said).kind != "hard"
    assert refusal(f"{said}; user unknown").kind == "hard", "the control"


def test_the_reason_sendmail_gives_counts_more_than_the_user_unknown_it_adds() -> None:
    text = "(reason: 553 SPF fail)\n\n... while talking to mx.example.:\n550 5.1.1 ana@m.example... User unknown\n"
    assert reason(text) == "553 SPF fail"
    assert refusal(reason(text)).kind == "policy"
    assert refusal(text.partition("\n")[2]).kind == "hard", "the control: alone, that line would have said so"


def test_an_address_with_numbers_is_no_status_code() -> None:
    assert refusal("550 client 192.5.1.1 and 5.1.1.7: blocked").kind == "policy"


def test_a_quoted_letter_neither_confirms_nor_tells_its_code() -> None:
    for one in samples("own"):
        if one.name.startswith(("reply_", "away_bare")) and b"directory.example" in one.content:
            evidence = judged(one.content).evidence
            assert "K7MPQ4" not in evidence
            assert "ABC234" not in evidence
            assert "/confirm/" not in evidence
    assert b"K7MPQ4" in sample("reply_de"), "the control: it was there"


def test_the_words_kept_are_few_and_hold_no_control_characters() -> None:
    long = sample("reply_en") + b"x\x00\x07y " * 20_000
    evidence = judged(long).evidence
    assert len(evidence) <= MOST_EVIDENCE
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", evidence)


HOSTILE = {
    "nothing": b"",
    "no headers": b"\n\nhello",
    "nul bytes": b"\x00" * 1000,
    "one endless line": b"Subject: " + b"a@" * 400_000,
    "many at signs": b"From: a\nSubject: Undeliverable\n\n" + b"<a@b " * 150_000,
    "folding without end": b"Subject: x\n" + b" y\n" * 200_000,
    "nested without end": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2000)
    ),
    "an unknown charset": b"From: a@b.example\nContent-Type: text/plain; charset=martian\n\nHello",
    "a broken encoded word": b"From: =?utf-8?B?////?= <a@b.example>\nSubject: =?x?q?=?=\n\nHello",
    "quotes without end": b'Content-Type: multipart/report; report-type="' + b'\\"' * 100_000 + b"\n\nx",
    "tags without end": b"From: a@b.example\nContent-Type: text/html\n\n" + b"<style><" * 80_000,
    "a status block of nothing": b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\nAction\n\nStatus: \xff\n\n--b--\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_whatever_arrives_gets_a_verdict_and_none_marks_a_person(content: bytes) -> None:
    assert judged(content).kind not in {"hard"}


def test_a_date_that_is_past_is_no_return() -> None:
    assert judged(sample("away_past_date")).return_on is None
    assert classify(sample("away_past_date"), today=date(2024, 2, 1)).return_on == date(2024, 3, 3), "the control"
