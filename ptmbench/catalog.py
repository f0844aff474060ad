"""What is built in: models, tasks, methods and pre-training recipes, as literal tuples."""

from typing import Final

from ptmbench.card import LICENCE
from ptmbench.spec import Family, MethodSpec, ModelSpec, PretrainingSpec, Provider, Recipe, TaskKind, TaskSpec


def _supervised(architecture: str, source: str) -> ModelSpec:
    name = f"{architecture}.{source}"
    return ModelSpec(name, "embedded", name, architecture, Family.SUPERVISED, "cross_entropy", source, LICENCE)


def _control(name: str, provider: Provider, architecture: str) -> ModelSpec:
    return ModelSpec(name, provider, architecture, architecture, Family.CONTROL, "none", "none", LICENCE)


MODELS: Final = (
    _supervised("resnet_tiny", "glyphs"),
    _supervised("resnet_tiny", "fractals"),
    _supervised("resnet_tiny", "waves"),
    _supervised("vgg_tiny", "glyphs"),
    _supervised("inception_tiny", "glyphs"),
    _control("resnet_tiny.random", "random", "resnet_tiny"),
    _control("vgg_tiny.random", "random", "vgg_tiny"),
    _control("inception_tiny.random", "random", "inception_tiny"),
    _control("pixels", "pixels", "pixels"),
)


def _images(dataset: str, shots: int | None) -> TaskSpec:
    suffix = "full" if shots is None else f"{shots}shot"
    return TaskSpec(f"{dataset}_{suffix}", TaskKind.IMAGE_CLASSIFICATION, dataset, shots, classes=10)


TASKS: Final = (
    *(_images("digits", shots) for shots in (1, 5, 10, 20, None)),
    *(_images("photo_numerals", shots) for shots in (5, 20, None)),
    *(_images("textures", shots) for shots in (5, None)),
    *(_images("shapes", shots) for shots in (5, None)),
)

_TRAINED: Final = Recipe("adamw", learning_rate=1e-3, weight_decay=0.01, batch_size=32, steps=200)
_RATES: Final = (1e-3, 3e-3, 1e-2)

METHODS: Final = (
    MethodSpec("linear_probe", frozen=True, tuned="C", grid=(1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
    MethodSpec("knn", frozen=True, tuned="neighbours", grid=(1, 3, 5, 10, 20)),
    MethodSpec("fine_tune", frozen=False, tuned="learning_rate", grid=_RATES, recipe=_TRAINED),
    MethodSpec("fine_tune_last", frozen=False, tuned="learning_rate", grid=_RATES, recipe=_TRAINED),
    MethodSpec("from_scratch", frozen=False, tuned="learning_rate", grid=_RATES, recipe=_TRAINED),
)


def _pretraining(architecture: str, source: str, steps: int) -> PretrainingSpec:
    recipe = Recipe("adamw", learning_rate=3e-3, weight_decay=0.05, batch_size=128, steps=steps, label_smoothing=0.05)
    return PretrainingSpec(f"{architecture}.{source}", architecture, "cross_entropy", source, 100_000, recipe)


PRETRAINING: Final = (
    _pretraining("resnet_tiny", "glyphs", 5_000),
    _pretraining("resnet_tiny", "fractals", 5_000),
    _pretraining("resnet_tiny", "waves", 5_000),
    _pretraining("vgg_tiny", "glyphs", 3_000),
    _pretraining("inception_tiny", "glyphs", 3_500),
)
