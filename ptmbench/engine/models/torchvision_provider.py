"""torchvision's models: classifiers as backbones, detectors and segmenters whole."""

from torch import nn

from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import Serves
from ptmbench.engine.inputs.pictures import Preprocessing
from ptmbench.engine.models import torchvision_dense, torchvision_models
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.dense_network import SCOPES, DenseModel
from ptmbench.engine.models.provider import ModelProvider


def build(spec: ModelSpec, seed: int) -> LoadedModel | DenseModel:
    """The model as what the spec says it serves as."""
    build_as = torchvision_models.build if spec.serves is Serves.FEATURES else torchvision_dense.build
    return build_as(spec, seed)


def profiled(spec: ModelSpec) -> tuple[nn.Module, Preprocessing, str]:
    """The whole network with its published head and random weights."""
    found = torchvision_models.whole(spec)
    return found.backbone, found.preprocessing, SCOPES.get(spec.serves, "")


def revision(spec: ModelSpec) -> str:
    """The name of the weights, such as IMAGENET1K_V1, which torchvision gives to one file alone."""
    return str(torchvision_models.weights_of(parse(spec.reference)).name)


PROVIDER = ModelProvider(
    build,
    torchvision_models.weights_sha256,
    revision,
    fetch=lambda spec, _trusted: torchvision_models.fetch(spec),
    profiled=profiled,
)
