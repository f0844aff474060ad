"""What a run is given: the budget, and where and how it runs."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from ptmbench.catalog.spec import Budget, MethodSpec, Recipe, TaskSpec
from ptmbench.errors import UnknownName, UsageError

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
PrecisionName = Literal["auto", "fp32", "bf16"]
DISABLED = "latency was not measured: benchmarking is disabled (--benchmark-disable)"
MOST: Final = {"seed": 1000, "thread": 1024, "job": 256}  # torch crashes at a huge number of threads
LONGEST_TIMEOUT_S: Final = 10_000_000  # 115 days: a wait of 1e300 s overflows the clock
BESIDE = "not measured: up to {jobs} cases ran side by side (--jobs {jobs}): run it again without --jobs"


@dataclass(frozen=True, slots=True)
class BudgetSpec:
    """How much a case may cost.

    `steps` are those of every trained method without epochs of its own. `tunes_rates`: the validation split chooses
    the learning rate at seed 0; otherwise the recorded one is taken. Seeds are counted for frozen methods, trained
    methods on few-shot tasks and trained methods on full tasks.
    """

    name: Budget
    steps: int
    frozen_seeds: int
    few_shot_seeds: int
    full_seeds: int
    tunes_rates: bool
    asserts_floors: bool

    def steps_for(self, recipe: Recipe, examples: int) -> int:
        """Training steps with so many examples: the budget's, or the recipe's epochs, which only `standard` runs whole.

        What is left over after the last full batch of an epoch is not seen in it.
        """
        if recipe.epochs is None:
            return self.steps * recipe.pace
        whole = recipe.epochs * max(examples // recipe.batch_size, 1)
        return whole if self.name == "standard" else min(whole, self.steps)

    def seeds_for(self, method: MethodSpec, task: TaskSpec) -> int:
        """How many seeds the case runs."""
        if method.frozen:
            return self.frozen_seeds
        return self.full_seeds if task.shots is None else self.few_shot_seeds


BUDGETS: Final[dict[str, BudgetSpec]] = {
    "smoke": BudgetSpec("smoke", 2, 1, 1, 1, tunes_rates=False, asserts_floors=False),
    "quick": BudgetSpec("quick", 40, 1, 1, 1, tunes_rates=False, asserts_floors=True),
    "standard": BudgetSpec("standard", 200, 10, 5, 3, tunes_rates=True, asserts_floors=True),
}


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a user can set about a run; `check_settings` made it, so it is known to be sound.

    `jobs` cases run side by side; `threads` are those of each.
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
    jobs: int = 1

    @property
    def crowded(self) -> str | None:
        """Why nothing is timed, neither latency nor transfer nor energy; None where a case has the machine alone."""
        return BESIDE.format(jobs=self.jobs) if self.jobs > 1 else None

    @property
    def untimed(self) -> str | None:
        """Why no latency is measured; None where it is."""
        return self.crowded or (None if self.measures_latency else DISABLED)

    def seeds_for(self, method: MethodSpec, task: TaskSpec) -> int:
        """How many seeds the case runs: what the user said, else what the budget says."""
        return self.seeds if self.seeds is not None else self.budget.seeds_for(method, task)


def _beyond_bounds(seeds: int | None, threads: int | None, jobs: int, timeout_s: float | None) -> list[str]:
    """A line for each number that no machine could run; most would else fail deep in a library, or crash it."""
    faults = []
    for name, given in (("seed", seeds), ("thread", threads), ("job", jobs)):
        if given is not None and not 1 <= given <= MOST[name]:
            faults.append(f"expected 1 to {MOST[name]:,} {name}s, got {_shortened(given)}")
    if timeout_s is not None and not 0 < timeout_s <= LONGEST_TIMEOUT_S:  # NaN is no such number either
        faults.append(f"expected a timeout above 0 seconds and at most {LONGEST_TIMEOUT_S:,}, got {timeout_s:g}")
    return faults


def _shortened(number: int) -> str:
    """The number, rounded where it is long; Python does not print one of more than 4,300 digits."""
    if abs(number) < 10**15:
        return str(number)
    return f"{number:.3g}" if abs(number) < 10**300 else "a number of more than 300 digits"


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
    jobs: int = 1,
) -> RunSettings:
    """Settings from what a user typed; raises `UsageError` with all faults at once.

    Without a number of threads, cases that run side by side share the cores.
    """
    if budget not in BUDGETS:
        raise UnknownName("budget", budget, BUDGETS)
    faults = _beyond_bounds(seeds, threads, jobs, timeout_s)
    if device not in get_args(DeviceName):
        faults.append(f"expected a device of {', '.join(get_args(DeviceName))}, got {device!r}")
    if precision not in get_args(PrecisionName):
        faults.append(f"expected a precision of {', '.join(get_args(PrecisionName))}, got {precision!r}")
    if faults:
        raise UsageError("; ".join(faults))
    if threads is None and jobs > 1:
        from ptmbench.records.environment import cores  # here: pydantic comes with it, and pytest starts without

        threads = max(1, cores() // jobs)
    return RunSettings(
        budget=BUDGETS[budget],
        seeds=seeds,
        device=device,  # type: ignore[arg-type]  # checked against the literal's own values above
        precision=precision,  # type: ignore[arg-type]  # likewise
        threads=threads,
        timeout_s=timeout_s,
        measures_latency=measures_latency,
        skip_bad=skip_bad,
        corruptions=corruptions,
        jobs=jobs,
    )
