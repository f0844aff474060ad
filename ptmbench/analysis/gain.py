"""Gain: how much a pre-trained model's result lies above the same architecture trained from scratch.

Paired: seed s gives both the same draw of examples and the same order of batches, and both are judged on the same test
examples. The interval is that of `ptmbench.statistics.estimates`, over the test examples and the seeds that both have.
A variant of a model has a further difference, from the same case served in full.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ptmbench.errors import RecordError
from ptmbench.records.case_record import FULL
from ptmbench.records.measured import Missing
from ptmbench.records.record import (
    Gain,
    PairedDifference,
    Record,
    Verdict,
)
from ptmbench.statistics.estimates import Estimate, difference_interval, interval_of, kind_of

OVER = "from_scratch"
PARTNER_MISSING = "the partner from scratch was not run"
CHANGED = "augmentation"
OTHER_PICTURES = "the partner from scratch saw pictures as they are: pre-training and augmentation would be one figure"
EstimateOf = Callable[[Record], Estimate]


def verdict_of(interval: tuple[float, float], seeds: int) -> Verdict:
    """What an interval clear of 0 says, and that one which is not says nothing.

    At one seed there is no verdict: the interval holds the test examples only, and the partner from scratch is one draw
    of a training, which another seed may turn round.
    """
    if seeds < 2:
        return "one_seed"
    if interval[0] > 0:
        return "helps"
    return "hurts" if interval[1] < 0 else "no_clear_difference"


def gain_over(record: Record, partner: Record | None, estimate_of: EstimateOf) -> Gain | Missing:
    """The gain of a record over its partner, or why there is none.

    `estimate_of(record)` gives the metric at each seed and how it hangs on the test examples, in a fixed order.
    """
    if partner is None:
        return Missing(PARTNER_MISSING)
    if record.quality is None or partner.quality is None:
        return Missing(f"the partner from scratch is {partner.status}")
    if record.case.task.split_sha256 != partner.case.task.split_sha256:
        return Missing("the partner from scratch ran on another split")
    if record.case.method.hyperparameters.get(CHANGED) != partner.case.method.hyperparameters.get(CHANGED):
        return Missing(OTHER_PICTURES)
    found = _paired(record, partner, OVER, estimate_of)
    return Gain(**dict(found), verdict=verdict_of(found.interval95, found.seeds))


def partner_of(record: Record, records: Iterable[Record]) -> Record | None:
    """The record of the same architecture, trained on the same task from scratch."""
    return from_scratch(records).get(_wanted(record))


def from_scratch(records: Iterable[Record]) -> dict[tuple[str, str], Record]:
    """By architecture and task, what was trained from scratch: the first record of each."""
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        if record.case.method.name == OVER and record.case.variant == FULL:
            found.setdefault(_wanted(record), record)
    return found


def _wanted(record: Record) -> tuple[str, str]:
    return record.case.model.architecture, record.case.task.name


def with_gain(record: Record, gain: Gain | Missing) -> Record:
    """The record with another gain, or with the reason why it has none; one that has it already is returned itself."""
    known = Missing(record.missing.get("gain", "")) if record.gain is None else record.gain
    if known == gain:
        return record
    missing = {path: reason for path, reason in record.missing.items() if path != "gain"}
    if isinstance(gain, Missing):
        missing["gain"] = gain.reason
    value = None if isinstance(gain, Missing) else gain
    return Record.model_validate({**dict(record), "gain": value, "missing": missing})


def with_interval(record: Record, estimate: Estimate) -> Record:
    """The record with the interval of its quality computed anew; a record that has it already is returned itself."""
    interval, kind = interval_of(estimate)
    if record.quality is None or (record.quality.interval95, record.quality.interval_kind) == (interval, kind):
        return record
    quality = record.quality.model_copy(update={"interval95": interval, "interval_kind": kind})
    return record.model_copy(update={"quality": quality})


def difference_over(record: Record, partner: Record, over: str, estimate_of: EstimateOf) -> PairedDifference | None:
    """How far a record lies above its partner; None where they share no examples or no seed."""
    if record.quality is None or partner.quality is None:
        return None
    if record.case.task.split_sha256 != partner.case.task.split_sha256:
        return None
    if not {seed.seed for seed in record.quality.seeds} & {seed.seed for seed in partner.quality.seeds}:
        return None
    return _paired(record, partner, over, estimate_of)


def _paired(record: Record, partner: Record, over: str, estimate_of: EstimateOf) -> PairedDifference:
    """The difference of two records that were judged on the same examples, over the seeds that both have."""
    difference = estimate_of(record).minus(estimate_of(partner))
    interval, p_value = difference_interval(difference)
    return PairedDifference(
        over=over,
        partner_id=partner.case.id,
        partner_digest=partner.case.digest,
        value=difference.value,
        interval95=interval,
        interval_kind=f"paired_over_{kind_of(difference)}",
        seeds=len(difference.seeds),
        p_value=p_value,
    )


def settled(records: Sequence[Record], estimate_of: EstimateOf) -> list[Record]:
    """The records with their intervals, and their differences from each other, computed anew from their outcomes."""
    partners = from_scratch(records)
    in_full = {_served(record): record for record in records if record.case.variant == FULL}
    found = [_settle(record, partners.get(_wanted(record)), estimate_of) for record in records]
    return [_with_differences(record, in_full, estimate_of) for record in found]


def _served(record: Record) -> tuple[str, str, str]:
    """What a variant has in common with the case that it is a variant of."""
    return record.case.model.name, record.case.task.name, record.case.method.name


def _with_differences(
    record: Record, in_full: Mapping[tuple[str, str, str], Record], estimate_of: EstimateOf
) -> Record:
    """A variant's record with its difference from the full model, where that was run too; others as they are."""
    partner = in_full.get(_served(record))
    if record.case.variant == FULL or partner is None:
        return record
    try:
        found = difference_over(record, partner, FULL, estimate_of)
    except RecordError:
        return record  # the report names the outcomes that cannot be read
    return record.model_copy(update={"differences": [found] if found else []})


def _settle(record: Record, partner: Record | None, estimate_of: EstimateOf) -> Record:
    if record.quality is None:
        return record
    control = record.case.model.is_control
    try:
        renewed = with_interval(record, estimate_of(record))
        return renewed if control else with_gain(renewed, gain_over(record, partner, estimate_of))
    except RecordError as error:
        return record if control else with_gain(record, Missing(str(error)))
