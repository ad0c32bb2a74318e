"""What lies beside a sheet's cells in a workbook: comments, and links whose address no cell shows."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element  # the type alone, defusedxml reads  # nosec B405

from defusedxml.ElementTree import fromstring, iterparse

_MOST = 4 * 1024 * 1024  # of such a part; a list of contacts has a hundredth of it
_TOLD = 20
_WORTH_TELLING = ("http:", "https:", "mailto:", "tel:")


def beside(archive: zipfile.ZipFile, part: str) -> Iterator[str]:
    """A sentence for each kind of thing that is not read."""
    links: list[str] = []
    for link in _relations(archive, part):
        kind, target = link.get("Type", "").rpartition("/")[2], link.get("Target", "")
        if kind in {"comments", "threadedComment"}:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(part), target)).lstrip("/")
            if kind == "comments" and (count := _count(archive, path, "comment")):
                yield comments_told(count)
        elif kind == "hyperlink" and target.lower().startswith(_WORTH_TELLING):
            links.append(target)
    shown = _shown(archive, part) if links else ""
    if hidden := [one for one in dict.fromkeys(links) if _bare(one) not in shown]:
        many = "1 link leads" if len(hidden) == 1 else f"{len(hidden):,} links lead"
        more = " …" if len(hidden) > _TOLD else ""
        yield f"{many} where no cell says, and are not read: {', '.join(hidden[:_TOLD])}{more}"


def comments_told(count: int) -> str:
    """That comments stay out."""
    return (
        "1 cell has a comment, which is not read"
        if count == 1
        else f"{count:,} cells have comments, which are not read"
    )


def _relations(archive: zipfile.ZipFile, part: str) -> list[Element]:
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in archive.namelist() or archive.getinfo(path).file_size > _MOST:
        return []
    return list(fromstring(archive.read(path)))


def _count(archive: zipfile.ZipFile, path: str, name: str) -> int:
    if path not in archive.namelist():
        return 0
    with archive.open(path) as stream:
        return sum(element.tag.rpartition("}")[2] == name for _, element in iterparse(stream, forbid_dtd=True))


def _shown(archive: zipfile.ZipFile, part: str) -> str:
    """All texts of the workbook, in small letters; nothing of one so large that it would cost memory."""
    names = [name for name in ("xl/sharedStrings.xml", part) if name in archive.namelist()]
    small = [name for name in names if archive.getinfo(name).file_size <= _MOST]
    return "\n".join(archive.read(name).decode("utf-8", "replace").lower().replace("&amp;", "&") for name in small)


def _bare(link: str) -> str:
    """`a@agency.example` of `mailto:a@agency.example?subject=x`."""
    plain = link.lower().removeprefix("mailto:").removeprefix("tel:").partition("?subject")[0]
    return plain.removeprefix("https://").removeprefix("http://").rstrip("/")
