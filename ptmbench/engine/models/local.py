"""A user's own checkpoint: `file:WEIGHTS#BUILDER`, the builder torchvision's or any importable function's."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from torch import nn

from ptmbench.catalog.model_options import triple
from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.pictures import Channels, ImagePreprocessing, Interpolation
from ptmbench.engine.models import torchvision_models
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.networks import beside_features, classifier_backbone
from ptmbench.engine.models.provider import OWN_FILE, ModelProvider
from ptmbench.engine.models.weight_files import fill, read_state, sha256_of_file
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import UnknownName, UsageError

OVERRIDES = ("crop", "resize", "interpolation", "mean", "std", "channels")
EXPECTED = "file:WEIGHTS#torchvision:NAME or file:WEIGHTS#package.module:function"


def weights_sha256(spec: ModelSpec) -> str | None:
    """The sha256 of the weights' file; raises `Unavailable` where there is none. None: a random control."""
    return None if spec.random else sha256_of_file(_file(parse(spec.reference)))


def _file(reference: Reference) -> Path:
    return Path(reference.name.partition("#")[0]).expanduser()


def _builder(reference: Reference) -> tuple[str, str]:
    package, colon, name = reference.name.partition("#")[2].partition(":")
    if not colon or not package or not name:
        raise UsageError(f"expected {EXPECTED}, got {reference}")
    return package, name


def build_network(reference: Reference, *seed: str | int) -> nn.Module:
    """What the builder returns, with random weights of that seed, in eval mode; raises `UsageError`."""
    package, name = _builder(reference)
    if package == "torchvision":
        return torchvision_models.build_network(_of_torchvision(reference), *seed)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # as `python -m` does: the user's module stands beside the data
    try:
        builder = getattr(importlib.import_module(package), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{package}:{name} cannot be imported ({error}): the module must be installed, or lie in the folder that "
            "ptmbench is called from"
        ) from None
    with seeded_draws(*seed):
        network = builder()
    if not isinstance(network, nn.Module):
        raise UsageError(f"{package}:{name}() returned a {type(network).__name__}, expected a torch.nn.Module")
    return network.eval()


def _of_torchvision(reference: Reference) -> Reference:
    size = reference.get("size") or reference.get("crop")
    return Reference("torchvision", _builder(reference)[1], (("size", size),) if size else ())


def preprocessing_of(reference: Reference) -> ImagePreprocessing:
    """Torchvision's preset for its builders, else ImageNet's means at `size`; options set what differs from it.

    `size` scales side and resize, `crop` is the side alone, `resize` the shorter side before it, or `none` for the
    whole picture squashed; `interpolation`, `mean`, `std` and `channels` say the rest.
    """
    size = reference.integer("size") or reference.integer("crop")
    if _builder(reference)[0] == "torchvision":
        weights = torchvision_models.weights_of(_of_torchvision(reference))
        usual = replace(torchvision_models.preprocessing_of(weights, size), preset=f"torchvision's {weights}")
    elif size:
        usual = ImagePreprocessing(size, torchvision_models.IMAGENET_MEAN, torchvision_models.IMAGENET_STD)
    else:
        raise UsageError(f"{reference}: add ?size=N, the side in pixels that the network was trained at")
    given = [option for option in OVERRIDES if reference.get(option)]
    found = replace(
        usual,
        side=reference.integer("crop") or usual.side,
        resize=_resize(reference, usual.resize),
        interpolation=_one_of(reference, "interpolation", get_args(Interpolation), usual.interpolation),
        mean=triple(reference, "mean") or usual.mean,
        std=triple(reference, "std") or usual.std,
        channels=_one_of(reference, "channels", get_args(Channels), usual.channels),
        preset=f"{usual.preset} but for {', '.join(given)}" if usual.preset and given else usual.preset,
    )
    if found.resize is not None and found.resize < found.side:
        raise UsageError(
            f"{reference}: pictures are brought to {found.resize} px and {found.side} px are cut out of them: expected "
            f"resize={found.side} or more, crop={found.resize} or less, or resize=none"
        )
    return found


def _resize(reference: Reference, usual: int | None) -> int | None:
    """The length of the shorter side; None: the whole picture is squashed."""
    return None if reference.get("resize") == "none" else reference.integer("resize") or usual


def _one_of(reference: Reference, option: str, known: Sequence[str], usual: str) -> Any:
    """An option's value, one of the known ones; raises `UnknownName`."""
    given = reference.get(option, usual)
    if given not in known:
        raise UnknownName(option, given, known)
    return given


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The builder's network with the file's weights, or at random initialisation, a new draw each seed."""
    reference = parse(spec.reference)
    preprocessing = preprocessing_of(reference)
    network = build_network(reference, "random", spec.architecture, seed)
    fraction, sha256 = None, None
    example = preprocessing.example(2, preprocessing.shape)
    if not spec.random:
        file = _file(reference)
        partial = reference.get("partial") == "allow"
        sha256 = sha256_of_file(file)
        state = read_state(file, reference.get("state"))
        fraction = fill(network, state, spec.name, leave=beside_features(network, example), partial=partial)
    backbone = classifier_backbone(network, example, reference.get("features"))
    return LoadedModel(backbone, preprocessing, sha256, fraction, tensor_bytes(backbone), None)


PROVIDER = ModelProvider(build, weights_sha256, lambda _spec: OWN_FILE)
