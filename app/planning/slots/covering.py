"""The greatest value of all the intervals that contain a point, for each point at once."""

import numpy as np

from app.planning.slots.axis import Minutes


def highest(values: Minutes, low: Minutes, high: Minutes, *, size: int, nothing: int) -> Minutes:
    """Return for each point from 0 to `size` the greatest value whose interval `[low, high]` contains it.

    `nothing` where no interval does. Each interval is written as two stretches, of a power of two, that
    together make it up; then each stretch is handed down to its halves. Takes as long as the intervals
    are many and the points long, not as long as both multiplied.
    """
    if not len(values):
        return np.full(size, nothing, dtype=np.int64)
    length = high - low + 1
    level = np.frexp(length.astype(np.float64))[1].astype(np.int64) - 1
    top = int(level.max())
    table = np.full((top + 1, size), nothing, dtype=np.int64)
    np.maximum.at(table, (level, low), values)
    np.maximum.at(table, (level, high - (1 << level) + 1), values)
    for upper in range(top, 0, -1):
        half = 1 << (upper - 1)
        above, below = table[upper], table[upper - 1]
        np.maximum(below, above, out=below)
        np.maximum(below[half:], above[:-half], out=below[half:])
    greatest: Minutes = table[0]
    return greatest
