"""Whether a model can be trusted: how sure its answers were."""

from ptmbench.records.record_part import RecordPart


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
