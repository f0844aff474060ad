"""What the engine asks of a provider of models, and the provider of a spec: its scheme's row names it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from ptmbench.catalog.references import parse
from ptmbench.catalog.schemes import model_scheme
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.hot import hot
from ptmbench.engine.inputs.pictures import Preprocessing
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.dense_network import DenseModel
from ptmbench.records.measured import Missing

SHIPPED = Missing("shipped with the package: the sha256 pins it")
OWN_FILE = Missing("a file of your own: the sha256 pins it")
NO_CHECKPOINT = Missing("a control: there is no checkpoint")


def nothing_pins(_spec: ModelSpec) -> Missing:
    """The revision where a reference names none."""
    return Missing("the reference pins no revision: the sha256 pins the weights")


def at_revision(spec: ModelSpec) -> str | Missing:
    """The revision behind the `@` of a reference; of a folder or a reference without one, why there is none."""
    name, _, revision = parse(spec.reference).name.partition("@")
    if Path(name).expanduser().is_dir():
        return Missing("a folder of your own: the sha256 pins it")
    return revision or nothing_pins(spec)


class ModelProvider(NamedTuple):
    """One provider of models.

    `build(spec, seed)` loads a model, at a seed that only random ones heed: a backbone, or what makes detectors or
    segmenters. `sha256(spec)` is the expected sha256 of the weights, or of what a control takes from a checkpoint (its
    configuration); None where there is nothing; it raises `Unavailable` for what is not on disk and `WeightsError` for
    what is broken. `revision(spec)` is what pins the weights at their publisher, or why nothing does. `fetch(spec,
    trusted)` downloads them and says where they lie; None where there is nothing to download. `profiled(spec)` is what
    `ptmbench profile` measures, where that is not the network as it is built: network, preprocessing, scope.
    """

    build: Callable[[ModelSpec, int], LoadedModel | DenseModel]
    sha256: Callable[[ModelSpec], str | None]
    revision: Callable[[ModelSpec], str | Missing] = nothing_pins
    fetch: Callable[[ModelSpec, bool], Any] | None = None
    profiled: Callable[[ModelSpec], tuple[nn.Module, Preprocessing, str]] | None = None


def provider_of(spec: ModelSpec) -> ModelProvider:
    """The provider of a spec's models."""
    found: ModelProvider = hot(model_scheme(spec.provider).hot)
    return found


def revision_of(spec: ModelSpec) -> str | Missing:
    """What pins the weights of a model, or why nothing does."""
    return provider_of(spec).revision(spec) if spec.pretrained else NO_CHECKPOINT
