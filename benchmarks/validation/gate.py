"""How often the gate cries wolf, and how often it sees one: resampled from real launches, and on them as they came.

    python benchmarks/validation/gate.py          # results/validation/launches.json.gz, 5,000 simulations a line
    python benchmarks/validation/launches.py 200 mine.json; python benchmarks/validation/gate.py mine.json

A side is five or fifteen launches. Resampled: of all pairs of neighbouring launches as many are drawn, and in each it
is tossed which one is the baseline; to see a slowdown, one case of the current side comes from the measurements that
were slowed down by 20 %. As they came: the launches in a row that two sides take are four comparisons: A B A B and A B
B A (as `ptmbench gate --against` alternates), and both with the sides exchanged.
Beside the gate stands what pytest-benchmark's --benchmark-compare-fail says of the same launches, one against one (as
it is used), and all of a side's rounds together. Quality: on the committed records, see `lose`.
"""

import argparse
import functools
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pytest_benchmark.utils import PercentageRegressionCheck
from tabulate import tabulate

from ptmbench.gate.judging import Judgement, judge
from ptmbench.gate.rules import Rules
from ptmbench.gate.sides import Side
from ptmbench.records.record import Record
from ptmbench.records.store import FolderKey, ResultsFolder
from ptmbench.statistics.estimates import Estimate

SIDES = (5, 15)
KEY = FolderKey("smoke", "cpu", "fp32")
RESULTS = Path(__file__).parents[2] / "results"
COMMITTED = RESULTS / "embedded" / "quick-cpu-fp32"
SAVED = RESULTS / "validation" / "launches.json.gz"  # of 2 cores of an AMD EPYC, 12 s a launch, nothing else running
DROP, CHURN = 0.03, 0.01  # share of test examples lost in each task, and won and lost besides
CHECKS = (("mean", 10.0), ("min", 20.0))
Launch = dict[str, Any]
Sides = tuple[list[int], list[int]]
Alarms = Callable[[list[int], list[int], str], bool]


class Kept:
    """Stands for the results folder of a launch: the same outcomes every time, as unchanged code gives them."""

    path = Path("launch")

    def estimate(self, _record: Record, *, once: bool = False) -> Estimate:  # noqa: ARG002  as the store has it
        """Outcomes of 100 examples that fit no figure: both sides have the same, and only that counts here."""
        return Estimate((0,), np.array([0.5]), np.tile([0.0, 1.0], 50)[None], 100, shares=True)


@dataclass(frozen=True)
class Kit:
    """Launches as records that the gate can read: of each launch the records by case, usual and slowed down."""

    usual: list[dict[str, Record]]
    slowed: list[dict[str, Record]]

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Kit":
        """The kit of a file of launches."""
        whole = {record["case"]["id"]: Record.model_validate(record) for record in stored["records"]}
        made = [[_with(whole, launch, samples) for launch in stored["launches"]] for samples in ("samples", "slowed")]
        return cls(*made)

    @property
    def cases(self) -> list[str]:
        """The ids of the cases."""
        return sorted(self.usual[0])

    def side(self, launches: Sequence[int], slow: str = "") -> Side:
        """A side of these launches, one case of it slowed down."""
        folder: Any = Kept()
        cases = {
            case: [(folder, (self.slowed if case == slow else self.usual)[number][case]) for number in launches]
            for case in self.cases
        }
        return Side(Kept.path, KEY, len(launches), cases)

    def compared(self, first: Sequence[int], second: Sequence[int], slow: str = "") -> Judgement:
        """The gate over two lists of launches."""
        return judge(self.side(first), self.side(second, slow), Rules())


def _with(whole: dict[str, Record], launch: Launch, samples: str) -> dict[str, Record]:
    """The records with the figures of a launch."""
    found = {}
    for case, figures in launch["cases"].items():
        record = whole[case]
        assert record.cost is not None
        assert record.cost.latency_s is not None
        latency = record.cost.latency_s.model_copy(update={"samples": figures[samples]})
        cost = record.cost.model_copy(update={"latency_s": latency, "train_time_s": figures["train_time_s"]})
        found[case] = record.model_copy(update={"cost": cost})
    return found


def drawn(kit: Kit, rng: np.random.Generator, launches: int) -> Sides:
    """Two sides: of so many pairs of neighbouring launches one each, tossed which."""
    pairs = rng.choice(len(kit.usual) // 2, size=launches, replace=False)
    tossed = rng.integers(2, size=launches)
    return [int(2 * pair + side) for pair, side in zip(pairs, tossed, strict=True)], [
        int(2 * pair + 1 - side) for pair, side in zip(pairs, tossed, strict=True)
    ]


def in_turn(kit: Kit, launches: int) -> list[Sides]:
    """The comparisons that launches in a row make: A B A B and A B B A, each also with its sides exchanged."""
    found = []
    for start in range(0, len(kit.usual) - 2 * launches + 1, 2 * launches):
        for turned in (0, 1):
            first = [start + 2 * place + turned * (place % 2) for place in range(launches)]
            second = [start + 2 * place + 1 - turned * (place % 2) for place in range(launches)]
            found += [(first, second), (second, first)]
    return found


def any_worse(judgement: Judgement) -> bool:
    """Whether the gate reports any `worse`."""
    return judgement.count("worse") > 0


def found_in(judgement: Judgement, case: str) -> bool:
    """Whether the gate reports this case's latency as `worse`."""
    return any(f.subject == case and f.metric == "latency_s" and f.verdict == "worse" for f in judgement.findings)


def others(kit: Kit, first: Sequence[int], second: Sequence[int], check: tuple[str, float], slow: str = "") -> bool:
    """Whether pytest-benchmark's check fails any case (the one named, where one is), rounds of a side together."""
    rule = PercentageRegressionCheck(*check)
    for case in [slow] if slow else kit.cases:
        rounds = [_rounds(kit.usual, first, case), _rounds(kit.slowed if slow else kit.usual, second, case)]
        before, now = ({"mean": float(np.mean(r)), "min": float(np.min(r))} for r in rounds)
        if rule.fails(now, before):
            return True
    return False


def _rounds(launches: list[dict[str, Record]], chosen: Sequence[int], case: str) -> list[float]:
    costs = [launches[number][case].cost for number in chosen]
    return [sample for cost in costs if cost and cost.latency_s for sample in cost.latency_s.samples]


def share(outcomes: Iterable[bool]) -> str:
    """How many of how many, in percent."""
    seen = list(outcomes)
    return f"{100 * np.mean(seen):.2f} % ({sum(seen):,} of {len(seen):,})"


def times(kit: Kit, count: int) -> Iterator[list[str]]:
    """The lines on time: false alarms and power, of the gate and of pytest-benchmark."""
    rng = np.random.default_rng(0)
    slow = [kit.cases[number % len(kit.cases)] for number in range(count)]
    for launches in SIDES:
        sides, real = [drawn(kit, rng, launches) for _ in range(count)], in_turn(kit, launches)

        def line(name: str, alarms: Alarms, sides: list[Sides] = sides, real: list[Sides] = real) -> list[str]:
            return [
                name,
                share(alarms(*pair, "") for pair in sides),
                share(alarms(*pair, "") for pair in real),
                share(alarms(*pair, case) for pair, case in zip(sides, slow, strict=True)),
                share(alarms(*pair, case) for pair in real for case in kit.cases),
            ]

        yield line(f"ptmbench gate, {launches} launches a side", functools.partial(ours, kit))
        for check in CHECKS:
            name = f"pytest-benchmark {check[0]}:{check[1]:g}%"
            if launches == SIDES[0]:
                yield line(f"{name}, 1 launch a side", functools.partial(theirs, kit, check, 1))
            yield line(f"{name}, {launches} launches a side", functools.partial(theirs, kit, check, launches))


def ours(kit: Kit, first: list[int], second: list[int], slow: str) -> bool:
    """Whether the gate reports any `worse`, or the slowed case where one is."""
    return found_in(kit.compared(first, second, slow), slow) if slow else any_worse(kit.compared(first, second))


def theirs(kit: Kit, check: tuple[str, float], launches: int, first: list[int], second: list[int], slow: str) -> bool:
    """The same of pytest-benchmark, over the first so many launches of each side."""
    return others(kit, first[:launches], second[:launches], check, slow)


class Lossy:
    """Stands for a results folder whose outcomes are the committed ones with some answers changed."""

    path = COMMITTED

    def __init__(self, store: ResultsFolder, seed: int, drop: float, model: str) -> None:
        self.store, self.rng, self.drop, self.model = store, np.random.default_rng(seed), drop, model

    def estimate(self, record: Record, *, once: bool = False) -> Estimate:
        """The record's estimate; of the model's cases with answers changed."""
        found = self.store.estimate(record, once=once)
        return found if record.case.model.name != self.model else lose(found, self.drop, self.rng)


def lose(estimate: Estimate, drop: float, rng: np.random.Generator) -> Estimate:
    """An estimate with a share of the test examples lost, and a further share lost and as many won.

    Which ones is drawn among those that were right, and wrong; for a metric that is no share of examples the estimate
    itself is returned.
    """
    if not estimate.shares:
        return estimate
    hits = estimate.effects.copy()
    churn = round(CHURN * estimate.examples)
    for row in hits:
        right, wrong = np.flatnonzero(row == 1), np.flatnonzero(row == 0)
        row[rng.choice(right, size=min(round(drop * estimate.examples) + churn, len(right)), replace=False)] = 0
        row[rng.choice(wrong, size=min(churn, len(wrong)), replace=False)] = 1
    return Estimate(estimate.seeds, hits.mean(axis=1), hits, estimate.examples, shares=True)


def quality(count: int) -> list[list[str]]:
    """The lines on quality: 3 points lost in all image tasks of one model, and nothing lost but churn."""
    store = ResultsFolder(COMMITTED)
    records, _ = store.read_all()
    models = ("resnet_tiny.glyphs", "vgg_tiny.glyphs", "bert_tiny.invented")
    rows = []
    for model in models:
        chosen = [
            r for r in records if r.case.model.name == model and r.quality and r.quality.metric == "top1_accuracy"
        ]
        lost, none = ([_judged(store, chosen, seed, drop, model) for seed in range(count)] for drop in (DROP, 0.0))
        pooled = [_pooled_worse(judgement, model) for judgement in lost]
        rows.append([model, str(len(chosen)), share(pooled), share(any_worse(judgement) for judgement in none)])
    return rows


def _pooled_worse(judgement: Judgement, model: str) -> bool:
    return any(finding.subject == model and finding.verdict == "worse" for finding in judgement.findings)


def _judged(store: ResultsFolder, records: list[Record], seed: int, drop: float, model: str) -> Judgement:
    sides = []
    for folder in (store, Lossy(store, seed, drop, model)):
        entry: Any = folder
        cases = {record.case.id: [(entry, record)] for record in records}
        sides.append(Side(COMMITTED, FolderKey("quick", "cpu", "fp32"), 1, cases))
    before, now = sides
    return judge(before, now, Rules())


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("launches", nargs="?", type=Path, default=SAVED)
    parser.add_argument("--simulations", type=int, default=5_000)
    arguments = parser.parse_args()
    content = arguments.launches.read_bytes()
    stored = json.loads(gzip.decompress(content) if arguments.launches.suffix == ".gz" else content)
    kit = Kit.of(stored)
    seconds = [launch["seconds"] for launch in stored["launches"]]
    print(f"{len(seconds)} launches of {len(kit.cases)} cases, {min(seconds)} to {max(seconds)} s each")
    headers = ["", "false alarms, resampled", "false alarms, real", "20 % slower found, resampled", "found, real"]
    print(tabulate([*times(kit, arguments.simulations)], headers, disable_numparse=True))
    print("\nQuality: 3 points lost in every task of a model (1 more lost, and won), and 1 lost and won alone")
    headers = ["model", "cases", "found, pooled", "any worse where nothing was lost"]
    print(tabulate(quality(max(arguments.simulations // 10, 1)), headers, disable_numparse=True))


if __name__ == "__main__":
    main()
