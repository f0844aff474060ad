"""Evidence: what earlier records tell of rehearsals and of what came of them in full.

`evidence.json` is written by `python benchmarks/recording/evidence.py` from committed records. Of each candidate on
each task it holds the rehearsals on the validation part, the metric on the test part at the budget `standard`, and the
cost of both. A decision about a data set never reads what is known of that very data set: `without` leaves it out.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.catalog.data_references import AMOUNTS, NAME, SCORED
from ptmbench.catalog.references import parse
from ptmbench.catalog.traits import TaskKind
from ptmbench.reading import json_of, text_of
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage
from ptmbench.recommendation.static_ranking import mean_ranks

EVIDENCE: Final = Path(__file__).with_name("evidence.json")


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate on a task: its rehearsals, what it reached on the test part in full, and the seconds of that."""

    candidate: Candidate
    task: str
    rehearsals: Mapping[Stage, Rehearsal]
    full: float
    full_s: float

    def rehearsal(self, stage: Stage) -> Rehearsal:
        """The rehearsal at a stage; of a frozen method the only one."""
        return self.rehearsals[Stage.QUICK if self.candidate.frozen else stage]


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task of the evidence: its data set and modality, every score of each model, and the seconds of `DECIDES`."""

    name: str
    dataset: str
    modality: str
    few_shot: bool
    scores: Mapping[str, Mapping[str, float | None]]
    scores_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows by task; `tasks` says what is known of each."""

    rows: tuple[Row, ...]
    tasks: Mapping[str, TaskFacts]

    def without(self, dataset: str) -> "Evidence":
        """All but what is known of a data set, whatever part and amount of it was seen."""
        return self._of([name for name, task in self.tasks.items() if whole(task.dataset) != whole(dataset)])

    def of_modality(self, modality: str) -> "Evidence":
        """What is known of images, or of texts."""
        return self._of([name for name, task in self.tasks.items() if task.modality == modality])

    def of_kind(self, kind: TaskKind) -> "Evidence":
        """What is known of tasks that ask for the like: labels of images, or of texts; nothing of boxes and masks."""
        return Evidence((), {}) if kind.dense else self.of_modality(str(kind.modality))

    def _of(self, names: Collection[str]) -> "Evidence":
        kept = {name: task for name, task in self.tasks.items() if name in names}
        return Evidence(tuple(row for row in self.rows if row.task in kept), kept)

    @property
    def data_sets(self) -> tuple[str, ...]:
        """The data sets that stand behind it."""
        return tuple(dict.fromkeys(task.dataset for task in self.tasks.values()))

    def of_task(self, task: str) -> tuple[Row, ...]:
        """All candidates of a task."""
        return tuple(row for row in self.rows if row.task == task)

    def static_ranks(self, models: Sequence[str]) -> dict[str, float]:
        """The mean rank over tasks of each model that is known, by its best method in full; 1 is best.

        A single known model has no rank: there is nothing to rank it among.
        """
        known = [model for model in models if any(row.candidate.model == model for row in self.rows)]
        if not known or not self.tasks:
            return {}
        quality = np.full((len(self.tasks), len(known)), np.nan)
        for at, task in enumerate(self.tasks):
            for row in self.of_task(task):
                if row.candidate.model in known:
                    place = known.index(row.candidate.model)
                    quality[at, place] = np.nanmax([quality[at, place], row.full])
        ranks = zip(known, mean_ranks(quality).tolist(), strict=True)
        return {model: rank for model, rank in ranks if np.isfinite(rank)}

    def static_method(self, model: str, methods: Sequence[str], *, few_shot: bool) -> str | None:
        """The method with the best mean rank for a model, on tasks with few labels or on those with all of them."""
        tasks = [name for name, task in self.tasks.items() if task.few_shot == few_shot] or list(self.tasks)
        quality = np.full((len(tasks), len(methods)), np.nan)
        for at, task in enumerate(tasks):
            for row in self.of_task(task):
                if row.candidate.model == model and row.candidate.method in methods:
                    quality[at, methods.index(row.candidate.method)] = row.full
        seen = ~np.isnan(quality).all(axis=1)
        if not seen.any():
            return None
        known = [method for method, column in zip(methods, quality[seen].T, strict=True) if np.isfinite(column).any()]
        ranks = mean_ranks(quality[seen])
        return known[0] if len(known) == 1 else methods[int(np.nanargmin(ranks))]


def whole(dataset: str) -> str:
    """The data set that a reference reads, without what says which part of it is scored and how much of it is seen."""
    return str(parse(dataset).without(SCORED, NAME, *AMOUNTS))


@functools.cache
def evidence() -> Evidence:
    """What ships with the package; none where it was not recorded."""
    try:
        found: dict[str, Any] = json_of(text_of(EVIDENCE))
    except FileNotFoundError:
        return Evidence((), {})
    return evidence_of(found)


def evidence_of(found: Mapping[str, Any]) -> Evidence:
    """Evidence from what its JSON holds."""
    tasks = {
        name: TaskFacts(name, task["dataset"], task["modality"], task["few_shot"], task["scores"], task["scores_s"])
        for name, task in found["tasks"].items()
    }
    rows = [
        Row(
            Candidate(row["model"], row["method"], row["trains"]),
            row["task"],
            {Stage(stage): _rehearsal(Stage(stage), rehearsal) for stage, rehearsal in row["rehearsals"].items()},
            row["full"],
            row["full_s"],
        )
        for row in found["rows"]
    ]
    return Evidence(tuple(rows), tasks)


def _rehearsal(stage: Stage, found: Mapping[str, Any]) -> Rehearsal:
    hits = None if found["hits"] is None else unpacked(found["hits"], found["examples"])
    return Rehearsal(stage, found["value"], found["seconds"], found["examples"], found["deviation"], hits)


def packed(hits: NDArray[np.bool_] | None) -> str | None:
    """Right and wrong answers as hexadecimal digits, four answers a digit."""
    return None if hits is None else np.packbits(hits).tobytes().hex()


def unpacked(text: str, examples: int) -> NDArray[np.bool_]:
    """The answers that `packed` wrote."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), dtype=np.uint8))[:examples]
    return bits.astype(np.bool_)
