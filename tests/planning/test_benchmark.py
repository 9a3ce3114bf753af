"""The benchmark of slots runs and prints what it promises; what it measures is no test."""

import re
import subprocess
import sys

_STALLS = ("stall", "own-stall")


def test_the_quick_benchmark_prints_its_tables_and_ratios() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.slots", "--quick"], capture_output=True, text=True, check=True
    )

    ratios = re.findall(r"^RATIO slots (\S+) (\d+\.\d\d)$", done.stdout, re.MULTILINE)
    stalls = [f"{kind}-{name}-of-20ms" for name in ("nothing", "searches", "layouts", "batch") for kind in _STALLS]
    assert [name for name, _ in ratios] == [
        "20x4-p50-of-3ms",
        "20x4-p99-of-20ms",
        "batch-greedy-to-found",
        "batch-found-to-best",
        "batch-found-to-bound",
        "searches-with-bookings-to-without",
        "bookings-8-writers-to-1",
        *stalls,
    ]
    assert all(float(figure) >= 1 for name, figure in ratios if name.startswith("batch"))
    assert re.search(r"^\| a booking between each two \|( [\d.]+ \|){3}$", done.stdout, re.MULTILINE)
    assert re.search(r"^\| 20 x 4 \|( [\d.]+ \|){6}$", done.stdout, re.MULTILINE)
