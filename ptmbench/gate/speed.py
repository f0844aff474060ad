"""Times on the two sides, over launches: is the work surely slower by more than the tolerance?

A launch's figure is a low percentile of its samples (noise only adds), as a logarithm. Launches are paired in their
order, so that what slows a machine for a while meets both sides of a pair. A handful of launches of one case says
little of its own spread, so variances are moderated by those of all cases.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ptmbench.gate.figures import FIGURES, Figure
from ptmbench.gate.findings import Comparison
from ptmbench.gate.pairs import Pair
from ptmbench.gate.rules import Noise, Rules
from ptmbench.gate.sides import Side
from ptmbench.statistics import CONFIDENCE, moderated_variances

Numbers = NDArray[np.float64]
ELSEWHERE = (
    "times were not compared: the two sides were measured on different machines, and not both hold the reference "
    "workload that could bridge that"
)
TIMED = tuple(figure for figure in FIGURES if figure.kind in {"time", "train_time"})


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """The logarithms of a figure over the launches of both sides, as many of each."""

    pair: Pair
    figure: Figure
    baseline: Numbers
    current: Numbers
    unit: str

    @property
    def differences(self) -> Numbers:
        """Current minus baseline, launch by launch."""
        return self.current - self.baseline


def compare(
    pairs: Sequence[Pair], baseline: Side, current: Side, rules: Rules
) -> tuple[list[Comparison], tuple[str, ...]]:
    """The comparisons of times, and a remark where there can be none."""
    alike = baseline.fingerprints == current.fingerprints and len(baseline.fingerprints) == 1
    if not alike and not (has_reference(baseline) and has_reference(current)):
        return [], (ELSEWHERE,)
    found: list[Comparison] = []
    alone = 0
    for figure in TIMED:
        series = [entry for pair in pairs if (entry := _series(pair, figure, relative=not alike)) is not None]
        several = [entry for entry in series if len(entry.differences) > 1]
        alone_ones = [entry for entry in series if len(entry.differences) == 1]
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
    return found, tuple(remarks)


def has_reference(side: Side) -> bool:
    """Whether every record of the side holds the reference workload."""
    return all(record.provenance.reference_s for _, record in side.records())


def _series(pair: Pair, figure: Figure, *, relative: bool) -> Series | None:
    """The figure in the launches that both sides have; None where it was not measured.

    Relative to the reference workload where the sides are of different machines.
    """
    sides = [
        [
            value / (float(np.median(record.provenance.reference_s)) if relative else 1.0)
            for _, record in entries
            if record.cost and (value := figure.of(record.cost))
        ]
        for entries in (pair.baseline, pair.current)
    ]
    count = min(map(len, sides))
    if not count:
        return None
    before, now = (np.log(np.asarray(side[:count], dtype=float)) for side in sides)
    return Series(pair, figure, before, now, "x reference" if relative else figure.unit)


def _noise(entry: Series, rules: Rules) -> tuple[float, Noise] | None:
    """What was calibrated for the case and the figure."""
    noise = rules.noise.get(entry.pair.case_id)
    spread = None if noise is None else getattr(noise, entry.figure.kind)
    return None if noise is None or spread is None else (spread, noise)


def _over_launches(series: Sequence[Series], rules: Rules) -> Iterator[Comparison]:
    """Cases whose own launches, and those of all others with as many, tell how noisy they are."""
    for launches in sorted({len(entry.differences) for entry in series}):
        members = [entry for entry in series if len(entry.differences) == launches]
        own = [float(entry.differences.var(ddof=1)) for entry in members]
        variances, freedom = moderated_variances(own, launches - 1)
        for entry, variance in zip(members, variances, strict=True):
            yield _comparison(entry, float(np.sqrt(variance / launches)), freedom, rules)


def _by_noise(entry: Series, known: tuple[float, Noise], rules: Rules) -> Comparison:
    """A case of one launch a side, whose noise was measured before."""
    spread, noise = known
    return _comparison(entry, float(np.sqrt(2)) * spread, float(noise.launches - 1), rules)


def _comparison(entry: Series, error: float, freedom: float, rules: Rules) -> Comparison:
    value, tolerance = float(entry.differences.mean()), getattr(rules.tolerance, entry.figure.kind)
    slower, faster = np.log1p(tolerance), -np.log1p(tolerance)
    reach = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    launches = len(entry.differences)
    return Comparison(
        subject=entry.pair.case_id,
        metric=entry.figure.name,
        unit=entry.unit,
        baseline=float(np.exp(entry.baseline.mean())),
        current=float(np.exp(entry.current.mean())),
        change=float(np.expm1(value)),
        tolerance=tolerance,
        interval=(float(np.expm1(value - reach)), float(np.expm1(value + reach))),
        p_worse=float(stdtr(freedom, -(value - slower) / error)) if error else float(value <= slower),
        p_better=float(stdtr(freedom, (value - faster) / error)) if error else float(value >= faster),
        error=error,
        degrees_of_freedom=freedom,
        samples=launches,
        sampled="launches a side",
    )
