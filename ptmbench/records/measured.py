"""What the engine hands back, before it becomes a record: plain values, with `Missing` where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.records.case_record import SourceDistance

SHEET: Final = "sheet"


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that was not measured, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What a case is made of, known before it runs; `digest` is what a record is held against."""

    digest: str
    weights_sha256: str | Missing
    revision: str | Missing
    split_sha256: str | Missing
    classes: int | Missing
    train_size: int | Missing
    validation_size: int | Missing
    test_size: int | Missing
    left_out: tuple[str, ...] = ()
    balance: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """The metric on the validation split after so many steps of training."""

    seed: int
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class MeasuredCorruption:
    """The metric on test examples with a corruption at a severity, mean over seeds."""

    corruption: str
    severity: int
    value: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What came out for the test examples, and the metric's figures.

    `outcomes` are the predictions of all seeds beside the truth. `values` and `train_values` hold the primary metric
    for each seed on the test and the training examples; `curve` the way there, where it was watched; `corrupted` what
    is left on corrupted test examples, where that was asked for.
    """

    seeds: tuple[int, ...]
    test_ids: tuple[str, ...]
    outcomes: dict[str, NDArray[Any]]
    metric: str
    higher_is_better: bool
    values: tuple[float, ...]
    train_values: tuple[float, ...]
    others: dict[str, float]
    curve: tuple[MeasuredPoint, ...] = ()
    corrupted: tuple[MeasuredCorruption, ...] = ()
    pictures: bytes | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The outcomes as they are stored, with their seeds and the ids of their examples."""
        return {"seeds": np.asarray(self.seeds), **self.outcomes, "test_ids": np.asarray(self.test_ids)}


@dataclass(frozen=True, slots=True)
class Choice:
    """The hyper-parameters that ran, what was tried, and what chose.

    `each` holds those of every seed in turn where they differ; `tried` what of the grid was tried where that hung on
    what scored best.
    """

    hyperparameters: dict[str, bool | int | float | str]
    grid: dict[str, list[float | str]]
    selection: str
    steps: int | Missing
    each: tuple[dict[str, bool | int | float | str], ...] = ()
    tried: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LatencySamples:
    """Seconds a batch, in the order measured.

    `waited` is the share of the time in which the process was ready and did not get its cores; None where the system
    does not tell.
    """

    batch_size: int
    samples: tuple[float, ...]
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast a network answers: one input at a time, and in batches of the size that does most.

    `scope` says what was run for it.
    """

    latency: LatencySamples | Missing
    throughput_per_s: float | Missing
    throughput_batch_size: int
    scope: str = "forward pass"


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a network costs whatever data it sees: measured once and shared between cases."""

    parameters: int
    size_bytes: int
    macs: int | Missing
    flops: int | Missing
    thop_macs: int | Missing
    uncounted_operations: tuple[str, ...]
    timing: Timing
    inference_bytes: int | Missing
    memory_kind: str


@dataclass(frozen=True, slots=True)
class Spending:
    """What the transfer took in this case; `uncounted_operations` are those of its predictions."""

    trainable_parameters: int
    training_bytes: int | Missing
    training_batch_size: int
    train_time_s: float | Missing
    feature_time_s: float | Missing
    energy_j: float | Missing
    uncounted_operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of a model once it is loaded."""

    loaded_fraction: float | Missing
    pretrain_time_s: float | Missing
    input_shape: tuple[int, ...]
    preprocessing: dict[str, bool | int | float | str | list[float]]
    truncated: int


@dataclass(frozen=True, slots=True)
class Result:
    """A case that ran, with the columns that were asked for.

    A column's `SHEET` is a picture of it (PNG), which lies beside the record.
    """

    loaded: Loaded
    answers: Answers
    choice: Choice
    footprint: Footprint
    spending: Spending
    source_distance: SourceDistance | Missing
    duration_s: float = field(compare=False)
    columns: Mapping[str, Mapping[str, Any] | Missing] = field(default_factory=dict)
