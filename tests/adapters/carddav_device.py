"""A program with the token of one phone book, and what it may ask."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from flask import Flask

from directory.accounts.people import person_of
from directory.app import database
from directory.db import transaction
from directory.phonebooks import operations
from directory.phonebooks.rules import Contents
from tests.conftest import NOW
from tests.web.signed_in import make_account

D, C, S = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}", "{http://calendarserver.org/ns/}"
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:S="http://calendarserver.org/ns/"'
OFFICE, MOBILE = "registered-only@office.ro.example", "+442079460888"
APPLE = "iOS/18.1 (22B83) dataaccessd/1.0"


@dataclass
class Device:
    """A program with the token of one book."""

    app: Flask
    book_id: str
    token: str
    account_id: str
    network: str = "127.0.0.1"

    @property
    def book(self) -> str:
        return f"/carddav/{self.book_id}/books/entries/"

    def card(self, entry_id: str) -> str:
        return f"{self.book}{entry_id}.vcf"

    def send(self, method: str, path: str, body: str = "", **headers: str) -> Any:
        basic = base64.b64encode(f"{self.book_id}:{self.token}".encode()).decode()
        sent = {"Authorization": f"Basic {basic}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        base = {"REMOTE_ADDR": self.network}
        return self.app.test_client().open(path, method=method, data=body or None, headers=sent, environ_base=base)

    def find(self, path: str, props: str, depth: str = "0") -> Element:
        answer = self.send("PROPFIND", path, f"<D:propfind {NAMES}><D:prop>{props}</D:prop></D:propfind>", Depth=depth)
        assert answer.status_code == 207, answer.text
        return fromstring(answer.data)

    def report(self, body: str) -> Any:
        return self.send("REPORT", self.book, body, Depth="1")

    def sync(
        self, token: str = "", limit: int | None = None, props: str = "<D:getetag/>"
    ) -> tuple[dict[str, str], str, str]:
        """What changed (404 for what left), the new token, and the whole answer."""
        limited = f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit is not None else ""
        answer = self.report(
            f"<D:sync-collection {NAMES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{limited}"
            f"<D:prop>{props}</D:prop></D:sync-collection>"
        )
        assert answer.status_code == 207, answer.text
        root, found = fromstring(answer.data), {}
        for one in root.findall(f"{D}response"):
            status = one.findtext(f"{D}status") or ""
            etag = one.findtext(f"{D}propstat/{D}prop/{D}getetag")
            found[one.findtext(f"{D}href") or ""] = etag or status.split()[1]
        return found, root.findtext(f"{D}sync-token") or "", answer.text

    def multiget(self, *hrefs: str) -> dict[str, str]:
        body = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
        answer = self.report(f"<C:addressbook-multiget {NAMES}><D:prop><D:getetag/><C:address-data/></D:prop>{body}</C:addressbook-multiget>")  # fmt: skip
        assert answer.status_code == 207, answer.text
        return {
            one.findtext(f"{D}href") or "": one.findtext(f"{D}propstat/{D}prop/{C}address-data") or one.findtext(f"{D}status") or ""
            for one in fromstring(answer.data).findall(f"{D}response")
        }  # fmt: skip

    def query(self, filters: str, more: str = "") -> Any:
        return self.report(f"<C:addressbook-query {NAMES}><D:prop><D:getetag/><C:address-data/></D:prop>{filters}{more}</C:addressbook-query>")  # fmt: skip


def subscribe(app: Flask, role: str = "reader", **contents: Any) -> Device:
    with app.app_context():
        session = database.session()
        with transaction(session):
            account = make_account(session, role, country="RO" if role == "reader" else None)
            person = person_of(session, account)
            chosen = Contents(**(contents or {"countries": ("RO",)}))
            book, token = operations.make(
                session, account.id, name="Duty phone", contents=chosen, person=person, now=NOW
            )
            return Device(app, book.id, token, account.id)
