"""The figures of a record, one row each: tables, leaderboard, cards, history, gate, exports and charts read these rows.

A new column is a field of the record, the function that measures it, and a row of `FIGURES`.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ptmbench.errors import UnknownName
from ptmbench.records.record import Record
from ptmbench.records.record_part import Interval

Unit = Literal["share", "B", "s", "J", "/s", ""]
Better = Literal["more", "less", "as_quality"]  # `as_quality`: as the record says of its metric
Repeats = Literal["always", "on_machine", "never"]
Judged = Literal["quality", "exact", "memory", "time", "train_time"]
Place = Literal[
    "table", "latex", "leaderboard", "front", "card", "trust", "privacy", "forgetting", "representation", "adversarial",
    "attribution", "case", "history", "csv", "json", "mlflow", "charts", "gate",
]  # fmt: skip
HALF_WIDTH = 1.959964  # of a 95 % interval, in standard deviations
MIB = 2.0**-20
MILLIONS = (1e-6, "millions")
LISTED: frozenset[Place] = frozenset({"leaderboard", "history", "csv", "json", "mlflow", "charts"})
TABLED: frozenset[Place] = LISTED | {"table"}
# `front`: on the leaderboard before a reader chooses; `card`: its costs, `trust` how sure its answers are, and the
# columns that are asked for
KEY: frozenset[Place] = TABLED | {"front", "card", "case"}
OTHERS = "quality.others."
CALIBRATION, PRIVACY, SCORES = "calibration.", "privacy.", "scores."
FORGETTING, REPRESENTATION = "forgetting.", "representation."
ADVERSARIAL, ATTRIBUTION = "adversarial.", "attribution."
EXPLAINED = "integrated_gradients"  # the attribution that pictures and texts share
OLDER = {
    CALIBRATION: "recorded before probabilities were kept: run the case again",
    PRIVACY: "recorded without it: run the case again with --columns privacy",
    FORGETTING: "recorded without it: run the case again with --columns forgetting",
    REPRESENTATION: "recorded without it: run the case again with --columns representation",
    ADVERSARIAL: "recorded without it: run the case again with --columns adversarial",
    ATTRIBUTION: "recorded without it: run the case again with --columns attribution",
    SCORES: "recorded without them: run the case again with --columns scores",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure: where the record keeps it, what it means, how it is written, how far it repeats, and who shows it.

    `path` leads through the record's fields; below a mapping the rest of it is one key, and of a list the least entry
    counts. `label` is the figure in words, `heading` that of its column with the unit in which it stands there: SI
    units times `scale`, called `measure`; `axis` replaces the two where a chart draws it. `named` holds the keys, with
    those of the interval's ends, of places that called the figure otherwise before it had a row; programs read them.
    `missing_path` is where the record says why there is none, where that is not `path`.
    """

    name: str
    label: str
    about: str
    path: str
    heading: str
    unit: Unit = ""
    measure: str = ""
    scale: float = 1.0
    digits: int = 0
    axis: tuple[float, str] | None = None
    signed: bool = False
    better: Better = "less"
    repeats: Repeats = "never"
    by_machine: bool = False
    judged: Judged | None = None
    shown: frozenset[Place] = frozenset()
    interval_path: str | None = None
    missing_path: str | None = None
    named: Mapping[Place, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def read(self, record: Record) -> float | None:
        """The figure in SI units, shares between 0 and 1; None where the record has none."""
        found = _at(record, self.path)
        return min(found, default=None) if isinstance(found, list | tuple) else found

    def interval(self, record: Record) -> Interval | None:
        """Its 95 % interval, where the record holds one."""
        return _at(record, self.interval_path) if self.interval_path else None

    def interval_kind(self, record: Record) -> str | None:
        """What its interval is over, as the record says beside it; None where it has none."""
        return _at(record, f"{self.interval_path.rpartition('.')[0]}.interval_kind") if self.interval_path else None

    def rises(self, *, with_quality: bool) -> bool:
        """Whether more is better, given whether more of the metric is."""
        return self.better == "more" or (self.better == "as_quality" and with_quality)

    def upwards(self, record: Record) -> bool:
        """Whether more is better in this record."""
        return self.rises(with_quality=record.quality is None or record.quality.higher_is_better)

    def repeats_in(self, record: Record) -> bool:
        """Whether the same code gives the same figure to the last digit.

        What repeats on one machine does so on its CPU, where memory is counted and not sampled.
        """
        return self.repeats == "always" or (self.repeats == "on_machine" and record.provenance.device == "cpu")

    def spread(self, record: Record) -> float | None:
        """One standard deviation, as the record's own interval has it; None without one."""
        found = self.interval(record)
        return (found[1] - found[0]) / (2 * HALF_WIDTH) if found else None

    def why_missing(self, record: Record) -> str:
        """The reason that the record gives for having no figure."""
        parts = (self.missing_path or self.path).split(".")
        for depth in range(len(parts), 0, -1):
            if reason := record.missing.get(".".join(parts[:depth])):
                return reason
        if record.quality and self.path.startswith(OTHERS):
            return f"{record.quality.metric} comes without {self.path.removeprefix(OTHERS)}"
        return record.reason or OLDER.get(f"{self.path.partition('.')[0]}.", "not there")

    @property
    def timed(self) -> bool:
        """Whether it is a time of single inputs, which says nothing where the machine was busy."""
        return self.path.startswith(("cost.latency_s", "cost.throughput"))

    def keys(self, place: Place) -> tuple[str, ...]:
        """What a place calls the figure and, where it has an interval, its low and high end."""
        ends = ("", "_low", "_high") if self.interval_path else ("",)
        return self.named.get(place, tuple(f"{self.name}{end}" for end in ends))


@functools.cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _at(found: Any, path: str) -> Any:
    """What stands at a path; None where a part on the way is None or a mapping lacks it."""
    parts = _parts(path)
    for depth, part in enumerate(parts):
        if isinstance(found, dict):
            return found.get(".".join(parts[depth:]))
        if found is None:
            return None
        found = getattr(found, part)
    return found


def _other(name: str, label: str, about: str, key: str = "", *, shown: frozenset[Place] = LISTED) -> Figure:
    """A secondary metric of some kinds of task."""
    return Figure(
        name=name, label=label, about=about, path=f"{OTHERS}{key or name}", heading=f"{label} %", unit="share",
        measure="%", scale=100, digits=1, better="more", shown=shown,
    )  # fmt: skip


def _calibration(name: str, label: str, about: str, heading: str, *, share: bool = False) -> Figure:
    """A figure of how sure answers were."""
    return Figure(
        name=name, label=label, about=about, path=f"{CALIBRATION}{name}", heading=heading,
        unit="share" if share else "", measure="points" if share else "", scale=100 if share else 1,
        digits=1 if share else 3, shown=LISTED | {"trust"},
    )  # fmt: skip


def _privacy(name: str, label: str, about: str, heading: str) -> Figure:
    """A figure of what membership inference finds out."""
    interval = None if name == "null_auc" else f"{PRIVACY}{name}_interval95"
    return Figure(
        name=name if name != "auc" else "membership_auc", label=label, about=about, path=f"{PRIVACY}{name}",
        interval_path=interval, heading=heading, unit="share", measure="%", scale=100, digits=1,
        shown=LISTED | {"privacy"},
    )  # fmt: skip


def _attacked(name: str, label: str, about: str, heading: str) -> Figure:
    """A share of the test pictures whose answers stay right."""
    return Figure(
        name=name, label=label, about=about, path=f"{ADVERSARIAL}{name}",
        interval_path=f"{ADVERSARIAL}robust_interval95" if name == "robust" else None, heading=heading, unit="share",
        measure="%", scale=100, digits=1, better="more", shown=LISTED | {"adversarial"},
    )  # fmt: skip


def _explained(measure: str, about: str, heading: str, *, share: bool = True) -> Figure:
    """How far integrated gradients lie above the best control."""
    path = f"{ATTRIBUTION}{measure}.over_control"
    return Figure(
        name=f"explained_{measure}", label=f"{measure} over controls", about=about, path=f"{path}.{EXPLAINED}",
        interval_path=f"{path}_interval95.{EXPLAINED}", missing_path=f"{ATTRIBUTION}{measure}", heading=heading,
        unit="share" if share else "", measure="points" if share else "times its area", scale=100 if share else 1,
        digits=1 if share else 2, signed=True, better="more", shown=LISTED | {"attribution"},
    )  # fmt: skip


def _score(name: str, label: str) -> Figure:
    """A score of transferability (`ptmbench.statistics.transferability`); more is better."""
    return Figure(
        name=name, label=label, about="Of the model's frozen features on 300 training examples at most",
        path=f"{SCORES}{name}", heading=label, digits=3, better="more", shown=frozenset({"csv", "json", "mlflow"}),
    )  # fmt: skip


FIGURES: tuple[Figure, ...] = (
    Figure(
        name="quality", label="quality", about="The task's metric on the test split in percent, with its 95 % interval",
        path="quality.value", interval_path="quality.interval95", heading="quality", unit="share", measure="%",
        scale=100, digits=1, better="as_quality", judged="quality", shown=KEY | {"latex"},
        named={"csv": ("value", "low", "high"), "json": ("value", "low", "high"),
               "leaderboard": ("value", "value_low", "value_high")},
    ),
    Figure(
        name="gain", label="gain over scratch", about="Points over the same architecture from scratch, 95 % interval",
        path="gain.value", interval_path="gain.interval95", heading="gain over scratch", unit="share",
        measure="points", scale=100, digits=1, signed=True, better="as_quality", shown=KEY | {"latex"},
    ),
    Figure(
        name="parameters", label="parameters", about="Parameters of backbone and head", path="cost.parameters",
        heading="params", axis=MILLIONS, repeats="always", judged="exact", shown=KEY | {"latex"},
    ),
    Figure(
        name="trainable_parameters", label="trained parameters", about="Parameters that training changes",
        path="cost.trainable_parameters", heading="trained", axis=MILLIONS, repeats="always", judged="exact",
        shown=LISTED, named={"leaderboard": ("trainable",)},
    ),
    Figure(
        name="macs", label="multiply-accumulates", about="Millions of multiply-accumulates of one input",
        path="cost.macs", heading="MMACs", measure="millions", scale=1e-6, digits=3, repeats="always", judged="exact",
        shown=KEY | {"latex"},
    ),
    Figure(
        name="size_bytes", label="size of the weights", about="Size of the weights", path="cost.size_bytes",
        heading="size MiB", unit="B", measure="MiB", scale=MIB, digits=2, repeats="always", judged="exact",
        shown=TABLED,
    ),
    Figure(
        name="latency_p50_s", label="latency p50", about="Median latency of one input in milliseconds",
        path="cost.latency_s.p50", heading="p50 ms", unit="s", measure="ms", scale=1e3, digits=2, by_machine=True,
        shown=KEY | {"latex"}, named={"leaderboard": ("p50",)},
    ),
    Figure(
        name="latency_p95_s", label="latency p95", about="95th percentile of latency in milliseconds",
        path="cost.latency_s.p95", heading="p95 ms", unit="s", measure="ms", scale=1e3, digits=2, by_machine=True,
        shown=TABLED, named={"leaderboard": ("p95",)},
    ),
    Figure(
        name="latency_s", label="least latency", about="Least latency of one input: noise only ever adds",
        path="cost.latency_s.samples", missing_path="cost.latency_s", heading="least ms", unit="s", measure="ms",
        scale=1e3, digits=2, by_machine=True, judged="time", shown=LISTED, named={"leaderboard": ("least",)},
    ),
    Figure(
        name="throughput_per_s", label="throughput", about="Inputs a second in batches", path="cost.throughput_per_s",
        heading="inputs/s", unit="/s", measure="inputs/s", better="more", by_machine=True, shown=LISTED,
        named={"leaderboard": ("throughput",)},
    ),
    Figure(
        name="inference_bytes", label="peak memory of inference", about="Peak memory at batch 1 in MiB",
        path="cost.peak_memory_bytes.inference", heading="infer MiB", unit="B", measure="MiB", scale=MIB, digits=2,
        repeats="on_machine", by_machine=True, judged="memory", shown=KEY,
        named={"gate": ("peak_memory_bytes.inference",)},
    ),
    Figure(
        name="training_bytes", label="peak memory of training", about="Peak memory in a training step",
        path="cost.peak_memory_bytes.training", heading="train MiB", unit="B", measure="MiB", scale=MIB, digits=1,
        repeats="on_machine", by_machine=True, judged="memory", shown=TABLED,
        named={"gate": ("peak_memory_bytes.training",)},
    ),
    Figure(
        name="train_time_s", label="training time", about="Seconds for fitting or training, one seed",
        path="cost.train_time_s", heading="training s", unit="s", measure="s", digits=2, by_machine=True,
        judged="train_time",
    ),
    Figure(
        name="carry_over_time_s", label="transfer time",
        about="Seconds for features and fitting or training, one seed",
        path="cost.carry_over_time_s", missing_path="cost.train_time_s", heading="transfer s", unit="s", measure="s",
        digits=2, by_machine=True, shown=KEY | {"latex"}, named={"leaderboard": ("carry_over",)},
    ),
    Figure(
        name="energy_j", label="energy", about="Energy in joules, where the machine counts it", path="cost.energy_j",
        heading="energy J", unit="J", measure="J", digits=1, by_machine=True, shown=LISTED,
    ),
    _calibration("nll", "negative log-likelihood", "Mean of -ln p of the true class, in nats", "NLL"),
    _calibration("brier", "Brier score", "Squared distance of probabilities and truth, from 0 to 2", "Brier"),
    _calibration(
        "ece", "calibration error", "Points between confidence and accuracy, over 15 bins of equal mass", "ECE points",
        share=True,
    ),
    _calibration(
        "ece_after_temperature", "calibration error after temperature",
        "The same after a temperature fitted to held-out examples", "ECE after T", share=True,
    ),
    _calibration(
        "temperature", "temperature", "What held-out examples would divide logits by: above 1, too sure", "T",
    ),
    Figure(
        name="members", label="members", about="Examples that each model of a membership attack learned from",
        path=f"{PRIVACY}members", heading="learned from", shown=frozenset({"csv", "json", "mlflow", "privacy"}),
    ),
    _privacy(
        "auc", "membership AUC", "Chance that LiRA scores an example that was learned from above another", "AUC %",
    ),
    _privacy(
        "tpr_at_fpr_1e_2", "members found at 1 %", "Members that LiRA finds where it takes 1 % of others for members",
        "TPR at 1 % FPR",
    ),
    _privacy(
        "tpr_at_fpr_1e_3", "members found at 0.1 %", "Members that LiRA finds where it takes 0.1 % of others for them",
        "TPR at 0.1 % FPR",
    ),
    _privacy(
        "null_auc", "AUC of shuffled members", "AUC where membership is shuffled: 50 but for chance", "null AUC %",
    ),
    Figure(
        name="known_before", label="source known before", about="Share of its pre-training data that it tells",
        path=f"{FORGETTING}before", heading="before %", unit="share", measure="%", scale=100, digits=1, better="more",
        shown=LISTED | {"forgetting"},
    ),
    Figure(
        name="known_after", label="source known after", about="The same after training on the task",
        path=f"{FORGETTING}after", heading="after %", unit="share", measure="%", scale=100, digits=1, better="more",
        shown=LISTED | {"forgetting"},
    ),
    Figure(
        name="dimensions", label="dimensions", about="Dimensions of the features", path=f"{REPRESENTATION}dimensions",
        heading="dimensions", better="more", shown=frozenset({"csv", "json", "mlflow", "representation"}),
    ),
    Figure(
        name="effective_rank", label="effective rank", about="How many of their dimensions features fill",
        path=f"{REPRESENTATION}effective_rank", heading="effective rank", digits=1, better="more",
        shown=LISTED | {"representation"},
    ),
    Figure(
        name="cka_random", label="CKA to random", about="Alignment of features to those of random weights",
        path=f"{REPRESENTATION}cka_random", heading="CKA to random", digits=3, shown=LISTED | {"representation"},
    ),
    Figure(
        name="cka_fine_tuned", label="CKA to trained", about="Alignment of features to those behind training",
        path=f"{REPRESENTATION}cka_fine_tuned", heading="CKA to trained", digits=3, better="more",
        shown=LISTED | {"representation"},
    ),
    _attacked("clean", "right before attacks", "Answers that are right on the pictures as they are", "clean %"),
    _attacked("apgd_ce", "right under APGD", "Answers that stay right under APGD-CE", "APGD-CE %"),
    _attacked("square", "right under Square", "Answers that stay right under Square", "Square %"),
    _attacked("robust", "right under attacks", "Answers that stay right under both attacks", "robust %"),
    _explained(
        "deletion", "How much faster answers fall by integrated gradients than by the best control",
        "deletion over controls",
    ),
    _explained(
        "insertion", "How much faster answers come by integrated gradients than by the best control",
        "insertion over controls",
    ),
    _explained(
        "inside", "Mass of integrated gradients on the object, over its area, less that of the best control",
        "inside over controls", share=False,
    ),
    Figure(
        name="explained_agreement", label="agreement with random network",
        about="Correlation of integrated gradients with those of the network at random weights",
        path=f"{ATTRIBUTION}rank_agreement.{EXPLAINED}", missing_path=f"{ATTRIBUTION}rank_agreement",
        heading="agreement with random", digits=2, shown=LISTED | {"attribution"},
    ),
    _other("macro_f1", "macro-F1", "F1 of labels, the mean over classes"),
    _other("entity_precision", "entity precision", "Share of the entities found that are right", "precision"),
    _other("entity_recall", "entity recall", "Share of the entities that were found", "recall"),
    _other("token_accuracy", "token accuracy", "Share of the tokens with the right tag"),
    _other(
        "tuned_on_validation", "quality tuned on validation",
        "The metric with the value that the whole validation split would have chosen", shown=TABLED,
    ),
    _other("map_50", "mAP@.5", "Average precision of boxes that overlap by half, the mean over classes"),
    _other("pixel_accuracy", "pixel accuracy", "Share of the pixels with the right class"),
    _score("shrunk_h_score", "Shrunk H-score"),
    _score("h_score", "H-score"),
    _score("log_me", "LogME"),
    _score("lda_log_loss", "LDA log-likelihood"),
    _score("lda_accuracy", "LDA accuracy"),
    _score("ridge_log_loss", "Ridge log-likelihood"),
    _score("ridge_accuracy", "Ridge accuracy"),
    _score("neighbours_accuracy", "5-NN accuracy"),
    _score("parc", "PARC"),
)  # fmt: skip


def all_figures() -> tuple[Figure, ...]:
    """Every row, as the table holds them now."""
    return FIGURES


def figures_in(place: Place) -> tuple[Figure, ...]:
    """The figures that a place shows, in the order of the table."""
    return tuple(figure for figure in FIGURES if place in figure.shown)


def judged_as(*kinds: Judged) -> tuple[Figure, ...]:
    """The figures that the gate judges in one of these ways."""
    return tuple(figure for figure in FIGURES if figure.judged in kinds)


def by_name(name: str, place: Place | None = None) -> Figure:
    """The figure of a name, among those of a place where one is given; raises `UnknownName` with near names."""
    known = {figure.name: figure for figure in (figures_in(place) if place else FIGURES)}
    if name not in known:
        raise UnknownName("metric" if place == "history" else "figure", name, known)
    return known[name]
