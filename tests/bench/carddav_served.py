"""The directory as the phone-book bench serves it: as it is, but for the day's quota of new cards."""

from __future__ import annotations

from typing import Any

from directory.accounts.people import rights
from wsgi import app

_quotas: Any = rights().quotas
_quotas["cards"] = dict.fromkeys(_quotas["cards"], 1_000_000)

__all__ = ["app"]
