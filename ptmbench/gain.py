"""Gain: how much a pre-trained model's result lies above the same architecture trained from scratch.

Paired: seed s gives both the same draw of examples and the same order of batches. Several common seeds give a t
interval over the seeds' differences; one seed, or differences without any spread, a t interval over the differences
on the test examples, or for a ratio of sums such as F1 a bootstrap over them.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ptmbench.errors import RecordError
from ptmbench.record import Gain, Record, Verdict
from ptmbench.result import Missing
from ptmbench.spec import Family
from ptmbench.statistics import Parts, ratio_difference_interval, t_interval

OVER = "from_scratch"
PartsOf = Callable[[Record], Parts]


def verdict_of(interval: tuple[float, float]) -> Verdict:
    """What an interval clear of 0 says, and that one which is not says nothing."""
    if interval[0] > 0:
        return "helps"
    return "hurts" if interval[1] < 0 else "no_clear_difference"


def over_examples(mine: Parts, theirs: Parts) -> tuple[tuple[float, float], str]:
    """The interval of a difference of two ratios of sums [n, 2] over the same examples, and its kind."""
    if (mine[:, 1] == 1).all() and (theirs[:, 1] == 1).all():
        return t_interval((mine[:, 0] - theirs[:, 0]).astype(float)), "paired_t_over_examples"
    return ratio_difference_interval(mine, theirs), "paired_bootstrap_over_examples"


def gain_over(record: Record, partner: Record | None, parts_of: PartsOf) -> Gain | Missing:
    """The gain of a record over its partner, or why there is none.

    `parts_of(record)` gives what each test example, in a fixed order, adds to numerator and denominator of the metric
    at the record's first seed.
    """
    if partner is None:
        return Missing("the partner from scratch was not run")
    if record.quality is None or partner.quality is None:
        return Missing(f"the partner from scratch is {partner.status}")
    if record.case.task.split_sha256 != partner.case.task.split_sha256:
        return Missing("the partner from scratch ran on another split")
    theirs = {entry.seed: entry.value for entry in partner.quality.seeds}
    differences = [entry.value - theirs[entry.seed] for entry in record.quality.seeds if entry.seed in theirs]
    value, kind = float(np.mean(differences)), "paired_t_over_seeds"
    if len(differences) > 1 and np.ptp(differences) > 0:
        interval = t_interval(differences)
    else:
        interval, kind = over_examples(parts_of(record), parts_of(partner))
    return Gain(
        over=OVER,
        partner_id=partner.case.id,
        partner_digest=partner.case.digest,
        value=value,
        interval95=interval,
        interval_kind=kind,
        seeds=len(differences),
        verdict=verdict_of(interval),
    )


def partner_of(record: Record, records: Iterable[Record]) -> Record | None:
    """The record of the same architecture, trained on the same task from scratch."""
    for other in records:
        wanted = (record.case.model.architecture, record.case.task.name, OVER)
        if (other.case.model.architecture, other.case.task.name, other.case.method.name) == wanted:
            return other
    return None


def with_gain(record: Record, gain: Gain | Missing) -> Record:
    """The record with another gain, or with the reason why it has none."""
    missing = {path: reason for path, reason in record.missing.items() if path != "gain"}
    if isinstance(gain, Missing):
        missing["gain"] = gain.reason
    value = None if isinstance(gain, Missing) else gain
    return Record.model_validate({**dict(record), "gain": value, "missing": missing})


def settled(records: Sequence[Record], parts_of: PartsOf) -> list[Record]:
    """The records with their gains computed anew from each other."""
    return [_settle(record, records, parts_of) for record in records]


def _settle(record: Record, records: Sequence[Record], parts_of: PartsOf) -> Record:
    if record.quality is None or record.case.model.family == Family.CONTROL:
        return record
    try:
        return with_gain(record, gain_over(record, partner_of(record, records), parts_of))
    except RecordError as error:
        return with_gain(record, Missing(str(error)))
