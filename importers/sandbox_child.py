"""The reader that is kept apart: takes its limits first, then reads one file and tells its rows line by line."""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from importers.records import FileRefused, Limits, RowItem
from importers.row_wire import END, to_wire, told

Reader = Callable[[Path, Limits, dict[str, Any]], Iterator[RowItem]]
# Looked up by name, so that a reader of cards does not load the readers of workbooks.
READERS = {
    "sheet": "importers.sheet_reader:read_sheet",
    "sheet_names": "importers.sheet_reader:read_sheet_names",
    "vcard": "importers.vcard_reader:read_cards",
    "hsds": "importers.hsds_reader:read_hsds",
    "json": "importers.json_reader:read_json_apart",
    "directory": "importers.own_reader:read_own",
}
_MEGABYTE = 1024 * 1024


def main(order: str) -> None:
    """Read what the order says. Every end is told on the pipe, or is the death of this process."""
    asked = json.loads(order)
    limits = Limits(**asked["limits"])
    reader = _reader(asked["reader"])
    _bind(limits)
    gc.set_threshold(50_000)  # rows come and go; looking for rings among them costs a third of the time
    out = sys.stdout
    path = Path(asked["path"])
    try:
        for item in reader(path, limits, asked["choices"]):
            out.write(to_wire(item) + "\n")
        out.write(told(END) + "\n")
    except FileRefused as error:
        out.write(told("refused", reason=str(error)) + "\n")
    except MemoryError:
        reason = f"{path.name} needs more than {limits.memory_megabytes} MB of memory to read: nothing was taken"
        out.write(told("refused", reason=reason) + "\n")
    except RecursionError:
        out.write(told("refused", reason=f"{path.name} is nested too deeply: nothing was taken") + "\n")
    out.flush()
    os._exit(0)


def _reader(name: str) -> Reader:
    module, _, function = READERS[name].partition(":")
    reader: Reader = getattr(importlib.import_module(module), function)
    return reader


def _bind(limits: Limits) -> None:
    """From here on the process can take no more than this, nor write a file, nor leave a picture of its memory."""
    memory = limits.memory_megabytes * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
