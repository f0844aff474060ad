"""Calibration: what a rehearsal on validation examples tells of the metric that full training reaches on test examples.

A short training is not finished: compared raw with a probe, which is, it misled by up to 15 points. So rehearsals are
translated first, method by method and stage by stage, by a straight line between logits that other data sets have
taught; what is left of it there is how far a translation may be wrong.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ptmbench.recommendation.evidence import Evidence, Row
from ptmbench.recommendation.rehearsals import FROZEN, Candidate, Rehearsal, Stage, logit

ENOUGH: Final = 8  # rows that a line of its own is drawn through
UNKNOWN: Final = 0.7  # deviation of a translation where nothing was recorded: 13 points at 75 %
LEAST_DEVIATION: Final = 0.05  # logits: a point at 75 %
SLOPES: Final = (0.25, 2.0)  # of a line: few rows, or rows of one quality, could draw any


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """predicted logit = start + slope * logit of the rehearsal; `deviation` is what of it is left over, in one task."""

    start: float = 0.0
    slope: float = 1.0
    deviation: float = UNKNOWN
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """The logit that full training may reach, and its deviation, that of the rehearsal's own examples left out."""

    logit: float
    deviation: float
    slope: float
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class Calibration:
    """A line for each method and stage; methods without one take that of what trains alike."""

    by_method: Mapping[tuple[str, Stage], CalibrationLine]
    by_trains: Mapping[tuple[str, Stage], CalibrationLine]

    def line(self, candidate: Candidate, stage: Stage) -> CalibrationLine:
        """The line for a candidate at a stage."""
        stage = Stage.QUICK if candidate.frozen else stage
        found = self.by_method.get((candidate.method, stage)) or self.by_trains.get((candidate.trains, stage))
        return found or self.by_trains.get((_likest(candidate), stage)) or CalibrationLine()

    def predict(self, candidate: Candidate, rehearsal: Rehearsal) -> Prediction:
        """What the rehearsal tells of full training."""
        line = self.line(candidate, rehearsal.stage)
        return Prediction(line.start + line.slope * rehearsal.logit, line.deviation, line.slope, rehearsal)


def _likest(candidate: Candidate) -> str:
    """What trains in the methods that are known, for one that is not: all of it, unless nothing does."""
    return FROZEN if candidate.frozen else "all"


def calibration_of(evidence: Evidence) -> Calibration:
    """The lines that the rows of some data sets have taught."""
    by_method: defaultdict[tuple[str, Stage], list[Row]] = defaultdict(list)
    by_trains: defaultdict[tuple[str, Stage], list[Row]] = defaultdict(list)
    for row in evidence.rows:
        for stage in row.rehearsals:
            by_method[row.candidate.method, stage].append(row)
            by_trains[row.candidate.trains, stage].append(row)
    return Calibration(
        {key: _line(rows, key[1]) for key, rows in by_method.items() if len(rows) >= ENOUGH},
        {key: _line(rows, key[1]) for key, rows in by_trains.items() if len(rows) >= ENOUGH},
    )


def _line(rows: Sequence[Row], stage: Stage) -> CalibrationLine:
    """Least squares over the rows; what is left over is counted within tasks.

    What a whole task is easier or harder by moves all its candidates alike, and no choice between them.
    """
    seen = np.array([row.rehearsals[stage].logit for row in rows])
    truth = np.array([logit(row.full) for row in rows])
    spread = float(((seen - seen.mean()) ** 2).sum())
    slope = float(((seen - seen.mean()) * (truth - truth.mean())).sum()) / spread if spread else 1.0
    slope = min(max(slope, SLOPES[0]), SLOPES[1])
    start = float(truth.mean() - slope * seen.mean())
    left = truth - start - slope * seen
    tasks = np.array([row.task for row in rows])
    within = np.concatenate([left[tasks == task] - left[tasks == task].mean() for task in dict.fromkeys(tasks)])
    freedom = len(rows) - len(set(tasks.tolist())) - 1
    whole = float((within**2).sum()) / freedom if freedom > 0 else UNKNOWN**2
    own = float(
        np.mean([(slope * row.rehearsals[stage].steepness * row.rehearsals[stage].deviation) ** 2 for row in rows])
    )
    return CalibrationLine(start, slope, max(max(whole - own, 0.0) ** 0.5, LEAST_DEVIATION), len(rows))
