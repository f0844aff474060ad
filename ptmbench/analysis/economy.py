"""What it costs to come near the best: for each task and method the cheapest case that reaches 90 and 95 % of the best.

The best is that of the task, whatever the method, so that a probe, training the last layers and training everything can
be compared on money. Operations are of one seed: of features one forward pass for each training example, of training
one forward and a backward pass of twice its cost (Kaplan et al. 2020) for each example of each batch. Where a training
was watched, the first look that is near enough counts, else its end.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ptmbench.analysis.comparison import task_order
from ptmbench.analysis.curves import curves_of
from ptmbench.records.cost_record import Cost
from ptmbench.records.record import Record

SHARES: Final = (0.90, 0.95)
TRAINING = 3  # forward passes that a step costs


@dataclass(frozen=True, slots=True)
class CaseCost:
    """What one case takes to get there: steps of training (none for frozen methods), seconds, FLOPs at one seed.

    Seconds are None where the case was not timed, FLOPs where they could not be counted.
    """

    model: str
    method: str
    value: float
    steps: int
    seconds: float | None
    flops: int | None


@dataclass(frozen=True, slots=True)
class CheapestCase:
    """The quickest case of a task and method that reaches a share of the task's best; `price` is None if none does."""

    task: str
    method: str
    best: float
    share: float
    price: CaseCost | None
    reached: int
    cases: int


def cheapest_cases(records: Iterable[Record]) -> list[CheapestCase]:
    """Two entries a task and method, of records of one budget, device and precision; tasks of one case have none."""
    tasks: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.quality and record.cost and record.quality.higher_is_better:
            tasks[record.case.task.name].append(record)
    ordered = sorted(tasks, key=lambda name: task_order((name, "", "", "")))
    return [line for name in ordered if len(tasks[name]) > 1 for line in _of_task(name, tasks[name])]


def _of_task(name: str, members: Sequence[Record]) -> list[CheapestCase]:
    best = max(record.quality.value for record in members if record.quality)
    methods: defaultdict[str, list[Record]] = defaultdict(list)
    for record in members:
        methods[record.case.way].append(record)
    return [
        _cheapest(name, method, best, share, cases) for method, cases in sorted(methods.items()) for share in SHARES
    ]


def _cheapest(task: str, method: str, best: float, share: float, cases: Sequence[Record]) -> CheapestCase:
    costs = [price for record in cases if (price := cost_of(record, share * best)) is not None]
    quickest = min(costs, key=_quickness, default=None)
    return CheapestCase(task, method, best, share, quickest, len(costs), len(cases))


def _seconds(cost: Cost, part: float) -> float | None:
    """Seconds for features and a part of the training; None where neither was timed."""
    if cost.carry_over_time_s is None:
        return None
    return (cost.feature_time_s or 0.0) + part * (cost.train_time_s or 0.0)


def _quickness(price: CaseCost) -> tuple[bool, float]:
    """Orders costs by their seconds, and those without seconds behind them by their operations."""
    return (
        (False, price.seconds)
        if price.seconds is not None
        else (True, math.inf if price.flops is None else price.flops)
    )


def cost_of(record: Record, wanted: float) -> CaseCost | None:
    """What the case takes to reach a value; None where it does not."""
    quality, cost, method = record.quality, record.cost, record.case.method
    if quality is None or cost is None or quality.value < wanted:
        return None
    steps, value = method.steps or 0, quality.value
    for curve in curves_of([record]):
        for step, seen in zip(curve.steps, curve.values, strict=True):
            if seen >= wanted:
                steps, value = step, seen
                break
    part = steps / method.steps if method.steps else 1.0
    examples = record.case.task.train_size or 0
    batch = int(method.hyperparameters.get("batch_size", 0))
    return CaseCost(
        model=record.case.model.name,
        method=record.case.way,
        value=value,
        steps=steps,
        seconds=_seconds(cost, part),
        flops=None if cost.flops is None else cost.flops * (TRAINING * batch * steps if method.steps else examples),
    )
