"""Sets of minutes as sorted, disjoint stretches `(start, end)`: joined, cut."""

from collections.abc import Iterable

Stretch = tuple[int, int]


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same minutes with what overlaps or touches made one; empty stretches vanish."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def without(stretches: list[Stretch], holes: list[Stretch]) -> list[Stretch]:
    """Return the minutes of the first that are not in the second; both sorted and disjoint."""
    if not holes:
        return stretches
    found: list[Stretch] = []
    first = 0
    for start, end in stretches:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        number = first
        while number < len(holes) and holes[number][0] < end:
            hole_start, hole_end = holes[number]
            if hole_start > start:
                found.append((start, hole_start))
            start = max(start, hole_end)
            number += 1
        if start < end:
            found.append((start, end))
    return found
