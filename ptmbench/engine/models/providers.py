"""Which functions serve which provider: the table that mypy sees."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ptmbench.catalog.checkpoint_cards import load_card
from ptmbench.catalog.spec import ModelSpec, Provider
from ptmbench.engine.models import (
    controls,
    embedded,
    huggingface,
    keras_models,
    language_models,
    local,
    timm_models,
    torch_hub_models,
    torchvision_models,
)
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.language_models import lender


class ModelProvider(NamedTuple):
    """How a provider's models are built, at a seed that only random ones heed, and what binds a record to them.

    `sha256(spec)` is the expected sha256 of the weights, or of what a control takes from a checkpoint (its
    configuration); None where there is nothing. It raises `Unavailable` for what is not on disk and `WeightsError` for
    what is broken.
    """

    build: Callable[[ModelSpec, int], LoadedModel]
    sha256: Callable[[ModelSpec], str | None]


def _nothing(_spec: ModelSpec) -> None:
    return None


def _on_card(spec: ModelSpec) -> str:
    return load_card(spec.entry).sha256


def _of_lender(spec: ModelSpec) -> str:
    return load_card(lender(spec)).sha256


PROVIDERS: Final[dict[Provider, ModelProvider]] = {  # of features; `composition` makes detectors and segmenters
    "embedded": ModelProvider(embedded.build, _on_card),
    "embedded_text": ModelProvider(language_models.build, _on_card),
    "random": ModelProvider(controls.build_random, _nothing),
    "random_text": ModelProvider(language_models.build_random, _of_lender),
    "pixels": ModelProvider(controls.build_pixels, _nothing),
    "tfidf": ModelProvider(language_models.build_tfidf, _nothing),
    "torchvision": ModelProvider(torchvision_models.build, torchvision_models.weights_sha256),
    "timm": ModelProvider(timm_models.build, timm_models.weights_sha256),
    "hf": ModelProvider(huggingface.build, huggingface.weights_sha256),
    "torch_hub": ModelProvider(torch_hub_models.build, torch_hub_models.weights_sha256),
    "keras": ModelProvider(keras_models.build, keras_models.weights_sha256),
    "file": ModelProvider(local.build, local.weights_sha256),
}
