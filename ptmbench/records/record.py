"""The record of one case: its JSON, versioned.

Every value carries its unit in its name. A value that is missing is null, never 0, and `missing` maps its path
("cost.energy_j") to the reason; a record in which the nulls and the reasons do not match is not valid. Field names
are read by other programs: they may be added to, not renamed, within one `schema_version`.
"""

import functools
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, model_validator

from ptmbench.records.case_record import CaseRecord, InputRecord, MethodRecord, ModelRecord, SourceDistance, TaskRecord
from ptmbench.records.cost_record import Cost, Latency, PeakMemory
from ptmbench.records.record_part import Count, Interval, RecordPart, Seconds, Sha256
from ptmbench.records.trust_record import (
    AdversarialRecord,
    AttributionRecord,
    CalibrationRecord,
    ForgettingRecord,
    MapMeasure,
    PrivacyRecord,
    RepresentationRecord,
)

SCHEMA_VERSION: Final = 1
PROTOCOL_VERSION = 3  # bump by hand when the same case would be measured differently: older records are then stale
ASKED_FOR: Final = (
    "adversarial",
    "attribution",
    "forgetting",
    "privacy",
    "representation",
    "scores",
)  # measured on request

Status = Literal["ok", "skipped", "failed", "out_of_memory", "timed_out", "diverged"]
Verdict = Literal["helps", "no_clear_difference", "hurts", "one_seed"]


class SeedValue(RecordPart):
    """The metric on the test split at one seed."""

    seed: int
    value: float


class CurvePoint(RecordPart):
    """The primary metric on the validation split after so many steps of training at a seed."""

    seed: int
    step: Count
    value: float


class CorruptedValue(RecordPart):
    """The primary metric on test examples with a corruption at a severity from 1 to 5: mean over seeds."""

    corruption: str
    severity: Annotated[int, Field(ge=1, le=5)]
    value: float


class Outcomes(RecordPart):
    """A sidecar: what came out for the test examples at every seed, or pictures of it."""

    file: str
    sha256: Sha256


class Quality(RecordPart):
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
    curve: list[CurvePoint] = Field(default=[])
    corrupted: list[CorruptedValue] = Field(default=[])
    pictures: list[Outcomes] = Field(default=[])


class PairedDifference(RecordPart):
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


class Machine(RecordPart):
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


class Provenance(RecordPart):
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
    reference_s: list[Seconds] = Field(default=[])


class Record(RecordPart):
    """One case, finished or not; the reason says why it is not `ok`.

    What `ASKED_FOR` names is there where it was asked for; `scores` are those of transferability.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    protocol_version: int = PROTOCOL_VERSION
    budget: str
    status: Status
    reason: str | None = None
    case: CaseRecord
    quality: Quality | None
    gain: Gain | None
    differences: list[PairedDifference] = Field(default=[])
    calibration: CalibrationRecord | None = Field(default=None, exclude_if=lambda value: value is None)
    privacy: PrivacyRecord | None = Field(default=None, exclude_if=lambda value: value is None)
    adversarial: AdversarialRecord | None = Field(default=None, exclude_if=lambda value: value is None)
    attribution: AttributionRecord | None = Field(default=None, exclude_if=lambda value: value is None)
    forgetting: ForgettingRecord | None = Field(default=None, exclude_if=lambda value: value is None)
    representation: RepresentationRecord | None = Field(default=None, exclude_if=lambda value: value is None)
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
        *(CalibrationRecord, PrivacyRecord, ForgettingRecord, RepresentationRecord, AdversarialRecord),
        *(AttributionRecord, MapMeasure),
        *(Cost, Latency, PeakMemory, Provenance, Machine),
    )
)  # all that a record is made of, but for what stands in lists


@functools.cache
def _unwritten(kind: type[RecordPart]) -> frozenset[str]:
    """The fields that are left out where they are None, and so take no reason."""
    return frozenset(name for name, field in kind.model_fields.items() if field.exclude_if is not None)


def _left_out(record: Record) -> set[str]:
    """The parts of a record that it may give a reason for, and need not: older records lack them."""
    return {name for name in _unwritten(Record) if getattr(record, name) is None}


def _nulls(part: RecordPart, prefix: str = "") -> Iterator[str]:
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
