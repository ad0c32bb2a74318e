"""Phone numbers that Ofcom keeps for drama: they look real and ring nowhere."""

from __future__ import annotations

from collections.abc import Iterator

# A country's place here is its block of numbers: append, never reorder, so that numbers stay what they were.
ORDER = ("AL", "BA", "BG", "HR", "XK", "MK", "MD", "ME", "RO", "RS", "CZ", "HU", "IT", "PT")
BLOCK = 142
_PREFIXES = ("+442079460", "+441632960")  # each with 000 to 999 behind it
_BLOCKS_PER_PREFIX = 1000 // BLOCK


def numbers_for(country: str) -> Iterator[str]:
    """The numbers of a country, in the order in which its file asks for them; ends when its block is used up."""
    prefix, block = divmod(ORDER.index(country), _BLOCKS_PER_PREFIX)
    for number in range(block * BLOCK, (block + 1) * BLOCK):
        yield f"{_PREFIXES[prefix]}{number:03d}"
