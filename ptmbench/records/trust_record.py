"""Whether a model can be trusted: how sure it was, what it tells of training, what it forgot, what it sees."""

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


class ForgettingRecord(RecordPart):
    """What the network of the first seed tells of what it was pre-trained `of`, as shares before and after training.

    `chance` is a guess; losses are nats a token of a language model.
    """

    of: str
    before: float
    after: float
    chance: float | None
    loss_before: float | None
    loss_after: float | None


class RepresentationRecord(RecordPart):
    """What features are like, on some training examples (`ptmbench.statistics.representation`).

    `effective_rank` of at most `dimensions`, of the features as they came. `cka_random` is their alignment to those of
    the same architecture at random initialisation, `cka_fine_tuned` to those behind training at the first seed: 1 where
    they are the same. `probe_by_stage`: the metric on validation of a probe at the end of each stage; `rank_by_stage`:
    the effective rank there, of training and validation examples together.
    """

    examples: Count
    dimensions: Count
    effective_rank: float
    cka_random: float | None
    cka_fine_tuned: float | None
    probe_by_stage: dict[str, float] | None
    rank_by_stage: dict[str, float] | None


class AdversarialRecord(RecordPart):
    """How many answers stay right when test pictures are attacked, at the first seed.

    Each value of a pixel, from 0 to 1 at the network's resolution, may move by `radius`. Shares of `examples`: `clean`
    as they are, `apgd_ce` and `square` under each attack, `robust` under both.
    """

    norm: str
    radius: float
    examples: Count
    clean: float
    apgd_ce: float
    square: float
    robust: float
    robust_interval95: Interval
    interval_kind: str


class MapMeasure(RecordPart):
    """What was measured of maps that say how much each place matters, by map: methods, then controls.

    `control` did best of those that know no network; `over_control` is by how much each method lies above it.
    """

    mean: dict[str, float]
    control: str
    over_control: dict[str, float]
    over_control_interval95: dict[str, Interval]


class AttributionRecord(RecordPart):
    """Whether attributions tell more than the input alone does, at the first seed (`ptmbench.statistics.attribution`).

    `deletion` and `insertion`: how much faster an answer falls and comes than in random order, as shares of
    probability; `inside`: the mass of maps on the object over the object's area, 1 for a map that knows nothing. The
    random network is the same architecture with random weights: `inside_random_network` is the mass of its maps,
    `rank_agreement` the correlation of its maps with those of the network that answers.
    """

    examples: Count
    deletion: MapMeasure
    insertion: MapMeasure
    inside: MapMeasure | None
    inside_random_network: dict[str, float] | None
    rank_agreement: dict[str, float] | None
    interval_kind: str
