"""keras.applications on Keras 3's torch backend: `keras:NAME@imagenet`, or `@FILE.weights.h5` of one's own.

Keras wants pictures as [n, h, w, 3] and has three conventions for their values, which `preprocessing_of` gives back.
BatchNorm follows Keras: a layer that is not trained keeps its statistics.
"""

import contextlib
import copy
import functools
import importlib
import inspect
import io
import math
import os
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch
from torch import Tensor, nn

from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_code import imported, no_network, state_sha256
from ptmbench.engine.foreign_loads import fill_from
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.checks import CLOSE
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.networks import feature_size, last_stage
from ptmbench.engine.models.provider import ModelProvider
from ptmbench.engine.seeding import derive, torch_generator
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError
from ptmbench.files.downloads import check_online

PUBLISHED = "imagenet"
SIDES: Final = {"InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299, "NASNetLarge": 331}
USUAL_SIDE = 224
GREY: Final = (0.5, 0.5, 0.5)  # -1 to 1
IMAGENET: Final = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CAFFE_RGB: Final = (123.68 / 255, 116.779 / 255, 103.939 / 255)  # ImageNet's mean colour, subtracted from 0 to 255
UNIT: Final = (1 / 255, 1 / 255, 1 / 255)
CAFFE: Final = frozenset({"ResNet50", "ResNet101", "ResNet152", "VGG16", "VGG19"})  # blue first
TORCH: Final = frozenset({"DenseNet121", "DenseNet169", "DenseNet201"})
INSIDE: Final = ("EfficientNet", "ConvNeXt", "MobileNetV3")  # they scale 0 to 255 in their first layers


@functools.cache
def applications() -> ModuleType:
    """keras.applications on the torch backend; raises `Unavailable` without the extra, `UsageError` on another one."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras: Any = imported("keras", "keras")
    if keras.backend.backend() != "torch":
        raise UsageError(
            f"Keras runs on {keras.backend.backend()}: set KERAS_BACKEND=torch before it is imported, or leave it unset"
        )
    found: ModuleType = keras.applications
    return found


def names() -> list[str]:
    """The networks of keras.applications."""
    library = applications()
    return [name for name in dir(library) if name[0].isupper() and inspect.isfunction(getattr(library, name))]


def _split(reference: Reference) -> tuple[str, str]:
    """Network and weights; raises `UnknownName`."""
    name, _, weights = reference.name.partition("@")
    if name not in names():
        raise UnknownName("Keras network", name, names())
    if weights not in {"", PUBLISHED} and not Path(weights).expanduser().exists():
        raise Unavailable(f"{weights}: no such file; expected keras:{name}@{PUBLISHED} or @FILE.weights.h5")
    return name, weights or PUBLISHED


def preprocessing_of(name: str, size: int | None) -> ImagePreprocessing:
    """What `preprocess_input` of the network's module does, on the whole picture at the network's side."""
    side = size or SIDES.get(name, USUAL_SIDE)
    if name in CAFFE:
        return ImagePreprocessing(side, CAFFE_RGB, UNIT)
    if name in TORCH:
        return ImagePreprocessing(side, *IMAGENET)
    if name.startswith(INSIDE):
        return ImagePreprocessing(side, (0.0, 0.0, 0.0), UNIT)
    return ImagePreprocessing(side, GREY, GREY)


class KerasFeatures(nn.Module):
    """A Keras network as a module from pictures [n, 3, h, w] to features [n, d].

    Keras keeps all weights in the network; its layers are listed here so that some of them can be trained alone.
    """

    def __init__(self, network: Any, *, blue_first: bool) -> None:
        super().__init__()
        self.network = network
        self.layers = nn.ModuleList(layer for layer in network.layers if layer.weights)
        self.blue_first = blue_first

    def __deepcopy__(self, memo: dict[int, Any]) -> "KerasFeatures":
        """A copy whose layers are those of its network: Keras makes its copies anew, whatever else refers to them."""
        network = copy.deepcopy(self.network, memo)
        return KerasFeatures(network, blue_first=self.blue_first).train(self.training)

    def forward(self, images: Tensor) -> Tensor:
        """Features; in train mode only for the layers that are in train mode."""
        learning = self.training or any(layer.training for layer in self.layers)
        if learning:
            for layer in self.layers:
                if not layer.training:
                    layer.trainable = False  # type: ignore[assignment]  # Keras's own property
        inputs = images.flip(1) if self.blue_first else images
        features: Tensor = self.network(inputs.permute(0, 2, 3, 1), training=learning)
        return features


def _network(reference: Reference, weights: str | None, side: int) -> Any:
    name, _ = _split(reference)
    return getattr(applications(), name)(weights=weights, include_top=False, pooling="avg", input_shape=(side, side, 3))


def _filled(reference: Reference, side: int) -> Any:
    """The network with its weights, none of them fetched; raises `Unavailable` or `WeightsError`."""
    name, weights = _split(reference)
    if weights == PUBLISHED:
        try:
            with no_network(), contextlib.redirect_stdout(io.StringIO()):  # it says that it downloads
                return _network(reference, PUBLISHED, side)
        except Exception as error:  # noqa: BLE001  Keras raises a bare Exception where a download fails
            raise Unavailable(
                f"the weights of {name} are not on disk ({str(error).splitlines()[0][:80]}): "
                f"ptmbench fetch --model '{reference}'"
            ) from None
    network = _network(reference, None, side)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # it only warns where it leaves random weights in place
            fill_from(network, Path(weights).expanduser())
    except (ValueError, OSError, KeyError, UserWarning) as error:
        raise WeightsError(f"{weights} does not fit {name} without its head: {str(error).splitlines()[0]}") from None
    return network


def fetch(spec: ModelSpec) -> str:
    """Lets Keras download the weights, which checks their digest; says where it keeps them."""
    check_online()
    reference = parse(spec.reference)
    name, weights = _split(reference)
    if weights != PUBLISHED:
        return weights
    try:
        _network(reference, PUBLISHED, preprocessing_of(name, reference.integer("size")).side)
    except Exception as error:  # noqa: BLE001  likewise
        raise WeightsError(f"{name} cannot be fetched: {str(error).splitlines()[0]}") from None
    return "in Keras's cache, ~/.keras/models or KERAS_HOME"


@contextlib.contextmanager
def _seeded(architecture: str, seed: int) -> Iterator[None]:
    """What Keras draws inside depends on the architecture and the seed alone: Python's `random` seeds it."""
    before = random.getstate()
    random.seed(derive("random", architecture, seed))
    yield
    random.setstate(before)


@functools.cache
def weights_sha256(spec: ModelSpec) -> str | None:
    """sha256 over the loaded weights; raises `Unavailable` where they are not on disk. None: a random control."""
    reference = parse(spec.reference)
    name, _ = _split(reference)
    if spec.random:
        return None
    side = preprocessing_of(name, reference.integer("size")).side
    return state_sha256(KerasFeatures(_filled(reference, side), blue_first=False))


def check_source(name: str, preprocessing: ImagePreprocessing) -> None:
    """Raises `WeightsError` where the network's own module makes other inputs of the same pixels: another Keras may."""
    own: Any = importlib.import_module(getattr(applications(), name).__module__)
    pixels = torch.randint(0, 256, (1, 3, *preprocessing.shape[1:]), dtype=torch.uint8, generator=torch_generator(name))
    ours = preprocessing.apply(pixels)
    ours = ours.flip(1) if name in CAFFE else ours
    last = pixels.permute(0, 2, 3, 1).float().numpy().copy()  # it changes them in place, blue first by a negative step
    theirs = torch.tensor(own.preprocess_input(last, data_format="channels_last").copy()).permute(0, 3, 1, 2)
    apart = float((theirs - ours).abs().max()) if theirs.shape == ours.shape else math.inf
    if apart > CLOSE * float(theirs.abs().max()):
        raise WeightsError(
            f"keras:{name} wants other inputs than ptmbench makes ({apart:.2g} apart): this version of Keras prepares "
            "pictures in another way, and ptmbench cannot measure it: please report it with the version of Keras"
        )


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The network without its head: with its weights, or at random initialisation, a new draw each seed."""
    reference = parse(spec.reference)
    name, _ = _split(reference)
    preprocessing = preprocessing_of(name, reference.integer("size"))
    check_source(name, preprocessing)
    if spec.random:
        with _seeded(spec.architecture, seed):
            network = _network(reference, None, preprocessing.side)
    else:
        network = _filled(reference, preprocessing.side)
    tail = KerasFeatures(network, blue_first=name in CAFFE).eval()
    example = preprocessing.example(2, preprocessing.shape)
    backbone = Backbone(nn.Identity(), tail, feature_size(tail, example), last_stage=last_stage(tail)).eval()
    fraction = None if spec.random else 1.0
    return LoadedModel(backbone, preprocessing, weights_sha256(spec), fraction, tensor_bytes(network), None)


PROVIDER = ModelProvider(build, weights_sha256, fetch=lambda spec, _trusted: fetch(spec))
