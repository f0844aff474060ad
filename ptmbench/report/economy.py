"""What it costs to come near the best: for each task the cheapest cases that reach 90 and 95 % of its best result.

Operations are of one seed: of features one forward pass for each training example, of training one forward and a
backward pass of twice its cost (Kaplan et al. 2020) for each example of each batch. Where a training was watched, the
first look that is near enough counts, else its end.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tabulate import tabulate

from ptmbench.record import Record
from ptmbench.report.curves import curves_of
from ptmbench.report.tables import task_order

SHARES: Final = (0.90, 0.95)
TRAINING = 3  # forward passes that a step costs


@dataclass(frozen=True, slots=True)
class Price:
    """What one case takes to get there: steps of training (none for frozen methods), seconds, FLOPs at one seed."""

    model: str
    method: str
    value: float
    steps: int
    seconds: float
    flops: int


@dataclass(frozen=True, slots=True)
class Bargain:
    """Of one task the cheapest way to a share of its best result: in seconds and in operations."""

    task: str
    best: float
    share: float
    fastest: Price
    fewest: Price
    reached: int
    cases: int


def bargains(records: Iterable[Record]) -> list[Bargain]:
    """Two lines a task with several cases, of records that share budget, device and precision."""
    tasks: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.quality and record.cost and record.quality.higher_is_better:
            tasks[record.case.task.name].append(record)
    ordered = sorted(tasks, key=lambda name: task_order((name, "", "", "")))
    return [line for name in ordered if len(tasks[name]) > 1 for line in _of_task(name, tasks[name])]


def _of_task(name: str, members: Sequence[Record]) -> list[Bargain]:
    best = max(record.quality.value for record in members if record.quality)
    lines = []
    for share in SHARES:
        prices = [price for record in members if (price := price_of(record, share * best)) is not None]
        lines.append(
            Bargain(
                task=name,
                best=best,
                share=share,
                fastest=min(prices, key=lambda price: price.seconds),
                fewest=min(prices, key=lambda price: price.flops),
                reached=len(prices),
                cases=len(members),
            )
        )
    return lines


def price_of(record: Record, wanted: float) -> Price | None:
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
    return Price(
        model=record.case.model.name,
        method=method.name,
        value=value,
        steps=steps,
        seconds=(cost.feature_time_s or 0.0) + part * (cost.train_time_s or 0.0),
        flops=cost.flops * (TRAINING * batch * steps if method.steps else examples),
    )


def render_economy(lines: Sequence[Bargain], style: str, heading: str = "") -> str:
    """One table of all tasks."""
    if not lines:
        return ""
    headers = ["task", "best %", "reach", "fastest", "s", "fewest operations", "GFLOPs", "cases that reach it"]
    rows = [
        [
            line.task if line.share == SHARES[0] else "",
            f"{100 * line.best:.1f}" if line.share == SHARES[0] else "",
            f"{line.share:.0%}",
            f"{line.fastest.model}, {line.fastest.method}",
            f"{line.fastest.seconds:.2f}",
            f"{line.fewest.model}, {line.fewest.method}",
            f"{line.fewest.flops / 1e9:,.2f}",
            f"{line.reached} of {line.cases}",
        ]
        for line in lines
    ]
    aligned = ["left", "right", "right", "left", "right", "left", "right", "right"]
    grid = tabulate(rows, headers, style, colalign=aligned, disable_numparse=True)
    return (
        f"{heading}What does it cost to come near the best?\n\n{grid}\n\nSeconds and operations (features, or forward "
        "and backward passes) of one seed, tuning left out.\n"
    )
