"""How long a run may take: seconds of each case from MACs, examples and method, and from how fast this machine is now.

A case that goes first with a model and a data set pays for what the others of both share: weights, features, footprint.
The figures below were fitted to 1,561 records of one machine, on which `machine_pace` took `PACE_S`: the sum over each
folder of embedded records came within a factor of two, which a test holds them to. Once cases are done they are the
better guide: their seconds correct the estimates of the others, and their records say what was unknown beforehand.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Final, NamedTuple

from ptmbench.catalog.rate_window import TRIED
from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.sizes import Parts, macs_of, parts_of
from ptmbench.catalog.spec import Case, Recipe
from ptmbench.catalog.traits import Serves, TaskKind, Trains
from ptmbench.records.record import Record
from ptmbench.running import machine_pace
from ptmbench.running.executors import groups_of

PACE_S: Final = 0.0093  # seconds of `machine_pace.work` where the figures below were measured, on two threads
FORWARD: Final = 50e9  # MACs a second; between 14e9 (MobileNetV2, depthwise) and 130e9 (plain convolutions)
PASSES: Final = {
    **dict.fromkeys((Trains.ALL, Trains.ADAPTER, Trains.NORMS, Trains.BIASES), 3.0),
    Trains.HEAD: 2.0,
    Trains.LAST_TWO_STAGES: 2.0,
    Trains.LAST_STAGE: 0.5,
    Trains.NOTHING: 0.0,
}
BOXES: Final = 1.3  # times the passes: matching, and the head's work on proposals, is not in the MACs of a picture
STEP_S: Final = 0.003  # of a training step, whatever the network
CASE_S: Final = 0.04  # of every case: marks, scores, writing the record
GROUP_S: Final = 0.25  # of the first case of a model on a data set: weights, inputs, footprint
FORWARDS: Final = 450  # forward passes of one example in a footprint: latency 35, throughput 6 of 64 examples
FIT_S: Final = 0.0008  # of a probe over its grid, for each training example at hand
NEIGHBOURS: Final = "neighbours"  # what a method tunes that fits nothing and looks all examples up
WORDS: Final = 10  # examples of a probe in a sentence, where each word has a label
START_S: Final = 4.0  # of the run: importing frameworks; in each worker process
DENSE_START_S: Final = 4.0  # besides, of detectors and segmenters: their metrics
LOOKS: Final = 4  # at the validation split while a detector or segmenter trains
FEW: Final = 100  # training examples at most that a detector or segmenter is scored on
TRUST_S: Final = 10.0  # of cases done until they count for as much as the estimate


class Facts(NamedTuple):
    """What is known of a case; None where nothing says it yet."""

    macs: float | None
    parts: Parts | None


def accelerated(settings: RunSettings) -> bool:
    """Whether the run may be on a GPU, of whose speed the calibration says nothing; without asking a framework."""
    if settings.device != "auto":
        return settings.device != "cpu"
    return sys.platform == "darwin" or Path("/dev/nvidiactl").exists()


def known(case: Case) -> Facts:
    """What the catalog says of a case."""
    macs = macs_of(case.model, case.task)
    return Facts(None if macs is None else float(macs), parts_of(case.task))


def _drawn(case: Case, parts: Parts) -> int:
    """Examples that a seed trains on."""
    shots = case.task.shots
    if shots is None:
        return parts.train
    counted = shots if case.task.kind is TaskKind.TOKEN_CLASSIFICATION else shots * (case.task.classes or 1)
    return min(counted, parts.train)


def _frozen_s(case: Case, settings: RunSettings, parts: Parts) -> float:
    """Seconds of fitting and scoring a classical classifier; neighbours are only looked up, among words by far more."""
    words = WORDS if case.task.kind is TaskKind.TOKEN_CLASSIFICATION else 1
    seeds = settings.seeds_for(case.method, case.task)
    fits = seeds if case.task.shots is not None or case.model.random else 1
    held = parts.validation + parts.test * fits
    looked_up = words**2 * (_drawn(case, parts) * held) * 4e-8
    fitted = FIT_S * words * _drawn(case, parts) * (1 + (fits - 1) / len(case.method.grid))
    return looked_up if case.method.tuned == NEIGHBOURS else fitted


def _trained_s(case: Case, recipe: Recipe, settings: RunSettings, facts: Facts, parts: Parts) -> float:
    """Seconds of training at each rate and seed, and of answering for the examples that are scored."""
    macs, dense = facts.macs or 0.0, case.task.kind.dense
    drawn = _drawn(case, parts)
    steps = settings.budget.steps_for(recipe, drawn)
    passes = PASSES[case.method.trains] * (BOXES if case.task.kind.asks is Serves.BOXES else 1.0)
    batch = min(recipe.batch_size, drawn) if facts.parts else recipe.batch_size
    training = steps * (passes * batch * macs / FORWARD + STEP_S)
    seeds = settings.seeds_for(case.method, case.task)
    rates = min(len(case.method.grid), TRIED) if settings.budget.tunes(case.task) else 1
    scored = parts.test + (min(drawn, FEW) + LOOKS * parts.validation if dense else drawn)
    tuned = (rates - 1) * (training + parts.validation * macs / FORWARD)
    return seeds * (training + scored * macs / FORWARD) + tuned


def seconds(case: Case, settings: RunSettings, facts: Facts, *, first: bool) -> float:
    """Seconds of a case on the machine of the figures above.

    Args:
        case: The case.
        settings: The run's: budget and seeds.
        facts: What is known of it; what is not known counts for nothing.
        first: Whether it pays for what the cases of its model and data set share.

    Returns:
        Seconds, the run's own start left out.
    """
    parts, macs = facts.parts or Parts(0, 0, 0), facts.macs or 0.0
    shared = GROUP_S + FORWARDS * macs / FORWARD if first else 0.0
    if case.method.recipe is not None:
        return CASE_S + shared + _trained_s(case, case.method.recipe, settings, facts, parts)
    redrawn = settings.seeds_for(case.method, case.task) if case.model.random else 1
    passes = redrawn - 1 + first  # of all examples: only a random control has other features at another seed
    return CASE_S + shared + passes * sum(parts) * macs / FORWARD + _frozen_s(case, settings, parts)


@dataclass(slots=True)
class Forecast:
    """What the cases of a run may take; `pace` multiplies the seconds of the figures above, None: it is not known."""

    cases: Sequence[Case]
    settings: RunSettings
    pace: float | None
    _learned: dict[tuple[str, str], float] = field(default_factory=dict)
    _parts: dict[str, Parts] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _kept: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._estimate()

    def _facts(self, case: Case) -> Facts:
        found = known(case)
        macs = self._learned.get((case.model.architecture, case.task.dataset), found.macs)
        return Facts(macs, self._parts.get(case.task.dataset, found.parts))

    def _estimate(self) -> None:
        """Estimates every case; one of which something is unknown takes at least the mean of those that are known."""
        met, guessed = set[tuple[str, str]](), list[str]()
        for case in self.cases:
            key, facts = (case.model.name, case.task.dataset), self._facts(case)
            self._seconds[case.id] = seconds(case, self.settings, facts, first=key not in met)
            met.add(key)
            if None in facts:
                guessed.append(case.id)
        sure = [value for name, value in self._seconds.items() if name not in set(guessed)]
        self._guess(guessed, fmean(sure) if sure else 0.0)

    def _guess(self, names: Sequence[str], mean: float) -> None:
        for name in names:
            self._seconds[name] = max(self._seconds[name], mean)

    @property
    def whole(self) -> bool:
        """Whether MACs and examples of every case are known."""
        return not any(None in self._facts(case) for case in self.cases)

    def total_s(self) -> float | None:
        """Seconds of the whole run, at least, before any of it; None where the machine's pace is not known.

        What is unknown of a case counts for nothing here: where not all is known, this is a lower bound.
        """
        if self.pace is None:
            return None
        met, sums = set[tuple[str, str]](), list[float]()
        for group in groups_of(self.cases):
            total = 0.0
            for case in group:
                key = (case.model.name, case.task.dataset)
                total += seconds(case, self.settings, self._facts(case), first=key not in met)
                met.add(key)
            sums.append(total)
        dense = any(case.task.kind.dense for case in self.cases)
        start = START_S + (DENSE_START_S if dense else 0.0)
        return self.pace * (start + max(sum(sums) / self.settings.side_by_side, max(sums, default=0.0)))

    def note(self, case: Case, record: Record, *, reused: bool) -> None:
        """Takes note of a case that is done, and of what its record says that was not known of others like it.

        Args:
            case: The case.
            record: What came of it.
            reused: Whether the record stands from before: it says nothing of the pace.
        """
        (self._kept if reused or record.status == "skipped" else self._done).add(case.id)
        if None not in self._facts(case) or record.cost is None:
            return
        task = record.case.task
        if record.cost.macs is not None:
            self._learned[case.model.architecture, case.task.dataset] = record.cost.macs
        if task.train_size is not None and task.validation_size is not None and task.test_size is not None:
            self._parts.setdefault(case.task.dataset, Parts(task.train_size, task.validation_size, task.test_size))
        self._estimate()

    def left_s(self, elapsed_s: float) -> float:
        """Seconds that the other cases may take.

        Args:
            elapsed_s: Seconds since the run began.

        Returns:
            Seconds; 0 where none has run yet, which those that stand from before do not count for.
        """
        ran = sum(self._seconds[name] for name in self._done) / self.settings.side_by_side
        ended = self._done | self._kept
        left = sum(value for name, value in self._seconds.items() if name not in ended)
        pace, trust = (1.0, 0.0) if self.pace is None else (self.pace, TRUST_S)
        expected = ran * pace + trust
        return (
            left / self.settings.side_by_side * pace * (elapsed_s + trust) / expected
            if self._done and expected
            else 0.0
        )


def forecast(cases: Sequence[Case], settings: RunSettings) -> Forecast:
    """The forecast of a run, the machine's pace measured where it tells anything: a tenth of a second.

    Args:
        cases: All cases, in their order.
        settings: The run's.

    Returns:
        What estimates the run now, and what is left of it later.
    """
    if accelerated(settings):
        return Forecast(cases, settings, None)
    return Forecast(cases, settings, median(machine_pace.seconds()) / PACE_S)
