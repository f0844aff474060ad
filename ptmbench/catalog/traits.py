"""The traits of models, tasks and methods: closed sets of words that everything else is told apart by."""

from enum import StrEnum
from typing import Final


class Modality(StrEnum):
    """What a model takes in, and a task gives."""

    IMAGE = "image"
    TEXT = "text"


IMAGES: Final = frozenset({Modality.IMAGE})
TEXTS: Final = frozenset({Modality.TEXT})


class Serves(StrEnum):
    """What a model gives: features for a classifier, boxes of objects, or masks of pixels."""

    FEATURES = "features"
    BOXES = "boxes"
    MASKS = "masks"


class Answer(StrEnum):
    """What comes out for an example: labels (one, or one a word), boxes of objects, or the class of every pixel."""

    LABELS = "labels"
    BOXES = "boxes"
    MASKS = "masks"


class Trains(StrEnum):
    """What a method trains by gradient, the head always with it; NOTHING fits a classifier to frozen features."""

    NOTHING = "nothing"
    HEAD = "head"
    LAST_STAGE = "last_stage"
    LAST_TWO_STAGES = "last_two_stages"
    NORMS = "norms"
    BIASES = "biases"
    ALL = "all"
    ADAPTER = "adapter"


class StartsFrom(StrEnum):
    """The weights that a method starts from."""

    ANY = "any"
    PRETRAINED = "pretrained"
    RANDOM = "random"


class Suits(StrEnum):
    """The models that a method is for."""

    ANY = "any"
    PUBLISHED_IMAGE_NETWORKS = "published_image_networks"
    IMAGES = "images"


class TaskKind(StrEnum):
    """What a task asks for; each kind has one benchmark file."""

    IMAGE_CLASSIFICATION = "image_classification"
    OBJECT_DETECTION = "object_detection"
    SEMANTIC_SEGMENTATION = "semantic_segmentation"
    TEXT_CLASSIFICATION = "text_classification"
    TOKEN_CLASSIFICATION = "token_classification"  # noqa: S105  no password

    @property
    def modality(self) -> Modality:
        """What its examples are."""
        return (
            Modality.TEXT if self in {TaskKind.TEXT_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION} else Modality.IMAGE
        )

    @property
    def asks(self) -> Serves:
        """What it asks of a model."""
        places = {TaskKind.OBJECT_DETECTION: Serves.BOXES, TaskKind.SEMANTIC_SEGMENTATION: Serves.MASKS}
        return places.get(self, Serves.FEATURES)

    @property
    def answer(self) -> Answer:
        """What comes out for one of its examples."""
        places = {Serves.BOXES: Answer.BOXES, Serves.MASKS: Answer.MASKS}
        return places.get(self.asks, Answer.LABELS)

    @property
    def dense(self) -> bool:
        """Whether it asks for places in a picture, which no classifier gives."""
        return self.asks is not Serves.FEATURES


class Family(StrEnum):
    """How a model was pre-trained; controls were not. A user's own checkpoint may leave it unstated."""

    SUPERVISED = "supervised"
    UNSUPERVISED = "unsupervised"
    SELF_SUPERVISED = "self_supervised"
    UNSTATED = "unstated"
    CONTROL = "control"
