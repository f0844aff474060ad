"""Holds the operation count of every torchvision classification model against the figure torchvision publishes.

    python benchmarks/validation/operations.py [NAME ...]

Prints one line a model, and at the end how many agree within 0.5 % or the rounding of the published third decimal.
Takes about 10 minutes and 8 GB of memory; ends with 1 if any disagrees.
"""

import sys

import torch
from torchvision import models

from ptmbench.engine.cost.operations import count, thop_macs
from ptmbench.engine.models.torchvision_models import build_network, names
from ptmbench.references import parse
from ptmbench.result import Missing

RELATIVE, ROUNDING = 0.005, 0.0005


def main(chosen: list[str]) -> int:
    """Counts the chosen models, or all, and compares."""
    chosen, wrong = chosen or names(), []
    for name in chosen:
        weights = models.get_model_weights(name).DEFAULT
        side = weights.transforms().crop_size[0]
        network, image = build_network(parse(f"torchvision:{name}"), 0), torch.zeros(1, 3, side, side)
        published, counted = weights.meta["_ops"], count(network, image).macs / 1e9
        thop = thop_macs(network, image)
        beside = "-" if isinstance(thop, Missing) else f"{thop / 1e9:9.3f}"
        line = f"{name:24} {side} px  published {published:8.3f}  counted {counted:8.3f}  thop {beside}"
        agrees = abs(counted - published) <= max(RELATIVE * published, ROUNDING)
        if not agrees:
            wrong.append(name)
        print(line if agrees else f"{line}  DISAGREES", flush=True)
    print(f"{len(chosen) - len(wrong)} of {len(chosen)} models agree with the published GMACs; not: {wrong or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
