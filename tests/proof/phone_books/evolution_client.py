"""Evolution's own library, told what to do: run by the system's Python on a bus of its own.

Standard library and Debian's `gi` alone. Reads lines of JSON, a step and what it is given; says one line for each.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import gi

for name in ("EDataServer", "EBook", "EBookContacts"):
    gi.require_version(name, "1.2")
from gi.repository import EBook, EBookContacts, EDataServer, GLib  # noqa: E402

CONNECT_SECONDS = 60
PATIENCE = 600
EVERYTHING = '(contains "x-evolution-any-field" "")'


class Evolution:
    """One address book of Evolution's."""

    def __init__(self, user: str, token: str) -> None:
        self._registry = EDataServer.SourceRegistry.new_sync(None)
        self._typed = EDataServer.NamedParameters.new()
        self._typed.set("username", user)
        self._typed.set("password", token)
        self._user = user
        self._client: Any = None
        self._registry.connect("credentials-required", self._type)

    def _type(self, _registry: Any, source: Any, why: Any, *_more: Any) -> None:
        """What a person does in the window that asks for the password; not again where it was refused."""
        if why == EDataServer.SourceCredentialsReason.REQUIRED:
            source.invoke_authenticate_sync(self._typed, None)

    def discover(self, address: str) -> list[dict[str, str]]:
        only = EDataServer.WebDAVDiscoverSupports.CONTACTS
        found = EDataServer.webdav_discover_sources_sync(self._source(address), address, only, self._typed, None)
        return [{"name": one.display_name, "address": one.href} for one in found.out_discovered_sources]

    def open(self, name: str, address: str) -> None:
        source = self._source(address)
        source.set_display_name(name)
        source.set_parent("carddav-stub")
        source.get_extension("Address Book").set_backend_name("carddav")
        self._registry.create_sources_sync([source], None)
        kept = until(lambda: self._registry.ref_source(source.get_uid()))
        opened: list[Any] = []
        EBook.BookClient.connect(kept, CONNECT_SECONDS, None, lambda _none, result: opened.append(result))
        self._client = EBook.BookClient.connect_finish(until(lambda: opened)[0])

    def sync(self) -> None:
        done: list[Any] = []
        self._client.refresh(None, lambda client, result: done.append(client.refresh_finish(result)))
        until(lambda: done)

    def count(self) -> int:
        let_speak()
        return len(self._client.get_contacts_uids_sync(EVERYTHING, None).out_contact_uids)

    def card(self, entry_id: str) -> dict[str, Any] | None:
        let_speak()
        named = f'(is "id" "urn:uuid:{entry_id}")'
        found = self._client.get_contacts_sync(named, None).out_contacts
        return shown(found[0]) if found else None

    def refusals(self) -> dict[str, str]:
        mine = EBookContacts.Contact.new()
        mine.set_property("full-name", "Mine")
        uid = self._client.get_contacts_uids_sync(EVERYTHING, None).out_contact_uids[0]
        other = self._client.get_contact_sync(uid, None).out_contact
        other.set_property("title", "Mine")
        flags = EBookContacts.BookOperationFlags.NONE
        return {
            "new card": error_of(lambda: self._client.add_contact_sync(mine, flags, None)),
            "edit": error_of(lambda: self._client.modify_contact_sync(other, flags, None)),
            "removal": error_of(lambda: self._client.remove_contact_by_uid_sync(uid, flags, None)),
        }

    def _source(self, address: str) -> Any:
        source, parts = EDataServer.Source.new(None, None), urlsplit(address)
        login = source.get_extension("Authentication")
        login.set_host(parts.hostname)
        login.set_port(parts.port)
        login.set_user(self._user)
        login.set_method("plain/password")
        source.get_extension("Security").set_secure(parts.scheme == "https")
        source.get_extension("WebDAV Backend").set_uri(GLib.Uri.parse(address, GLib.UriFlags.NONE))
        return source


def shown(contact: Any) -> dict[str, Any]:
    """The fields of its window."""
    field = EBookContacts.ContactField

    def values(which: Any) -> list[str]:
        return [one.get_value() for one in contact.get_attributes(which)]

    def text(name: str) -> str:
        return contact.get_property(name) or ""

    unit = f" / {text('org-unit')}" if text("org-unit") else ""
    return {
        "listed": text("file-as"), "name": text("full-name"), "organisation": text("org") + unit, "title": text("title"),
        "role": text("role"), "note": text("note"), "numbers": values(field.TEL), "mails": values(field.EMAIL),
        "pages": [text("homepage-url")] if text("homepage-url") else [],
    }  # fmt: skip


def error_of(act: Callable[[], object]) -> str:
    """With which words it is refused; empty where it is not."""
    try:
        act()
    except GLib.Error as error:
        return str(error.message)
    return ""


def until(found: Callable[[], Any]) -> Any:
    """Let the bus speak until that is so."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        if time.monotonic() > end:
            raise SystemExit("Evolution does not answer")
        if not GLib.MainContext.default().iteration(False):
            time.sleep(0.005)
    return value


def let_speak() -> None:
    """Whatever the bus has to say, the question for the password among it."""
    while GLib.MainContext.default().iteration(False):
        pass


def main() -> None:
    evolution = Evolution(*sys.argv[1:3])
    for line in sys.stdin:
        step, *given = json.loads(line)
        try:
            answer = {"answer": getattr(evolution, step)(*given)}
        except GLib.Error as error:
            answer = {"error": str(error.message)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
