"""Detectors and segmenters that are built over a backbone of any provider."""

import copy
from collections.abc import Callable
from typing import Final

import torch
from torch import nn

from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.engine.inputs.own_pictures import OwnPreprocessing
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.dense_network import SCOPES, DenseModel, DenseNetwork
from ptmbench.engine.models.detectors import FasterRcnn, Yolox
from ptmbench.engine.models.maps import FeatureMaps
from ptmbench.engine.models.provider import ModelProvider, provider_of, revision_of
from ptmbench.engine.models.segmenters import DeepLab, Fcn, UNet
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import UsageError
from ptmbench.records.measured import Missing

SMALL_SIDE, SIDE = 64, 320  # of inputs in pixels: over what ships with the package, and over any other backbone
NETWORKS: Final[dict[str, Callable[[FeatureMaps, int, int], DenseNetwork]]] = {
    "fasterrcnn": FasterRcnn,
    "yolox": Yolox,
    "fcn": Fcn,
    "unet": UNet,
    "deeplabv3": DeepLab,
}


def backbone_of(spec: ModelSpec) -> ModelSpec:
    """The model that a detector or segmenter is built over."""
    return model_spec(spec.entry, ALL_MODELS)


def weights_sha256(spec: ModelSpec) -> str | None:
    """The expected sha256 of the pre-trained part; None of a random one. Raises what its provider raises."""
    inner = backbone_of(spec)
    return provider_of(inner).sha256(inner)


def revision(spec: ModelSpec) -> str | Missing:
    """What pins the pre-trained part at its publisher."""
    return revision_of(backbone_of(spec))


def fetch(spec: ModelSpec, trusted: bool) -> object:  # noqa: FBT001  the signature of every provider
    """Downloads the pre-trained part; None where there is nothing to download."""
    inner = backbone_of(spec)
    way = provider_of(inner).fetch
    return way(inner, trusted) if way else None


def build(spec: ModelSpec, seed: int) -> DenseModel:
    """What makes the networks of a spec, with the weights of that seed where they are random."""
    inner = backbone_of(spec)
    loaded = provider_of(inner).build(inner, seed)
    assert isinstance(loaded, LoadedModel)
    preprocessing = _letterbox(loaded, spec, SMALL_SIDE if inner.embedded else SIDE)
    network = NETWORKS[spec.provider]

    def assemble(classes: int, head_seed: int) -> DenseNetwork:
        body = _maps(loaded, preprocessing.side, inner.name)
        with seeded_draws("dense", spec.architecture, classes, head_seed):
            return network(body, preprocessing.side, classes).eval()

    return DenseModel(
        assemble=assemble,
        preprocessing=preprocessing,
        scope=SCOPES[spec.serves],
        weights_sha256=loaded.weights_sha256,
        loaded_fraction=loaded.loaded_fraction,
        pretrain_time_s=loaded.pretrain_time_s,
    )


def _letterbox(loaded: LoadedModel, spec: ModelSpec, usual: int) -> Letterbox:
    """The backbone's own normalisation; the side that the reference says, or the usual one."""
    own = loaded.preprocessing
    if isinstance(own, OwnPreprocessing):
        raise UsageError(
            f"{spec.name}: detectors and segmenters scale pictures themselves, and {own.name} of the backbone does "
            f"more to them than ptmbench can repeat there ({own.cause}): take another backbone"
        )
    if not isinstance(own, ImagePreprocessing):
        raise UsageError(f"{spec.name}: detectors and segmenters are built over models of images")
    side = parse(spec.entry).integer("size", least=32) or usual
    return Letterbox(side, own.mean, own.std, own.interpolation, own.channels)


def _maps(loaded: LoadedModel, side: int, name: str) -> FeatureMaps:
    """A fresh copy of the backbone, without its pooling, as feature maps."""
    network = copy.deepcopy(nn.Sequential(loaded.backbone.trunk, loaded.backbone.tail)).cpu()
    try:
        return FeatureMaps(network, torch.zeros(1, 3, side, side))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise UsageError(
            f"{name} gives no feature maps of images of {side}x{side} ({str(error).splitlines()[0]}): detectors and "
            "segmenters need a convolutional backbone"
        ) from None


COMPOSED: Final = ModelProvider(build, weights_sha256, revision, fetch)
