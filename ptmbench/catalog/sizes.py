"""What is known of a case's size before anything is loaded: examples of its data, MACs of its model for one of them.

Both are recounted by a test for what ships with the package; of public checkpoints they are what is published. Neither
enters a record, which holds what was counted: they only say beforehand how long a run may take.
"""

from typing import Final, NamedTuple

from ptmbench.catalog.data_references import SCORED, scored_on_validation
from ptmbench.catalog.hub_models import PUBLISHED
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec, TaskSpec
from ptmbench.files.splits import HELD_OUT_SHARE


class Parts(NamedTuple):
    """Labelled examples of each part of a data set; for tasks of words, sentences."""

    train: int
    validation: int
    test: int


EXAMPLES: Final = {
    "digits": Parts(696, 184, 917),
    "photo_numerals": Parts(696, 184, 917),
    "textures": Parts(550, 124, 726),
    "shapes": Parts(569, 135, 696),
    "scene_boxes": Parts(400, 60, 200),
    "scene_masks": Parts(400, 60, 200),
    "sentiment": Parts(2000, 400, 1000),
    "topic": Parts(1468, 328, 1804),
    "ner": Parts(1200, 300, 800),
}

MACS: Final = {  # of an input, by architecture; of texts, whose length the data decides, by data set too
    "resnet_tiny": 4_044_032,
    "vgg_tiny": 13_419_776,
    "inception_tiny": 4_972_736,
    "vae_tiny": 3_883_648,
    "wgan_tiny": 4_608_000,
    "pixels": 7_680,
    "hog_colour": 20_200,
    "fasterrcnn_tiny": 151_781_376,
    "yolo_tiny": 80_611_328,
    "fcn_tiny": 34_387_968,
    "unet_tiny": 65_519_616,
    "bert_tiny-ner": 2_406_720,
    "bert_tiny-sentiment": 3_179_776,
    "bert_tiny-topic": 7_340_544,
    "gpt_tiny-ner": 2_517_504,
    "gpt_tiny-sentiment": 3_293_696,
    "gpt_tiny-topic": 7_340_544,
    "tfidf-ner": 96_285,
    "tfidf-sentiment": 6_976,
    "tfidf-topic": 118_696,
    "word_shape-ner": 158_550,
}


def macs_of(model: ModelSpec, task: TaskSpec) -> int | None:
    """Multiply-accumulates of a model for one example of a task.

    Args:
        model: The model, or its control at random initialisation.
        task: The task that gives the example.

    Returns:
        MACs of one forward pass; None where nothing says them beforehand.
    """
    if model.embedded:
        return MACS.get(model.architecture) or MACS.get(f"{model.architecture}-{_named(task)}")
    published = PUBLISHED.get(model.architecture)
    return None if published is None or published.gmacs is None else round(published.gmacs * 1e9)


def parts_of(task: TaskSpec) -> Parts | None:
    """The labelled examples of a task's data.

    Args:
        task: The task; its shots leave the data set as it is.

    Returns:
        Examples of each part; None where only the data says it.
    """
    parts = EXAMPLES.get(_named(task))
    if parts is None or not scored_on_validation(task.dataset):
        return parts
    held = round(HELD_OUT_SHARE * parts.train)
    return Parts(parts.train - held, held, parts.validation)


def _named(task: TaskSpec) -> str:
    """The data set's name, whichever part of it is scored; with another option it is another data set."""
    return str(parse(task.dataset).without(SCORED))
