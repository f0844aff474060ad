"""Makes a record from what the engine handed back; what is missing becomes null with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import numpy as np

from ptmbench.catalog.columns import COLUMNS, NOT_ASKED
from ptmbench.catalog.spec import Case
from ptmbench.errors import SHOWN
from ptmbench.files.letters import written
from ptmbench.records.case_record import (
    CaseRecord,
    InputRecord,
    MethodRecord,
    ModelRecord,
    TaskRecord,
)
from ptmbench.records.cost_record import Cost, Latency, PeakMemory
from ptmbench.records.measured import SHEET, Answers, Identity, LatencySamples, Missing, Result, Timing
from ptmbench.records.outcomes import estimate_of, mean_calibration
from ptmbench.records.record import (
    CorruptedValue,
    CurvePoint,
    Outcomes,
    Provenance,
    Quality,
    Record,
    SeedValue,
    Status,
)
from ptmbench.records.trust_record import (
    AdversarialRecord,
    AttributionRecord,
    CalibrationRecord,
    ForgettingRecord,
    PrivacyRecord,
    RepresentationRecord,
)
from ptmbench.running.floors import Floor
from ptmbench.statistics.estimates import interval_of

Value = TypeVar("Value")
CLOCKED = ("cost.latency_s", "cost.throughput_per_s", "cost.throughput_batch_size")
FLOOR_FIELDS = ("floor", "floor_met", "floor_tells")
NO_PROBABILITIES = Missing("not defined for boxes and masks")
NO_TEMPERATURE = Missing("few labels leave no example to fit a temperature to that was not learned from")
COLUMN_RECORDS: Final = {
    "adversarial": AdversarialRecord,
    "attribution": AttributionRecord,
    "forgetting": ForgettingRecord,
    "privacy": PrivacyRecord,
    "representation": RepresentationRecord,
}
GAIN_LATER = Missing("the partner from scratch was not run")


@dataclass(frozen=True, slots=True)
class Sidecars:
    """The files beside a record."""

    outcomes: Outcomes
    pictures: list[Outcomes]


@dataclass(slots=True)
class Gaps:
    """Collects the reasons of what is missing, by path."""

    reasons: dict[str, str] = field(default_factory=dict)

    def __call__(self, path: str, value: Value | Missing) -> Value | None:
        """The value, or None with its reason noted under the path."""
        if isinstance(value, Missing):
            self.reasons[path] = value.reason
            return None
        return value


def _case_record(case: Case, identity: Identity, precision: str, result: Result | None, gaps: Gaps) -> CaseRecord:
    unfinished = Missing("the case did not get that far")
    model, task, method = case.model, case.task, case.method
    choice = result.choice if result else None
    return CaseRecord(
        id=case.id,
        digest=identity.digest,
        model=ModelRecord(
            name=model.name,
            reference=model.reference,
            architecture=model.architecture,
            family=model.family,
            objective=model.objective,
            source=model.source,
            weights_sha256=gaps("case.model.weights_sha256", identity.weights_sha256),
            revision=gaps("case.model.revision", identity.revision),
            licence=model.licence,
            loaded_fraction=gaps("case.model.loaded_fraction", result.loaded.loaded_fraction if result else unfinished),
            pretrain_time_s=gaps("case.model.pretrain_time_s", result.loaded.pretrain_time_s if result else unfinished),
        ),
        task=TaskRecord(
            name=task.name,
            kind=task.kind,
            dataset=task.dataset,
            shots="all" if task.shots is None else task.shots,
            split_sha256=gaps("case.task.split_sha256", identity.split_sha256),
            train_size=gaps("case.task.train_size", identity.train_size),
            validation_size=gaps("case.task.validation_size", identity.validation_size),
            test_size=gaps("case.task.test_size", identity.test_size),
            classes=gaps("case.task.classes", identity.classes),
            left_out=len(identity.left_out),
            left_out_names=[written(name) for name in identity.left_out[:SHOWN]],
            balance=identity.balance,
        ),
        method=MethodRecord(
            name=method.name,
            hyperparameters=choice.hyperparameters if choice else {},
            grid=choice.grid if choice else {method.tuned: list(method.grid)},
            selection=choice.selection if choice else unfinished.reason,
            steps=gaps("case.method.steps", choice.steps if choice else unfinished),
            each=[*choice.each] if choice else [],
            tried=[*choice.tried] if choice else [],
        ),
        input=gaps("case.input", _input(result) if result else unfinished),
        precision=precision,
        source_distance=gaps("case.source_distance", result.source_distance if result else unfinished),
        variant=case.variant.name,
    )


def _input(result: Result) -> InputRecord:
    loaded = result.loaded
    return InputRecord(shape=list(loaded.input_shape), preprocessing=loaded.preprocessing, truncated=loaded.truncated)


def _floor_fields(value: float, floor: Floor | Missing, gaps: Gaps) -> dict[str, float | bool | None]:
    """The fields of `Quality` that speak of the floor."""
    if isinstance(floor, Missing):
        return {name: gaps(f"quality.{name}", floor) for name in FLOOR_FIELDS}
    return dict(zip(FLOOR_FIELDS, (floor.floor, value >= floor.floor, floor.tells), strict=True))


def with_floor(record: Record, floor: Floor | Missing) -> Record:
    """The record held against another floor: a floor is an assertion about the figures, not part of them."""
    if record.quality is None:
        return record
    gaps = Gaps({path: why for path, why in record.missing.items() if not path.startswith("quality.floor")})
    quality = {**dict(record.quality), **_floor_fields(record.quality.value, floor, gaps)}
    return Record.model_validate({**dict(record), "quality": Quality(**quality), "missing": gaps.reasons})


def _quality(answers: Answers, sidecars: Sidecars, floor: Floor | Missing, gaps: Gaps) -> Quality:
    value = float(np.mean(answers.values))
    interval, kind = interval_of(estimate_of(answers.arrays()))
    return Quality(
        metric=answers.metric,
        higher_is_better=answers.higher_is_better,
        value=value,
        train_value=float(np.mean(answers.train_values)),
        interval95=interval,
        interval_kind=kind,
        seeds=[SeedValue(seed=s, value=v) for s, v in zip(answers.seeds, answers.values, strict=True)],
        **_floor_fields(value, floor, gaps),
        others=answers.others,
        outcomes=sidecars.outcomes,
        curve=[CurvePoint(seed=point.seed, step=point.step, value=point.value) for point in answers.curve],
        corrupted=[
            CorruptedValue(corruption=found.corruption, severity=found.severity, value=found.value)
            for found in answers.corrupted
        ],
        pictures=sidecars.pictures,
    )


def _calibration(answers: Answers, gaps: Gaps) -> CalibrationRecord | None:
    found = mean_calibration(answers.arrays())
    if found is None:
        return gaps("calibration", NO_PROBABILITIES)
    for name in ("temperature", "ece_after_temperature"):
        if name not in found:
            gaps(f"calibration.{name}", NO_TEMPERATURE)
    return CalibrationRecord(**{name: found.get(name) for name in CalibrationRecord.model_fields})


def _columns(result: Result, gaps: Gaps) -> dict[str, Any]:
    """The fields that are measured where they are asked for."""
    found: dict[str, Any] = {}
    for name in COLUMNS:
        told = gaps(name, result.columns.get(name, Missing(NOT_ASKED.format(name=name))))
        if told is not None and name in COLUMN_RECORDS:
            told = COLUMN_RECORDS[name](
                **{key: gaps(f"{name}.{key}", value) for key, value in told.items() if key != SHEET}
            )
        found[name] = told
    return found


def _timing_fields(timing: Timing, gaps: Gaps) -> dict[str, Any]:
    """The fields of `Cost` that the clock tells."""
    latency, rate = timing.latency, timing.throughput_per_s
    return {
        "latency_s": gaps(
            "cost.latency_s", latency if isinstance(latency, Missing) else summarise_latency(latency, timing.scope)
        ),
        "throughput_per_s": gaps("cost.throughput_per_s", rate),
        "throughput_batch_size": gaps(
            "cost.throughput_batch_size", rate if isinstance(rate, Missing) else timing.throughput_batch_size
        ),
    }


def with_timing(record: Record, timing: Timing, reference_s: Sequence[float]) -> Record:
    """The record with the times of its network, which were measured after it: until then it has none.

    Args:
        record: One of a case that ran beside others.
        timing: What was measured since.
        reference_s: The reference workload beside it, in seconds.

    Returns:
        The whole record.
    """
    if record.cost is None:
        return record
    gaps = Gaps({path: why for path, why in record.missing.items() if path not in CLOCKED})
    cost = Cost(**{**dict(record.cost), **_timing_fields(timing, gaps)})
    made = record.provenance.model_copy(update={"reference_s": [*reference_s]})
    return Record.model_validate({**dict(record), "cost": cost, "provenance": made, "missing": gaps.reasons})


def _cost(result: Result, gaps: Gaps) -> Cost:
    footprint, spending = result.footprint, result.spending
    return Cost(
        parameters=footprint.parameters,
        trainable_parameters=spending.trainable_parameters,
        size_bytes=footprint.size_bytes,
        macs=gaps("cost.macs", footprint.macs),
        flops=gaps("cost.flops", footprint.flops),
        thop_macs=gaps("cost.thop_macs", footprint.thop_macs),
        uncounted_operations=[*footprint.uncounted_operations, *spending.uncounted_operations],
        **_timing_fields(footprint.timing, gaps),
        peak_memory_bytes=PeakMemory(
            inference=gaps("cost.peak_memory_bytes.inference", footprint.inference_bytes),
            inference_batch_size=1,
            training=gaps("cost.peak_memory_bytes.training", spending.training_bytes),
            training_batch_size=spending.training_batch_size,
            kind=footprint.memory_kind,
        ),
        train_time_s=gaps("cost.train_time_s", spending.train_time_s),
        feature_time_s=gaps("cost.feature_time_s", spending.feature_time_s),
        energy_j=gaps("cost.energy_j", spending.energy_j),
    )


def finished(
    case: Case,
    identity: Identity,
    result: Result,
    *,
    budget: str,
    precision: str,
    floor: Floor | Missing,
    sidecars: Sidecars,
    provenance: Provenance,
) -> Record:
    """The record of a case that ran; its gain is filled in once its partner is there."""
    gaps = Gaps()
    no_gain = GAIN_LATER if case.model.pretrained else Missing("a control: nothing was pre-trained")
    return Record(
        budget=budget,
        status="ok",
        case=_case_record(case, identity, precision, result, gaps),
        quality=_quality(result.answers, sidecars, floor, gaps),
        gain=gaps("gain", no_gain),
        calibration=_calibration(result.answers, gaps),
        **_columns(result, gaps),
        cost=_cost(result, gaps),
        provenance=provenance,
        missing=gaps.reasons,
    )


def unfinished(
    case: Case,
    identity: Identity,
    status: Status,
    reason: str,
    *,
    budget: str,
    precision: str,
    provenance: Provenance,
) -> Record:
    """The record of a case that did not finish, with the reason."""
    gaps, why = Gaps(), Missing(f"the case is {status}")
    return Record(
        budget=budget,
        status=status,
        reason=reason,
        case=_case_record(case, identity, precision, None, gaps),
        quality=gaps("quality", why),
        gain=gaps("gain", why),
        cost=gaps("cost", why),
        provenance=provenance,
        missing=gaps.reasons,
    )


def summarise_latency(latency: LatencySamples, scope: str = "forward pass") -> Latency:
    """Percentiles (linear interpolation) over the samples."""
    p50, p95, p99 = (float(value) for value in np.percentile(latency.samples, [50, 95, 99]))
    return Latency(
        scope=scope,
        batch_size=latency.batch_size,
        p50=p50,
        p95=p95,
        p99=p99,
        samples=list(latency.samples),
        waited=latency.waited,
    )


def lacks(record: Record, column: str) -> bool:
    """Whether a finished record was made without a column that it could have."""
    unasked = NOT_ASKED.format(name=column)
    return record.status == "ok" and getattr(record, column) is None and record.missing.get(column, unasked) == unasked
