"""Holds the operation count of torchvision's models against the figures that torchvision publishes.

    python benchmarks/validation/operations.py [NAME ...]

Classification, detection and segmentation models, each built with its weights' own arguments. Prints one line a model,
and at the end how many agree within 0.5 % or the rounding of the published third decimal. Detection and segmentation
were published for a square picture of 512 px that the weights' own transforms enlarge. Takes about 12 minutes and 8 GB
of memory; ends with 1 if any disagrees that is not an exception with a reason.
"""

import sys

import torch
from torch import Tensor, nn
from torchvision import models

from ptmbench.engine.cost.operations import count, thop_macs
from ptmbench.engine.models.torchvision_models import Outputs, all_names, build_network
from ptmbench.references import parse
from ptmbench.result import Missing

RELATIVE, ROUNDING = 0.005, 0.0005
ENLARGED = 512
EXCEPTIONS = {
    "fcn_resnet50": "published without its auxiliary head, which its weights have",
    "fasterrcnn_mobilenet_v3_large_320_fpn": "published at another size than its own 320 px",
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


def main(chosen: list[str]) -> int:
    """Counts the chosen models, or all, and compares."""
    kinds = all_names()
    chosen = chosen or list(kinds)
    wrong: list[str] = []
    excused: list[str] = []
    for name in chosen:
        image = example_of(name, kinds[name])
        network: nn.Module = build_network(parse(f"torchvision:{name}"), 0)
        if kinds[name] != "classification":
            network = Outputs(network, lists=kinds[name] == "detection").eval()
        published, counted = models.get_model_weights(name).DEFAULT.meta["_ops"], count(network, image).macs / 1e9
        thop = thop_macs(network, image) if kinds[name] == "classification" else Missing("not comparable")
        beside = "-" if isinstance(thop, Missing) else f"{thop / 1e9:9.3f}"
        line = f"{name:38} {image.shape[-1]} px  published {published:8.3f}  counted {counted:8.3f}  thop {beside}"
        agrees = abs(counted - published) <= max(RELATIVE * published, ROUNDING)
        if not agrees:
            (excused if name in EXCEPTIONS else wrong).append(name)
            line += f"  DISAGREES{': ' + EXCEPTIONS[name] if name in EXCEPTIONS else ''}"
        print(line, flush=True)
    agreeing = len(chosen) - len(wrong) - len(excused)
    print(
        f"{agreeing} of {len(chosen)} models agree with the published GMACs; not: {wrong or 'none'}; excused: {excused}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
