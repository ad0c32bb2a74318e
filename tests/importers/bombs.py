"""Files made to hurt a reader, built on the spot: small on the disk, huge or endless inside."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}"/></Relationships>'
)
BOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
SHEET = (
    '<?xml version="1.0"?>{before}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>"
)
SHEET_END = "</sheetData></worksheet>"
Piece = Iterator[bytes]


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def book(
    path: Path, sheet: Callable[[], Piece], *, before: str = "", more: Callable[[zipfile.ZipFile], None] | None = None
) -> Path:
    """A workbook of one sheet, its rows given piece by piece."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr(
            "xl/_rels/workbook.xml.rels", RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml")
        )
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(SHEET.format(before=before).encode())
            for piece in sheet():
                part.write(piece)
            part.write(SHEET_END.encode())
        if more:
            more(archive)
    return path


def many_rows(count: int) -> Callable[[], Piece]:
    def pieces() -> Piece:
        for number in range(1, count + 1):
            yield f'<row r="{number}">{cell(f"A{number}", "id")}{cell(f"B{number}", "name")}</row>'.encode()

    return pieces


def one_cell(megabytes: int) -> Callable[[], Piece]:
    def pieces() -> Piece:
        yield b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
        for _ in range(megabytes):
            yield b"x" * 1024 * 1024
        yield b"</t></is></c></row>"

    return pieces


def wide(columns: int) -> Callable[[], Piece]:
    def pieces() -> Piece:
        yield b'<row r="1">'
        for number in range(columns):
            yield cell(f"{letters(number)}1", f"c{number}").encode()
        yield b"</row>"

    return pieces


def far_cell() -> Piece:
    yield f'<row r="1">{cell("A1", "id")}</row><row r="1048576">{cell("XFD1048576", "far")}</row>'.encode()


def small() -> Piece:
    yield f'<row r="1">{cell("A1", "id")}</row><row r="2">{cell("A2", "&a;")}</row>'.encode()


def entities() -> str:
    """A text that unfolds a thousand million times."""
    steps = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("bcdefghij", "cdefghijk", strict=True))
    return f'<!DOCTYPE x [<!ENTITY b "lol">{steps}<!ENTITY a "&k;">]>'


def lying(path: Path, megabytes: int) -> Path:
    """A workbook whose sheet says, in both places, that it is a hundred bytes long."""
    book(path, one_cell(megabytes))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    at = content.rfind(b"PK\x01\x02", 0, content.rfind(b"xl/worksheets/sheet1.xml"))
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    local = part.header_offset
    content[local + 22 : local + 26] = struct.pack("<I", 100)
    path.write_bytes(bytes(content))
    return path


def overlapping(path: Path, copies: int, megabytes: int) -> Path:
    """One packed stream that many parts point to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = packer.compress(b"x" * 1024 * 1024 * megabytes) + packer.flush()
    crc, size = zlib.crc32(b"x" * 1024 * 1024 * megabytes), 1024 * 1024 * megabytes
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(stream), size, 1, 0) + b"a"
    out = io.BytesIO()
    out.write(local + stream)
    start = out.tell()
    for number in range(copies):
        name = f"xl/p{number}.xml".encode()
        head = struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(stream), 64, len(name), 0, 0, 0, 0, 0, 0
        )
        out.write(head + name)
    size_of = out.tell() - start
    out.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, copies, copies, size_of, start, 0))
    path.write_bytes(out.getvalue())
    return path


def many_parts(path: Path, count: int) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"xl/{number}.xml", b"")
    return path


def nested(path: Path) -> Path:
    """A zip of zips of zips: nobody ever opens the inner ones."""
    inner = b"0" * 10_000_000
    for _ in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.zip", inner)
        inner = out.getvalue()
    path.write_bytes(inner)
    return path


def ods(path: Path, table: str, *, before: str = "") -> Path:
    """An OpenDocument sheet with that inside its only table."""
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?>{before}<office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{table}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def repeated(rows: int, columns: int) -> str:
    return (
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell office:value-type="string" '
        f'table:number-columns-repeated="{columns}"><text:p>x</text:p></table:table-cell></table:table-row>'
    )


def letters(index: int) -> str:
    found, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        found = chr(65 + rest) + found
    return found
