"""Which case ran: model, task, method and what the model was fed."""

from typing import Final, Literal

from pydantic import Field

from ptmbench.records.record_part import Count, RecordPart, Scalar, Seconds, Sha256

FULL: Final = "full"  # the variant of a model that is served as it came and was trained
CONTROL: Final = "control"  # the family of models that nobody pre-trained


class ModelRecord(RecordPart):
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


class TaskRecord(RecordPart):
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
    left_out_names: list[str] = Field(default=[])
    balance: dict[str, float] = Field(default={})


class MethodRecord(RecordPart):
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


class InputRecord(RecordPart):
    """What the model was fed: shape without the batch (of text: tokens), preprocessing, number of texts cut short."""

    shape: list[int]
    preprocessing: dict[str, Scalar | list[float]]
    truncated: Count


class SourceDistance(RecordPart):
    """How far the task's images lie from the images of the pre-training source."""

    kind: str
    value: float


class CaseRecord(RecordPart):
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
