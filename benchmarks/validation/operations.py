"""Holds the operation count of torchvision's models against the figures that torchvision publishes.

    python benchmarks/validation/operations.py [NAME ...]

Classification, detection and segmentation models, each built with its weights' own arguments. Prints one line a model,
and at the end how many agree within 0.5 % or the rounding of the published third decimal. Detection and segmentation
were published for a square picture of 512 px that the weights' own transforms enlarge. Takes about 12 minutes and 8 GB
of memory; ends with 1 if any disagrees.
"""

import sys

import torch
from torch import Tensor, nn
from torchvision import models

from ptmbench.catalog.references import parse
from ptmbench.engine.cost.operations import count, thop_macs
from ptmbench.engine.models.torchvision_models import Outputs, all_names, build_network
from ptmbench.records.measured import Missing

RELATIVE, ROUNDING = 0.005, 0.0005
ENLARGED = 512
# How much a detector computes depends on how much it finds. The figures were published for noise in which the trained
# weights find nothing, or one person; random ones find as much as they may, so these are told how much that is.
FOUND: dict[str, dict[str, float]] = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"rpn_score_thresh": 1.1},
    "fasterrcnn_mobilenet_v3_large_fpn": {"rpn_score_thresh": 1.1},
    "keypointrcnn_resnet50_fpn": {"box_detections_per_img": 1},
    "maskrcnn_resnet50_fpn": {"box_score_thresh": 1.1},
}


def example_of(name: str, kind: str) -> Tensor:
    """One picture [1, 3, h, w] of the size that the figure was published for."""
    transforms = models.get_model_weights(name).DEFAULT.transforms()
    if kind == "classification":
        side = transforms.crop_size[0]
        return torch.zeros(1, 3, side, side)
    picture = torch.rand(3, ENLARGED, ENLARGED, generator=torch.Generator().manual_seed(0))
    prepared: Tensor = transforms(picture)
    return prepared[None]


def network_of(name: str, kind: str) -> nn.Module:
    """The model with its weights' own arguments, at random initialisation."""
    network: nn.Module = build_network(parse(f"torchvision:{name}"), 0, **FOUND.get(name, {}))
    return network if kind == "classification" else Outputs(network, lists=kind == "detection").eval()


def main(chosen: list[str]) -> int:
    """Counts the chosen models, or all, and compares."""
    kinds = all_names()
    chosen = chosen or list(kinds)
    wrong: list[str] = []
    for name in chosen:
        image, network = example_of(name, kinds[name]), network_of(name, kinds[name])
        published, counted = models.get_model_weights(name).DEFAULT.meta["_ops"], count(network, image).macs / 1e9
        thop = thop_macs(network, image) if kinds[name] == "classification" else Missing("not comparable")
        beside = "-" if isinstance(thop, Missing) else f"{thop / 1e9:9.3f}"
        line = f"{name:38} {image.shape[-1]} px  published {published:8.3f}  counted {counted:8.3f}  thop {beside}"
        agrees = abs(counted - published) <= max(RELATIVE * published, ROUNDING)
        if not agrees:
            wrong.append(name)
        print(line if agrees else f"{line}  DISAGREES", flush=True)
    print(f"{len(chosen) - len(wrong)} of {len(chosen)} models agree with the published GMACs; not: {wrong or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
