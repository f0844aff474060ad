"""Which builder serves which provider, and which loader which data set: the tables that mypy sees."""

from collections.abc import Callable
from typing import Final

from ptmbench.engine.backbone import LoadedModel
from ptmbench.engine.datasets import digits, entities, photo_numerals, sentiment, shapes, textures, topic
from ptmbench.engine.datasets.base import Samples
from ptmbench.engine.models import controls, embedded, language_models, torchvision_models
from ptmbench.spec import ModelSpec, Provider

Builder = Callable[[ModelSpec, int], LoadedModel]

BUILDERS: Final[dict[Provider, Builder]] = {
    "embedded": embedded.build,
    "embedded_text": language_models.build,
    "random": controls.build_random,
    "random_text": language_models.build_random,
    "pixels": controls.build_pixels,
    "tfidf": language_models.build_tfidf,
    "torchvision": torchvision_models.build,
}

DATASETS: Final[dict[str, Callable[[], Samples]]] = {
    "digits": digits.load,
    "photo_numerals": photo_numerals.load,
    "textures": textures.load,
    "shapes": shapes.load,
    "sentiment": sentiment.load,
    "topic": topic.load,
    "ner": entities.load,
}
