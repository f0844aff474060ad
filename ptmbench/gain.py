"""Gain: how much a pre-trained model's result lies above the same architecture trained from scratch.

Paired: seed s gives both the same draw of examples and the same order of batches. Several common seeds give a t
interval over the seeds' differences; one seed, or differences without any spread, a t interval over the differences
on the test examples, or for a metric that is no share of examples (F1, mIoU, mAP) a bootstrap over them.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ptmbench.errors import RecordError
from ptmbench.record import Gain, Record, Verdict
from ptmbench.result import Missing
from ptmbench.spec import Family
from ptmbench.statistics import bootstrap_difference, t_interval
from ptmbench.tallies import Ratios, Tally

OVER = "from_scratch"
TallyOf = Callable[[Record], Tally]


def verdict_of(interval: tuple[float, float]) -> Verdict:
    """What an interval clear of 0 says, and that one which is not says nothing."""
    if interval[0] > 0:
        return "helps"
    return "hurts" if interval[1] < 0 else "no_clear_difference"


def over_examples(mine: Tally, theirs: Tally) -> tuple[tuple[float, float], str]:
    """The interval of the difference of two models' metrics over the same examples, and its kind."""
    if isinstance(mine, Ratios) and isinstance(theirs, Ratios) and mine.of_shares and theirs.of_shares:
        return t_interval((mine.parts[:, 0] - theirs.parts[:, 0]).astype(float)), "paired_t_over_examples"
    return bootstrap_difference(mine, theirs), "paired_bootstrap_over_examples"


def gain_over(record: Record, partner: Record | None, tally_of: TallyOf) -> Gain | Missing:
    """The gain of a record over its partner, or why there is none.

    `tally_of(record)` gives what the test examples, in a fixed order, contribute to the metric at the record's first
    seed.
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
        interval, kind = over_examples(tally_of(record), tally_of(partner))
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


def settled(records: Sequence[Record], tally_of: TallyOf) -> list[Record]:
    """The records with their gains computed anew from each other."""
    return [_settle(record, records, tally_of) for record in records]


def _settle(record: Record, records: Sequence[Record], tally_of: TallyOf) -> Record:
    if record.quality is None or record.case.model.family == Family.CONTROL:
        return record
    try:
        return with_gain(record, gain_over(record, partner_of(record, records), tally_of))
    except RecordError as error:
        return with_gain(record, Missing(str(error)))
