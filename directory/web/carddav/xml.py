"""XML of the protocol: read guarded against every trick of it, written as text that was escaped piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError  # the type alone, defusedxml reads  # nosec B405
from xml.sax.saxutils import escape, quoteattr  # writes, reads nothing  # nosec B406

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

DAV, CARDDAV, SERVER = "DAV:", "urn:ietf:params:xml:ns:carddav", "http://calendarserver.org/ns/"
PREFIXES = {DAV: "D", CARDDAV: "C", SERVER: "S"}
HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="{DAV}" xmlns:C="{CARDDAV}" xmlns:S="{SERVER}">'
OK, MISSING, TOO_MANY = "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 507 Insufficient Storage"
MOST_NAMES = 200


class BadXml(Exception):
    """A body nobody can answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which properties: these, or with `names` None all of them. `values` off: their names only."""

    names: tuple[str, ...] | None
    values: bool = True


def dav(name: str) -> str:
    """The full name of a property of WebDAV."""
    return f"{{{DAV}}}{name}"


def carddav(name: str) -> str:
    """The full name of a property of CardDAV."""
    return f"{{{CARDDAV}}}{name}"


def read(body: bytes) -> Element | None:
    """The root of a body; None for an empty one. Raises BadXml."""
    if not body.strip():
        return None
    try:
        root: Element = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadXml("The body is no XML that can be read.") from error
    return root


def asked_in(root: Element | None) -> Asked:
    """What a PROPFIND or REPORT wants to know; without a word about it everything."""
    if root is None:
        return Asked(None)
    prop = root.find(dav("prop"))
    if prop is not None:
        names = tuple(dict.fromkeys(child.tag for child in prop))
        if len(names) > MOST_NAMES:
            raise BadXml("That asks for too many properties.")
        return Asked(names)
    return Asked(None, values=root.find(dav("propname")) is None)


def element(name: str, content: str = "") -> str:
    """One property with what stands in it, already escaped."""
    namespace, _, local = name.removeprefix("{").rpartition("}")
    prefix = PREFIXES.get(namespace)
    if prefix is None:
        tag, opening = f"X:{local}", f"X:{local} xmlns:X={quoteattr(namespace)}"
        tag, opening = (tag, opening) if namespace else (local, local)
    else:
        tag = opening = f"{prefix}:{local}"
    return f"<{opening}>{content}</{tag}>" if content else f"<{opening}/>"


def href(path: str) -> str:
    """An address."""
    return f"<D:href>{escape(path)}</D:href>"


def response(path: str, properties: Mapping[str, str], asked: Asked) -> str:
    """What one resource says: what it has, and by name what it has not."""
    names = tuple(properties) if asked.names is None else asked.names
    has = [name for name in names if name in properties]
    lacks = [name for name in names if name not in properties]
    parts = [_propstat((element(n, properties[n] if asked.values else "") for n in has), OK)] if has else []
    parts += [_propstat((element(n) for n in lacks), MISSING)] if lacks else []
    return f"<D:response>{href(path)}{''.join(parts) or _propstat((), OK)}</D:response>"


def status(path: str, words: str, inside: str = "") -> str:
    """A resource of which there is only a status to tell."""
    error = f"<D:error>{inside}</D:error>" if inside else ""
    return f"<D:response>{href(path)}<D:status>{words}</D:status>{error}</D:response>"


def multistatus(responses: Iterable[str], end: str = "") -> str:
    """All of them."""
    return f"{HEAD}{''.join(responses)}{end}</D:multistatus>"


def condition(name: str) -> str:
    """The body of a refusal that names the condition which was not met."""
    declared = f'xmlns:D="{DAV}" xmlns:C="{CARDDAV}"'
    return f'<?xml version="1.0" encoding="utf-8"?>\n<D:error {declared}>{element(name)}</D:error>'


def _propstat(elements: Iterable[str], words: str) -> str:
    return f"<D:propstat><D:prop>{''.join(elements)}</D:prop><D:status>{words}</D:status></D:propstat>"
