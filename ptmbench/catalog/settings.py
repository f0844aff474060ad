"""What a run is given: the budget, and where and how it runs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from ptmbench.catalog.bounds import beyond, beyond_time, shown
from ptmbench.catalog.columns import checked_columns
from ptmbench.catalog.spec import MethodSpec, Recipe, TaskSpec
from ptmbench.errors import UnknownName, UsageError
from ptmbench.records.budget_names import tuned_on_validation

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
PrecisionName = Literal["auto", "fp32", "bf16"]
TuneOn = Literal["draw", "validation"]
BUDGET_HELP = "smoke, quick (default), single, standard or converged"
TUNE_ON_HELP = "few-shot tasks choose by their own labels (draw, default) or by the whole validation split (validation)"
DISABLED = "latency was not measured: benchmarking is disabled (--benchmark-disable)"
BESIDE = "not measured: other cases ran beside this one: run it again with --jobs 1"
LATER = "not measured yet: latency is taken once all cases are done, and the run ended before that: add --resume"


@dataclass(frozen=True, slots=True)
class BudgetSpec:
    """How much a case may cost, and which labels choose its hyper-parameters.

    `steps` are those of every trained method without epochs of its own. `tunes_rates`: the validation split of a full
    task chooses the learning rate at seed 0; otherwise the recorded one is taken. Seeds are counted for frozen methods,
    trained methods on few-shot tasks, trained methods on full tasks, and detectors and segmenters (None: as full).
    `converges`: on full tasks the steps are doubled until validation stops rising. `tunes_on_validation`: few-shot
    tasks choose by the whole validation split, as most benchmarks do, and not by their own few labels.
    """

    name: str
    steps: int
    frozen_seeds: int
    few_shot_seeds: int
    full_seeds: int
    tunes_rates: bool
    asserts_floors: bool
    dense_seeds: int | None = None
    converges: bool = False
    tunes_on_validation: bool = False

    def tunes(self, task: TaskSpec) -> bool:
        """Whether the validation split chooses the learning rate: few-shot tasks have no labels for that."""
        return self.tunes_rates and (task.shots is None or self.tunes_on_validation)

    def tuned_on(self, labels: TuneOn) -> "BudgetSpec":
        """The budget with few-shot tasks tuned on their own labels ("draw") or on the validation split.

        Figures of the two never share a folder or a table, so the second has a name of its own, and no floors.
        """
        if labels == "draw":
            return self
        return replace(self, name=tuned_on_validation(self.name), tunes_on_validation=True, asserts_floors=False)

    def steps_for(self, recipe: Recipe, examples: int) -> int:
        """Training steps with so many examples: the budget's, or the recipe's epochs, which only `standard` runs whole.

        What is left over after the last full batch of an epoch is not seen in it.
        """
        if recipe.epochs is None:
            return self.steps * recipe.pace
        whole = recipe.epochs * max(examples // recipe.batch_size, 1)
        return whole if self.tunes_rates else min(whole, self.steps)

    def seeds_for(self, method: MethodSpec, task: TaskSpec) -> int:
        """How many seeds the case runs."""
        if method.frozen:
            return self.frozen_seeds
        if task.kind.dense and self.dense_seeds is not None:
            return self.dense_seeds
        return self.full_seeds if task.shots is None else self.few_shot_seeds


BUDGETS: Final[dict[str, BudgetSpec]] = {
    "smoke": BudgetSpec("smoke", 2, 1, 1, 1, tunes_rates=False, asserts_floors=False),
    "quick": BudgetSpec("quick", 40, 3, 3, 3, tunes_rates=False, asserts_floors=True, dense_seeds=1),
    "single": BudgetSpec("single", 200, 1, 1, 1, tunes_rates=False, asserts_floors=False),
    "standard": BudgetSpec("standard", 200, 10, 5, 3, tunes_rates=True, asserts_floors=True),
    "converged": BudgetSpec("converged", 200, 10, 5, 3, tunes_rates=True, asserts_floors=False, converges=True),
}


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a user can set about a run; `check_settings` made it, so it is known to be sound.

    `jobs` cases run side by side (None: as many as pay), on `threads` threads each. `columns` are those
    measured besides the usual ones.
    """

    budget: BudgetSpec
    seeds: int | None = None
    device: DeviceName = "auto"
    precision: PrecisionName = "auto"
    threads: int | None = None
    timeout_s: float | None = None
    measures_latency: bool = True
    skip_bad: bool = False
    corruptions: bool = False
    jobs: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def side_by_side(self) -> int:
        """How many cases run at once; one where nothing has been decided yet."""
        return self.jobs or 1

    @property
    def crowded(self) -> str | None:
        """Why what the whole machine does is laid to no case; None where each has the machine alone."""
        return BESIDE if self.side_by_side > 1 else None

    @property
    def untimed(self) -> str | None:
        """Why no latency is measured while a case runs; None where it is."""
        if not self.measures_latency:
            return DISABLED
        return LATER if self.crowded else None

    def seeds_for(self, method: MethodSpec, task: TaskSpec) -> int:
        """How many seeds the case runs: what the user said, else what the budget says."""
        return self.seeds if self.seeds is not None else self.budget.seeds_for(method, task)


def check_settings(
    *,
    budget: str = "quick",
    seeds: int | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    timeout_s: float | None = None,
    measures_latency: bool = True,
    skip_bad: bool = False,
    corruptions: bool = False,
    jobs: int | None = None,
    tune_on: str = "draw",
    columns: Iterable[str] = (),
) -> RunSettings:
    """Settings from what a user typed; raises `UsageError` with all faults at once."""
    faults = [str(UnknownName("budget", budget, BUDGETS))] if budget not in BUDGETS else []
    faults += [*beyond("seed", seeds), *beyond("thread", threads), *beyond("job", jobs), *beyond_time(timeout_s)]
    if device not in get_args(DeviceName):
        faults.append(f"expected a device of {', '.join(get_args(DeviceName))}, got {shown(device)}")
    if precision not in get_args(PrecisionName):
        faults.append(f"expected a precision of {', '.join(get_args(PrecisionName))}, got {shown(precision)}")
    if tune_on not in get_args(TuneOn):
        faults.append(f"expected few-shot tasks to be tuned on {' or '.join(get_args(TuneOn))}, got {shown(tune_on)}")
    if len(faults) == 1 and budget not in BUDGETS:
        raise UnknownName("budget", budget, BUDGETS)
    asked: tuple[str, ...] = ()
    try:
        asked = checked_columns(columns)
    except UsageError as error:
        if not faults:
            raise
        faults.append(str(error))
    if faults:
        raise UsageError("; ".join(fault.removesuffix(".") for fault in faults))
    return RunSettings(
        budget=BUDGETS[budget].tuned_on(tune_on),  # type: ignore[arg-type]  # checked against the literal's own values above
        seeds=seeds,
        device=device,  # type: ignore[arg-type]  # likewise
        precision=precision,  # type: ignore[arg-type]  # likewise
        threads=threads,
        timeout_s=timeout_s,
        measures_latency=measures_latency,
        skip_bad=skip_bad,
        corruptions=corruptions,
        jobs=jobs,
        columns=asked,
    )
