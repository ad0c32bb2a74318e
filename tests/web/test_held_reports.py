"""Returned letters on hold: whose they are, what counting marks, set aside and put back, by page and by command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import html5lib
import pytest
from flask import Flask
from sqlalchemy import delete, select

from directory.accounts.models import Account
from directory.app import database
from directory.confirmations import replies
from directory.confirmations.models import Finding
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.db import new_id, transaction
from directory.history.access import Asker, raise_alarm
from directory.history.models import Alarm, Change
from directory.mail.models import OutgoingMail, ReceivedMail
from tests.conftest import NOW
from tests.people import set_clock
from tests.web.changing import new_entry
from tests.web.signed_in import Signed, sign_in

PLACE = "/coordination/letters/held"
REASON = "21 letters came back within a day as sent to nobody; the limit is 20."


class Held:
    """Three letters on hold about one domain, one about another; the first went to the owner of an entry."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.entry_id, body_id = new_entry(app, title="Desk that is doubted")
        self.owner = sign_in(app, "focal_point", institution_id=body_id, name="Olga Owner")
        with app.app_context(), transaction(database.session()) as session:
            session.execute(delete(ReceivedMail))
            to = session.get_one(Account, self.owner.account_id).email
            self.many = [
                self._report(session, to if n == 0 else f"a{n}@many.example", "many.example") for n in range(3)
            ]
            self.single = self._report(session, "b@single.example", "single.example")

    def _report(self, session: Any, to: str, domain: str) -> str:
        mail_id, report_id = new_id(), new_id()
        session.add(
            OutgoingMail(
                id=mail_id, key=mail_id, letter="confirm", to=to, domain=domain, subject="", text="", html="",
                account_id=self.owner.account_id, queued_at=NOW, due_at=NOW, state="sent", transmission_count=1,
                taken_at=NOW, sent_at=NOW,
            )
        )  # fmt: skip
        session.add(
            ReceivedMail(
                id=report_id, message_hash=report_id, kind="hard", status="5.1.1", outgoing_mail_id=mail_id,
                domain=domain, received_at=NOW, state="held", note=REASON, evidence="550 User unknown",
            )
        )  # fmt: skip
        return report_id

    def state(self, report_id: str) -> str:
        with self.app.app_context():
            return database.session().get_one(ReceivedMail, report_id).state

    def states(self) -> list[str]:
        return [self.state(one) for one in self.many]

    def actions(self, report_id: str) -> list[tuple[str, str]]:
        with self.app.app_context():
            lines = select(Change.action, Change.by).where(Change.subject_id == report_id).order_by(Change.at)
            return [(action, by) for action, by in database.session().execute(lines)]


@pytest.fixture
def held(app: Flask) -> Iterator[Held]:
    yield Held(app)
    with app.app_context(), transaction(database.session()) as session:
        for model in (ReceivedMail, Finding, Alarm):
            session.execute(delete(model))


@pytest.fixture
def cora(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Cora Coordinator")


def send(who: Signed, choice: str, *reports: str, **more: str) -> Any:
    return who.client.post(PLACE, data={"csrf_token": who.token(), "do": choice, "report": list(reports), **more})


def section_of(page: str, domain: str) -> str:
    return next(part for part in re.findall(r"<section\b.*?</section>", page, re.DOTALL) if f">{domain}</h2>" in part)


def test_the_page_says_what_is_held_why_since_when_and_what_each_choice_does(cora: Signed, held: Held) -> None:
    page = cora.client.get(PLACE).text
    assert "4 letters came back as sent to nobody" in page
    many = section_of(page, "many.example")
    for words in ("3 letters", "24 November 2026", REASON, "Count all 3", "Set all 3 aside", "550 User unknown"):
        assert words in many, words
    assert "Count it" in section_of(page, "single.example")
    assert "deputy and focal point are asked the same day" in page
    assert "For 30 days you can put it back here" in page
    assert page.index("many.example") < page.index("single.example"), "the most first"


@pytest.mark.parametrize(
    ("role", "country", "status"),
    [
        ("coordinator", "RO", 200),
        ("secretariat", None, 200),
        ("reader", "RO", 404),
        ("focal_point", None, 404),
        ("deputy", None, 404),
        ("admin", None, 404),
        ("auditor", None, 404),
    ],
)
def test_those_who_make_calls_decide_and_nobody_else(
    app: Flask, held: Held, world: Any, role: str, country: str | None, status: int
) -> None:
    body = world.institution if role in {"focal_point", "deputy"} else None
    who = sign_in(app, role, country=country, institution_id=body)
    assert who.client.get(PLACE).status_code == status
    assert send(who, "set_aside", held.single).status_code == (303 if status == 200 else 404)
    assert held.state(held.single) == ("ignored" if status == 200 else "held")


def test_a_visitor_is_led_to_sign_in(app: Flask) -> None:
    assert app.test_client().get(PLACE).location.split("?")[0] == "/sign-in"


def test_letters_of_another_country_are_not_theirs(app: Flask, held: Held) -> None:
    abroad = sign_in(app, "coordinator", country="BG")
    page = abroad.client.get(PLACE).text
    assert "Nothing is held." in page
    assert "many.example" not in page
    for choice in ("count", "set_aside"):
        assert send(abroad, choice, *held.many, sure="yes").status_code == 409
    assert held.states() == ["held"] * 3


def test_counting_asks_first_and_shows_which_entries_it_marks(app: Flask, cora: Signed, held: Held) -> None:
    first = send(cora, "count", *held.many)
    assert first.status_code == 200
    for words in ("Count 3 returned letters?", "cannot be taken back", "1 entry is marked", "Desk that is doubted"):
        assert words in first.text, words
    assert held.states() == ["held"] * 3, "to look is to change nothing"
    done = send(cora, "count", *held.many, sure="yes")
    assert (done.status_code, done.location) == (303, f"{PLACE}?count=3")
    assert held.states() == ["new"] * 3
    assert held.actions(held.many[0]) == [("release_report", cora.account_id)]
    assert "3 reports count now" in cora.client.get(done.location).text
    with app.app_context(), transaction(database.session()) as session:
        replies.settle(session, Day(NOW, NOW.date(), Timeline()))
        found = session.scalars(select(Finding.post_id).where(Finding.kind == "bounced")).all()
    assert found == [held.entry_id], "what the page said"
    assert held.state(held.single) == "held"


def test_one_report_of_a_domain_can_be_decided_alone(cora: Signed, held: Held) -> None:
    assert send(cora, "set_aside", held.many[1]).location == f"{PLACE}?set_aside=1"
    assert held.states() == ["held", "ignored", "held"]


def test_what_is_set_aside_can_be_put_back_for_thirty_days(app: Flask, cora: Signed, held: Held) -> None:
    assert send(cora, "set_aside", *held.many).status_code == 303
    page = cora.client.get(f"{PLACE}?set_aside=3").text
    assert "3 reports are set aside. Nobody was marked." in page
    assert "Set aside in the last 30 days" in page
    assert send(cora, "set_aside", *held.many).status_code == 409, "once is enough"
    assert send(cora, "put_back", *held.many).location == f"{PLACE}?put_back=3"
    assert held.states() == ["held"] * 3
    assert [action for action, _by in held.actions(held.many[0])] == ["dismiss_report", "hold_report"]
    assert REASON in section_of(cora.client.get(PLACE).text, "many.example")
    send(cora, "set_aside", *held.many)
    later = NOW + timedelta(days=30, minutes=1)
    set_clock(app, later)
    try:
        late = sign_in(app, "coordinator", country="RO", at=later)
        assert "Set aside in the last" not in late.client.get(PLACE).text
        assert send(late, "put_back", *held.many).status_code == 409
    finally:
        set_clock(app, NOW)


def test_what_the_directory_ignores_by_itself_is_no_decision_to_take_back(app: Flask, cora: Signed, held: Held) -> None:
    with app.app_context(), transaction(database.session()) as session:
        report = session.get_one(ReceivedMail, held.single)
        report.state, report.settled_at = "ignored", NOW
    assert "single.example" not in cora.client.get(PLACE).text
    assert send(cora, "put_back", held.single).status_code == 409


@pytest.mark.parametrize(("choice", "report"), [("count", ""), ("", None), ("burn", None), ("count", "no id")])
def test_a_choice_that_is_none_is_asked_for_again(cora: Signed, held: Held, choice: str, report: str | None) -> None:
    answer = send(cora, choice, held.single if report is None else report)
    assert answer.status_code == 422
    assert "Choose reports" in answer.text
    assert held.state(held.single) == "held"


@pytest.mark.parametrize("query", ["", "?count=9999", "?count=x", "?count=99999", "?set_aside=<b>"])
def test_the_page_says_only_what_it_understands(cora: Signed, held: Held, query: str) -> None:
    page = cora.client.get(f"{PLACE}{query}")
    assert page.status_code == 200
    assert ("count now" in page.text) is (query == "?count=9999")


def test_every_button_says_what_it_is_about_and_no_two_headings_fight(cora: Signed, held: Held) -> None:
    for page in (cora.client.get(PLACE).text, send(cora, "count", *held.many).text):
        tree = html5lib.parse(page, namespaceHTMLElements=False)
        assert len(list(tree.iter("h1"))) == 1
        names = ["".join(button.itertext()) for button in tree.iter("button")]
        assert len(set(names)) == len(names)
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        assert len(set(ids)) == len(ids)


def test_the_other_pages_lead_here(app: Flask, cora: Signed, held: Held) -> None:
    with app.app_context(), transaction(database.session()) as session:
        for country in (None, "RO"):
            raise_alarm(session, "bounces_held", asker=Asker(network="mail"), country=country, note=REASON, now=NOW)
    link = f'href="{PLACE}"'
    assert re.search(rf"{link}><b>4</b>", cora.client.get("/coordination").text)
    letters = cora.client.get("/coordination/letters").text
    assert letters.count("Decide about it") == 4
    for who, leads in ((sign_in(app, "secretariat"), True), (sign_in(app, "admin"), False)):
        page = who.client.get("/coordination/alarms").text
        assert "Too many letters came back at once" in page
        assert (link in page) is leads
    send(cora, "set_aside", *held.many, held.single)
    assert link not in cora.client.get("/coordination").text


# The command


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["mail", "held", *arguments])
    return done.exit_code, done.output


def test_the_command_lists_what_is_held(app: Flask, held: Held) -> None:
    code, text = run(app)
    assert code == 0
    assert "4 returned letters are held. Nobody is marked." in text
    assert re.search(r"^  many\.example +3  since 2026-11-24 21:30 UTC$", text, re.MULTILINE)
    assert text.count(REASON) == 1
    assert text.rstrip().endswith("or --set-aside DOMAIN")
    told = json.loads(run(app, "--json")[1])
    assert [(one["domain"], one["reports"]) for one in told["held"]] == [("many.example", 3), ("single.example", 1)]


def test_the_command_changes_nothing_without_commit(app: Flask, held: Held) -> None:
    code, text = run(app, "--count", "many.example")
    assert (code, held.states()) == (0, ["held"] * 3)
    assert "add --commit" in text
    assert run(app, "--count", "Many.example", "--commit")[0] == 0
    assert held.states() == ["new"] * 3
    assert held.actions(held.many[0]) == [("release_report", "console")]
    assert held.state(held.single) == "held"


def test_the_command_sets_aside_and_puts_back(app: Flask, held: Held) -> None:
    assert run(app, "--set-aside", "single.example", "--commit")[0] == 0
    assert held.state(held.single) == "ignored"
    told = json.loads(run(app, "--put-back", "single.example", "--commit", "--json")[1])
    assert told == {"decision": "put_back", "domain": "single.example", "reports": 1, "committed": True}
    assert held.state(held.single) == "held"


def test_the_command_refuses_what_is_not_there_and_wrong_use(app: Flask, held: Held) -> None:
    code, text = run(app, "--count", "nowhere.example", "--commit")
    assert code == 1
    assert "No report about nowhere.example is held." in text
    assert run(app, "--put-back", "many.example")[0] == 1
    assert run(app, "--commit")[0] == 2
    assert run(app, "--count", "a.example", "--set-aside", "a.example")[0] == 2
    assert held.states() == ["held"] * 3
