"""Codes drawn as a browser would, and read again."""

from __future__ import annotations

import re

import zxingcpp
from PIL import Image, ImageDraw

from directory.exports.qr import Code

MODULE = 4  # camera pixels per square; from about 3 cameras begin to fail
RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-\d+z")
BOX = re.compile(r'viewBox="0 0 (\d+) \1".*<path d="([^"]*)"/></svg>', re.DOTALL)


def picture(code: Code) -> Image.Image:
    """The code drawn from its path."""
    drawn = Image.new("L", (code.size * MODULE, code.size * MODULE), 255)
    pen = ImageDraw.Draw(drawn)
    for x, y, length in (map(int, found) for found in RUN.findall(code.path)):
        pen.rectangle([x * MODULE, y * MODULE, (x + length) * MODULE - 1, (y + 1) * MODULE - 1], fill=0)
    return drawn


def picture_of_svg(svg: str) -> Image.Image:
    """The code in a picture the site gave."""
    found = BOX.search(svg)
    assert found is not None, "This is no code of the site"
    return picture(Code(int(found[1]), found[2]))


def by_zxing(pictures: list[Image.Image]) -> list[str]:
    """ZXing-C++, what most Android applications use; empty where it reads nothing."""
    read = [zxingcpp.read_barcodes(one, formats=zxingcpp.BarcodeFormat.QRCode) for one in pictures]
    return [found[0].text if found else "" for found in read]
