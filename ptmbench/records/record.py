"""The record of one case: its JSON, versioned.

Every value carries its unit in its name. A value that is missing is null, never 0, and `missing` maps its path
("cost.energy_j") to the reason; a record in which the nulls and the reasons do not match is not valid. Field names
are read by other programs: they may be added to, not renamed, within one `schema_version`.
"""

import functools
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION: Final = 1
PROTOCOL_VERSION = 3  # bump by hand when the same case would be measured differently: older records are then stale
MAX_LATENCY_SAMPLES = 200
FULL: Final = "full"  # the variant of a model that is served as it came and was trained
CONTROL: Final = "control"  # the family of models that nobody pre-trained

Status = Literal["ok", "skipped", "failed", "out_of_memory", "timed_out", "diverged"]
BUSY = 0.1  # of the time: a tenth in other hands moves a latency by more than the gate tolerates
Verdict = Literal["helps", "no_clear_difference", "hurts", "one_seed"]
Interval = tuple[float, float]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Scalar = bool | int | float | str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants")


class ModelRecord(_Part):
    """Which weights ran. `loaded_fraction` is the share of the backbone's tensors that the checkpoint filled."""

    name: str
    reference: str
    architecture: str
    family: str
    objective: str
    source: str
    weights_sha256: Sha256 | None
    revision: str | None
    licence: str
    loaded_fraction: float | None
    pretrain_time_s: Seconds | None

    @property
    def is_control(self) -> bool:
        """Whether nothing was pre-trained: raw inputs, or an architecture at random initialisation."""
        return self.family == CONTROL


class TaskRecord(_Part):
    """Which data ran: sizes in examples; `shots` a class, or "all"; `split_sha256` covers ids, labels and content.

    `left_out` counts the faulty examples that were passed over on request, `left_out_names` names the first 20.
    `balance`: `majority`, the share of the largest class in the test part, which a constant answer reaches (no entry
    where that is no answer: entities, boxes, masks); `untrained_classes` and `duplicated_test_examples`, counts of
    classes without a training example and of test examples that stand in training or validation too.
    """

    name: str
    kind: str
    dataset: str
    shots: int | Literal["all"]
    split_sha256: Sha256 | None
    train_size: Count | None
    validation_size: Count | None
    test_size: Count | None
    classes: Count | None
    left_out: Count
    left_out_names: list[str] = []
    balance: dict[str, float] = {}


class MethodRecord(_Part):
    """How the model was transferred: the values used, the values on offer, and by what they were chosen.

    `each` holds the values of every seed in turn where each chose for itself; `hyperparameters` are those of the first.
    `tried` are the values of a grid that were tried where not all were.
    """

    name: str
    hyperparameters: dict[str, Scalar]
    grid: dict[str, list[float | str]]
    selection: str
    steps: Count | None
    each: list[dict[str, Scalar]] = Field(default=[], exclude_if=lambda value: not value)
    tried: list[float] = Field(default=[], exclude_if=lambda value: not value)


class InputRecord(_Part):
    """What the model was fed: shape without the batch (of text: tokens), preprocessing, number of texts cut short."""

    shape: list[int]
    preprocessing: dict[str, Scalar | list[float]]
    truncated: Count


class SourceDistance(_Part):
    """How far the task's images lie from the images of the pre-training source."""

    kind: str
    value: float


class CaseRecord(_Part):
    """The case; `digest` covers specs, weights, split, budget, precision and protocol, but not the commit.

    `variant` says how the transferred model was served: "full", as it came and was trained, or changed.
    """

    id: str
    digest: Sha256
    model: ModelRecord
    task: TaskRecord
    method: MethodRecord
    input: InputRecord | None
    precision: str
    source_distance: SourceDistance | None
    variant: str = FULL

    @property
    def way(self) -> str:
        """The method, and the variant behind it where that is not the full model: what tells rows of a model apart."""
        return self.method.name if self.variant == FULL else f"{self.method.name}, {self.variant}"


class CalibrationRecord(_Part):
    """How sure the answers for the test examples were, mean over seeds (`ptmbench.statistics.calibration`).

    `nll` in nats, `brier` from 0 to 2, `ece` as a share over 15 bins of equal mass. `temperature` (geometric mean) is
    fitted to examples that were not learned from, `ece_after_temperature` what is left behind it; null where there are
    no such examples.
    """

    nll: float
    brier: float
    ece: float
    temperature: float | None
    ece_after_temperature: float | None


class SeedValue(_Part):
    """The metric on the test split at one seed."""

    seed: int
    value: float


class CurvePoint(_Part):
    """The primary metric on the validation split after so many steps of training at a seed."""

    seed: int
    step: Count
    value: float


class CorruptedValue(_Part):
    """The primary metric on test examples with a corruption at a severity from 1 to 5: mean over seeds."""

    corruption: str
    severity: Annotated[int, Field(ge=1, le=5)]
    value: float


class Outcomes(_Part):
    """A sidecar: what came out for the test examples at every seed, or pictures of it."""

    file: str
    sha256: Sha256


class Quality(_Part):
    """The primary metric on the test split: mean over seeds, with an interval whose `interval_kind` says of what."""

    metric: str
    higher_is_better: bool
    value: float
    train_value: float
    interval95: Interval
    interval_kind: str
    seeds: list[SeedValue]
    floor: float | None
    floor_met: bool | None
    floor_tells: bool | None
    others: dict[str, float]
    outcomes: Outcomes
    curve: list[CurvePoint] = []
    corrupted: list[CorruptedValue] = []
    pictures: list[Outcomes] = []


class PairedDifference(_Part):
    """How far the primary metric lies above that of another case, paired over seeds and test examples.

    `over` says which: "full", the same case served in full. `p_value` is the two-sided probability of a difference as
    large where there is none; older records lack it.
    """

    over: str
    partner_id: str
    partner_digest: Sha256
    value: float
    interval95: Interval
    interval_kind: str
    seeds: Count
    p_value: float | None = Field(default=None, exclude_if=lambda value: value is None)


class Gain(PairedDifference):
    """How much the primary metric rose over the partner (same architecture from scratch), paired over seeds.

    The verdict is this case's alone, at 5 %; that of one seed is "one_seed", since training is one draw. Tables correct
    their verdicts together.
    """

    verdict: Verdict


class Latency(_Part):
    """Seconds for one batch, warmed up; the samples in the order measured, six digits each. `scope` says of what.

    `waited` is the share of the time in which the process was ready and did not get its cores: other work took them.
    Older records lack it.
    """

    scope: str = "forward pass"
    batch_size: Count
    p50: Seconds
    p95: Seconds
    p99: Seconds
    samples: Annotated[list[Seconds], Field(max_length=MAX_LATENCY_SAMPLES)]
    waited: float | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def busy(self) -> bool:
        """Whether the machine was busy with other work, so that the times say nothing."""
        return self.waited is not None and self.waited > BUSY


class PeakMemory(_Part):
    """Peak bytes while inferring one batch and in one training step; `kind` says how they were counted."""

    inference: Count | None
    inference_batch_size: Count
    training: Count | None
    training_batch_size: Count
    kind: str


class Cost(_Part):
    """What the backbone with its head costs. MACs and FLOPs (2 x MACs) are for one input, null where not countable."""

    parameters: Count
    trainable_parameters: Count
    size_bytes: Count
    macs: Count | None
    flops: Count | None
    thop_macs: Count | None
    uncounted_operations: list[str]
    latency_s: Latency | None
    throughput_per_s: float | None
    throughput_batch_size: Count | None
    peak_memory_bytes: PeakMemory
    train_time_s: Seconds | None
    feature_time_s: Seconds | None
    energy_j: float | None

    @property
    def carry_over_time_s(self) -> float | None:
        """Seconds at one seed for features and for fitting or training: what is there of the two."""
        spent = [seconds for seconds in (self.train_time_s, self.feature_time_s) if seconds is not None]
        return sum(spent) if spent else None


class Machine(_Part):
    """The machine; speed is compared only between equal fingerprints and threads.

    `jobs`: how many cases ran side by side; their latency was measured afterwards, with nothing beside it, and only
    times of training are those of a case beside others.
    """

    fingerprint: str
    cpu: str
    gpu: str
    cores: Count
    threads: Count
    jobs: Count = Field(default=1, exclude_if=lambda value: value == 1)


class Provenance(_Part):
    """What made the record, where and when.

    `reference_s`: a few times of a fixed workload (`ptmbench.running.machine_pace`), taken once in the process.
    """

    ptmbench: str
    commit: str
    packages: dict[str, str]
    machine: Machine
    device: str
    started_at: str
    duration_s: Seconds
    reference_s: list[Seconds] = []


class Record(_Part):
    """One case, finished or not; the reason says why it is not `ok`.

    `scores` of transferability are those of the model's frozen features, where they were asked for.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    protocol_version: int = PROTOCOL_VERSION
    budget: str
    status: Status
    reason: str | None = None
    case: CaseRecord
    quality: Quality | None
    gain: Gain | None
    differences: list[PairedDifference] = []
    calibration: CalibrationRecord | None = Field(default=None, exclude_if=lambda value: value is None)
    scores: dict[str, float] | None = Field(default=None, exclude_if=lambda value: value is None)
    cost: Cost | None
    provenance: Provenance
    missing: dict[str, str]

    @model_validator(mode="after")
    def _check_missing(self) -> "Record":
        nulls = set(_nulls(self)) - {"reason"}
        faults = [f"{path} is null without a reason" for path in sorted(nulls - self.missing.keys())]
        faults += [
            f"{path} has a reason but is not null" for path in sorted(self.missing.keys() - nulls - _left_out(self))
        ]
        if (self.status == "ok") != (self.reason is None):
            faults.append(f"status is {self.status} and reason is {self.reason!r}")
        if self.status == "ok" and (self.quality is None or self.cost is None):
            faults.append("status is ok without quality and cost")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def quality_of(record: Record) -> Quality:
    """The quality of a record that is `ok`: the record's own rules see to it that there is one."""
    if record.quality is None:
        raise TypeError(f"{record.case.id} is {record.status}: expected a record that is ok")
    return record.quality


def chance_of(task: TaskRecord) -> float | None:
    """What guessing gives: an equal share for each class; of entities and of boxes practically none is guessed whole.

    None where it is not known. Words with plain labels have a balance, and are guessed like examples.
    """
    if "majority" in task.balance and task.classes:
        return 1 / task.classes
    if task.kind in {"token_classification", "object_detection"}:
        return 0.0
    if task.kind == "semantic_segmentation":
        return None  # it hangs on how much of the pictures each class fills
    return None if task.classes is None else 1 / task.classes


PARTS: Final[frozenset[type[BaseModel]]] = frozenset(
    (
        *(CaseRecord, ModelRecord, TaskRecord, MethodRecord, InputRecord, SourceDistance, Quality, Outcomes, Gain),
        CalibrationRecord,
        *(Cost, Latency, PeakMemory, Provenance, Machine),
    )
)  # all that a record is made of, but for what stands in lists


@functools.cache
def _unwritten(kind: type[_Part]) -> frozenset[str]:
    """The fields that are left out where they are None, and so take no reason."""
    return frozenset(name for name, field in kind.model_fields.items() if field.exclude_if is not None)


def _left_out(record: Record) -> set[str]:
    """The parts of a record that it may give a reason for, and need not: older records lack them."""
    return {name for name in _unwritten(Record) if getattr(record, name) is None}


def _nulls(part: _Part, prefix: str = "") -> Iterator[str]:
    """`null_paths` of what a part would be written as, without writing it: that took a third of reading a record."""
    for name, value in vars(part).items():
        if value is None:
            if name not in _unwritten(type(part)):
                yield prefix + name
        elif type(value) in PARTS:  # `isinstance` asks an abstract class, at every figure
            yield from _nulls(value, f"{prefix}{name}.")


def null_paths(tree: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of all nulls in nested dictionaries."""
    for key, value in tree.items():
        if value is None:
            yield prefix + key
        elif isinstance(value, dict):
            yield from null_paths(value, f"{prefix}{key}.")
