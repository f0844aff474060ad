"""torchvision's own detectors and segmenters, whole: `torchvision:fasterrcnn_resnet50_fpn@COCO_V1`.

Everything comes from the weights but what depends on the number of classes, which is drawn anew for each task.
"""

from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torchvision import models
from torchvision.models import Weights

from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.engine.models.dense_network import SCOPES, DenseModel, DenseNetwork
from ptmbench.engine.models.detectors import Found, found_by, joint_loss
from ptmbench.engine.models.segmenters import Segmenter, pixel_loss
from ptmbench.engine.models.torchvision_models import (
    FROZEN_NORMS,
    IMAGENET_MEAN,
    IMAGENET_STD,
    all_names,
    freeze_norms,
    present,
    published_arguments,
    weights_of,
)
from ptmbench.engine.models.weight_files import fill, read_state, sha256_of_file
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import UsageError

SIDE = 320
FIXED_SIDES = {"ssd300_vgg16": 300, "ssdlite320_mobilenet_v3_large": 320}
AUXILIARY = 0.5  # what torchvision's training weighs the loss of the auxiliary head with
Triple = tuple[float, float, float]
OF_INSTANCES = ("maskrcnn", "keypointrcnn")


class WholeDetector(DenseNetwork):
    """One of torchvision's detectors; its images come normalised and in its size."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        backbone: Any = network.backbone
        self.body = getattr(backbone, "body", backbone)

    def loss(self, images: Tensor, targets: Any) -> Tensor:
        """The sum of its losses."""
        return joint_loss(self.network, images, targets)

    def forward(self, images: Tensor) -> Found:
        """What it finds, after its own post-processing."""
        return found_by(self.network, images)


class WholeSegmenter(Segmenter):
    """One of torchvision's segmenters; an auxiliary head learns beside the main one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        body: Any = network.backbone
        self.body = body

    def loss(self, images: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of the main head, and half of the auxiliary one's."""
        outputs = self.network(images)
        auxiliary = AUXILIARY * pixel_loss(outputs["aux"], targets) if "aux" in outputs else 0.0
        return pixel_loss(outputs["out"], targets) + auxiliary

    def forward(self, images: Tensor) -> Tensor:
        """Scores [n, classes, side, side]."""
        scores: Tensor = self.network(images)["out"]
        return scores


def build(spec: ModelSpec, seed: int) -> DenseModel:
    """What makes networks of a spec: with its weights, or all drawn at that seed."""
    reference = parse(spec.reference)
    name, weights = reference.name.partition("@")[0], weights_of(reference)
    if name.startswith(OF_INSTANCES):
        raise UsageError(f"{name} learns from masks or keypoints of instances, which no task here has")
    side = FIXED_SIDES.get(name) or reference.integer("size", least=32) or SIDE
    new = _of_classes(name, weights, side)
    state = None if spec.random else _shared_state(present(spec, weights), new)

    def assemble(classes: int, head_seed: int) -> DenseNetwork:
        with seeded_draws("dense", spec.architecture, classes, head_seed, seed):
            network = network_of(name, weights, side, classes)
        if state is not None:
            fill(network, state, spec.name, leave=new)
        _normalisation(network)  # inputs come normalised
        return (WholeSegmenter if all_names()[name] == "segmentation" else WholeDetector)(network).eval()

    example = network_of(name, weights, side, 2)
    return DenseModel(
        assemble=assemble,
        preprocessing=Letterbox(side, *_normalisation(example)),
        scope=SCOPES[spec.serves],
        weights_sha256=None if spec.random else sha256_of_file(present(spec, weights)),
        loaded_fraction=None if state is None else fill(example, state, spec.name, leave=new),
        pretrain_time_s=None,
    )


def network_of(name: str, weights: Weights, side: int, classes: int) -> nn.Module:
    """The network for so many classes and inputs of that side, with weights drawn where it stands."""
    arguments = published_arguments(name, weights)
    detects = all_names()[name] == "detection"
    arguments["num_classes"] = classes + detects  # the background is a detector's class 0
    if detects and name not in FIXED_SIDES:
        arguments |= {"min_size": side, "max_size": side}
    network: nn.Module = models.get_model(name, weights=None, **arguments)
    if name in FROZEN_NORMS:
        freeze_norms(network)
    return network


def _shared_state(file: Path, new: tuple[str, ...]) -> dict[str, Tensor]:
    """The tensors of a checkpoint that do not depend on the number of classes."""
    return {key: tensor for key, tensor in read_state(file).items() if key not in new}


def _normalisation(network: nn.Module) -> tuple[Triple, Triple]:
    """Channel means and standard deviations; taken off a detector that would do it itself."""
    transform: Any = getattr(network, "transform", None)
    if transform is None:
        return IMAGENET_MEAN, IMAGENET_STD
    mean, std = tuple(transform.image_mean), tuple(transform.image_std)
    transform.image_mean, transform.image_std = [0.0] * 3, [1.0] * 3
    return mean, std


def _of_classes(name: str, weights: Weights, side: int) -> tuple[str, ...]:
    """The tensors that depend on the number of classes: those whose shapes differ between two such numbers."""
    with seeded_draws("classes", name):
        few, more = (network_of(name, weights, side, classes).state_dict() for classes in (3, 4))
    return tuple(key for key, tensor in few.items() if tensor.shape != more[key].shape)
