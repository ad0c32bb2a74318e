"""How far the generators go: short in the tests, long in `make proof`."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("PROOF") == "long"
CASES = 10_000 if IS_LONG else 300  # of the oracle property
LINKS = 150 if IS_LONG else 10  # followed by each viewer of the canary
CHANGES = 12 if IS_LONG else 3  # addresses of one changing route that each viewer tries
LOOKS = 100 if IS_LONG else 10  # addresses of one route that each viewer looks at
