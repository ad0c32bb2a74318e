"""Sets of places 0…n-1 as one Python integer each: place p is in the set when bit p is 1.

Intersection, union and counting run at the speed of the machine's words; these functions are the ways in and out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from itertools import count as count_up
from operator import add

_BIT = tuple(1 << place for place in range(8))
_FEW = 24
_ONE_BY_ONE = 100


def from_places(places: Sequence[int], size: int) -> int:
    """The set of these places, all below `size`."""
    if len(places) < _FEW:
        bits = 0
        for place in places:
            bits |= 1 << place
        return bits
    filled = bytearray(size // 8 + 1)
    for place in places:
        filled[place >> 3] |= _BIT[place & 7]
    return int.from_bytes(filled, "little")


def places(bits: int) -> list[int]:
    """All places of the set, ascending."""
    if bits.bit_count() < _FEW:
        return _one_by_one(bits, _FEW)
    # Between two ones of the written-out number lie only zeros: before the k-th one lie k ones and the zeros so far.
    gaps = bin(bits)[:1:-1].split("1")
    gaps.pop()
    return list(map(add, accumulate(map(len, gaps)), count_up()))


def lowest(bits: int, count: int) -> list[int]:
    """The first `count` places of the set, ascending; fewer if there are no more."""
    return _one_by_one(bits, count) if count < _ONE_BY_ONE else places(bits)[:count]


def _one_by_one(bits: int, count: int) -> list[int]:
    found: list[int] = []
    while bits and len(found) < count:
        lowest_bit = bits & -bits
        found.append(lowest_bit.bit_length() - 1)
        bits ^= lowest_bit
    return found


def union(sets: Iterable[int]) -> int:
    """Places in any of the sets."""
    bits = 0
    for one in sets:
        bits |= one
    return bits
