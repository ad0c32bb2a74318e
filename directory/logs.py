"""What a log may tell of an error: its kind and the lines of code it went through, never a value it carries."""

from __future__ import annotations

import traceback


def where(error: BaseException) -> str:
    """`KeyError in directory/web/entries.py:33 show_entry < …`, the innermost first; causes follow."""
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        frames = reversed(traceback.extract_tb(seen.__traceback__))
        steps = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        parts.append(f"{type(seen).__module__}.{type(seen).__name__} in {steps or 'no code of ours'}")
        seen = seen.__cause__ or seen.__context__
    return "; from ".join(parts)
