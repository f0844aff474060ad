"""Detectors and segmenters as networks: built over a backbone of any provider, or a publisher's own, whole."""

import copy
from collections.abc import Callable
from typing import Final

import torch
from torch import nn

from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import COMPOSED, ModelSpec, Serves
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.engine.inputs.pictures import ImagePreprocessing, Preprocessing
from ptmbench.engine.models import smp_models, torchvision_dense, torchvision_models
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.dense_network import DenseModel, DenseNetwork
from ptmbench.engine.models.detectors import FasterRcnn, Yolox
from ptmbench.engine.models.maps import FeatureMaps
from ptmbench.engine.models.providers import PROVIDERS
from ptmbench.engine.models.segmenters import DeepLab, Fcn, UNet
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import UsageError

CLASSES = 20  # that a detector or segmenter is profiled with, as many as Pascal VOC has
SMALL_SIDE, SIDE = 64, 320  # of inputs in pixels: over what ships with the package, and over any other backbone
SCOPES: Final[dict[Serves, str]] = {
    Serves.BOXES: "forward pass with score threshold and non-maximum suppression, on noise, before training",
    Serves.MASKS: "forward pass, scores brought to the side of the input",
}
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
    if spec.provider == "smp":
        return smp_models.weights_sha256(spec)
    inner = backbone_of(spec) if spec.provider in COMPOSED else spec
    return PROVIDERS[inner.provider].sha256(inner)


def build(spec: ModelSpec, seed: int) -> DenseModel:
    """What makes the networks of a spec, with the weights of that seed where they are random."""
    if spec.provider not in COMPOSED:
        build_whole = smp_models.build if spec.provider == "smp" else torchvision_dense.build
        return build_whole(spec, seed, SCOPES[spec.serves])
    inner = backbone_of(spec)
    loaded = PROVIDERS[inner.provider].build(inner, seed)
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


def profiled(spec: ModelSpec) -> tuple[nn.Module, Preprocessing, str]:
    """What `profile` measures of a model: network, preprocessing, and the scope of a detector or segmenter.

    torchvision's models come whole, with their published heads; what is built over another model for `CLASSES` classes.
    """
    if spec.provider == "torchvision":
        found = torchvision_models.whole(spec)
        return found.backbone, found.preprocessing, SCOPES.get(spec.serves, "")
    if spec.serves is Serves.FEATURES:
        loaded = PROVIDERS[spec.provider].build(spec, 0)
        return loaded.backbone, loaded.preprocessing, ""
    model = build(spec, 0)
    return model.assemble(CLASSES, 0), model.preprocessing, f"{model.scope}, {CLASSES} classes"


def _letterbox(loaded: LoadedModel, spec: ModelSpec, usual: int) -> Letterbox:
    """The backbone's own normalisation; the side that the reference says, or the usual one."""
    own = loaded.preprocessing
    if not isinstance(own, ImagePreprocessing):
        raise UsageError(f"{spec.name}: detectors and segmenters are built over models of images")
    side = parse(spec.entry).integer("size", least=32) or usual
    return Letterbox(side, own.mean, own.std, own.interpolation)


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
