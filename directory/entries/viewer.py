"""Who is looking. Until accounts exist there is one viewer: the public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a viewer may see, already decided: the layer, and whether restricted lines may be revealed."""

    layer: Literal["public", "registered"] = "public"
    may_reveal: bool = False


PUBLIC = Viewer()
