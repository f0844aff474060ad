"""torchvision's models: `torchvision:NAME@WEIGHTS`, with the weights' own preprocessing."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models import Weights, WeightsEnum
from torchvision.ops import FrozenBatchNorm2d

from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.pictures import FILTERS, ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.networks import beside_features, classifier_backbone, first_of
from ptmbench.engine.models.weight_files import fill, read_state, sha256_of_file
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import Unavailable, UnknownName, UsageError
from ptmbench.files.downloads import download

SIDE = 224
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FROZEN_NORMS = frozenset(  # detectors whose backbone was trained with constant BatchNorm
    {
        *("fasterrcnn_mobilenet_v3_large_320_fpn", "fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_resnet50_fpn"),
        *("fcos_resnet50_fpn", "keypointrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "retinanet_resnet50_fpn"),
    }
)
HEAVY = {"detection": models.detection, "segmentation": models.segmentation}


class Outputs(nn.Module):
    """A detector or segmenter on a batch [n, 3, h, w]: only its cost is asked for, so any one output will do."""

    def __init__(self, network: nn.Module, *, lists: bool) -> None:
        super().__init__()
        self.network = network
        self.lists = lists

    def forward(self, images: Tensor) -> Tensor:
        """One of the outputs for images [n, 3, h, w]."""
        return first_of(self.network(list(images) if self.lists else images))


def names() -> list[str]:
    """The classification builders, by the names that `torchvision.models.get_model` takes."""
    return list(models.list_models(module=models))


def all_names() -> dict[str, str]:
    """Classification, detection and segmentation builders, and which of the three each is."""
    return dict.fromkeys(names(), "classification") | {
        name: kind for kind, module in HEAVY.items() for name in models.list_models(module=module)
    }


def weights_of(reference: Reference) -> Weights:
    """The weights that a reference names, or the builder's default ones; raises `UnknownName`."""
    name, _, wanted = reference.name.partition("@")
    if name not in all_names():
        raise UnknownName("torchvision model", name, all_names())
    known: type[WeightsEnum] = models.get_model_weights(name)
    if not wanted:
        return known.DEFAULT
    if wanted not in known.__members__:
        raise UnknownName(f"weights of {name}", wanted, known.__members__)
    return known[wanted]


def published_arguments(name: str, weights: Weights) -> dict[str, Any]:
    """What torchvision's builder sets when it is given these weights."""
    arguments: dict[str, Any] = {}
    if name in {"googlenet", "inception_v3"}:
        arguments = {"transform_input": True, "init_weights": False}
    if name == "googlenet":
        arguments["aux_logits"] = False
    if "categories" in weights.meta:
        arguments["num_classes"] = len(weights.meta["categories"])
    if name.startswith("vit_"):
        arguments["image_size"] = weights.meta["min_size"][0]
    if all_names()[name] == "detection":
        arguments["weights_backbone"] = None
    if all_names()[name] == "segmentation":
        arguments["weights_backbone"] = None
        if not name.startswith("lraspp"):  # which has no auxiliary head
            arguments["aux_loss"] = True
    return arguments


def build_network(reference: Reference, *seed: str | int, **options: Any) -> nn.Module:
    """The classifier with its published head and random weights of that seed, in eval mode.

    `options` go to torchvision's builder. `size` sets the input's side where the architecture is built for one.
    """
    name = reference.name.partition("@")[0]
    arguments = published_arguments(name, weights_of(reference))
    size = reference.integer("size")
    if size and "image_size" in arguments:
        arguments["image_size"] = size
    with seeded_draws(*seed):
        network: nn.Module = models.get_model(name, weights=None, **arguments, **options)
    if name in FROZEN_NORMS:
        freeze_norms(network)
    return network.eval()


def freeze_norms(network: nn.Module) -> None:
    """Puts constants in the place of BatchNorm, as torchvision does where it is given these weights."""
    for place in network.modules():
        for name, module in place.named_children():
            if isinstance(module, nn.BatchNorm2d):
                setattr(place, name, FrozenBatchNorm2d(module.num_features))


def preprocessing_of(weights: Weights, size: int | None = None) -> ImagePreprocessing:
    """The transforms of the weights: resize, centre crop, normalisation; `size` scales both lengths."""
    preset = weights.transforms()
    crop, resized = preset.crop_size[0], preset.resize_size[0]
    side = size or crop
    return ImagePreprocessing(
        side=side,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        interpolation=FILTERS.get(preset.interpolation.value, "bilinear"),
        resize=round(resized * side / crop),
    )


def weights_file(weights: Weights) -> Path:
    """Where torch keeps the file of these weights, there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name


def weights_sha256(spec: ModelSpec) -> str | None:
    """The sha256 of the weights on disk; raises `Unavailable` where they are not. None: there are none."""
    return None if spec.random else sha256_of_file(present(spec, weights_of(parse(spec.reference))))


def fetch(spec: ModelSpec) -> Path:
    """Downloads the weights to where torch looks for them; the head of their sha256 stands in the file's name."""
    weights = weights_of(parse(spec.reference))
    file = weights_file(weights)
    if not file.exists():
        download(weights.url, file, file.stem.rpartition("-")[2])
    return file


def present(spec: ModelSpec, weights: Weights) -> Path:
    """The file of the weights; raises `Unavailable` where it is not on disk."""
    file = weights_file(weights)
    if not file.exists():
        raise Unavailable(f"the weights of {spec.name} are not on disk: ptmbench fetch --model '{spec.reference}'")
    return file


def whole(spec: ModelSpec) -> LoadedModel:
    """Classifier, detector or segmenter with its published head and random weights: what `profile` measures."""
    reference = parse(spec.reference)
    name, weights = reference.name.partition("@")[0], weights_of(reference)
    kind, size = all_names()[name], reference.integer("size")
    network = Outputs(build_network(reference, "torchvision", name), lists=kind == "detection").eval()
    if kind == "classification":
        preprocessing = preprocessing_of(weights, size)
    else:
        preprocessing = ImagePreprocessing(size or SIDE, IMAGENET_MEAN, IMAGENET_STD)
    backbone = Backbone(nn.Identity(), network, feature_size=len(weights.meta["categories"])).eval()
    return LoadedModel(backbone, preprocessing, None, None, tensor_bytes(network), None)


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The classifier's features: of the weights named, or at random initialisation, a new draw each seed."""
    reference = parse(spec.reference)
    weights = weights_of(reference)
    kind = all_names()[reference.name.partition("@")[0]]
    if kind != "classification":
        raise UsageError(f"{spec.name} is a {kind} model: so far only `ptmbench profile` takes it")
    network, fraction, sha256 = build_network(reference, "random", spec.architecture, seed), None, None
    if not spec.random:
        file = present(spec, weights)
        sha256 = sha256_of_file(file)
        fraction = fill(network, read_state(file), spec.name, leave=beside_features(network))
    preprocessing = preprocessing_of(weights, reference.integer("size"))
    backbone = classifier_backbone(network, preprocessing.example(2, preprocessing.shape), reference.get("features"))
    return LoadedModel(backbone, preprocessing, sha256, fraction, tensor_bytes(backbone), None)
