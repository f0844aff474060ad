"""Times on the two sides, over launches: is the work surely slower, and by more than the tolerance?

A launch's figure is its least sample, and a side's the least of its launches: noise only adds
(`ptmbench.gate.added_time` says how likely it makes a difference where nothing changed). `worse` takes both: a
difference that noise alone is too unlikely to make, and one beyond the tolerance. One launch a side is judged where
`ptmbench calibrate` has measured the case's noise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ptmbench.gate.added_time import AddedTime, LeastTest
from ptmbench.gate.findings import Comparison, Tested
from ptmbench.gate.pairs import Pair
from ptmbench.gate.rules import Noise, Rules
from ptmbench.gate.sides import Side
from ptmbench.records.figures import Figure, judged_as
from ptmbench.records.record import Record
from ptmbench.statistics.intervals import CONFIDENCE, Interval
from ptmbench.statistics.power import ByStudent

Numbers = NDArray[np.float64]
ELSEWHERE = (
    "times were not compared: the records were measured on different machines, and not all of them hold the reference "
    "workload that could bridge that"
)
THREADS = (
    "times were not compared: cases had {threads} threads; give both sides the same number, such as --threads {one} "
    "(pytest: --ptm-threads {one})"
)
LARGE = 2.0  # times the tolerance: a slowdown that a comparison has to be able to find


@dataclass(frozen=True, eq=False, slots=True)
class TimedLaunches:
    """The logarithms of a figure over the launches of both sides."""

    pair: Pair
    figure: Figure
    baseline: Numbers
    current: Numbers
    unit: str

    @property
    def launches(self) -> int:
        """How many launches the side with fewer has."""
        return min(len(self.baseline), len(self.current))


def compare(pairs: Sequence[Pair], baseline: Side, current: Side, rules: Rules) -> tuple[list[Tested], tuple[str, ...]]:
    """The comparisons of times, and a remark where there can be none."""
    alike = baseline.machines == current.machines and len(baseline.machines) == 1
    threads = sorted({threads for _, threads in baseline.machines | current.machines})
    if len(threads) > 1:
        return [], (THREADS.format(threads=" and ".join(map(str, threads)), one=threads[0]),)
    if not alike and not (has_reference(baseline) and has_reference(current)):
        return [], (ELSEWHERE,)
    found: list[Tested] = []
    alone = 0
    for figure in judged_as("time", "train_time"):
        timed = [pair for pair in pairs if figure.judged != "train_time" or (trains(pair) and _as_crowded(pair))]
        series = [entry for pair in timed if (entry := _series(pair, figure, relative=not alike)) is not None]
        several = [entry for entry in series if entry.launches > 1]
        alone_ones = [entry for entry in series if entry.launches == 1]
        calibrated = [(entry, known) for entry in alone_ones if (known := _noise(entry, rules)) is not None]
        alone += len(series) - len(several) - len(calibrated)
        found += _over_launches(several, rules)
        found += [_by_noise(entry, known, rules) for entry, known in calibrated]
    remarks = [] if alike else ["times are relative to a reference workload: the two sides ran on different machines"]
    if alone:
        remarks.append(
            f"{alone} times were not judged: one launch a side says nothing of its noise. ptmbench gate --against REF "
            "makes several, ptmbench calibrate measures the noise of one"
        )
    if crowded := sum(trains(pair) and not _as_crowded(pair) for pair in pairs):
        remarks.append(f"{crowded} training times were not judged: other numbers of cases ran side by side (--jobs)")
    sides = [record for pair in pairs for side in (pair.baseline, pair.current) for _, record in side]
    if busy := sum(map(is_busy, sides)):
        remarks.append(f"{busy} latencies were not judged: other work had the cores while they were measured")
    return found, tuple(remarks)


def trains(pair: Pair) -> bool:
    """Whether the case trains by steps: fitting a classifier to frozen features takes milliseconds, all noise."""
    return pair.baseline[0][1].case.method.steps is not None


def _as_crowded(pair: Pair) -> bool:
    """Whether as many cases ran side by side on one side as on the other: they take memory's time from each other."""
    return len({record.provenance.machine.jobs for side in (pair.baseline, pair.current) for _, record in side}) == 1


def is_busy(record: Record) -> bool:
    """Whether other work had the cores while latency was measured: such times are not judged."""
    return bool(record.cost and record.cost.latency_s and record.cost.latency_s.busy)


def has_reference(side: Side) -> bool:
    """Whether every record of the side holds the reference workload."""
    return all(record.provenance.reference_s for _, record in side.records())


def _series(pair: Pair, figure: Figure, *, relative: bool) -> TimedLaunches | None:
    """The figure in the launches of both sides; None where a side did not measure it.

    Relative to the reference workload where the sides are of different machines.
    """
    sides = [
        [
            value / (float(np.median(record.provenance.reference_s)) if relative else 1.0)
            for _, record in entries
            if (value := figure.read(record)) and not (figure.timed and is_busy(record))
        ]
        for entries in (pair.baseline, pair.current)
    ]
    if not all(sides):
        return None
    before, now = (np.log(np.asarray(side, dtype=float)) for side in sides)
    return TimedLaunches(pair, figure, before, now, "x reference" if relative else figure.unit)


def _noise(entry: TimedLaunches, rules: Rules) -> tuple[float, Noise] | None:
    """What was calibrated for the case and the figure."""
    noise = rules.noise.get(entry.pair.case_id)
    spread = None if noise is None else getattr(noise, str(entry.figure.judged))
    return None if noise is None or spread is None else (spread, noise)


def _over_launches(series: Sequence[TimedLaunches], rules: Rules) -> Iterator[Tested]:
    """Cases whose launches, all together, tell how noisy the machine was."""
    if not series:
        return
    noise = AddedTime.seen_in(side for entry in series for side in (entry.baseline, entry.current))
    for entry in series:
        before, now = len(entry.baseline), len(entry.current)
        change = float(entry.current.min() - entry.baseline.min())
        tolerance = float(np.log1p(getattr(rules.tolerance, str(entry.figure.judged))))
        around = np.quantile(noise.differences(before, now), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        comparison = replace(
            _comparison(entry, change, (change - float(around[1]), change - float(around[0])), rules),
            p_worse=noise.chance(change, before, now) if change > tolerance else 1.0,
            p_better=noise.chance(-change, now, before) if change < -tolerance else 1.0,
            resolution=LARGE * getattr(rules.tolerance, str(entry.figure.judged)),
        )
        yield comparison, LeastTest(noise, before, now, tolerance)


def _by_noise(entry: TimedLaunches, known: tuple[float, Noise], rules: Rules) -> Tested:
    """A case of one launch a side, whose noise was measured before: Student's test against the tolerance."""
    spread, noise = known
    error, freedom = float(np.sqrt(2)) * spread, float(noise.launches - 1)
    change = float(entry.current.min() - entry.baseline.min())
    tolerance = float(np.log1p(getattr(rules.tolerance, str(entry.figure.judged))))
    reach = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    comparison = replace(
        _comparison(entry, change, (change - reach, change + reach), rules),
        p_worse=float(stdtr(freedom, -(change - tolerance) / error)) if error else float(change <= tolerance),
        p_better=float(stdtr(freedom, (change + tolerance) / error)) if error else float(change >= -tolerance),
    )
    return comparison, ByStudent(error, freedom, tolerance, 1)


def _comparison(entry: TimedLaunches, change: float, interval: Interval, rules: Rules) -> Comparison:
    """What was seen, not yet tested; change and interval are logarithms of a ratio."""
    return Comparison(
        subject=entry.pair.case_id,
        metric=entry.figure.keys("gate")[0],
        unit=entry.unit,
        baseline=float(np.exp(entry.baseline.min())),
        current=float(np.exp(entry.current.min())),
        change=float(np.expm1(change)),
        tolerance=getattr(rules.tolerance, str(entry.figure.judged)),
        interval=(float(np.expm1(interval[0])), float(np.expm1(interval[1]))),
        samples=min(len(entry.baseline), len(entry.current)),
        sampled="launches a side",
    )
