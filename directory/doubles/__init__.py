"""Doubles: which entries may be the same, which must stay apart, and how two become one and two again."""
