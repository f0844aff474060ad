"""Whether a model can be trusted: how sure its answers were, and what they tell of those it learned from."""

from ptmbench.records.record_part import Count, Interval, RecordPart


class CalibrationRecord(RecordPart):
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


class PrivacyRecord(RecordPart):
    """What membership inference finds out about the examples that were learned from (`ptmbench.statistics.membership`).

    `attack` is its name, `shadows` the models that each target is held against, `members` the examples that each of
    them learned from. `auc` is .5 where nothing can be told, `null_auc` that of the same attack where membership is
    shuffled. `tpr_at_fpr_...` are shares of the members that are found where so many others are taken for members;
    `roc` holds pairs of false and true positive rates. Intervals are over target models.
    """

    attack: str
    shadows: Count
    members: Count
    auc: float
    auc_interval95: Interval
    tpr_at_fpr_1e_2: float
    tpr_at_fpr_1e_2_interval95: Interval
    tpr_at_fpr_1e_3: float | None
    tpr_at_fpr_1e_3_interval95: Interval | None
    interval_kind: str
    null_auc: float
    roc: list[tuple[float, float]]
