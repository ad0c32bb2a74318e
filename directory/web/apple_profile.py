"""A configuration profile for iPhone, iPad and Mac: where the phone book is and its user name; never the token."""

from __future__ import annotations

import plistlib
import uuid
from urllib.parse import urlsplit

from directory.web.carddav import places


def profile(base_url: str, book_id: str, *, name: str, site_name: str) -> bytes:
    """The file; the same for the same book, so that installing it twice replaces and does not double."""
    parts = urlsplit(base_url)
    is_https = parts.scheme == "https"
    identifier = f"{'.'.join(reversed((parts.hostname or '').split('.')))}.phone-book.{book_id}"
    account = {
        "PayloadType": "com.apple.carddav.account",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.account",
        "PayloadUUID": str(uuid.uuid5(uuid.UUID(book_id), "account")).upper(),
        "PayloadDisplayName": name,
        "CardDAVAccountDescription": site_name,
        "CardDAVHostName": parts.hostname or "",
        "CardDAVPort": parts.port or (443 if is_https else 80),
        "CardDAVUseSSL": is_https,
        "CardDAVUsername": book_id,
        "CardDAVPrincipalURL": places.principal(book_id),
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": str(uuid.uuid5(uuid.UUID(book_id), "profile")).upper(),
        "PayloadDisplayName": f"{site_name}: {name}",
        "PayloadContent": [account],
    }
    return plistlib.dumps(whole)
