"""The directory as the two programs meet it: as it is, but for the day's quota of new cards.

Two files in its folder change it while it runs. `forgets` plants a fault: whoever leaves the directory stays in every
book. `slow` makes each report take as many seconds as it says, as over a slow line.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from flask import request

from directory.accounts.people import rights
from directory.app import create_app
from directory.phonebooks import bookkeeping

_quotas: Any = rights().quotas
_quotas["cards"] = dict.fromkeys(_quotas["cards"], 1_000_000)
_compare = bookkeeping._compare
_folder = Path(os.environ["DIRECTORY_DATA_DIR"])


def _forgetful(*args: Any, **named: Any) -> Any:
    moves = _compare(*args, **named)
    if (_folder / "forgets").exists():
        moves.gone.clear()
    return moves


bookkeeping._compare = _forgetful
app = create_app()


@app.before_request
def _slow() -> None:
    if request.method == "REPORT" and (told := _folder / "slow").exists():
        time.sleep(float(told.read_text()))
