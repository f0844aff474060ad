"""Which model to take, in Python."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ptmbench.api.results import Place
from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import named
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.settings import check_settings
from ptmbench.outlet import warn
from ptmbench.recommendation.demands import Demands
from ptmbench.recommendation.limits import MIB, Limits
from ptmbench.recommendation.race import Plan
from ptmbench.records.decision import Decision
from ptmbench.records.store import read_folders
from ptmbench.running.candidates import candidates_of
from ptmbench.running.recommending import Question, Recommender
from ptmbench.running.session import DEFAULT_FOLDER


def recommend(
    task: str,
    models: str | Iterable[str] = (),
    *,
    methods: str | Iterable[str] = (),
    max_p95_ms: float | None = None,
    max_size_mib: float | None = None,
    max_memory_mib: float | None = None,
    max_train_min: float | None = None,
    licences: Sequence[str] = (),
    time_s: float | None = None,
    budget_share: float | None = None,
    within: float = 1.0,
    confidence: float = 0.95,
    shortlist: int = Plan().shortlist,
    earlier: Place | Iterable[Place] = (),
    results: Place | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> Decision:
    """Says which model to take for a task, and how to adapt it, as `ptmbench recommend` does.

    Args:
        task: A name, or a reference such as "imagefolder:photos".
        models: Names or references; none: all of the task's kind that are on this disk.
        methods: Names; none: every method that chooses a value.
        max_p95_ms: Latency of one input at most, in milliseconds (p95, measured here).
        max_size_mib: Size of the weights at most, in MiB.
        max_memory_mib: Peak memory of inference at most, in MiB.
        max_train_min: Minutes of full training at most, as forecast.
        licences: Allowed licences; none: any.
        time_s: Seconds that deciding may take.
        budget_share: The same as a share of what training everything in full takes, from 0 to 1.
        within: Points of the metric by which another candidate may be better.
        confidence: Of intervals and ties.
        shortlist: How many models are rehearsed.
        earlier: Results folders with records of these models on other data sets, which rank them.
        results: The folder of the decision, which goes on where it was; None: one under ptmbench-results/.
        device: "auto", "cpu", "cuda" or "mps".
        precision: "auto", "fp32" or "bf16".
        threads: CPU threads; None: one where all models and data are embedded, else all cores.
        progress: Whether a line a step is written to stderr.

    Returns:
        The decision: `pick`, `tied`, `rejected`, `static_pick`, `cost` and `chance_of_better`; `pick` is None where
        nothing beats chance.

    Raises:
        UsageError: Nothing can be decided; the message says why.
        StoreError: The folder cannot be used.
    """
    names = [models] if isinstance(models, str) else list(models)
    chosen = [methods] if isinstance(methods, str) else list(methods)
    entries = entries_of(names, [task])
    limits = Limits(
        latency_p95_s=None if max_p95_ms is None else max_p95_ms / 1e3,
        size_bytes=None if max_size_mib is None else max_size_mib * MIB,
        inference_bytes=None if max_memory_mib is None else max_memory_mib * MIB,
        train_s=None if max_train_min is None else max_train_min * 60,
        licences=tuple(licence.lower() for licence in licences),
    )
    candidates = candidates_of(entries.models, entries.tasks[0], typed=bool(names))
    demands = Demands(
        limits, Plan(shortlist=shortlist, within=within / 100, confidence=confidence), time_s, budget_share
    )
    methods_chosen = tuple(named("method", name, METHODS) for name in chosen)
    question = Question(candidates, entries.tasks[0], methods_chosen, demands)
    settings = check_settings(device=device, precision=precision, threads=threads, jobs=1, measures_latency=False)
    folder = Path(results) if results is not None else DEFAULT_FOLDER / f"recommend-{entries.tasks[0].name}"
    places = [Path(earlier)] if isinstance(earlier, str | os.PathLike) else [Path(place) for place in earlier]
    records = [record for _, found in read_folders(places)[0] for record in found]
    told = warn if progress else lambda _told: None
    return Recommender(question, settings, folder, told, earlier=records).decide()
