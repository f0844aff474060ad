"""Which function loads which of the package's own data sets."""

from collections.abc import Callable
from typing import Final

from ptmbench.engine.datasets import digits, entities, photo_numerals, scenes, sentiment, shapes, textures, topic
from ptmbench.engine.datasets.base import Samples

DATASETS: Final[dict[str, Callable[[], Samples]]] = {
    "digits": digits.load,
    "photo_numerals": photo_numerals.load,
    "textures": textures.load,
    "shapes": shapes.load,
    "scene_boxes": scenes.load_boxes,
    "scene_masks": scenes.load_masks,
    "sentiment": sentiment.load,
    "topic": topic.load,
    "ner": entities.load,
}
