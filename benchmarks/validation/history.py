"""How often a history is said to step where it did not, and how often a step is found.

    python benchmarks/validation/history.py            # 4,000 simulations a line, 2 minutes

Series of normal noise, flat or with one step of so many standard deviations whose new level lasts three runs, at the
end or in the middle (a level that comes and goes again), or half of the series. *Found*: some step is told within one
run of where it is. A step is also told where one run is far off (10 standard deviations) if that is taken for a level.
Below stand flat series of other noise: heavy tails (Student's t of 3 degrees), times (log-normal, 10 % wide), and real
latencies: launches of unchanged code (`launches.json.gz`), shuffled, as runs on different days would come, and in the
order in which they were made, 12 s apart, where the machine's own slow spells last several launches.
"""

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from ptmbench.statistics.change_points import FEWEST, SHORTEST, noisy_steps

Numbers = NDArray[np.float64]
LENGTHS = (6, 8, 10, 12, 15, 20, 30, 40, 60)
SIZES = (1, 2, 3, 5)
LAUNCHES = Path(__file__).parents[2] / "results" / "validation" / "launches.json.gz"
Draw = Callable[[np.random.Generator, int], Numbers]


def alarms(draw: Draw, length: int, count: int) -> float:
    """The share of flat series in which a step is told, in percent."""
    rng = np.random.default_rng(length)
    return 100 * float(np.mean([bool(noisy_steps(draw(rng, length))[0]) for _ in range(count)]))


def normal(rng: np.random.Generator, length: int) -> Numbers:
    """Normal noise."""
    return rng.normal(size=length)


def one_off(rng: np.random.Generator, length: int) -> Numbers:
    """Normal noise with one run far off."""
    series = rng.normal(size=length)
    series[rng.integers(length)] += 10
    return series


def found(length: int, start: int, last: int, size: float, count: int) -> float:
    """The share of series with a level from `start` to before `last` in which its beginning is told, in percent."""
    rng = np.random.default_rng(length)
    hits = 0
    for _ in range(count):
        series = rng.normal(size=length)
        series[start:last] += size
        hits += any(abs(step - start) <= 1 for step in noisy_steps(series)[0])
    return 100 * hits / count


def powers(length: int, count: int) -> list[object]:
    """One line: by place of the step, and by its size."""
    middle = length // 2 - 1
    places = [(length - SHORTEST, length), (middle, middle + SHORTEST), (length // 2, length)]
    cells: list[object] = [length]
    for start, last in places:
        possible = start >= SHORTEST and (last == length or length - last >= SHORTEST)
        cells += [f"{found(length, start, last, size, count):.1f}" if possible else "-" for size in SIZES]
    return cells


def real(length: int, *, shuffled: bool) -> str:
    """Windows of real latencies that do not overlap: in how many a step is told, and how many there are."""
    content = json.loads(gzip.decompress(LAUNCHES.read_bytes()))
    rng = np.random.default_rng(length)
    told = windows = 0
    for came in medians(content):
        series = rng.permutation(came) if shuffled else came
        for start in range(0, len(series) - length + 1, length):
            told += bool(noisy_steps(series[start : start + length])[0])
            windows += 1
    return f"{told} of {windows}"


def medians(content: dict[str, Any]) -> list[Numbers]:
    """By case the median latency of each launch in turn."""
    launches = [launch["cases"] for launch in content["launches"]]
    return [np.array([np.median(launch[case]["samples"]) for launch in launches]) for case in sorted(launches[0])]


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=4_000)
    count = parser.parse_args().simulations
    draws: dict[str, Draw] = {
        "normal": normal,
        "one run off": one_off,
        "Student's t, 3": lambda rng, length: rng.standard_t(3, size=length),
        "log-normal": lambda rng, length: np.exp(0.1 * rng.normal(size=length)),
    }
    print(f"Series without a step in which one is told, % of {count} ({FEWEST} runs are the fewest)")
    lines = []
    for length in LENGTHS:
        shares = [f"{alarms(draw, length, count):.2f}" for draw in draws.values()]
        lines.append([length, *shares, real(length, shuffled=True), real(length, shuffled=False)])
    print(
        tabulate(lines, ["runs", *draws, "real, shuffled", "real, in turn"], tablefmt="github", disable_numparse=True)
    )
    print(f"\nSteps found, % of {count // 4}: the last three runs | three runs in the middle | the second half")
    headers = ["runs", *(f"{place}, {size} sd" for place in ("last 3", "middle 3", "half") for size in SIZES)]
    rows = [powers(length, count // 4) for length in LENGTHS]
    print(tabulate(rows, headers, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
