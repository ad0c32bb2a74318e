"""Answers that hold their words packed: workbooks, lists to print and codes, opened so that a token in them is found."""

from __future__ import annotations

import io
import subprocess
import zipfile

from tests.adapters.qr_pictures import by_zxing, picture_of_svg


def opened(media_type: str, content: bytes) -> bytes:
    """What a reader of this file would read; anything that is not packed as it is."""
    if content and media_type.endswith(".sheet"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return b"\n".join(packed.read(name) for name in packed.namelist())
    if content and media_type == "application/pdf":
        read = subprocess.run(
            ["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, timeout=60, check=True
        )
        return read.stdout
    if content and media_type == "image/svg+xml":
        return content + "\n".join(by_zxing([picture_of_svg(content.decode())])).encode()
    return content
