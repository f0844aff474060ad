"""The traits of a method: what trains, what it starts from, what it gives, and for which models."""

from enum import StrEnum


class Answer(StrEnum):
    """What comes out for an example: labels (one, or one a word), boxes of objects, or the class of every pixel."""

    LABELS = "labels"
    BOXES = "boxes"
    MASKS = "masks"


class Trains(StrEnum):
    """What a method trains by gradient; NOTHING fits a classical classifier to frozen features."""

    NOTHING = "nothing"
    HEAD = "head"
    LAST_STAGE = "last_stage"
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
