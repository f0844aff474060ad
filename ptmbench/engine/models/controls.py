"""The controls: an embedded architecture at random initialisation, and raw pixels."""

from torch import nn

from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.embedded import initialised
from ptmbench.engine.models.provider import ModelProvider
from ptmbench.engine.models.tiny import INPUT

PIXEL_SIDE = 16  # 768 features: at 32 px the probe takes ten times as long and scores no better


def tensor_bytes(module: nn.Module) -> int:
    """Bytes of all parameters and buffers."""
    return sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())


def build_random(spec: ModelSpec, seed: int) -> LoadedModel:
    """The architecture at random initialisation: a new draw each seed, so that its spread is seen."""
    backbone = initialised(spec.architecture, seed)
    return LoadedModel(backbone, INPUT, None, None, tensor_bytes(backbone), None)


def build_pixels(spec: ModelSpec, seed: int) -> LoadedModel:
    """No network at all: the picture reduced to 16x16 pixels, flattened."""
    backbone = Backbone(nn.Identity(), nn.Flatten(), feature_size=3 * PIXEL_SIDE**2).eval()
    preprocessing = ImagePreprocessing(PIXEL_SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return LoadedModel(backbone, preprocessing, None, None, 0, None)


RANDOM = ModelProvider(build_random, lambda _spec: None)
PIXELS = ModelProvider(build_pixels, lambda _spec: None)
