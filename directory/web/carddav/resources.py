"""The properties of what stands below /carddav; everything says that it can be read only."""

from __future__ import annotations

from xml.sax.saxutils import escape  # writes, reads nothing  # nosec B406

from directory.phonebooks import rules
from directory.phonebooks.models import Subscription
from directory.web.carddav import places
from directory.web.carddav.xml import SERVER, carddav, dav, element, href
from directory.web.translating import gettext as _

BIGGEST_CARD = 102_400
REPORTS = (carddav("addressbook-multiget"), carddav("addressbook-query"), dav("sync-collection"))
# Nothing that writes: clients that look take the book for read-only by themselves.
READ_ONLY = "".join(
    element(dav("privilege"), element(dav(name))) for name in ("read", "read-current-user-privilege-set")
)
CARD_TYPE = "text/vcard; charset=utf-8"


def ctag(row: Subscription) -> str:
    """Another one as soon as anything in the book is."""
    return rules.sync_token(row.sequence)


def entrance(book_id: str) -> dict[str, str]:
    """Where everybody comes in: it says who one is."""
    return {dav("resourcetype"): element(dav("collection")), **_shared(book_id)}


def principal(row: Subscription) -> dict[str, str]:
    """One device, and where its books stand."""
    return {
        dav("resourcetype"): element(dav("collection")) + element(dav("principal")),
        dav("displayname"): escape(row.name),
        dav("principal-URL"): href(places.principal(row.id)),
        carddav("addressbook-home-set"): href(places.home(row.id)),
        **_shared(row.id),
    }


def home(row: Subscription) -> dict[str, str]:
    """It holds exactly one book: macOS takes the first only, iOS takes them all."""
    return {
        dav("resourcetype"): element(dav("collection")),
        dav("displayname"): escape(row.name),
        carddav("addressbook-home-set"): href(places.home(row.id)),
        **_shared(row.id),
    }


def book(row: Subscription, since: int | None = None) -> dict[str, str]:
    """The address book. `since`: a device that begins with the token shown here is told from there on."""
    card_type = '<C:address-data-type content-type="text/vcard" version="3.0"/>'
    reports = "".join(element(dav("supported-report"), element(dav("report"), element(report))) for report in REPORTS)
    return {
        dav("resourcetype"): element(dav("collection")) + element(carddav("addressbook")),
        dav("displayname"): escape(_("Contact directory (%(device)s)", device=row.name)),
        dav("sync-token"): escape(rules.sync_token(row.sequence, since)),
        dav("getetag"): escape(f'"{ctag(row)}"'),
        dav("supported-report-set"): reports,
        f"{{{SERVER}}}getctag": escape(ctag(row)),
        carddav("addressbook-description"): escape(_("Entries of the contact directory, kept up to date. Read only.")),
        carddav("supported-address-data"): card_type,
        carddav("max-resource-size"): str(BIGGEST_CARD),
        **_shared(row.id),
    }


def card(book_id: str, etag: str) -> dict[str, str]:
    """One card, without its text."""
    return {
        dav("resourcetype"): "",
        dav("getetag"): f'"{etag}"',
        dav("getcontenttype"): CARD_TYPE,
        **_shared(book_id),
    }


def _shared(book_id: str) -> dict[str, str]:
    mine = href(places.principal(book_id))
    return {
        dav("current-user-principal"): mine,
        dav("owner"): mine,
        dav("principal-collection-set"): href(places.ENTRANCE),
        dav("current-user-privilege-set"): READ_ONLY,
    }
