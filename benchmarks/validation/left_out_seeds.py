"""How often the interval from some seeds of a committed case holds the mean of its other seeds.

    python benchmarks/validation/left_out_seeds.py                              # results/embedded/standard-cpu-fp32
    python benchmarks/validation/left_out_seeds.py results/embedded/quick-cpu-fp32

Of each case with more seeds than are kept, every run of so many neighbouring seeds makes an interval, and the mean over
the seeds left out is asked for; the same for its gain over training from scratch. One seed's interval holds the test
examples only: it is printed as what it is, and here to show why. The mean left out varies by itself, and both are
judged on the same test examples; so the share says whether an interval allows for the luck of seeds, not whether it
holds 95 in 100.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tabulate import tabulate

from ptmbench.analysis.gain import from_scratch, partner_of
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder
from ptmbench.statistics.estimates import Estimate, difference_interval, interval_of

STANDARD = Path(__file__).parents[2] / "results" / "embedded" / "standard-cpu-fp32"
KEPT = (1, 2, 3, 5)
ALIKE = 1e-12  # seeds that all give the same leave nothing to hold: no draw, and nothing that is trained


def at(estimate: Estimate, seeds: Sequence[int]) -> Estimate:
    """The estimate at some of its seeds."""
    places = [estimate.seeds.index(seed) for seed in seeds]
    return Estimate(tuple(seeds), estimate.values[places], estimate.effects[places], estimate.examples, estimate.shares)


def held(estimate: Estimate, kept: int, *, difference: bool) -> Iterator[bool]:
    """Whether the interval from each run of `kept` seeds holds the mean of the others."""
    if len(estimate.seeds) <= kept or float(estimate.values.std()) < ALIKE:
        return
    for first in range(len(estimate.seeds) - kept + 1):
        known = estimate.seeds[first : first + kept]
        others = [seed for seed in estimate.seeds if seed not in known]
        (low, high), _ = (difference_interval if difference else interval_of)(at(estimate, known))
        yield low <= at(estimate, others).value <= high


def kind_of(record: Record) -> str:
    """What the seeds of a record draw."""
    if record.case.method.steps is None:
        return "frozen"
    return "trained, few labels" if record.case.task.shots != "all" else "trained, all labels"


def main() -> None:
    """Prints a table of shares by kind of method and number of seeds."""
    parser = argparse.ArgumentParser(description="intervals against the seeds that they have not seen")
    parser.add_argument("folder", nargs="?", type=Path, default=STANDARD)
    folder = ResultsFolder(parser.parse_args().folder)
    records = [record for record in folder.read_all()[0] if record.quality is not None]
    partners = list(from_scratch(records).values())
    found: defaultdict[tuple[str, str, int], list[bool]] = defaultdict(list)
    for record in records:
        partner = partner_of(record, partners)
        estimate = folder.estimate(record)
        for kept in KEPT:
            found["quality", kind_of(record), kept] += held(estimate, kept, difference=False)
            if record.gain is not None and partner is not None:
                pair = estimate.minus(folder.estimate(partner))
                found["gain", kind_of(record), kept] += held(pair, kept, difference=True)
    rows = [
        [figure, kind, kept, len(shares), 100 * sum(shares) / len(shares)]
        for (figure, kind, kept), shares in sorted(found.items())
        if shares
    ]
    print(tabulate(rows, ["figure", "method", "seeds", "intervals", "held %"], floatfmt=".1f"))


if __name__ == "__main__":
    main()
