"""Fits the figures of confidence to days played through, and shows how well they hold for others.

Prints the figures to be written into app/planning/slots/confidence.py, then, with the figures that stand
there, the tables of docs/slots.md.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.planning.slots.confidence import features
from benchmarks.slots.days import Outcome, outcomes

_NAMES = ("INTERCEPT", "PER_ROOM", "PER_EARLIER_JOB", "PER_SPARE")
_ROUNDS = 30


def fitted(seen: Sequence[Outcome]) -> NDArray[np.float64]:
    """Return the figures of a logistic regression, by Newton's method."""
    values = np.array([(1.0, *features(each.seen)) for each in seen])
    kept = np.array([each.kept for each in seen], dtype=np.float64)
    figures: NDArray[np.float64] = np.zeros(values.shape[1])
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-values @ figures))
        # A little ridge keeps a figure that nothing tells about at nought.
        slope = values.T @ (values * (likely * (1 - likely))[:, None]) + 1e-3 * np.eye(len(figures))
        figures = figures + np.linalg.solve(slope, values.T @ (kept - likely) - 1e-3 * figures)
    return figures


def brier(seen: Sequence[Outcome]) -> tuple[float, float]:
    """Return the Brier score of the confidences, and that of saying the base rate every time."""
    said = np.array([each.confidence for each in seen])
    kept = np.array([each.kept for each in seen], dtype=np.float64)
    return float(((said - kept) ** 2).mean()), float(((kept.mean() - kept) ** 2).mean())


def reliability(seen: Sequence[Outcome]) -> list[tuple[float, float, int, float, float]]:
    """Return for tenths of confidence: from, to, how many, the mean that was said and the share that was kept."""
    said = np.array([each.confidence for each in seen])
    kept = np.array([each.kept for each in seen], dtype=np.float64)
    edges = [0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.01]
    rows = []
    for low, high in pairwise(edges):
        within = (said >= low) & (said < high)
        if within.any():
            rows.append(
                (low, min(1.0, high), int(within.sum()), float(said[within].mean()), float(kept[within].mean()))
            )
    return rows


def main() -> None:
    """Fit on some companies and print how the figures in use hold for others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=20, help="how many to fit on, and as many to judge by")
    parser.add_argument("--requests", type=int, default=400, help="in each company")
    asked = parser.parse_args()
    train = [each for seed in range(asked.companies) for each in outcomes(seed, requests=asked.requests)]
    print(f"fitted to {len(train)} slots:")
    for name, figure in zip(_NAMES, fitted(train), strict=True):
        print(f"{name} = {figure:.2f}")
    others = range(1000, 1000 + asked.companies)
    test = [each for seed in others for each in outcomes(seed, requests=asked.requests)]
    score, base = brier(test)
    print(f"\nthe figures in use, judged by {len(test)} other slots, of which {_kept(test):.1%} were kept:\n")
    print("| confidence | slots | said | kept |\n|---|---|---|---|")
    for low, high, count, said, kept in reliability(test):
        print(f"| {low:.2f} to {high:.2f} | {count} | {said:.3f} | {kept:.3f} |")
    print(f"\nBrier score {score:.4f}, of the base rate {base:.4f}")
    print(f"RATIO slots-confidence brier {score / base:.2f}")


def _kept(seen: Sequence[Outcome]) -> float:
    return sum(each.kept for each in seen) / len(seen)


if __name__ == "__main__":
    main()
