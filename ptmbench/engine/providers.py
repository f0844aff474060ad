"""Which builder serves which provider, and which loader which data set: the tables that mypy sees."""

from collections.abc import Callable
from typing import Final

from ptmbench.engine.backbone import LoadedModel
from ptmbench.engine.datasets import digits, photo_numerals, shapes, textures
from ptmbench.engine.datasets.base import LabelledImages
from ptmbench.engine.models import controls, embedded, torchvision_models
from ptmbench.spec import ModelSpec, Provider

Builder = Callable[[ModelSpec, int], LoadedModel]

BUILDERS: Final[dict[Provider, Builder]] = {
    "embedded": embedded.build,
    "random": controls.build_random,
    "pixels": controls.build_pixels,
    "torchvision": torchvision_models.build,
}

DATASETS: Final[dict[str, Callable[[], LabelledImages]]] = {
    "digits": digits.load,
    "photo_numerals": photo_numerals.load,
    "textures": textures.load,
    "shapes": shapes.load,
}
